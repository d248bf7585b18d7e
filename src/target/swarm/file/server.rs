//! Knows what `stack.yml` says of the server, and of the job that brings its databases in line.
//! Must not know the other services, but for the names of their secrets.

use super::keys::{Mode, Order, deploy, fences, in_memory, log, ports, scratch, with_written};
use super::service::{run, variable_value};
use crate::deployment::{Container, INITDB_ARGS, POSTGRES_DB, POSTGRES_USER, Preparation, SOCKET_FOLDER, Server};
use crate::target::compose::{DATABASE_NETWORK, NETWORKS, Networks, raw_value};
use crate::target::container_keys::check_times;
use crate::target::interpolation::{command, literal, raw, word};
use crate::target::swarm::names::{self, INIT_CONFIG, config_at};
use crate::target::swarm::pin;
use crate::target::swarm::stack::Stack;
use crate::value::{ServiceName, VolumeName};
use crate::yaml::document::{Mapping, Value};

const ENSURES: &str = "\
Ends after a second. It runs at every scripts/deploy.sh, before the services: roles, passwords, databases and owners become
what .env and the profile say, also on a volume that holds data already. It logs in by the server's socket, so it runs on
the server's node.";

const MEBIBYTE: u64 = 1024 * 1024;

/// The server.
pub(super) fn postgres(server: &Server, container: &Container, stack: &Stack<'_>, networks: Networks<'_>) -> Mapping {
    let written = &stack.extras.server;
    let settings: Vec<_> = container.settings.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let settings = settings.iter().flat_map(|setting| ["-c", setting]);
    let has_settings = settings.clone().next().is_some();
    let mut keys = Mapping::default();
    keys.push("image", literal(&container.image.to_string()));
    keys.push_given("command", has_settings.then(|| command(std::iter::once("postgres").chain(settings))));
    keys.push("environment", environment(server, container));
    keys.push("secrets", file_names(&[server.administrator_password.to_string()]));
    keys.push("volumes", volumes(container));
    keys.push_filled("ports", ports(container.publish.as_ref(), "host"));
    keys.push("healthcheck", is_ready(server, container));
    keys.push(NETWORKS, raw(&networks.of_server(container)));
    let user = container.user.map(|user| literal(&user.to_string()));
    let mut made = fences(&container.fences, user, container.fences.capabilities);
    let why = "a shutdown that is cut off means crash recovery at the next start";
    made.push("stop_grace_period", literal(container.stop_grace_period.as_str()).behind(why));
    made.push_given("logging", log(container.log));
    keys.append(with_written(made, written, &[NETWORKS, "deploy"]));
    keys.push("deploy", deploy_server(container, stack));
    Mapping::from_iter([(ServiceName::postgres().to_string(), Value::from(keys).apart())])
}

fn deploy_server(container: &Container, stack: &Stack<'_>) -> Mapping {
    let why = "its data is on one node, and a virtual address cuts connections that are silent for 15 minutes";
    let pinned = pin::placement(&stack.deployment.project, &pin::volumes_of_server(container));
    let mut keys = Mapping::from_iter([("endpoint_mode", word("dnsrr").behind(why))]);
    let written = raw_value(&stack.extras.server, "deploy").and_then(|deploy| deploy.entries()).unwrap_or_default();
    keys.append(deploy(&Mode::Always(1, Order::StopFirst), pinned, &container.limits, written, stack));
    keys
}

fn environment(server: &Server, container: &Container) -> Mapping {
    // those of the services are for the job: the server does not start anew for them
    let mut environment = logins(server, container, vec![server.administrator_password.to_string()]);
    environment.push_given(INITDB_ARGS, container.initdb_arguments().map(|arguments| literal(&arguments)));
    let more = container.environment.iter();
    environment
        .append(more.filter_map(|(name, variable)| Some((name.to_string(), variable_value(variable)?))).collect());
    environment
}

/// Who the server was made with, and the files of these secrets.
fn logins(server: &Server, container: &Container, secrets: Vec<String>) -> Mapping {
    let made_with = [
        (POSTGRES_USER.to_owned(), literal(server.user.as_str())),
        (POSTGRES_DB.to_owned(), literal(container.database.as_str())),
    ];
    let file = |name: String| (format!("{name}_FILE"), literal(&names::secret_place(&name)));
    made_with.into_iter().chain(secrets.into_iter().map(file)).collect()
}

fn file_names(secrets: &[String]) -> Value {
    secrets.iter().map(|name| literal(&names::secret_key(name))).collect()
}

fn volumes(container: &Container) -> Value {
    let of_data = if container.keeps_majors_apart() {
        "the folder above the data: from PostgreSQL 18 on the image makes one below it for each major version"
    } else {
        "the data itself; from PostgreSQL 18 on the image wants the folder above it"
    };
    let data = literal(&format!("{}:{}", container.volume, container.data_folder())).above(of_data);
    let of_socket = format!("the server's socket, by which {} logs in", ServiceName::postgres_ensure());
    let socket = literal(&format!("{}:{SOCKET_FOLDER}", VolumeName::postgres_socket())).above(of_socket);
    let shared = in_memory("/dev/shm", Some(u64::from(container.shared_memory) * MEBIBYTE));
    let shared = shared.above("Docker's 64 MB are too few for parallel queries");
    [data, socket, shared].into_iter().chain(scratch(&container.fences)).collect()
}

fn is_ready(server: &Server, container: &Container) -> Mapping {
    let (user, database) = (server.user.as_str(), container.database.as_str());
    let test = command(["CMD", "pg_isready", "-q", "-h", "127.0.0.1", "-U", user, "-d", database]);
    let why = "over TCP: while the image prepares a new volume, its server listens on a local socket only";
    let mut keys = Mapping::from_iter([("test", test.above(why))]);
    keys.append(check_times(&container.times));
    keys
}

/// The job that runs the script at every deployment.
pub(super) fn ensure(server: &Server, container: &Container, stack: &Stack<'_>) -> Mapping {
    const SCRIPT: &str = "/init-postgres.sh";
    let Preparation { fences: kept, limits, log: printed } = &container.preparation;
    let secrets = names::secrets(stack.deployment);
    let socket = literal(&format!("{}:{SOCKET_FOLDER}:ro", VolumeName::postgres_socket()));
    let user = container.user.map(|user| literal(&user.to_string()));
    let mut keys = Mapping::default();
    keys.push("image", literal(&container.image.to_string()));
    keys.push("entrypoint", [word("bash"), word(SCRIPT)].into_iter().collect::<Value>().on_one_line());
    keys.push("environment", logins(server, container, secrets.clone()));
    keys.push("secrets", file_names(&secrets));
    keys.push("configs", [config_at(INIT_CONFIG, SCRIPT)].into_iter().collect::<Value>());
    keys.push("volumes", [socket].into_iter().chain(scratch(kept)).collect::<Value>());
    let network = word(DATABASE_NETWORK).behind("the socket is enough, but Swarm gives everything a network");
    keys.push(NETWORKS, [network].into_iter().collect::<Value>());
    keys.append(fences(kept, user, kept.capabilities));
    keys.push_given("logging", log(*printed));
    let pinned = pin::placement(&stack.deployment.project, &pin::volumes_of_server(container));
    keys.push("labels", [run()].into_iter().collect::<Mapping>());
    keys.push("deploy", deploy(&Mode::Once(1, None), pinned, limits, &[], stack));
    Mapping::from_iter([(ServiceName::postgres_ensure().to_string(), Value::from(keys).apart().above(ENSURES))])
}
