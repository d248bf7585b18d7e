//! Knows what a deployment may be and better were not: warnings, which stop nothing. Must not know how they are told.

mod hidden;

use crate::deployment::{Container, Deployment, Host, MadeNetwork, NETWORKS, Program, PublishedPort, Server, Service};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::field::FieldPath;
use crate::profile::{Command, Profile, Raw, given};
use crate::spelling::quoted;
use crate::url::ConnectionUrl;
use crate::value::{Access, ImageReference, Mount, MountSource, SettingName, Stage};
use crate::yaml::count_values;

pub use hidden::hidden_characters;

/// Docker Compose 5 refuses a file with more YAML values than this (`maximum node visit limit`; keys do not count).
const COMPOSE_LIMIT: usize = 100_000;

/// How many values are worth a word: four fifths of the limit.
const NEAR_COMPOSE_LIMIT: usize = COMPOSE_LIMIT / 5 * 4;

/// Compose's keys that give a container more than it needs, or take its fences away.
const FENCES: [&str; 15] = [
    "cap_add",
    "cap_drop",
    "cgroup",
    "devices",
    "group_add",
    "ipc",
    "network_mode",
    "pid",
    "privileged",
    "read_only",
    "security_opt",
    "sysctls",
    "userns_mode",
    "uts",
    "volumes_from",
];

/// Every warning about a deployment with the text of its `docker-compose.yml`.
#[must_use]
pub fn lint(deployment: &Deployment, compose: &str) -> Vec<Diagnostic> {
    let root = FieldPath::root();
    let mut warnings = Vec::new();
    for service in &deployment.services {
        let at = root.key("services").key(&service.name);
        warnings.extend(published_everywhere(service.publish.as_ref(), &at));
        warnings.extend(displaced_hardening(&service.compose, &at));
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
    }
    warnings.extend(open_network(deployment, &root));
    warnings.extend(compose_limit(deployment.services.len(), compose, NEAR_COMPOSE_LIMIT));
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

/// The warning where Compose will refuse the file.
#[must_use]
pub fn beyond_compose_limit(services: usize, compose: &str) -> Option<Diagnostic> {
    compose_limit(services, compose, COMPOSE_LIMIT)
}

fn compose_limit(services: usize, compose: &str, worth_a_word: usize) -> Option<Diagnostic> {
    let values = count_values(compose, worth_a_word, COMPOSE_LIMIT);
    if values <= worth_a_word {
        return None;
    }
    let values = if values > COMPOSE_LIMIT { format!("over {COMPOSE_LIMIT}") } else { values.to_string() };
    let place = Place::key(&FieldPath::root().key("services"));
    let message = format!(
        "docker-compose.yml has {values} YAML values for {services} services; Docker Compose loads {COMPOSE_LIMIT}"
    );
    Some(Diagnostic::warning(Code::ComposeLimit, place, message, "split the services into several profiles"))
}

fn container_warnings(container: &Container, stage: Stage, at: &FieldPath) -> Vec<Diagnostic> {
    let image = unpinned_digest(&container.image, stage, at);
    let publish = published_everywhere(container.publish.as_ref(), at);
    let root = as_root(&container.compose, at);
    let unencrypted = unencrypted_port(container, at);
    image
        .into_iter()
        .chain(publish)
        .chain(unencrypted)
        .chain(root)
        .chain(displaced_hardening(&container.compose, at))
        .collect()
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

fn sqlite_bind_mount(service: &Service, stage: Stage, at: &FieldPath) -> Option<Diagnostic> {
    let database = service.database.as_ref()?;
    let is_sqlite = matches!(database.url, ConnectionUrl::Sqlite { .. });
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

/// PostgreSQL itself refuses to run as root, so that its image steps down: with capabilities for it.
fn as_root(compose: &[(String, Raw)], at: &FieldPath) -> Option<Diagnostic> {
    let is_root =
        |user: &Raw| matches!(user, Raw::Scalar { text, .. } if matches!(text.split(':').next(), Some("0" | "root")));
    compose.iter().any(|(key, user)| key == "user" && is_root(user)).then(|| {
        let message = "the server's container starts as root, and keeps the capabilities to become another user";
        let help = "write the user of the image in numbers, such as `user: \"999:999\"`, or remove it";
        Diagnostic::warning(Code::DisplacedHardening, Place::value(&at.key("compose").key("user")), message, help)
    })
}

/// A network of the user's own that takes the place of the one without a way out.
fn open_network(deployment: &Deployment, root: &FieldPath) -> Option<Diagnostic> {
    let (_, networks) = deployment.compose.iter().find(|(key, _)| key == NETWORKS)?;
    let is_internal = |network: &Raw| network.get("internal") == Some(&Raw::plain("true"));
    let made = deployment.made_networks().into_iter().filter(MadeNetwork::is_internal).map(|network| network.name());
    let is_open = |name: &String| networks.get(name).is_some_and(|network| !is_internal(network));
    made.into_iter().find(is_open).map(|name| {
        let message = format!("the network `{name}` of your own takes the place of the one without a way out");
        let help = "give yours another name, or write `internal: true` below it";
        let place = Place::key(&root.key("compose").key(NETWORKS).key(&name));
        Diagnostic::warning(Code::DisplacedHardening, place, message, help)
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

fn displaced_hardening(compose: &[(String, Raw)], at: &FieldPath) -> Vec<Diagnostic> {
    let keys = compose.iter().filter(|(key, _)| FENCES.contains(&key.as_str()));
    let warning = |(key, _): &(String, Raw)| {
        let message = format!("`{key}` changes what protects the host from this container");
        let help = "remove it, or keep it as narrow as the program allows";
        Diagnostic::warning(Code::DisplacedHardening, Place::key(&at.key("compose").key(key)), message, help)
    };
    keys.map(warning).collect()
}
