//! Knows which secrets stand as they are in a Compose file beside the variables of containers, and writes references to
//! `.env` in their place. Must not know what a profile says of them.

use super::flags::Line;
use super::secret_keys::NewSecret;
use super::secrets::{Secrets, key_like, of_service};
use super::sought::Texts;
use super::variables::{Variables, is_telling_value, password_in};
use crate::compose::nodes::{self, child_mut, entries_mut, write};
use crate::interpolation::Template;
use crate::secret::names_secret;
use crate::yaml::{Content, Node};

/// Keys at the top whose texts are names.
const NAMES_AT_TOP: [&str; 5] = ["include", "name", "networks", "version", "volumes"];

/// Writes `${KEY}` in the place of secrets; the new lines of `.env` for it.
pub(super) fn replace(root: &mut Node<'_>, beside: Option<&Node<'_>>, variables: &Variables) -> Vec<NewSecret> {
    let mut secrets = Secrets::new(variables);
    for node in std::iter::once(&*root).chain(beside) {
        secrets.find_names(node);
    }
    for (service, node) in services(root) {
        secrets.find_in_environment(service, node);
    }
    for (service, node) in services_mut(root) {
        replace_in_lines(&mut secrets, &service, node);
    }
    let texts = Texts::new(&secrets);
    for (_, node) in services_mut(root) {
        texts.replace_in_service(node, &mut secrets);
    }
    for entry in entries_mut(root) {
        let is_name = NAMES_AT_TOP.contains(&entry.key.as_ref()) || entry.key.starts_with("x-");
        if entry.key != "services" && !is_name {
            texts.replace(&mut entry.value, &mut secrets);
        }
    }
    secrets.new.into_iter().filter_map(|(key, value)| NewSecret::of(key, &value)).collect()
}

/// Replaces what stands behind flags, and arguments of a build that are secrets by their names.
fn replace_in_lines(secrets: &mut Secrets<'_>, service: &str, node: &mut Node<'_>) {
    for key in ["command", "entrypoint"] {
        if let Some(node) = child_mut(node, key) {
            replace_in_line(secrets, service, node);
        }
    }
    if let Some(node) = child_mut(node, "healthcheck").and_then(|check| child_mut(check, "test")) {
        replace_in_line(secrets, service, node);
    }
    if let Some(node) = child_mut(node, "environment") {
        replace_in_variables(secrets, service, node);
    }
    let Some(args) = child_mut(node, "build").and_then(|build| child_mut(build, "args")) else { return };
    match &mut args.content {
        Content::Mapping(entries) => {
            for entry in entries {
                let name = entry.key.to_string();
                replace_argument(secrets, service, &name, "", &mut entry.value);
            }
        }
        Content::Sequence(items) => {
            for item in items {
                let Some(name) = nodes::text(item).and_then(|text| text.split_once('=')).map(|it| it.0.to_owned())
                else {
                    continue;
                };
                replace_argument(secrets, service, &name, &format!("{name}="), item);
            }
        }
        Content::Scalar(_) => {}
    }
}

/// Replaces what stands in headers and in lines of settings that variables of containers hold.
fn replace_in_variables(secrets: &mut Secrets<'_>, service: &str, node: &mut Node<'_>) {
    let mut replace = |name: &str, before: &str, node: &mut Node<'_>| {
        let Some(value) = nodes::text(node).and_then(|text| text.strip_prefix(before)).map(str::to_owned) else {
            return;
        };
        let lower = value.to_ascii_lowercase();
        let has_names = value.contains('\n') || ["authorization", "bearer "].iter().any(|word| lower.contains(word));
        if has_names && !names_secret(name) && password_in(&value).is_none() {
            let replaced = replaced(secrets, service, &value, &mut Line::default(), false);
            if let Some(text) = replaced {
                write(node, format!("{before}{text}"));
            }
        }
    };
    match &mut node.content {
        Content::Mapping(entries) => {
            for entry in entries {
                let name = entry.key.to_string();
                replace(&name, "", &mut entry.value);
            }
        }
        Content::Sequence(items) => {
            for item in items {
                let Some(name) = nodes::text(item).and_then(|text| text.split_once('=')).map(|it| it.0.to_owned())
                else {
                    continue;
                };
                replace(&name, &format!("{name}="), item);
            }
        }
        Content::Scalar(_) => {}
    }
}

fn replace_argument(secrets: &mut Secrets<'_>, service: &str, name: &str, before: &str, node: &mut Node<'_>) {
    let Some(template) = nodes::text(node).and_then(|text| text.strip_prefix(before)).and_then(Template::parse) else {
        return;
    };
    let Some(value) = template.literal() else { return };
    let upper = key_like(name);
    if let Some(password) = password_in(value) {
        secrets.names.entry(password).or_default().push(of_service(service, &format!("{upper}_PASSWORD")));
    } else if names_secret(name) && is_telling_value(&upper, value) {
        let names = [upper.clone(), of_service(service, &upper)];
        if let Some(key) = secrets.key_of(value, &names) {
            write(node, format!("{before}${{{key}}}"));
        }
    }
}

fn replace_in_line(secrets: &mut Secrets<'_>, service: &str, node: &mut Node<'_>) {
    let mut line = Line::default();
    match &mut node.content {
        Content::Scalar(_) => replace_in_word(secrets, service, node, &mut line, false),
        Content::Sequence(items) => {
            for item in items {
                replace_in_word(secrets, service, item, &mut line, true);
            }
        }
        Content::Mapping(_) => {}
    }
}

fn replace_in_word(secrets: &mut Secrets<'_>, service: &str, node: &mut Node<'_>, line: &mut Line, is_word: bool) {
    let text = nodes::text(node).and_then(|text| replaced(secrets, service, text, line, is_word));
    if let Some(text) = text {
        write(node, text);
    }
}

/// A text with references in the place of the secrets that it gives; nothing where it gives none.
fn replaced(secrets: &mut Secrets<'_>, service: &str, text: &str, line: &mut Line, is_word: bool) -> Option<String> {
    let shown = line.read(text, is_word);
    let mut text = text.to_owned();
    for shown in shown.iter().rev() {
        let Some(value) = text.get(shown.range.clone()).map(str::to_owned) else { continue };
        if let Some(key) = secrets.key_of(&value, &[of_service(service, &shown.name)]) {
            text.replace_range(shown.range.clone(), &format!("${{{key}}}"));
        }
    }
    (!shown.is_empty()).then_some(text)
}

fn services<'n>(root: &'n Node<'_>) -> impl Iterator<Item = (&'n str, &'n Node<'n>)> {
    let services = nodes::child(root, "services").map(nodes::entries).unwrap_or_default();
    services.iter().map(|entry| (entry.key.as_ref(), &entry.value))
}

fn services_mut<'n, 'text>(root: &'n mut Node<'text>) -> Vec<(String, &'n mut Node<'text>)> {
    let services = child_mut(root, "services").into_iter().flat_map(entries_mut);
    services.map(|entry| (entry.key.to_string(), &mut entry.value)).collect()
}
