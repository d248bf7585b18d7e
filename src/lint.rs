//! Knows what a deployment may be and better were not: warnings, which stop nothing. Must not know how they are told.

mod hidden;
mod server;

use crate::deployment::{Container, Deployment, Host, Program, PublishedPort, Server, Service};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::field::FieldPath;
use crate::profile::{Command, Profile, given};
use crate::spelling::quoted;
use crate::value::{Access, ImageReference, Mount, MountSource, SettingName, Stage};

pub use hidden::hidden_characters;

/// Every warning about what a deployment is.
#[must_use]
pub fn lint(deployment: &Deployment) -> Vec<Diagnostic> {
    let root = FieldPath::root();
    let mut warnings = Vec::new();
    for service in &deployment.services {
        let at = root.key("services").key(&service.name);
        warnings.extend(published_everywhere(service.publish.as_ref(), &at));
        warnings.extend(engine_socket(service, &at));
        if let Program::Image(image) = &service.program {
            warnings.extend(unpinned_digest(image.usual(), deployment.stage, &at));
        }
        warnings.extend(sqlite_bind_mount(service, deployment.stage, &at));
    }
    if let Some(server) = &deployment.server {
        let at = root.key("postgres");
        warnings.extend(superuser_access(server, deployment.stage, &at));
        if let Some(container) = server.container() {
            warnings.extend(container_warnings(container, deployment.stage, &at));
        }
        if let Some(operated) = server.operated() {
            warnings.extend(unpinned_digest(&operated.image, deployment.stage, &at));
        }
    }
    warnings.extend(server::warnings(deployment));
    warnings
}

/// A warning for each command of the profile that a shell would have changed; the deployment knows its words only.
#[must_use]
pub fn unexpanded(profile: &Profile) -> Vec<Diagnostic> {
    let services = FieldPath::root().key("services");
    let commands = given(&profile.services).flat_map(|(name, service)| {
        let at = services.key(name);
        [(at.key("command"), service.command.get()), (at.key("entrypoint"), service.entrypoint.get())]
    });
    let warning = |(at, command): (FieldPath, Option<&Command>)| {
        let help = "put it in single quotes where that is meant; for a shell write `[sh, -c, \"TEXT\"]`";
        let message = command?.unexpanded?.message();
        Some(Diagnostic::warning(Code::Unexpanded, Place::value(&at), message, help))
    };
    commands.filter_map(warning).collect()
}

fn container_warnings(container: &Container, stage: Stage, at: &FieldPath) -> Vec<Diagnostic> {
    let image = unpinned_digest(&container.image, stage, at);
    let system = unnamed_system(&container.image, stage, at);
    let publish = published_everywhere(container.publish.as_ref(), at);
    let unencrypted = unencrypted_port(container, at);
    image.into_iter().chain(system).chain(publish).chain(unencrypted).collect()
}

fn superuser_access(server: &Server, stage: Stage, at: &FieldPath) -> Option<Diagnostic> {
    let is_superuser = matches!(server.host, Host::Container(_)) && server.access == Access::Shared;
    (is_superuser && stage.is_strict()).then(|| {
        let message = format!(
            "every service logs in as {}, the superuser of the server: one that is broken into reaches all databases",
            quoted(server.user.as_str())
        );
        let help = "write `access: per_service`: then each service has a role of its own";
        Diagnostic::warning(Code::SuperuserAccess, Place::value(&at.key("access")), message, help)
    })
}

fn published_everywhere(publish: Option<&PublishedPort>, at: &FieldPath) -> Option<Diagnostic> {
    let port = publish.filter(|publish| publish.address.is_unspecified())?;
    let message = format!("the port {} is open to every network of the host, past its firewall", port.port);
    let help = format!("write `publish: {}` for 127.0.0.1, or the address of one network", port.port);
    Some(Diagnostic::warning(Code::PublishedEverywhere, Place::value(&at.key("publish")), message, help))
}

fn unpinned_digest(image: &ImageReference, stage: Stage, at: &FieldPath) -> Option<Diagnostic> {
    (stage == Stage::Production && !image.has_digest()).then(|| {
        let message = format!("the tag of {} can mean another image tomorrow", quoted(&image.to_string()));
        let help = "add the digest that you tested: `docker buildx imagetools inspect IMAGE` prints it";
        Diagnostic::warning(Code::UnpinnedDigest, Place::value(&at.key("image")), message, help)
    })
}

/// Another system has another C library, by which indexes of texts are sorted.
fn unnamed_system(image: &ImageReference, stage: Stage, at: &FieldPath) -> Option<Diagnostic> {
    (stage.is_strict() && image.leaves_system_open()).then(|| {
        let tag = image.tag().filter(|tag| *tag != "latest");
        let named = tag.map_or_else(|| "postgres:17-bookworm".to_owned(), |tag| format!("postgres:{tag}-bookworm"));
        let message = format!(
            "the tag of {} names no system: with another one texts may sort differently, and indexes then miss rows",
            quoted(&image.to_string())
        );
        let help = format!(
            "write it into the tag, such as `{named}`; `docker compose exec postgres cat /etc/os-release` prints which one runs"
        );
        Diagnostic::warning(Code::UnnamedSystem, Place::value(&at.key("image")), message, help)
    })
}

fn sqlite_bind_mount(service: &Service, stage: Stage, at: &FieldPath) -> Option<Diagnostic> {
    let is_sqlite = service.databases_in_files().next().is_some();
    let folder = match &service.mounts.first().filter(|_| service.has_data)?.source {
        MountSource::Bind(folder) => folder,
        MountSource::Volume(_) => return None,
    };
    (is_sqlite && stage == Stage::Production).then(|| {
        let message = format!(
            "the SQLite file lies in {}, a folder of the host: its owner and its file system decide whether it can be \
             written and locked",
            quoted(folder.as_str())
        );
        let help = "write `data: NAME:/…` with a named volume, or let the service use PostgreSQL";
        Diagnostic::warning(Code::SqliteBindMount, Place::value(&at.key("data")), message, help)
    })
}

/// Where Docker's own socket lies: whoever can open it is root on the host.
const ENGINE_SOCKETS: [&str; 2] = ["/var/run/docker.sock", "/run/docker.sock"];

fn engine_socket(service: &Service, at: &FieldPath) -> Option<Diagnostic> {
    let is_socket = |mount: &Mount| match &mount.source {
        MountSource::Bind(path) => ENGINE_SOCKETS.contains(&path.as_str()),
        MountSource::Volume(_) => false,
    };
    service.mounts.iter().any(is_socket).then(|| {
        let message = "whoever breaks into this container is root on the host: it has Docker's socket";
        let help = "give it a proxy of the socket that allows only what it needs";
        Diagnostic::warning(Code::DisplacedHardening, Place::value(&at.key("volumes")), message, help)
    })
}

/// The server's container has no certificate, unless a setting says so: who is on the way reads what is sent.
fn unencrypted_port(container: &Container, at: &FieldPath) -> Option<Diagnostic> {
    let port = container.publish.as_ref().filter(|publish| !publish.address.is_loopback())?;
    let encrypts = |(name, value): &(SettingName, String)| {
        name.as_str() == "ssl" && matches!(value.to_ascii_lowercase().as_str(), "on" | "true" | "yes" | "1")
    };
    (!container.settings.iter().any(encrypts)).then(|| {
        let message = format!("what other machines send to the port {} is not encrypted", port.port);
        let help =
            format!("write `publish: {}` for 127.0.0.1, and reach it by `ssh -L`; or see `settings: ssl`", port.port);
        Diagnostic::warning(Code::UnencryptedPort, Place::value(&at.key("publish")), message, help)
    })
}
