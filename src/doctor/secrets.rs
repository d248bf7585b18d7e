//! Knows whether every secret has a value, and what takes the place of `.env`. Must not show one.

use super::remedy::Remedies;
use super::subject::Subject;
use crate::deployment::Holds;
use crate::report::Finding;
use crate::secret::{Secret, edited, weakness};
use crate::target::{Client, compose};
use crate::value::{EnvironmentKey, SecretsIn};

const CHECK: &str = "secrets";

/// Whether every secret has a value where it is kept, and something else takes its place.
pub(super) fn findings(subject: &Subject<'_>, remedies: &Remedies<'_>) -> Vec<Finding> {
    let Subject { existing, deployment, .. } = *subject;
    let keys = deployment.target.dotenv_keys(deployment);
    let run = || remedies.codelab_gen("");
    let mut found = Vec::new();
    if existing.get(&compose::DOTENV).is_none() && keys.server.iter().chain(&keys.secrets).next().is_some() {
        found.push(Finding::problem(CHECK, "there is no `.env`", run()));
    }
    let mut values = existing.values(|_| true).unwrap_or_default();
    if !deployment.target.keeps_in_dotenv() {
        values.clear();
    }
    for file in deployment.target.secret_files(deployment) {
        let is_lost = existing.secret_file(&file.path).is_none_or(|file| file.text.trim().is_empty());
        if is_lost {
            found.push(Finding::problem(CHECK, format!("`{}` is missing or empty", file.path), run()));
        }
        let kept = existing.kept(&file.path);
        found.extend(
            kept.as_ref().filter(|_| is_secret(file.holds)).and_then(|kept| weak(&file.name, kept, subject, remedies)),
        );
        values.extend(kept.map(|kept| (file.name, kept)));
    }
    for key in keys.server.iter().chain(&keys.urls).chain(&keys.secrets) {
        let written = values.get(&key.name);
        found.extend(exported(&key.name, written, subject));
        if is_secret(key.holds) && written.is_none() && existing.get(&compose::DOTENV).is_some() {
            found.push(Finding::problem(CHECK, format!("`{}` is not set in .env", key.name), run()));
        }
        let written = written.filter(|_| is_secret(key.holds));
        found.extend(written.and_then(|written| weak(&key.name, written, subject, remedies)));
    }
    let place = deployment.target.keeps_secrets_in();
    for name in edited(&values, deployment) {
        let message = format!("`{name}` was edited in {place}, and the URLs there still have the old one");
        found.push(Finding::problem(CHECK, message, run()));
    }
    found.extend(managed_secrets(subject));
    if found.is_empty() {
        let message = if deployment.target.keeps_in_dotenv() {
            "every secret has a value, and nothing takes the place of .env"
        } else {
            "every secret has a value"
        };
        found.push(Finding::ok(CHECK, message));
    }
    found
}

fn is_secret(holds: Holds<'_>) -> bool {
    matches!(holds, Holds::Secret(_))
}

/// That anybody could guess a secret, where that matters.
fn weak(name: &str, kept: &Secret, subject: &Subject<'_>, remedies: &Remedies<'_>) -> Option<Finding> {
    let why = weakness(kept).filter(|_| subject.deployment.stage.is_strict())?;
    Some(Finding::warning(CHECK, format!("`{name}` {why}"), remedies.codelab_gen(&format!("rotate {name}"))))
}

/// That the shell has another value for a key than `.env`.
fn exported(key: &str, written: Option<&Secret>, subject: &Subject<'_>) -> Option<Finding> {
    let exported = (subject.environment)(key).ok()??;
    let differs = !written?.is_text(&exported);
    let who = if subject.deployment.target.client() == Client::Swarm { "scripts/deploy.sh" } else { "Docker Compose" };
    let message = format!("the shell sets `{key}`, which {who} takes instead of what .env says");
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
