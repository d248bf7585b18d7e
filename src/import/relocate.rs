//! Knows how the paths of a Compose file are written as they are from another folder. Must not know why they move.

use super::files::joined;
use crate::yaml::{Content, Node};

/// The way from one folder of the deployment to another one.
pub(super) fn way_between(from: &str, to: &str) -> String {
    let (from, to): (Vec<_>, Vec<_>) = (steps(from).collect(), steps(to).collect());
    let common = from.iter().zip(&to).take_while(|(from, to)| from == to).count();
    let up = from.iter().skip(common).map(|_| "..");
    up.chain(to.iter().skip(common).copied()).collect::<Vec<_>>().join("/")
}

fn steps(folder: &str) -> impl Iterator<Item = &str> {
    folder.split('/').filter(|step| !step.is_empty())
}

/// Writes the paths of an entry of a section as they are from another folder; whether that is sure of all of them.
pub(super) fn relocate(section: &str, node: &mut Node<'_>, way: &str) -> bool {
    let each = |node: &mut Node<'_>, change: &dyn Fn(&str) -> Option<String>| match &mut node.content {
        Content::Scalar(scalar) => match change(&scalar.text) {
            Some(text) => {
                scalar.text = text.into();
                true
            }
            None => false,
        },
        Content::Sequence(_) | Content::Mapping(_) => true,
    };
    let any = |path: &str| moved(path, way, false);
    let bind = |path: &str| moved(path, way, true);
    let Content::Mapping(entries) = &mut node.content else { return true };
    let mut is_sure = true;
    for entry in entries {
        let value = &mut entry.value;
        is_sure &= match (section, entry.key.as_ref()) {
            ("secrets" | "configs", "file") => each(value, &any),
            ("services", "build") => match &mut value.content {
                Content::Mapping(build) => {
                    build.iter_mut().filter(|entry| entry.key == "context").all(|entry| each(&mut entry.value, &any))
                }
                Content::Scalar(_) | Content::Sequence(_) => each(value, &any),
            },
            ("services", "env_file" | "label_file") => match &mut value.content {
                Content::Sequence(items) => items.iter_mut().all(|item| match &mut item.content {
                    Content::Mapping(keys) => {
                        keys.iter_mut().filter(|entry| entry.key == "path").all(|entry| each(&mut entry.value, &any))
                    }
                    Content::Scalar(_) | Content::Sequence(_) => each(item, &any),
                }),
                Content::Scalar(_) | Content::Mapping(_) => each(value, &any),
            },
            ("services", "volumes") => match &mut value.content {
                Content::Sequence(items) => items.iter_mut().all(|item| match &mut item.content {
                    Content::Mapping(keys) => {
                        keys.iter_mut().filter(|entry| entry.key == "source").all(|entry| each(&mut entry.value, &bind))
                    }
                    Content::Scalar(_) | Content::Sequence(_) => each(item, &bind),
                }),
                Content::Scalar(_) | Content::Mapping(_) => true,
            },
            ("services", "develop" | "credential_spec") => false,
            (_, _) => true,
        };
    }
    is_sure
}

/// A path as it is from another folder. Of a mount only what begins with a dot is one; nothing where a variable decides.
fn moved(path: &str, way: &str, is_mount: bool) -> Option<String> {
    let is_elsewhere = path.starts_with(['/', '~']) || path.contains("://") || path.starts_with("git@");
    if path.starts_with('$') {
        return None;
    }
    if is_elsewhere || (is_mount && !path.starts_with('.')) {
        return Some(path.to_owned());
    }
    let (source, rest) = match path.split_once(':').filter(|_| is_mount) {
        Some((source, rest)) => (source, format!(":{rest}")),
        None => (path, String::new()),
    };
    let joined = joined(way, source);
    let begins = if joined.starts_with("..") { "" } else { "./" };
    Some(format!("{begins}{joined}{rest}"))
}
