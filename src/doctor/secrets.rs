//! Knows whether every secret has a value, and what takes the place of `.env`. Must not show one.

use super::remedy::Remedies;
use super::subject::Subject;
use crate::deployment::{Holds, secret_file_path};
use crate::report::Finding;
use crate::secret::{Secret, edited, weakness};
use crate::target::compose;
use crate::value::{EnvironmentKey, SecretsIn};

const CHECK: &str = "secrets";

/// Whether `.env` has what it must have, and something else takes its place.
pub(super) fn findings(subject: &Subject<'_>, remedies: &Remedies<'_>) -> Vec<Finding> {
    let existing = subject.existing;
    let keys = subject.deployment.dotenv_keys();
    let run = || remedies.codelab_gen("");
    let mut found = Vec::new();
    if existing.get(&compose::DOTENV).is_none() && keys.server.iter().chain(&keys.secrets).next().is_some() {
        found.push(Finding::problem(CHECK, "there is no `.env`", run()));
    }
    let files = subject.deployment.secret_files().into_iter().map(secret_file_path);
    let is_lost = |path: &String| existing.secret_file(path).is_none_or(|file| file.text.trim().is_empty());
    let missing = files.filter(is_lost);
    found.extend(missing.map(|path| Finding::problem(CHECK, format!("`{path}` is missing or empty"), run())));
    let values = existing.values(|_| true).unwrap_or_default();
    for key in keys.server.iter().chain(&keys.urls).chain(&keys.secrets) {
        let written = values.get(&key.name);
        found.extend(exported(&key.name, written, subject));
        let is_secret = matches!(key.holds, Holds::Secret(_));
        if is_secret && written.is_none() && existing.get(&compose::DOTENV).is_some() {
            found.push(Finding::problem(CHECK, format!("`{}` is not set in .env", key.name), run()));
        }
        let weak = written.filter(|_| is_secret).and_then(weakness);
        if let Some(why) = weak.filter(|_| subject.deployment.stage.is_strict()) {
            let help = remedies.codelab_gen(&format!("rotate {}", key.name));
            found.push(Finding::warning(CHECK, format!("`{}` {why}", key.name), help));
        }
    }
    for name in edited(&values, subject.deployment) {
        let message = format!("`{name}` was edited in .env, and the URLs there still have the old one");
        found.push(Finding::problem(CHECK, message, run()));
    }
    found.extend(managed_secrets(subject));
    if found.is_empty() {
        found.push(Finding::ok(CHECK, "every secret has a value, and nothing takes the place of .env"));
    }
    found
}

/// That the shell has another value for a key than `.env`.
fn exported(key: &str, written: Option<&Secret>, subject: &Subject<'_>) -> Option<Finding> {
    let exported = (subject.environment)(key).ok()??;
    let differs = !written?.is_text(&exported);
    let message = format!("the shell sets `{key}`, which Docker Compose takes instead of what .env says");
    differs.then(|| Finding::problem("environment", message, format!("unset {key}")))
}

/// What a secret manager sets where docker compose is started.
fn managed_secrets(subject: &Subject<'_>) -> Option<Finding> {
    let names = unset(subject);
    (!names.is_empty()).then(|| {
        let message = format!("{} come from a secret manager, and are not set here", names.join(", "));
        Finding { help: Some("start doctor through it".to_owned()), ..Finding::unseen(CHECK, message) }
    })
}

/// The secrets of a secret manager that are not set here, in backticks.
pub(super) fn unset(subject: &Subject<'_>) -> Vec<String> {
    let is_managed = subject.deployment.secrets_in == SecretsIn::Environment;
    let unset = |name: &&EnvironmentKey| matches!((subject.environment)(name.as_str()), Ok(None));
    let names = subject.deployment.secrets.keys().filter(|_| is_managed).filter(unset);
    names.map(|name| format!("`{name}`")).collect()
}
