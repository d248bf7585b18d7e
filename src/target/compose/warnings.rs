//! Knows what Compose can run and better did not: raw keys that take fences away, and a file that is near Compose's limit.
//! Must not know the warnings about what is meant.

use super::extras::Extras;
use super::jobs;
use super::networks::{MadeNetwork, NETWORKS, Networks};
use super::outputs::FILE;
use crate::deployment::Deployment;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::field::FieldPath;
use crate::profile::Raw;
use crate::render::RenderedFile;
use crate::yaml::count_values;

/// Docker Compose 5 refuses a file with more YAML values than this (`maximum node visit limit`; keys do not count).
const LIMIT: usize = 100_000;

/// How many values are worth a word: four fifths of the limit.
const NEAR_LIMIT: usize = LIMIT / 5 * 4;

/// Compose's keys that give a container more than it needs, or take its fences away.
const FENCES: [&str; 15] = [
    "cap_add",
    "cap_drop",
    "cgroup",
    "devices",
    "group_add",
    "ipc",
    "network_mode",
    "pid",
    "privileged",
    "read_only",
    "security_opt",
    "sysctls",
    "userns_mode",
    "uts",
    "volumes_from",
];

/// Every warning about what a profile says for Compose alone, and about the file that is made of it.
pub(in crate::target) fn warnings(deployment: &Deployment, extras: &Extras, files: &[RenderedFile]) -> Vec<Diagnostic> {
    let root = FieldPath::root();
    let mut warnings = Vec::new();
    for service in &deployment.services {
        let at = root.key("services").key(&service.name);
        warnings.extend(displaced_hardening(extras.service(&service.name), &at));
    }
    if deployment.contained_server().is_some() {
        let at = root.key("postgres");
        warnings.extend(as_root(&extras.server, &at));
        warnings.extend(displaced_hardening(&extras.server, &at));
    }
    warnings.extend(jobs::warnings(deployment, extras));
    warnings.extend(open_network(deployment, extras, &root));
    let file = files.iter().find(|file| file.output == FILE).map_or("", |file| &file.text);
    warnings.extend(near_limit(deployment.services.len(), file, NEAR_LIMIT));
    warnings
}

/// The warning where Compose will refuse the file.
#[must_use]
pub fn beyond_limit(services: usize, file: &str) -> Option<Diagnostic> {
    near_limit(services, file, LIMIT)
}

fn near_limit(services: usize, file: &str, worth_a_word: usize) -> Option<Diagnostic> {
    let values = count_values(file, worth_a_word, LIMIT);
    if values <= worth_a_word {
        return None;
    }
    let values = if values > LIMIT { format!("over {LIMIT}") } else { values.to_string() };
    let place = Place::key(&FieldPath::root().key("services"));
    let message =
        format!("docker-compose.yml has {values} YAML values for {services} services; Docker Compose loads {LIMIT}");
    Some(Diagnostic::warning(Code::ComposeLimit, place, message, "split the services into several profiles"))
}

/// PostgreSQL itself refuses to run as root, so that its image steps down: with capabilities for it.
fn as_root(compose: &[(String, Raw)], at: &FieldPath) -> Option<Diagnostic> {
    let is_root =
        |user: &Raw| matches!(user, Raw::Scalar { text, .. } if matches!(text.split(':').next(), Some("0" | "root")));
    compose.iter().any(|(key, user)| key == "user" && is_root(user)).then(|| {
        let message = "the server's container starts as root, and keeps the capabilities to become another user";
        let help = "write the user of the image in numbers, such as `user: \"999:999\"`, or remove it";
        Diagnostic::warning(Code::DisplacedHardening, Place::value(&at.key("compose").key("user")), message, help)
    })
}

/// A network of the user's own that takes the place of the one without a way out.
fn open_network(deployment: &Deployment, extras: &Extras, root: &FieldPath) -> Option<Diagnostic> {
    let (_, networks) = extras.top.iter().find(|(key, _)| key == NETWORKS)?;
    let is_internal = |network: &Raw| network.get("internal") == Some(&Raw::plain("true"));
    let made = Networks::of(deployment, extras)
        .made()
        .into_iter()
        .filter(MadeNetwork::is_internal)
        .map(|network| network.name());
    let is_open = |name: &String| networks.get(name).is_some_and(|network| !is_internal(network));
    made.into_iter().find(is_open).map(|name| {
        let message = format!("the network `{name}` of your own takes the place of the one without a way out");
        let help = "give yours another name, or write `internal: true` below it";
        let place = Place::key(&root.key("compose").key(NETWORKS).key(&name));
        Diagnostic::warning(Code::DisplacedHardening, place, message, help)
    })
}

fn displaced_hardening(compose: &[(String, Raw)], at: &FieldPath) -> Vec<Diagnostic> {
    let keys = compose.iter().filter(|(key, _)| FENCES.contains(&key.as_str()));
    let warning = |(key, _): &(String, Raw)| {
        let message = format!("`{key}` changes what protects the host from this container");
        let help = "remove it, or keep it as narrow as the program allows";
        Diagnostic::warning(Code::DisplacedHardening, Place::key(&at.key("compose").key(key)), message, help)
    };
    keys.map(warning).collect()
}
