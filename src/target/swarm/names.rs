//! Knows the secrets and configs of a stack: their keys in its file, the variables that hold their names, and where they
//! appear in a container. Must not know a secret's value, nor who makes them.

use indexmap::IndexMap;

use crate::deployment::{Deployment, Holds};
use crate::placement::Placement;
use crate::target::compose::INIT_SCRIPT;
use crate::target::interpolation::{literal, reference};
use crate::value::{Mount, MountSource};
use crate::yaml::document::{Mapping, Value};

/// The key of the script for roles and databases among the configs.
pub(super) const INIT_CONFIG: &str = "init-postgres";

/// Where a container finds its secrets.
const SECRETS: &str = "/run/secrets";

/// What the script says that makes what a variable names.
const MISSING: &str = "run bash scripts/deploy.sh";

/// What the stack calls a secret.
pub(super) fn secret_key(name: &str) -> String {
    name.to_ascii_lowercase()
}

/// The file of a secret in a container.
pub(super) fn secret_place(name: &str) -> String {
    format!("{SECRETS}/{}", secret_key(name))
}

/// The variable that holds the real name of a secret: no variable of a profile has lower-case letters.
pub(super) fn secret_variable(name: &str) -> String {
    format!("secret_{}", secret_key(name))
}

/// The variable that holds the real name of a config.
pub(super) fn config_variable(key: &str) -> String {
    format!("config_{}", key.replace(['-', '.'], "_"))
}

/// An entry of the file for what the variable names.
pub(super) fn named(variable: &str) -> (&'static str, Value) {
    ("name", reference(format!("${{{variable}:?{MISSING}}}")))
}

/// The secrets that become files: the passwords of the server, and the URLs that its preparation compares.
pub(super) fn secrets(deployment: &Deployment) -> Vec<String> {
    let Some((server, _)) = deployment.contained_server() else { return Vec::new() };
    let passwords = server.passwords().into_iter().map(ToString::to_string);
    passwords.chain(urls(deployment)).collect()
}

/// The keys of URLs with a password in them.
pub(super) fn urls(deployment: &Deployment) -> Vec<String> {
    let keys = deployment.all_keys().urls.into_iter();
    keys.filter(|key| matches!(key.holds, Holds::Url(_)) && key.is_secret()).map(|key| key.name).collect()
}

/// The files that become configs, by their keys, as paths from the folder of the outputs: the script for roles and
/// databases, and what services only read.
pub(super) fn configs(deployment: &Deployment, placement: &Placement) -> IndexMap<String, String> {
    let mut configs = IndexMap::new();
    if deployment.contained_server().is_some() {
        configs.insert(INIT_CONFIG.to_owned(), format!("./{}", INIT_SCRIPT.path()));
    }
    for mount in deployment.services.iter().flat_map(|service| &service.mounts) {
        let MountSource::Bind(path) = &mount.source else { continue };
        let path = placement.from_out(path);
        if !configs.values().any(|known| *known == path) {
            let key = free_key(&path, &configs);
            configs.insert(key, path);
        }
    }
    configs
}

/// A key that none of the others has, also as a variable.
fn free_key(path: &str, taken: &IndexMap<String, String>) -> String {
    let name = path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(32).collect();
    let name = name.trim_matches('-');
    let name = if name.is_empty() { "file" } else { name };
    let is_taken = |key: &str| taken.keys().any(|known| config_variable(known) == config_variable(key));
    let more = (2..).map(|number: u32| format!("{name}-{number}"));
    std::iter::once(name.to_owned()).chain(more).find(|key| !is_taken(key)).unwrap_or_default()
}

/// What a service says of the file that it reads by a mount.
pub(super) fn mounted_config(
    mount: &Mount,
    configs: &IndexMap<String, String>,
    placement: &Placement,
) -> Option<Value> {
    let MountSource::Bind(path) = &mount.source else { return None };
    let path = placement.from_out(path);
    let (key, _) = configs.iter().find(|(_, known)| **known == path)?;
    Some(config_at(key, mount.target.as_str()))
}

/// A config at a place of a container.
pub(super) fn config_at(key: &str, place: &str) -> Value {
    Mapping::from_iter([("source", literal(key)), ("target", literal(place))]).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_files_of_one_name_have_keys_and_variables_of_their_own() {
        let mut taken = IndexMap::new();
        for (path, key) in [
            ("./a/App.toml", "app-toml"),
            ("./b/app.toml", "app-toml-2"),
            ("./b/app_toml", "app-toml-3"),
            ("./ü", "file"),
            ("/", "file-2"),
        ] {
            let free = free_key(path, &taken);
            assert_eq!(free, key, "{path}");
            taken.insert(free, path.to_owned());
        }
        assert_eq!(config_variable("app-toml-2"), "config_app_toml_2");
    }
}
