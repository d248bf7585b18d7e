//! Knows what can be wrong before anything runs: outputs, secrets, variables, ports, folders. Must not ask Docker.

use std::net::TcpListener;

use super::finding::Finding;
use crate::change::{ChangeKind, ChangeSet, Existing};
use crate::command::World;
use crate::command::folders::{DataFolder, data_folders, making};
use crate::command::target::Target;
use crate::deployment::{Holds, Program, PublishedPort};
use crate::render::Output;
use crate::secret::weakness;
use crate::value::SecretsIn;

/// Whether the outputs are as the profile says.
pub(super) fn outputs(changes: &ChangeSet) -> Vec<Finding> {
    let drifted = changes.changes.iter().filter(|change| change.is_drift());
    let finding = |change: &crate::change::Change| {
        let path = change.output.path();
        let (what, help) = match change.kind() {
            ChangeKind::LineEnds => ("has line ends of Windows", "run codelab-gen".to_owned()),
            ChangeKind::Mode => ("has other permissions than it needs", "run codelab-gen".to_owned()),
            ChangeKind::Created => ("is missing", "run codelab-gen".to_owned()),
            ChangeKind::Removed => ("belongs to another profile", "run codelab-gen".to_owned()),
            ChangeKind::Conflict => ("was edited, or is not codelab-gen's", "see `codelab-gen --check`".to_owned()),
            ChangeKind::Updated | ChangeKind::Unchanged => {
                ("is not as the profile says", "see `codelab-gen --diff`, then run codelab-gen".to_owned())
            }
        };
        Finding::problem("outputs", format!("`{path}` {what}"), help)
    };
    let found: Vec<_> = drifted.map(finding).collect();
    if found.is_empty() { vec![Finding::ok("outputs", "the outputs are as the profile says")] } else { found }
}

/// Whether `.env` has what it must have, and something else takes its place.
pub(super) fn environment(target: &Target, existing: &Existing, world: &World) -> Vec<Finding> {
    let keys = target.deployment.dotenv_keys();
    let mut found = Vec::new();
    if existing.get(Output::Dotenv).is_none() && keys.server.iter().chain(&keys.secrets).next().is_some() {
        found.push(Finding::problem("secrets", "there is no `.env`", "run codelab-gen"));
    }
    let values = existing.values(|_| true).unwrap_or_default();
    let all = keys.server.iter().chain(&keys.urls).chain(&keys.secrets);
    for key in all {
        let written = values.get(&key.name);
        let exported = (world.environment)(&key.name);
        if matches!((&exported, written), (Ok(Some(exported)), Some(written)) if !written.is_text(exported)) {
            let message =
                format!("the shell sets `{}`, which Docker Compose takes instead of what .env says", key.name);
            found.push(Finding::problem("environment", message, format!("unset {}", key.name)));
        }
        let is_secret = matches!(key.holds, Holds::Secret(_));
        if is_secret && written.is_none() && existing.get(Output::Dotenv).is_some() {
            found.push(Finding::problem("secrets", format!("`{}` is not set in .env", key.name), "run codelab-gen"));
        }
        let weak = written.filter(|_| is_secret).and_then(weakness);
        if let Some(why) = weak.filter(|_| target.deployment.stage.is_strict()) {
            let help = format!("codelab-gen rotate {}", key.name);
            found.push(Finding::warning("secrets", format!("`{}` {why}", key.name), help));
        }
    }
    found.extend(managed_secrets(target, world));
    if found.is_empty() {
        found.push(Finding::ok("secrets", "every secret has a value, and nothing takes the place of .env"));
    }
    found
}

/// What a secret manager sets where docker compose is started.
fn managed_secrets(target: &Target, world: &World) -> Option<Finding> {
    let unset = |name: &&crate::value::EnvironmentKey| matches!((world.environment)(name.as_str()), Ok(None));
    let names: Vec<_> = target.deployment.secrets.keys().filter(unset).map(|name| format!("`{name}`")).collect();
    let is_managed = target.deployment.secrets_in == SecretsIn::Environment && !names.is_empty();
    is_managed.then(|| {
        let names = names.join(", ");
        let message = format!("{names} come from a secret manager, and are not set here");
        Finding { help: Some("start doctor through it".to_owned()), ..Finding::unseen("secrets", message) }
    })
}

/// Ports of the host that a service could not get; `running` are the services that have theirs.
pub(super) fn ports(target: &Target, running: &[String]) -> Vec<Finding> {
    let services = target.deployment.services.iter();
    let services = services.filter_map(|service| Some((service.name.to_string(), service.publish.as_ref()?)));
    let server = target.deployment.contained_server().and_then(|(_, container)| container.publish.as_ref());
    let all = services.chain(server.map(|port| ("postgres".to_owned(), port)));
    let stopped = all.filter(|(name, _)| !running.contains(name));
    stopped.filter_map(|(name, port)| taken(&name, port)).collect()
}

fn taken(service: &str, published: &PublishedPort) -> Option<Finding> {
    let PublishedPort { address, port, .. } = published;
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
        Program::Built(build) | Program::BuiltAs(build, _) => Some((&service.name, &build.context)),
        Program::Image(_) => None,
    });
    let missing = contexts.filter(|(_, context)| !target.root.join(context.as_str()).exists());
    let finding = |(service, context): (&crate::value::ServiceName, &crate::value::HostPath)| {
        let message = format!("the build context `{context}` of `{service}` does not exist");
        Finding::problem("folders", message, "put the service's source with its Dockerfile there")
    };
    missing.map(finding).collect()
}

/// A second Compose file, which Docker Compose would take instead.
pub(super) fn twin(target: &Target) -> Option<Finding> {
    let twin = ["compose.yaml", "compose.yml"].into_iter().find(|name| target.folder.join(name).exists())?;
    let message = format!("Docker Compose takes `{twin}` and not `docker-compose.yml`");
    Some(Finding::problem("compose-file", message, format!("mv {twin} {twin}.orig")))
}
