//! Knows whether Docker Compose takes docker-compose.yml, and can read it. Must not know what is in it.

use std::path::Path;

use super::docker::Docker;
use super::remedy::Remedies;
use super::subject::Subject;
use crate::report::Finding;
use crate::target::compose;

const CHECK: &str = "compose-file";

/// What Docker Compose would take instead.
pub(super) fn findings(subject: &Subject<'_>, remedies: &Remedies<'_>) -> Vec<Finding> {
    twin(subject, remedies).into_iter().collect()
}

/// A second Compose file, which Docker Compose would take instead; unless `COMPOSE_FILE` says which one it takes.
fn twin(subject: &Subject<'_>, remedies: &Remedies<'_>) -> Option<Finding> {
    let exported = (subject.environment)("COMPOSE_FILE").ok().flatten();
    let is_exported = exported.is_some();
    if let Some(value) = exported.or_else(|| subject.existing.dotenv().users_values().remove("COMPOSE_FILE")) {
        let is_ours = value.split(':').any(|file| Path::new(file).ends_with(compose::FILE.path()));
        let message = "`COMPOSE_FILE` does not name docker-compose.yml";
        let help =
            if is_exported { "unset COMPOSE_FILE" } else { "remove it from .env, or add docker-compose.yml there" };
        return (!is_ours).then(|| Finding::problem(CHECK, message, help));
    }
    let twin = ["compose.yaml", "compose.yml"].into_iter().find(|name| subject.folder.join(name).exists())?;
    let message = format!("Docker Compose takes `{twin}` and not `docker-compose.yml`");
    Some(Finding::problem(CHECK, message, remedies.there(&format!("mv {twin} {twin}.orig"))))
}

/// Whether Compose can read the deployment's files: it lists containers also where it can't.
pub(super) fn legible(docker: &Docker, remedies: &Remedies<'_>) -> Option<Finding> {
    let text = docker.ask(&["compose", "config", "--quiet"]).err()?.text();
    let help = if text.contains("run codelab-gen") {
        remedies.codelab_gen("")
    } else {
        format!("`{}` shows what it does not understand", remedies.there("docker compose config"))
    };
    Some(Finding::problem(CHECK, "Docker Compose can't read the deployment", help).shown_by(&text))
}
