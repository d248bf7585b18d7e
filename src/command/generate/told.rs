//! Knows what is told after generating: files, secrets' origins, what is missing, the next command.
//! Must not know how any of it came about, and never a secret.

use std::path::Path;

use serde_json::{Value, json};

use super::{Selection, Target, Written, origin};
use crate::change::{ChangeKind, ChangeSet};
use crate::deployment::{ExternalTls, Host, Program, Server, secret_file_path};
use crate::diagnostic::{Code, Diagnostic, Drawing, Place, draw};
use crate::field::FieldPath;
use crate::locate::Locator;
use crate::placement::{normalized, relative};
use crate::render::Output;
use crate::secret::{ChosenSecret, SecretOrigin};
use crate::source::Source;
use crate::value::{EnvironmentKey, HostPath, MountSource, SecretsIn, ServiceName};

/// Docker Compose 5 refuses a file with more YAML values than this (`maximum node visit limit`; keys do not count).
const COMPOSE_LIMIT: usize = 100_000;

/// What one run did, to be told.
pub(super) struct Telling<'t> {
    pub(super) target: &'t Target<'t>,
    pub(super) written: &'t Written,
    pub(super) current: &'t Path,
}

/// The first line of every run: which profile, and why.
pub(super) fn first_line(selection: &Selection) -> String {
    let because = selection.because.as_ref().map(|because| format!(", {because}")).unwrap_or_default();
    format!("profile {} ({}){because}\n", selection.source.profile_name(), origin(selection))
}

impl Telling<'_> {
    /// The result for people.
    pub(super) fn text(&self) -> String {
        let folder = relative(&normalized(self.current), &self.written.changes.folder);
        let shown = |path: &str| if folder == "." { path.to_owned() } else { format!("{folder}/{path}") };
        let changes = self.paths().map(|(kind, path)| format!("{:<9} {}\n", kind.as_str(), shown(path)));
        let secrets = self.written.secrets.iter();
        let secrets = secrets.map(|(name, chosen)| format!("secret    {name}: {}\n", self.origin(name, chosen)));
        let next = format!("next: {}\n", self.next_command());
        changes.chain(secrets).chain([next]).collect()
    }

    /// The result for programs.
    pub(super) fn json(&self) -> Value {
        let files = self.paths().map(|(kind, path)| json!({ "path": path, "change": kind.as_str() }));
        let secrets = self.written.secrets.iter();
        let secrets = secrets.map(|(name, chosen)| json!({ "name": name.as_str(), "from": self.origin(name, chosen) }));
        json!({
            "outcome": "done",
            "profile": self.target.placement.profile,
            "folder": self.written.changes.folder.display().to_string(),
            "files": files.collect::<Vec<_>>(),
            "secrets": secrets.collect::<Vec<_>>(),
            "missing": self.missing().into_iter().map(|missing| missing.path).collect::<Vec<_>>(),
            "next": self.next_command(),
        })
    }

    /// Every file of the deployment with what happened to it.
    fn paths(&self) -> impl Iterator<Item = (ChangeKind, &str)> {
        let ChangeSet { secret_files, changes, folder: _ } = &self.written.changes;
        let secrets = secret_files.iter().map(|change| (change.kind, change.path.as_str()));
        secrets.chain(changes.iter().map(|change| (change.kind, change.output.path())))
    }

    /// What the user should know, on standard error.
    pub(super) fn notes(&self, sources: &[Source]) -> Vec<String> {
        let mut notes: Vec<String> = Vec::new();
        for missing in self.missing() {
            notes.push(format!("note: {}\n  = help: {}\n", missing.message, missing.help));
        }
        if self.target.deployment.server.is_none() && self.written.existing.get(Output::InitScript).is_some() {
            let path = self.shown(Output::InitScript);
            notes.push(format!("note: `{path}` is not used by this profile; it was left as it is\n"));
        }
        notes.extend(self.secret_manager());
        notes.extend(self.adoption());
        for (name, chosen) in &self.written.secrets {
            if let Some(why) = chosen.weakness {
                let help = format!("codelab-gen rotate {name}");
                notes.push(format!("warning: the secret `{name}` {why}\n  = help: {help}\n"));
            }
        }
        if let Some(warning) = self.too_large() {
            notes.push(draw(&warning, &Locator::new(sources), Drawing::Plain));
        }
        notes
    }

    /// Where a secret's value came from.
    fn origin(&self, name: &EnvironmentKey, chosen: &ChosenSecret) -> String {
        match &chosen.origin {
            SecretOrigin::Stored if self.written.edited.contains(name) => "edited in .env, the URLs follow".to_owned(),
            SecretOrigin::Stored if self.target.deployment.secret_files().contains(&name) => {
                format!("kept in {}", secret_file_path(name))
            }
            SecretOrigin::Stored => "kept from .env".to_owned(),
            SecretOrigin::Environment => "taken from the environment".to_owned(),
            SecretOrigin::File(path) => format!("read from {path}"),
            SecretOrigin::Generated => "generated".to_owned(),
        }
    }

    /// The command that brings the deployment up, as typed in the current folder.
    fn next_command(&self) -> String {
        let folder = relative(&normalized(self.current), &self.written.changes.folder);
        let change_folder = if folder == "." { String::new() } else { format!("cd {} && ", shell_word(&folder)) };
        let orphans = if self.leaves_services() { " --remove-orphans" } else { "" };
        let server = self.server_step();
        format!("{change_folder}{server}docker compose up -d --wait{orphans}")
    }

    /// What gives the server's roles their new passwords before the services use them: the image reads passwords only when
    /// it makes a new volume.
    fn server_step(&self) -> &'static str {
        let Some(server) = &self.target.deployment.server else { return "" };
        let concerned = |name: &EnvironmentKey| {
            *name == server.administrator_password || server.logins().iter().any(|login| login.password == *name)
        };
        match &server.host {
            _ if !self.written.rotated.iter().any(concerned) => "",
            Host::Container(_) => {
                "docker compose up -d --wait postgres && docker compose exec -T postgres bash \
                 /docker-entrypoint-initdb.d/10-init-postgres.sh && "
            }
            Host::External(_) => {
                "(set -a; . ./.env; INIT_POSTGRES_USER=ADMINISTRATOR bash scripts/init-postgres.sh) && "
            }
        }
    }

    /// Whether services of the outputs that stood there are no longer started.
    fn leaves_services(&self) -> bool {
        let postgres = ServiceName::postgres();
        let has_server = self.target.deployment.server.as_ref().and_then(Server::container).is_some();
        let starts = |name: &str| {
            (has_server && name == postgres.as_str())
                || self.target.deployment.services.iter().any(|service| service.name.as_str() == name)
        };
        self.written.existing.services().iter().any(|name| !starts(name))
    }

    /// What a secret manager must set before the next command.
    fn secret_manager(&self) -> Option<String> {
        if self.target.deployment.secrets_in != SecretsIn::Environment || self.target.deployment.secrets.is_empty() {
            return None;
        }
        let names: Vec<_> = self.target.deployment.secrets.keys().map(|name| format!("`{name}`")).collect();
        let names = names.join(", ");
        let help =
            "start it through your secret manager; passwords may have A-Z a-z 0-9 . _ - only, as they stand in URLs";
        Some(format!("note: Docker Compose needs {names} in its environment\n  = help: {help}\n"))
    }

    /// What an adopted `.env` holds that nothing of this deployment reads.
    fn adoption(&self) -> Option<String> {
        if !self.written.existing.is_to_be_adopted() {
            return None;
        }
        let dotenv = self.shown(Output::Dotenv);
        let keys = self.target.deployment.dotenv_keys();
        let variables = self.target.deployment.variables();
        let is_read = |key: &str| {
            key.starts_with("COMPOSE_") || keys.has(key) || variables.keys().any(|name| name.as_str() == key)
        };
        let unread: Vec<_> = self.written.existing.users_keys().into_iter().filter(|key| !is_read(key)).collect();
        let unread = unread.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
        let mut note = format!("note: `{dotenv}` was adopted: what codelab-gen writes moved into its block\n");
        if !unread.is_empty() {
            note.push_str("  = help: ");
            note.push_str(&unread);
            note.push_str(" stayed outside of it, and nothing in this deployment reads them\n");
        }
        Some(note)
    }

    /// Everything on disk that Compose will look for and not find.
    fn missing(&self) -> Vec<Missing> {
        let mut missing: Vec<Missing> = Vec::new();
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
            if let Program::Built(build) | Program::BuiltAs(build, _) = &service.program {
                add(&build.context, &|path| {
                    let message = format!("the build context `{path}` of `{name}` does not exist");
                    (message, "put the service's source with its Dockerfile there before the start".to_owned())
                });
            }
            for mount in &service.mounts {
                let MountSource::Bind(path) = &mount.source else { continue };
                add(path, &|path| {
                    let message =
                        format!("`{path}`, which `{name}` mounts, does not exist; Docker would create it as root");
                    (message, format!("mkdir -p {}", shell_word(path)))
                });
            }
        }
        if let Some(Server { host: Host::External(external), .. }) = &self.target.deployment.server
            && let ExternalTls::VerifyFull(Some(ca)) = &external.tls
        {
            add(ca, &|path| {
                let message = format!("the certificates `{path}` of the PostgreSQL server do not exist");
                (message, "put them there before the start".to_owned())
            });
        }
        missing
    }

    /// A warning where Compose itself would refuse the file.
    fn too_large(&self) -> Option<Diagnostic> {
        let values = self.written.changes.compose_values();
        (values > COMPOSE_LIMIT).then(|| {
            let place = Place::key(&FieldPath::root().key("services"));
            let count = self.target.deployment.services.len();
            let message = format!(
                "docker-compose.yml has {values} YAML values for {count} services, Docker Compose loads at most \
                 {COMPOSE_LIMIT}"
            );
            Diagnostic::warning(Code::ComposeLimit, place, message, "split the services into several profiles")
        })
    }

    fn shown(&self, output: Output) -> String {
        let path = self.written.changes.folder.join(output.path());
        relative(&normalized(self.current), &path)
    }
}

/// Something that is not on disk yet.
struct Missing {
    path: String,
    message: String,
    help: String,
}

/// A word that can be pasted into a shell.
fn shell_word(text: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || "_-./@%+=,:".contains(c);
    if !text.is_empty() && text.chars().all(bare) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
