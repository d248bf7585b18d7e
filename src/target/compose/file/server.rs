//! Knows what `docker-compose.yml` says of the server's container, and of the one that brings its databases in line.
//! Must not know the other services, but for their connection URLs.

use super::super::extras::{Extras, value};
use super::super::interpolation::{command, literal, raw, word};
use super::super::networks::{NETWORKS, Networks};
use super::super::outputs::INIT_SCRIPT;
use super::super::secrets::{password, secret_name, url};
use super::keys::{keys_of_ensure, keys_of_server, ports};
use super::service::{check_times, variable_value, waits_until};
use crate::deployment::{Container, Deployment, Fences, INITDB_ARGS, SOCKET_FOLDER, Server, Service};
use crate::placement::Placement;
use crate::value::{SecretsIn, ServiceName, StartCondition, VolumeName};
use crate::yaml::document::{Mapping, Value};

const ENSURES: &str = "\
Ends after a second. It runs at every `docker compose up`, before the services: roles, passwords, databases and owners
become what .env and the profile say, also on a volume that holds data already.";

/// The server's container.
pub(super) fn postgres(
    server: &Server,
    container: &Container,
    deployment: &Deployment,
    placement: &Placement,
    extras: &Extras,
    networks: Networks<'_>,
) -> Mapping {
    let Container { image, publish, settings, .. } = container;
    let settings: Vec<_> = settings.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let settings = settings.iter().flat_map(|setting| ["-c", setting]);
    let has_settings = settings.clone().next().is_some();
    let mut environment = server_variables(server, container, deployment.secrets_in);
    environment.push_given(INITDB_ARGS, container.initdb_arguments().map(|arguments| literal(&arguments)));
    let more = container.environment.iter();
    let more =
        more.filter_map(|(name, variable)| Some((name.to_string(), variable_value(variable, deployment.secrets_in)?)));
    environment.append(more.collect());
    let mut keys = Mapping::default();
    keys.push("image", literal(&image.to_string()));
    keys.push_given("command", has_settings.then(|| command(std::iter::once("postgres").chain(settings))));
    keys.push("environment", environment);
    keys.push_filled("secrets", secret_names(deployment));
    keys.push("volumes", server_volumes(container, deployment, placement));
    keys.push_filled("ports", ports(publish.as_ref()));
    keys.push("healthcheck", is_ready(server, container));
    keys.push(NETWORKS, raw(&networks.of_server(container)));
    if value(&extras.server, "shm_size").is_none() {
        let size = literal(&format!("{}mb", container.shared_memory));
        keys.push("shm_size", size.behind("Docker's 64 MB are too few for parallel queries"));
    }
    if value(&extras.server, "stop_grace_period").is_none() {
        let why = "a shutdown that is cut off means crash recovery at the next start";
        keys.push("stop_grace_period", literal(container.stop_grace_period.as_str()).behind(why));
    }
    let mut fences = keys_of_server(container, &extras.server);
    if container.fences != Fences::default() {
        fences.comment_above_first("no more rights than the server needs, and nothing to write to but its volumes");
    }
    keys.append(fences);
    Mapping::from_iter([(ServiceName::postgres().to_string(), Value::from(keys).apart())])
}

fn server_volumes(container: &Container, deployment: &Deployment, placement: &Placement) -> Value {
    let of_data = if container.keeps_majors_apart() {
        "the folder above the data: from PostgreSQL 18 on the image makes one below it for each major version"
    } else {
        "the data itself; from PostgreSQL 18 on the image wants the folder above it"
    };
    let place = placement.source(container.volume.source());
    let data = literal(&format!("{place}:{}", container.data_folder())).above(of_data);
    let of_socket = format!("the server's socket, by which {} logs in", ServiceName::postgres_ensure());
    let socket = literal(&format!("{}:{SOCKET_FOLDER}", VolumeName::postgres_socket())).above(of_socket);
    let script = format!("./{}:/docker-entrypoint-initdb.d/10-init-postgres.sh:ro", INIT_SCRIPT.path());
    let script = literal(&script).above("the image runs it once, on an empty volume");
    let script = (container.init_script || !container.ensure).then_some(script);
    let has_socket = container.ensure || deployment.backups.is_some();
    std::iter::once(data).chain(has_socket.then_some(socket)).chain(script).collect()
}

fn is_ready(server: &Server, container: &Container) -> Mapping {
    let (user, database) = (server.user.as_str(), container.database.as_str());
    let test = command(["CMD", "pg_isready", "-q", "-h", "127.0.0.1", "-U", user, "-d", database]);
    let why = "over TCP: while the image prepares a new volume, its server listens on a local socket only";
    let mut keys = Mapping::from_iter([("test", test.above(why))]);
    keys.append(check_times(&container.times));
    keys
}

/// The container that runs the script at every start; nothing where the profile wants none.
pub(super) fn ensure(server: &Server, container: &Container, deployment: &Deployment, extras: &Extras) -> Mapping {
    const SCRIPT: &str = "/init-postgres.sh";
    if !container.ensure {
        return Mapping::default();
    }
    let databases = deployment.services.iter().flat_map(Service::databases_on_server);
    let mut environment = server_variables(server, container, deployment.secrets_in);
    for (database, _) in databases {
        let Some(given) = &database.given else { continue };
        environment.push(given.key.to_string(), url(given, &database.url, deployment.secrets_in));
    }
    let socket = format!("{}:{SOCKET_FOLDER}:ro", VolumeName::postgres_socket());
    let script = format!("./{}:{SCRIPT}:ro", INIT_SCRIPT.path());
    let healthy = (ServiceName::postgres().to_string(), waits_until(StartCondition::Healthy));
    let mut keys = Mapping::default();
    keys.push("image", literal(&container.image.to_string()));
    keys.push("entrypoint", [word("bash"), word(SCRIPT)].into_iter().collect::<Value>().on_one_line());
    keys.push("environment", environment);
    keys.push_filled("secrets", secret_names(deployment));
    keys.push("volumes", [literal(&socket), literal(&script)].into_iter().collect::<Value>());
    keys.push("network_mode", word("none").behind("the socket is enough"));
    keys.push("depends_on", Mapping::from_iter([healthy]));
    keys.append(keys_of_ensure(container, &extras.server));
    Mapping::from_iter([(ServiceName::postgres_ensure().to_string(), Value::from(keys).apart().above(ENSURES))])
}

fn secret_names(deployment: &Deployment) -> Value {
    deployment.secret_files().into_iter().map(|name| literal(&secret_name(name))).collect()
}

fn server_variables(server: &Server, container: &Container, secrets_in: SecretsIn) -> Mapping {
    let first = [
        ("POSTGRES_USER".to_owned(), literal(server.user.as_str())),
        password(&server.administrator_password, secrets_in),
        ("POSTGRES_DB".to_owned(), literal(container.database.as_str())),
    ];
    let logins = server.logins().into_iter().filter(|login| login.password != server.administrator_password);
    first.into_iter().chain(logins.map(|login| password(&login.password, secrets_in))).collect()
}
