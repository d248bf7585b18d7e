//! Knows what a pod of a service mounts: claims of named volumes, read-only files of the project, folders in memory.
//! Must not know what is done with it.

use super::object::{hashed, metadata, object};
use crate::deployment::{Deployment, Service, Storage};
use crate::target::inputs::{Found, FoundFile};
use crate::value::{ContainerPath, HostPath, Mount, MountSource, ServiceName, VolumeName};
use crate::yaml::document::{Mapping, Value};

/// What keeps a tool that removes what is in git no more from removing data.
const KEPT: [(&str, &str); 2] =
    [("argocd.argoproj.io/sync-options", "Prune=false"), ("kustomize.toolkit.fluxcd.io/prune", "disabled")];

/// The largest ConfigMap, in bytes, with some room for its names.
pub(in crate::target) const LARGEST_FILES: usize = 1_000_000;

/// Everything that a service mounts.
pub(super) struct Mounts<'d> {
    claims: Vec<(&'d VolumeName, &'d Mount)>,
    files: Vec<File<'d>>,
    scratch: Vec<&'static str>,
    /// What is no service's own: volumes, each with the place where it appears.
    others: Vec<(Value, Value)>,
}

/// A read-only file of the project.
struct File<'d> {
    /// What it is called in its ConfigMap.
    key: String,
    path: &'d HostPath,
    target: &'d ContainerPath,
}

impl<'d> Mounts<'d> {
    pub(super) fn of(service: &'d Service) -> Self {
        let (mut claims, mut files): (Vec<_>, Vec<File<'d>>) = (Vec::new(), Vec::new());
        for mount in &service.mounts {
            match &mount.source {
                MountSource::Volume(volume) => claims.push((volume, mount)),
                MountSource::Bind(path) => {
                    let key = key_of(path, |key| files.iter().any(|file| file.key == key));
                    files.push(File { key, path, target: &mount.target });
                }
            }
        }
        Self { claims, files, scratch: service.fences.scratch.clone().unwrap_or_default(), others: Vec::new() }
    }

    /// With a volume that is no service's own, and the place where it appears.
    pub(super) fn with(mut self, other: Option<(Value, Value)>) -> Self {
        self.others.extend(other);
        self
    }

    /// Whether it has a volume that outlives it.
    pub(super) fn has_claims(&self) -> bool {
        !self.claims.is_empty()
    }

    /// Whether it has a volume that one node mounts at a time, so that an old pod must end before a new one starts.
    pub(super) fn has_one_node(&self, deployment: &Deployment) -> bool {
        self.claims.iter().any(|(volume, _)| !deployment.storage.get(*volume).is_some_and(|storage| storage.shared))
    }

    /// The volumes of the pod; `config` is the ConfigMap with the files.
    pub(super) fn volumes(&self, config: Option<&str>) -> Value {
        let mut volumes = Vec::new();
        let mut names: Vec<&str> = Vec::new();
        for (volume, _) in &self.claims {
            if names.contains(&volume.as_str()) {
                continue;
            }
            names.push(volume.as_str());
            let claim = Mapping::from_iter([("claimName", Value::text(volume.to_string()))]);
            volumes.push(named(volume.to_string(), "persistentVolumeClaim", claim));
        }
        if let Some(config) = config {
            let mut keys = Mapping::from_iter([("name", Value::text(config.to_owned()))]);
            keys.push("defaultMode", Value::number(0o555).behind("0555, since a file may be a program"));
            volumes.push(named(self.files_name(), "configMap", keys));
        }
        for (index, _) in self.scratch.iter().enumerate() {
            let keys = Mapping::from_iter([("medium", Value::text("Memory"))]);
            volumes.push(named(self.scratch_name(index), "emptyDir", keys));
        }
        volumes.extend(self.others.iter().map(|(volume, _)| volume.clone()));
        volumes.into_iter().collect()
    }

    /// Where they appear in the container.
    pub(super) fn mounts(&self) -> Value {
        let claims = self.claims.iter().map(|(volume, mount)| {
            let mut keys = mount_of(volume.to_string(), mount.target.as_str());
            keys.push_given("readOnly", mount.read_only.then(|| Value::bare("true")));
            keys
        });
        let files = self.files.iter().map(|file| {
            let mut keys = mount_of(self.files_name(), file.target.as_str());
            keys.push("subPath", Value::text(file.key.clone()));
            keys.push("readOnly", Value::bare("true"));
            keys
        });
        let scratch = self.scratch.iter().enumerate();
        let scratch = scratch.map(|(index, folder)| mount_of(self.scratch_name(index), folder));
        let others = self.others.iter().map(|(_, mount)| mount.clone());
        claims.chain(files).chain(scratch).map(Value::from).chain(others).collect()
    }

    /// The ConfigMap of the files with its name, where there are some. Its name changes with what they hold, so that pods
    /// never have one half of a change.
    pub(super) fn config(
        &self,
        service: &Service,
        deployment: &Deployment,
        found: &Found,
    ) -> Option<(String, Mapping)> {
        if self.files.is_empty() {
            return None;
        }
        let (mut texts, mut others) = (Mapping::default(), Mapping::default());
        for File { key, path, .. } in &self.files {
            match found.files.get(path.as_str()) {
                Some(FoundFile::Text(text)) => texts.push(key.clone(), Value::lines(text.clone())),
                Some(FoundFile::Binary(bytes)) => others.push(key.clone(), Value::quoted(base64(bytes))),
                None => texts.push(key.clone(), Value::quoted("")),
            }
        }
        let content = texts.text(1) + &others.text(1);
        let name = hashed(&format!("{}-files", service.name), &content);
        let mut config = object("v1", "ConfigMap", metadata(name.clone(), &service.name, deployment));
        config.push("immutable", Value::bare("true"));
        config.push_filled("data", Value::from(texts));
        config.push_filled("binaryData", Value::from(others));
        Some((name, config))
    }

    fn files_name(&self) -> String {
        self.free("files".to_owned())
    }

    fn scratch_name(&self, index: usize) -> String {
        self.free(if index == 0 { "scratch".to_owned() } else { format!("scratch-{index}") })
    }

    /// A name that no claim has.
    fn free(&self, name: String) -> String {
        free(name, &self.claims.iter().map(|(volume, _)| *volume).collect::<Vec<_>>())
    }
}

/// A name for a volume of a service's pod, which no claim has.
pub(super) fn free_name(service: &Service, name: &str) -> String {
    free(name.to_owned(), &volumes_of(service).collect::<Vec<_>>())
}

fn free(mut name: String, claims: &[&VolumeName]) -> String {
    while claims.iter().any(|volume| volume.as_str() == name) {
        name.insert_str(0, "x-");
    }
    name
}

/// The claims that stand in the manifest of a service: those of volumes that no service before it mounts.
pub(super) fn claims(service: &Service, deployment: &Deployment) -> Vec<Mapping> {
    let before = deployment.services.iter().take_while(|other| other.name != service.name);
    let mut seen: Vec<&VolumeName> = before.flat_map(volumes_of).collect();
    let mut claims = Vec::new();
    for volume in volumes_of(service) {
        if seen.contains(&volume) {
            continue;
        }
        seen.push(volume);
        claims.extend(deployment.storage.get(volume).map(|storage| claim(volume, storage, service, deployment)));
    }
    claims
}

fn volumes_of(service: &Service) -> impl Iterator<Item = &VolumeName> {
    service.mounts.iter().filter_map(|mount| match &mount.source {
        MountSource::Volume(name) => Some(name),
        MountSource::Bind(_) => None,
    })
}

/// With what keeps a tool from removing it.
pub(super) fn kept(mut metadata: Mapping, why: &'static str) -> Mapping {
    let kept: Mapping = KEPT.into_iter().map(|(name, word)| (name, Value::quoted(word))).collect();
    metadata.push("annotations", Value::from(kept).above(why));
    metadata
}

fn claim(volume: &VolumeName, storage: &Storage, service: &Service, deployment: &Deployment) -> Mapping {
    let Storage { size, class, shared } = storage;
    let why = "the data stays where a tool removes what is no longer in git";
    let keys = kept(metadata(volume.to_string(), &service.name, deployment), why);
    let mode = if *shared { "ReadWriteMany" } else { "ReadWriteOnce" };
    let mode = std::iter::once(Value::text(mode)).collect::<Value>().on_one_line();
    let size = Mapping::from_iter([("storage", Value::bare(size.to_string()))]);
    let mut spec = Mapping::from_iter([("accessModes", mode)]);
    spec.push_given("storageClassName", class.as_ref().map(|class| Value::text(class.to_string())));
    spec.push("resources", Mapping::from_iter([("requests", Value::from(size).on_one_line())]));
    let mut claim = object("v1", "PersistentVolumeClaim", keys);
    claim.push("spec", spec);
    claim
}

fn named(name: String, kind: &'static str, keys: Mapping) -> Value {
    Mapping::from_iter([("name", Value::text(name)), (kind, keys.into())]).into()
}

fn mount_of(volume: String, target: &str) -> Mapping {
    Mapping::from_iter([("name", Value::text(volume)), ("mountPath", Value::text(target.to_owned()))])
}

/// What a file is called in a ConfigMap, whose keys have few characters.
fn key_of(path: &HostPath, is_taken: impl Fn(&str) -> bool) -> String {
    let name = path.as_str().trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let known = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
    let name: String = name.chars().map(known).take(LONGEST_KEY).collect();
    let name =
        if matches!(name.as_str(), "" | "." | "..") || name.starts_with("..") { format!("file{name}") } else { name };
    let mut key = name.clone();
    let mut number = 1;
    while is_taken(&key) {
        number += 1;
        key = format!("{number}-{name}");
    }
    key
}

/// How much of a file's name is taken over.
const LONGEST_KEY: usize = 200;

/// Bytes that are no text (<https://www.rfc-editor.org/rfc/rfc4648#section-4>).
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letter =
        |bits: u32| LETTERS.get(usize::try_from(bits & 63).unwrap_or_default()).map_or('=', |byte| char::from(*byte));
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |index: usize| u32::from(chunk.get(index).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        text.push(letter(bits >> 18));
        text.push(letter(bits >> 12));
        text.push(if chunk.len() > 1 { letter(bits >> 6) } else { '=' });
        text.push(if chunk.len() > 2 { letter(bits) } else { '=' });
    }
    text
}

/// The files of the project that a deployment mounts, each once.
pub(super) fn files(deployment: &Deployment) -> Vec<&HostPath> {
    let mut files: Vec<&HostPath> = Vec::new();
    for service in &deployment.services {
        for File { path, .. } in Mounts::of(service).files {
            if !files.contains(&path) {
                files.push(path);
            }
        }
    }
    files
}

/// Which ConfigMap is too large, by the service that mounts it.
pub(in crate::target) fn too_large<'d>(deployment: &'d Deployment, found: &Found) -> Option<&'d ServiceName> {
    let size = |service: &&Service| {
        let files = Mounts::of(service).files.into_iter();
        let size: usize = files.filter_map(|file| found.files.get(file.path.as_str())).map(FoundFile::size).sum();
        size > LARGEST_FILES
    };
    deployment.services.iter().find(size).map(|service| &service.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::TextValue as _;

    #[test]
    fn bytes_are_written_as_anybody_reads_them() {
        for (bytes, text) in [
            (&b""[..], ""),
            (b"f", "Zg=="),
            (b"fo", "Zm8="),
            (b"foo", "Zm9v"),
            (b"foob", "Zm9vYg=="),
            (b"\x00\xff\xfe", "AP/+"),
        ] {
            assert_eq!(base64(bytes), text);
        }
    }

    #[test]
    fn a_file_has_a_key_of_its_own_that_a_configmap_takes() {
        let key = |path: &str, taken: &[&str]| key_of(&HostPath::parse(path).unwrap(), |key| taken.contains(&key));
        assert_eq!(key("./a/app.toml", &[]), "app.toml");
        assert_eq!(key("./b/app.toml", &["app.toml", "2-app.toml"]), "3-app.toml");
        assert_eq!(key("./a b/ü $.conf", &[]), "___.conf");
        assert_eq!((key("./..", &[]).as_str(), key(".", &[]).as_str()), ("file..", "file."));
        assert_eq!(key("./..x", &[]), "file..x", "Kubernetes keeps names that begin so for itself");
    }
}
