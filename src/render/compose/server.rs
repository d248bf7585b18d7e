//! Knows what `docker-compose.yml` says of the server's container, and of the one that brings its databases in line.
//! Must not know the other services, but for their connection URLs.

use super::interpolation::{command, literal, number, raw, reference, word};
use super::keys::{keys_of_ensure, keys_of_image, keys_of_server};
use super::service::waits_until;
use super::{ports, required, secret_name, url};
use crate::deployment::{BY_PASSWORD, Container, Deployment, INITDB_ARGS, NETWORKS, SOCKET_FOLDER, Server};
use crate::render::Output;
use crate::value::{EnvironmentKey, LocalAuth, SecretsIn, ServiceName, StartCondition, VolumeName};
use crate::yaml::document::{Mapping, Value};

const ENSURES: &str = "\
Ends after a second. It runs at every `docker compose up`, before the services: roles, passwords, databases and owners
become what .env and the profile say, also on a volume that holds data already.";

/// The server's container.
pub(super) fn postgres(server: &Server, container: &Container, deployment: &Deployment) -> Mapping {
    let Container {
        image,
        major: _,
        database: _,
        publish,
        volume: _,
        ensure: _,
        init_script: _,
        local_auth,
        limits: _,
        settings,
        compose,
    } = container;
    let settings: Vec<_> = settings.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let settings = settings.iter().flat_map(|setting| ["-c", setting]);
    let has_settings = settings.clone().next().is_some();
    let has = |key: &str| compose.iter().any(|(known, _)| known == key);
    let mut environment = server_variables(server, container, deployment.secrets_in);
    environment.push_given(INITDB_ARGS, (*local_auth == LocalAuth::Password).then(|| literal(BY_PASSWORD)));
    let mut keys = Mapping::default();
    keys.push("image", literal(&image.to_string()));
    keys.push_given("command", has_settings.then(|| command(std::iter::once("postgres").chain(settings))));
    keys.push("environment", environment);
    keys.push_filled("secrets", secret_names(deployment));
    keys.push("volumes", server_volumes(container));
    keys.push_filled("ports", ports(publish.as_ref()));
    keys.push("healthcheck", is_ready(server, container));
    keys.push(NETWORKS, raw(&deployment.networks_of_server(container)));
    if !has("shm_size") {
        keys.push("shm_size", word("256mb").behind("Docker's 64 MB are too few for parallel queries"));
    }
    if !has("stop_grace_period") {
        let why = "a shutdown that is cut off means crash recovery at the next start";
        keys.push("stop_grace_period", word("2m").behind(why));
    }
    let mut fences = keys_of_server(container, deployment.stage);
    if deployment.stage.is_strict() {
        fences.comment_above_first("no more rights than the server needs, and nothing to write to but its volumes");
    }
    keys.append(fences);
    Mapping::from_iter([(ServiceName::postgres().to_string(), Value::from(keys).apart())])
}

fn server_volumes(container: &Container) -> Value {
    let of_data = if container.keeps_majors_apart() {
        "the folder above the data: from PostgreSQL 18 on the image makes one below it for each major version"
    } else {
        "the data itself; from PostgreSQL 18 on the image wants the folder above it"
    };
    let data = literal(&format!("{}:{}", container.volume, container.data_folder())).above(of_data);
    let of_socket = format!("the server's socket, by which {} logs in", ServiceName::postgres_ensure());
    let socket = literal(&format!("{}:{SOCKET_FOLDER}", VolumeName::postgres_socket())).above(of_socket);
    let script = format!("./{}:/docker-entrypoint-initdb.d/10-init-postgres.sh:ro", Output::InitScript.path());
    let script = literal(&script).above("the image runs it once, on an empty volume");
    let script = (container.init_script || !container.ensure).then_some(script);
    std::iter::once(data).chain(container.ensure.then_some(socket)).chain(script).collect()
}

fn is_ready(server: &Server, container: &Container) -> Mapping {
    let (user, database) = (server.user.as_str(), container.database.as_str());
    let test = command(["CMD", "pg_isready", "-q", "-h", "127.0.0.1", "-U", user, "-d", database]);
    let why = "over TCP: while the image prepares a new volume, its server listens on a local socket only";
    Mapping::from_iter([
        ("test", test.above(why)),
        ("interval", word("5s")),
        ("timeout", word("5s")),
        ("retries", number(5)),
        ("start_period", word("60s")),
    ])
}

/// The container that runs the script at every start; nothing where the profile wants none.
pub(super) fn ensure(server: &Server, container: &Container, deployment: &Deployment) -> Mapping {
    const SCRIPT: &str = "/init-postgres.sh";
    if !container.ensure {
        return Mapping::default();
    }
    let on_server = deployment.services.iter().filter(|service| service.uses_postgres());
    let databases = on_server.filter_map(|service| service.database.as_ref());
    let mut environment = server_variables(server, container, deployment.secrets_in);
    for database in databases {
        environment.push(database.key.to_string(), url(database, deployment.secrets_in));
    }
    let socket = format!("{}:{SOCKET_FOLDER}:ro", VolumeName::postgres_socket());
    let script = format!("./{}:{SCRIPT}:ro", Output::InitScript.path());
    let healthy = (ServiceName::postgres().to_string(), waits_until(StartCondition::Healthy));
    let mut keys = Mapping::default();
    keys.push("image", literal(&container.image.to_string()));
    keys.push("entrypoint", [word("bash"), word(SCRIPT)].into_iter().collect::<Value>().on_one_line());
    keys.push("environment", environment);
    keys.push_filled("secrets", secret_names(deployment));
    keys.push("volumes", [literal(&socket), literal(&script)].into_iter().collect::<Value>());
    keys.push("network_mode", word("none").behind("the socket is enough"));
    keys.push("depends_on", Mapping::from_iter([healthy]));
    keys.append(keys_of_image(container));
    keys.append(keys_of_ensure(container, deployment.stage));
    Mapping::from_iter([(ServiceName::postgres_ensure().to_string(), Value::from(keys).apart().above(ENSURES))])
}

fn secret_names(deployment: &Deployment) -> Value {
    deployment.secret_files().into_iter().map(|name| literal(&secret_name(name))).collect()
}

fn server_variables(server: &Server, container: &Container, secrets_in: SecretsIn) -> Mapping {
    let password = |key: &EnvironmentKey| match secrets_in {
        SecretsIn::Dotenv | SecretsIn::Environment => (key.to_string(), reference(required(key, secrets_in))),
        SecretsIn::Files => (format!("{key}_FILE"), literal(&format!("/run/secrets/{}", secret_name(key)))),
    };
    let first = [
        ("POSTGRES_USER".to_owned(), literal(server.user.as_str())),
        password(&server.administrator_password),
        ("POSTGRES_DB".to_owned(), literal(container.database.as_str())),
    ];
    let logins = server.logins().into_iter().filter(|login| login.password != server.administrator_password);
    first.into_iter().chain(logins.map(|login| password(&login.password))).collect()
}
