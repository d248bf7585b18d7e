//! Knows what stands at the top of a hand-kept Compose file beside its services. Must not know the services.

use super::layout::{Line, Shape};
use super::ledger::Ledger;
use super::mounts::Volumes;
use super::scope::Scope;
use crate::compose::nodes;
use crate::compose::normal_project_name;
use crate::profile::Raw;
use crate::target::compose::{DATABASE_NETWORK, INSIDE_NETWORK, PUBLISHED_NETWORK};
use crate::value::{ProjectName, TextValue as _, VolumeName};
use crate::yaml::{Entry, Node};

/// What Compose's own name for the project is where a variable gives it.
const PROJECT_VARIABLE: &str = "COMPOSE_PROJECT_NAME";

/// The project's name of today (<https://docs.docker.com/compose/how-tos/project-name/>).
pub(super) fn project(root: &Node<'_>, folder: &str, ledger: &mut Ledger<'_>) -> String {
    let of_variable = ledger.variables.value(PROJECT_VARIABLE).map(str::to_owned);
    let mut of_file = || nodes::child(root, "name").and_then(|name| ledger.fixed(name, "project"));
    let given = of_variable.or_else(|| of_file().map(|name| normal_project_name(&name)));
    let mut names = given.into_iter().chain([normal_project_name(folder)]);
    names.find(|name| ProjectName::parse(name).is_ok()).unwrap_or_else(|| "app".to_owned())
}

/// The named volumes that the profile calls otherwise, so that Docker calls them the same.
pub(super) fn volumes(root: &Node<'_>, project: &str, scope: &Scope, ledger: &mut Ledger<'_>) -> Volumes {
    let mut renamed = Volumes::new();
    for entry in nodes::child(root, "volumes").map(nodes::entries).unwrap_or_default() {
        let is_mounted = scope.mounted.contains(entry.key.as_ref());
        if !is_mounted && ledger.volumes_beside.contains(entry.key.as_ref()) {
            ledger.leave_volume(&entry.key, Raw::of(&entry.value));
            continue;
        }
        if !is_mounted {
            let is_socket = scope.is_generated && entry.key == VolumeName::postgres_socket().as_str();
            if !is_socket {
                let message = format!("the volume `{}` is mounted by no service", entry.key);
                ledger.note(Some(&entry.key_span), message, "the profile does not have it; Docker keeps what it holds");
            }
            continue;
        }
        match name_of(entry, project) {
            Some(Some(name)) => drop(renamed.insert(entry.key.to_string(), name)),
            Some(None) => {}
            None => {
                let raw = Raw::Mapping(vec![(entry.key.to_string(), Raw::of(&entry.value))]);
                ledger.leave_top(
                    "volumes",
                    raw,
                    &entry.key_span,
                    &format!("says more of `{}` than a profile does", entry.key),
                );
            }
        }
    }
    renamed
}

/// How the profile calls a volume: nothing inside where as before, nothing at all where it can't say so much of it.
#[expect(clippy::option_option, reason = "whether it can be said, and whether by another name")]
fn name_of(entry: &Entry<'_>, project: &str) -> Option<Option<VolumeName>> {
    let node = &entry.value;
    let is_local = nodes::text_of(node, "driver").is_none_or(|driver| driver == "local");
    if node.is_null() || (nodes::has_only(node, &["driver"]) && is_local) {
        return Some(None);
    }
    let name = nodes::text_of(node, "name").filter(|_| nodes::has_only(node, &["driver", "name"]) && is_local)?;
    let name = name.strip_prefix(project)?.strip_prefix('_')?;
    let name = VolumeName::parse(name).ok()?;
    Some((name.as_str() != entry.key).then_some(name))
}

/// What stands under the profile's own `compose:`.
pub(super) fn compose(root: &Node<'_>, scope: &Scope, ledger: &mut Ledger<'_>) -> Option<Line> {
    let mut keys = Vec::new();
    for entry in nodes::entries(root).iter().filter(|entry| !entry.value.is_null()) {
        match entry.key.as_ref() {
            "name" | "services" | "volumes" => {}
            "version" => {
                ledger.note(
                    Some(&entry.key_span),
                    "`version` is obsolete",
                    "Docker Compose ignores it, and so does the profile",
                );
            }
            key if key.starts_with("x-") => {
                let message = format!("`{key}` is left out");
                ledger.note(Some(&entry.key_span), message, "what refers to it has its values now");
            }
            "networks" => keys.extend(networks(&entry.value, scope).map(|raw| ("networks".to_owned(), raw))),
            key => keys.push((key.to_owned(), Raw::of(&entry.value))),
        }
    }
    (!keys.is_empty()).then(|| Line::new("compose", Shape::Raw(Raw::Mapping(keys))).apart())
}

/// The networks of the file, but for that which codelab-gen made.
fn networks(node: &Node<'_>, scope: &Scope) -> Option<Raw> {
    let is_ours = |entry: &&Entry<'_>| {
        let inner = &entry.value;
        let is_internal = nodes::has_only(inner, &["internal"]) && nodes::text_of(inner, "internal") == Some("true");
        let is_link = || entry.key.strip_prefix(DATABASE_NETWORK).is_some_and(|rest| rest.starts_with('-'));
        match entry.key.as_ref() {
            DATABASE_NETWORK | INSIDE_NETWORK => is_internal,
            PUBLISHED_NETWORK => inner.is_null(),
            _ => is_internal && is_link(),
        }
    };
    let entries = nodes::entries(node).iter().filter(|entry| !(scope.is_generated && is_ours(entry)));
    let entries: Vec<_> = entries.map(|entry| (entry.key.to_string(), network(&entry.value))).collect();
    (!entries.is_empty()).then_some(Raw::Mapping(entries))
}

/// A network that says nothing is written as such.
fn network(node: &Node<'_>) -> Raw {
    if node.is_null() { Raw::Mapping(Vec::new()) } else { Raw::of(node) }
}
