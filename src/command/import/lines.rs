//! Knows by which lines of `.env` generating would stop after an import. Must not know how a deployment is read.

use std::collections::HashMap;

use crate::deployment::Deployment;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::dotenv::{self, UserPart};
use crate::import::{DOTENV, NewSecret};
use crate::secret::Secret;
use crate::source::Source;
use crate::value::{EnvironmentKey, SecretRule};

/// The lines that set what moves into the block, and of which nobody knows what they set or how to write it.
pub(super) fn faults(dotenv: &Source, deployment: &Deployment) -> Vec<Diagnostic> {
    if dotenv::split(&dotenv.text).is_some() {
        return Vec::new();
    }
    let keys = deployment.dotenv_keys();
    let names = keys.names();
    let parts = dotenv::user_parts(&dotenv.text).unwrap_or_default();
    // of a key that stands twice the last line counts
    let last: HashMap<_, _> = parts.iter().filter_map(|part| Some((part.key?, part.line))).collect();
    let mut faults = Vec::new();
    let mut start = 0;
    for part in &parts {
        let place = Place::Span(DOTENV, start..start + part.text.trim_end_matches('\n').len());
        start += part.text.len();
        let key = part.key.filter(|key| names.contains(key) && last.get(key) == Some(&part.line));
        faults.extend(key.and_then(|key| fault(key, part, place)));
    }
    faults
}

fn fault(key: &str, part: &UserPart<'_>, place: Place) -> Option<Diagnostic> {
    let line = format!("write `{key}='VALUE'` there, with what it is to hold in the place of VALUE");
    let (message, help) = match part.to_compose.as_deref().map(dotenv::quote) {
        None => (format!("what `{key}` holds is not sure: the readers of .env read this line differently"), line),
        Some(Err(unwritable)) => (format!("`{key}` can't be written for all readers: {unwritable}"), line),
        Some(Ok(_)) => return None,
    };
    Some(Diagnostic::error(Code::InvalidValue, place, message, help).conceal())
}

/// The secrets that somebody must give before the deployment is generated.
pub(super) fn missing(dotenv: &Source, new: &[NewSecret], deployment: &Deployment) -> Vec<String> {
    let parts = dotenv::user_parts(&dotenv.text).unwrap_or_default();
    let has_value = |key: &str| {
        let written = parts.iter().rev().find(|part| part.key == Some(key)).and_then(|part| part.to_compose.as_deref());
        written.is_some_and(|value| !value.is_empty()) || new.iter().any(|new| new.key.as_str() == key)
    };
    let required = deployment.secrets.iter().filter(|(_, rule)| matches!(rule, SecretRule::Required));
    required.map(|(key, _)| key.to_string()).filter(|key| !has_value(key)).collect()
}

/// What is told of secrets of `.env` that have the server's password in them, which a new one does not reach.
pub(super) fn copies(dotenv: &Source, new: &[NewSecret], deployment: &Deployment) -> String {
    let Some((server, _)) = deployment.contained_server() else { return String::new() };
    let lines: String = new.iter().map(|new| new.line.as_str()).collect();
    let text = format!("{}\n{lines}", dotenv.text);
    let parts = dotenv::user_parts(&text).unwrap_or_default();
    let own = server.administrator_password.as_str();
    let value =
        |key: &str| parts.iter().rev().find(|part| part.key == Some(key)).and_then(|part| part.to_compose.clone());
    let Some(password) = value(own).and_then(Secret::new) else { return String::new() };
    let is_copy =
        |key: &&EnvironmentKey| key.as_str() != own && value(key.as_str()).is_some_and(|it| password.is_in(&it));
    let note = |key: &EnvironmentKey| {
        format!(
            "note: the secret `{key}` has the server's password in it, and a new one does not reach it\n  = help: give it that as well: \
             `codelab-gen rotate {own}`, then `codelab-gen rotate {key} --from-env`\n"
        )
    };
    deployment.secrets.keys().filter(is_copy).map(note).collect()
}
