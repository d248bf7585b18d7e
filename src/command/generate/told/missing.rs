//! Knows what a deployment will look for on this machine and not find. Must not know how that is told.

use super::Telling;
use crate::deployment::{Host, Program, Server, Service};
use crate::disk::{normalized, relative};
use crate::folders::{DataFolder, data_folders, keeps_data_in_folder};
use crate::spelling::shell_word;
use crate::value::{HostPath, MountSource};

/// Something that is not on disk yet.
pub(super) struct Missing {
    pub(super) path: String,
    pub(super) message: String,
    pub(super) help: String,
}

impl Telling<'_> {
    /// Everything on disk that will be looked for and not found, where the deployment runs here.
    pub(super) fn missing(&self) -> Vec<Missing> {
        let mut missing: Vec<Missing> = Vec::new();
        if !self.target.deployment.target.runs_here() {
            return missing;
        }
        let mut add = |path: &HostPath, what: &dyn Fn(&str) -> (String, String)| {
            if self.target.root.join(path.as_str()).exists() {
                return;
            }
            let shown = relative(&normalized(self.current), &normalized(&self.target.root.join(path.as_str())));
            let (message, help) = what(&shown);
            if !missing.iter().any(|known| known.message == message) {
                missing.push(Missing { path: shown, message, help });
            }
        };
        for service in &self.target.deployment.services {
            let name = &service.name;
            if let Program::Built(build) | Program::BuiltAs(build, _) = &service.program
                && let Some(folder) = build.context.folder()
            {
                add(folder, &|path| {
                    let message = format!("the build context `{path}` of `{name}` does not exist");
                    (message, "put the service's source with its Dockerfile there before the start".to_owned())
                });
            }
            for mount in service.mounts.iter().skip(usize::from(keeps_data_in_folder(service))) {
                let MountSource::Bind(path) = &mount.source else { continue };
                add(path, &|path| {
                    let message = format!(
                        "`{path}`, which {}, does not exist; Docker would create a folder of root's",
                        self.mounting(&mount.source)
                    );
                    let file = path.rsplit('/').next().unwrap_or_default();
                    let help = if file.trim_start_matches('.').contains('.') {
                        "put the file there before the start".to_owned()
                    } else {
                        format!("mkdir -p {}", shell_word(path))
                    };
                    (message, help)
                });
            }
        }
        if let Some(Server { host: Host::External(external), .. }) = &self.target.deployment.server
            && let Some(ca) = external.tls.certificates_file()
        {
            add(ca, &|path| {
                let message = format!("the certificates `{path}` of the PostgreSQL server do not exist");
                (message, "put them there before the start".to_owned())
            });
        }
        for folder in data_folders(&self.target.deployment, &self.target.root, self.current)
            .into_iter()
            .filter(DataFolder::is_missing)
        {
            let (path, name) = (folder.path, folder.service);
            let message =
                format!("`{path}`, where `{name}` keeps its data, does not exist; Docker would create it as root");
            missing.push(Missing { path, message, help: "the next command makes it".to_owned() });
        }
        missing
    }

    /// Which services mount this, as a folder that nobody makes for them.
    fn mounting(&self, source: &MountSource) -> String {
        let mounts = |service: &&Service| {
            let own = service.mounts.iter().skip(usize::from(keeps_data_in_folder(service)));
            own.into_iter().any(|mount| mount.source == *source)
        };
        let names: Vec<_> =
            self.target.deployment.services.iter().filter(mounts).map(|it| format!("`{}`", it.name)).collect();
        format!("{} {}", names.join(", "), if names.len() == 1 { "mounts" } else { "mount" })
    }
}
