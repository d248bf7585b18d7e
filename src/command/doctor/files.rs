//! Knows what can be wrong before anything runs: outputs, secrets, variables, ports, folders. Must not ask Docker.

use std::collections::HashMap;
use std::net::TcpListener;
use std::path::Path;

use super::finding::Finding;
use super::remedy::Remedies;
use crate::change::{ChangeKind, ChangeSet, Existing};
use crate::command::World;
use crate::command::folders::{DataFolder, data_folders, making};
use crate::command::target::Target;
use crate::deployment::{Holds, Program, PublishedPort, secret_file_path};
use crate::render::Output;
use crate::secret::{Secret, edited, weakness};
use crate::spelling::shell_word;
use crate::value::{EnvironmentKey, SecretsIn};

const OUTPUTS: &str = "outputs";
const SECRETS: &str = "secrets";

/// Whether the outputs are as the profile says; `made_with` are settings that they were made with and that this run has
/// not.
pub(super) fn outputs(changes: &ChangeSet, made_with: &[String], remedies: &Remedies<'_>) -> Vec<Finding> {
    if !made_with.is_empty() {
        let settings: Vec<_> = made_with.iter().map(|setting| format!("--set {}", shell_word(setting))).collect();
        let settings = settings.join(" ");
        let message =
            format!("the outputs were made with `{settings}`, which this run has not: it looks for another deployment");
        return vec![Finding::problem(OUTPUTS, message, remedies.codelab_gen("doctor"))];
    }
    let mut drifted: Vec<(&str, String, Vec<&str>)> = Vec::new();
    for change in changes.changes.iter().filter(|change| change.is_drift()) {
        let (what, help) = drift(change.kind(), remedies);
        match drifted.iter_mut().find(|(known, _, _)| *known == what) {
            Some((_, _, paths)) => paths.push(change.output.path()),
            None => drifted.push((what, help, vec![change.output.path()])),
        }
    }
    let finding = |(what, help, paths): (&str, String, Vec<&str>)| match paths.as_slice() {
        [path] => Finding::problem(OUTPUTS, format!("`{path}` {what}"), help),
        paths => Finding::problem(OUTPUTS, format!("each of {} outputs {what}", paths.len()), help)
            .shown_by(&paths.join("\n")),
    };
    let found: Vec<_> = drifted.into_iter().map(finding).collect();
    if found.is_empty() { vec![Finding::ok(OUTPUTS, "the outputs are as the profile says")] } else { found }
}

/// How an output differs, and what mends that.
fn drift(kind: ChangeKind, remedies: &Remedies<'_>) -> (&'static str, String) {
    let run = || remedies.codelab_gen("");
    match kind {
        ChangeKind::LineEnds => ("has line ends of Windows", run()),
        ChangeKind::Mode => ("has other permissions than it needs", run()),
        ChangeKind::Created => ("is missing", run()),
        ChangeKind::Removed => ("belongs to another profile", run()),
        ChangeKind::Conflict => {
            ("was edited, or is not codelab-gen's", format!("see `{} --check`", remedies.codelab_gen("")))
        }
        ChangeKind::Updated | ChangeKind::Unchanged => ("is not as the profile says", remedies.renew()),
    }
}

/// Whether `.env` has what it must have, and something else takes its place.
pub(super) fn environment(
    target: &Target,
    existing: &Existing,
    world: &World,
    remedies: &Remedies<'_>,
) -> Vec<Finding> {
    let keys = target.deployment.dotenv_keys();
    let run = || remedies.codelab_gen("");
    let mut found = Vec::new();
    if existing.get(Output::Dotenv).is_none() && keys.server.iter().chain(&keys.secrets).next().is_some() {
        found.push(Finding::problem(SECRETS, "there is no `.env`", run()));
    }
    let files = target.deployment.secret_files().into_iter().map(secret_file_path);
    let is_lost = |path: &String| existing.secret_file(path).is_none_or(|file| file.text.trim().is_empty());
    let missing = files.filter(is_lost);
    found.extend(missing.map(|path| Finding::problem(SECRETS, format!("`{path}` is missing or empty"), run())));
    let values = existing.values(|_| true).unwrap_or_default();
    for key in keys.server.iter().chain(&keys.urls).chain(&keys.secrets) {
        let written = values.get(&key.name);
        found.extend(exported(&key.name, written, world));
        let is_secret = matches!(key.holds, Holds::Secret(_));
        if is_secret && written.is_none() && existing.get(Output::Dotenv).is_some() {
            found.push(Finding::problem(SECRETS, format!("`{}` is not set in .env", key.name), run()));
        }
        let weak = written.filter(|_| is_secret).and_then(weakness);
        if let Some(why) = weak.filter(|_| target.deployment.stage.is_strict()) {
            let help = remedies.codelab_gen(&format!("rotate {}", key.name));
            found.push(Finding::warning(SECRETS, format!("`{}` {why}", key.name), help));
        }
    }
    for name in edited(&values, &target.deployment) {
        let message = format!("`{name}` was edited in .env, and the URLs there still have the old one");
        found.push(Finding::problem(SECRETS, message, run()));
    }
    found.extend(managed_secrets(target, world));
    if found.is_empty() {
        found.push(Finding::ok(SECRETS, "every secret has a value, and nothing takes the place of .env"));
    }
    found
}

/// That the shell has another value for a key than `.env`.
fn exported(key: &str, written: Option<&Secret>, world: &World) -> Option<Finding> {
    let exported = (world.environment)(key).ok()??;
    let differs = !written?.is_text(&exported);
    let message = format!("the shell sets `{key}`, which Docker Compose takes instead of what .env says");
    differs.then(|| Finding::problem("environment", message, format!("unset {key}")))
}

/// What a secret manager sets where docker compose is started.
fn managed_secrets(target: &Target, world: &World) -> Option<Finding> {
    let names = unset_secrets(target, world);
    (!names.is_empty()).then(|| {
        let message = format!("{} come from a secret manager, and are not set here", names.join(", "));
        Finding { help: Some("start doctor through it".to_owned()), ..Finding::unseen(SECRETS, message) }
    })
}

/// The secrets of a secret manager that are not set here, in backticks.
pub(super) fn unset_secrets(target: &Target, world: &World) -> Vec<String> {
    let is_managed = target.deployment.secrets_in == SecretsIn::Environment;
    let unset = |name: &&EnvironmentKey| matches!((world.environment)(name.as_str()), Ok(None));
    let names = target.deployment.secrets.keys().filter(|_| is_managed).filter(unset);
    names.map(|name| format!("`{name}`")).collect()
}

/// Ports of the host that a service could not get; `running` are the services that have theirs.
pub(super) fn ports(target: &Target, existing: &Existing, world: &World, running: &[String]) -> Vec<Finding> {
    let services = target.deployment.services.iter();
    let services = services.filter_map(|service| Some((service.name.to_string(), service.publish.as_ref()?)));
    let server = target.deployment.contained_server().and_then(|(_, container)| container.publish.as_ref());
    let all = services.chain(server.map(|port| ("postgres".to_owned(), port)));
    let stopped = all.filter(|(name, _)| !running.contains(name));
    let own = existing.users_values();
    stopped.filter_map(|(name, port)| taken(&name, port, number(port, &own, world)?)).collect()
}

/// The port as Compose will read it: from the shell, from `.env`, or as the profile has it.
fn number(published: &PublishedPort, own: &HashMap<String, String>, world: &World) -> Option<u16> {
    let variable = published.variable.as_ref();
    let set =
        variable.and_then(|name| (world.environment)(name.as_str()).ok()?.or_else(|| own.get(name.as_str()).cloned()));
    let set = set.filter(|set| !set.is_empty());
    set.map_or(Some(published.port.get()), |set| set.trim().parse().ok())
}

fn taken(service: &str, published: &PublishedPort, port: u16) -> Option<Finding> {
    let address = published.address;
    let bound = TcpListener::bind(format!("{address}:{port}"));
    let error = bound.err().filter(|error| error.kind() == std::io::ErrorKind::AddrInUse)?;
    let message = format!("port {port} of {address}, which `{service}` publishes, is taken by another program");
    let help = format!("`ss -ltnp 'sport = :{port}'` names it; end it, or publish another port in the profile");
    Some(Finding::problem("ports", message, help).shown_by(&error.to_string()))
}

/// Folders of data that are not there, or that a service can't write to.
pub(super) fn data(target: &Target, world: &World) -> Vec<Finding> {
    const CHECK: &str = "folders";
    let folders = data_folders(&target.deployment, &target.root, &world.current);
    let missing = making(&folders, &target.folder).into_iter().map(|command| {
        Finding::problem(
            CHECK,
            "a folder where a service keeps data does not exist; Docker would make it as root's",
            command,
        )
    });
    let closed = folders.iter().filter_map(DataFolder::closed);
    let closed = closed.map(|(message, help)| Finding::problem(CHECK, message, help));
    missing.chain(closed).collect()
}

/// Build contexts that are not there.
pub(super) fn contexts(target: &Target) -> Vec<Finding> {
    let services = target.deployment.services.iter();
    let contexts = services.filter_map(|service| match &service.program {
        Program::Built(build) | Program::BuiltAs(build, _) => Some((&service.name, build.context.folder()?)),
        Program::Image(_) => None,
    });
    let missing = contexts.filter(|(_, context)| !target.root.join(context.as_str()).exists());
    let finding = |(service, context): (&crate::value::ServiceName, &crate::value::HostPath)| {
        let message = format!("the build context `{context}` of `{service}` does not exist");
        Finding::problem("folders", message, "put the service's source with its Dockerfile there")
    };
    missing.map(finding).collect()
}

/// A second Compose file, which Docker Compose would take instead; unless `COMPOSE_FILE` says which one it takes.
pub(super) fn twin(target: &Target, existing: &Existing, world: &World, remedies: &Remedies<'_>) -> Option<Finding> {
    const CHECK: &str = "compose-file";
    let exported = (world.environment)("COMPOSE_FILE").ok().flatten();
    let is_exported = exported.is_some();
    if let Some(value) = exported.or_else(|| existing.users_value("COMPOSE_FILE")) {
        let is_ours = value.split(':').any(|file| Path::new(file).ends_with(Output::Compose.path()));
        let message = "`COMPOSE_FILE` does not name docker-compose.yml";
        let help =
            if is_exported { "unset COMPOSE_FILE" } else { "remove it from .env, or add docker-compose.yml there" };
        return (!is_ours).then(|| Finding::problem(CHECK, message, help));
    }
    let twin = ["compose.yaml", "compose.yml"].into_iter().find(|name| target.folder.join(name).exists())?;
    let message = format!("Docker Compose takes `{twin}` and not `docker-compose.yml`");
    Some(Finding::problem(CHECK, message, remedies.there(&format!("mv {twin} {twin}.orig"))))
}
