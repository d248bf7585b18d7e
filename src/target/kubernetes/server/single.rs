//! Knows the one pod of a server that no operator runs: a StatefulSet, the address that leads to it, and its volume.
//! Must not know which roles and databases are on the server.

use super::super::expansion::{command, literal};
use super::super::object::{Component, labels, matching, selector};
use super::super::part::Generated;
use super::super::resources;
use super::super::security;
use super::common::{file_of, hashed, image_pull_secrets, name, of_server};
use super::pod::{PASSWORDS_FOLDER, SCRIPT, SCRIPTS, SOCKET, identity, mode, mount, variable};
use super::{ensure, network};
use crate::deployment::{BY_PASSWORD, Container, Deployment, INITDB_ARGS, SCRATCH, SOCKET_FOLDER, Server, Storage};
use crate::value::{LocalAuth, Port};
use crate::yaml::document::{Mapping, Value};

/// A first start on a slow disk, or crash recovery, must not count as a failure: an hour.
const STARTS_WITHIN: u64 = 3600;

/// How long a server that runs must give no answer at all to be started again, in seconds: asked this often...
const ASKED_EVERY: u64 = 30;

/// ...and so many times.
const ASKED_TIMES: u64 = 10;

/// Everything that runs the server, with the Secret and the ConfigMap that it reads.
pub(super) fn objects(
    server: &Server,
    container: &Container,
    deployment: &Deployment,
) -> (Vec<Mapping>, Vec<Generated>, Vec<Generated>) {
    let passwords = server.passwords().into_iter().map(|password| file_of(password.as_str()));
    let urls = deployment.services.iter().filter(|service| service.uses_postgres());
    let urls = urls.filter_map(|service| Some(file_of(service.database.as_ref()?.given.as_ref()?.key.as_str())));
    let secret = hashed(name(), passwords.chain(urls).collect());
    let script = hashed(SCRIPTS.to_owned(), vec![(SCRIPT.to_owned(), SCRIPT.to_owned())]);
    let objects = vec![
        stateful_set(server, container, deployment),
        address(deployment),
        network::policy(selector(&name(), deployment), network::OfServer::Alone, deployment),
    ];
    (objects, vec![secret], vec![script])
}

/// The address that services connect to.
fn address(deployment: &Deployment) -> Mapping {
    let port = [("name", Value::text("postgres")), ("port", Value::number(Port::POSTGRES))];
    let mut spec = Mapping::default();
    spec.push("selector", selector(&name(), deployment));
    let why = "what ensure says of one database must not take the server from the others";
    spec.push("publishNotReadyAddresses", Value::bare("true").above(why));
    spec.push("ports", std::iter::once(Value::from(Mapping::from_iter(port))).collect::<Value>());
    let mut address = of_server("v1", "Service", name(), deployment);
    address.push("spec", spec);
    address
}

fn stateful_set(server: &Server, container: &Container, deployment: &Deployment) -> Mapping {
    let mut spec = Mapping::default();
    spec.push("serviceName", Value::text(name()));
    spec.push("replicas", Value::number(1));
    let why = "else a pod that never became ready is not replaced by a mended one";
    spec.push("podManagementPolicy", Value::text("Parallel").behind(why));
    spec.push("selector", matching(selector(&name(), deployment)));
    let metadata = Mapping::from_iter([("labels", labels(&name(), Component::Database, deployment).into())]);
    let template = [("metadata", Value::from(metadata)), ("spec", pod(server, container, deployment).into())];
    spec.push("template", Mapping::from_iter(template));
    let claim = container.storage.as_ref().map(|storage| claim(&volume(container), storage));
    spec.push_filled("volumeClaimTemplates", claim.into_iter().collect::<Value>());
    let mut set = of_server("apps/v1", "StatefulSet", name(), deployment);
    set.push("spec", spec);
    set
}

/// The volume of the data; a folder of the host was refused.
pub(super) fn volume(container: &Container) -> String {
    container.volume.to_string()
}

/// Such a claim stays where the StatefulSet is deleted, and no tool that follows git removes it.
fn claim(volume: &str, storage: &Storage) -> Value {
    let Storage { size, class, shared: _ } = storage;
    let modes = std::iter::once(Value::text("ReadWriteOnce")).collect::<Value>().on_one_line();
    let size = Value::from(Mapping::from_iter([("storage", Value::bare(size.to_string()))])).on_one_line();
    let mut spec = Mapping::from_iter([("accessModes", modes)]);
    spec.push_given("storageClassName", class.as_ref().map(|class| Value::text(class.to_string())));
    spec.push("resources", Mapping::from_iter([("requests", size)]));
    let metadata = Mapping::from_iter([("name", Value::text(volume.to_owned()))]);
    Mapping::from_iter([("metadata", Value::from(metadata)), ("spec", spec.into())]).into()
}

fn pod(server: &Server, container: &Container, deployment: &Deployment) -> Mapping {
    let mut spec = Mapping::default();
    spec.push("automountServiceAccountToken", Value::bare("false"));
    spec.push("enableServiceLinks", Value::bare("false"));
    spec.push_filled("imagePullSecrets", image_pull_secrets(deployment));
    spec.push_filled("securityContext", identity(container).map(security::of_user).unwrap_or_default());
    let why = "a shutdown that is cut off means crash recovery at the next start";
    let grace = Value::number(container.stop_grace_period.seconds()).behind(why);
    spec.push("terminationGracePeriodSeconds", grace);
    let ensure = ensure::container(server, container, deployment);
    spec.push("containers", [postgres(server, container), ensure].into_iter().collect::<Value>());
    spec.push("volumes", volumes(server, container));
    spec
}

fn postgres(server: &Server, container: &Container) -> Value {
    let settings: Vec<_> = container.settings.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let settings = settings.iter().flat_map(|setting| ["-c", setting]);
    let has_settings = !container.settings.is_empty();
    let port = [("name", Value::text("postgres")), ("containerPort", Value::number(Port::POSTGRES))];
    let mut keys =
        Mapping::from_iter([("name", Value::text(name())), ("image", Value::text(container.image.to_string()))]);
    keys.push_given("args", has_settings.then(|| command(std::iter::once("postgres").chain(settings))));
    keys.push("env", variables(server, container));
    keys.push("ports", std::iter::once(Value::from(Mapping::from_iter(port))).collect::<Value>());
    keys.append(probes(server, container));
    keys.push("lifecycle", Mapping::from_iter([("preStop", ends_fast())]));
    keys.push("volumeMounts", mounts(container));
    keys.push_filled("resources", resources::resources(&container.limits));
    let fences = identity(container).map(|_| security::of_helper());
    keys.push_filled("securityContext", fences.unwrap_or_default());
    keys.into()
}

/// Whatever the image says: by SIGTERM alone the server would wait for every client to leave.
fn ends_fast() -> Value {
    let why = "as the official image's own signal does: it waits for no client";
    let words = command(["bash", "-c", "kill -INT 1"]).above(why);
    Mapping::from_iter([("exec", Mapping::from_iter([("command", words)]).into())]).into()
}

fn variables(server: &Server, container: &Container) -> Value {
    let password = &server.administrator_password;
    let file = format!("{PASSWORDS_FOLDER}/{password}");
    let by_password = container.local_auth == LocalAuth::Password;
    let data = (!container.keeps_majors_apart()).then(|| {
        let folder = format!("{}/pgdata", container.data_folder());
        let why = "not the top of the volume, where lost+found is";
        variable("PGDATA", Value::text(folder).behind(why))
    });
    let first = [
        variable("POSTGRES_USER", literal(server.user.as_str())),
        variable(&format!("{password}_FILE"), literal(&file)),
        variable("POSTGRES_DB", literal(container.database.as_str())),
    ];
    let arguments = by_password.then(|| variable(INITDB_ARGS, literal(BY_PASSWORD)));
    first.into_iter().chain(arguments).chain(data).collect()
}

fn probes(server: &Server, container: &Container) -> Mapping {
    let (user, database) = (server.user.as_str(), container.database.as_str());
    let ready = ["pg_isready", "-q", "-h", "127.0.0.1", "-U", user, "-d", database];
    let interval = container.times.interval.milliseconds().div_ceil(1000);
    let timeout = container.times.timeout.milliseconds().div_ceil(1000);
    let probe = |words: &[&str], period: u64, failures: u64| {
        let words = words.iter().map(|word| Value::quoted((*word).to_owned())).collect::<Value>().on_one_line();
        Value::from(Mapping::from_iter([
            ("exec", Mapping::from_iter([("command", words)]).into()),
            ("periodSeconds", Value::number(period)),
            ("timeoutSeconds", Value::number(timeout)),
            ("failureThreshold", Value::number(failures)),
        ]))
    };
    let why = "over TCP: while the image prepares a new volume, its server listens on a local socket only;\n\
               for an hour, since a first start on a slow disk, and crash recovery, take their time";
    // 2: no answer at all. A server that refuses for the moment is one that works
    let answers = format!("{}; [ \"$?\" != 2 ]", ready.join(" "));
    let liveness = probe(&["bash", "-c", &answers], ASKED_EVERY, ASKED_TIMES);
    Mapping::from_iter([
        ("startupProbe", probe(&ready, interval, STARTS_WITHIN.div_ceil(interval.max(1))).above(why)),
        ("readinessProbe", probe(&ready, interval, u64::from(container.times.retries.get()))),
        ("livenessProbe", liveness.above("only one that gives no answer at all for five minutes is started again")),
    ])
}

fn mounts(container: &Container) -> Value {
    let data = mount(&volume(container), container.data_folder(), false);
    let others = [
        mount(SOCKET, SOCKET_FOLDER, false),
        mount("tmp", SCRATCH, false),
        mount("shared-memory", "/dev/shm", false),
        mount("superuser-password", PASSWORDS_FOLDER, true),
    ];
    std::iter::once(data).chain(others).collect()
}

/// A folder that is there as long as the pod.
fn folder(name: &'static str, keys: Mapping) -> Value {
    let keys = if keys.has("medium") { Value::from(keys) } else { Value::bare("{}") };
    Mapping::from_iter([("name", Value::text(name)), ("emptyDir", keys)]).into()
}

fn volumes(server: &Server, container: &Container) -> Value {
    let password = server.administrator_password.as_str();
    let item =
        Mapping::from_iter([("key", Value::text(password.to_owned())), ("path", Value::text(password.to_owned()))]);
    let item = std::iter::once(Value::from(item).on_one_line()).collect::<Value>();
    let of_server = Mapping::from_iter([("secretName", Value::text(name())), ("defaultMode", mode()), ("items", item)]);
    let size = Value::bare(format!("{}Mi", container.shared_memory));
    let memory = Mapping::from_iter([("medium", Value::text("Memory")), ("sizeLimit", size)]);
    let why = "the server lets in whoever comes by it: ensure, and nobody outside of the pod";
    let of_pod = [
        folder(SOCKET, Mapping::default()).above(why),
        folder("tmp", Mapping::default()),
        folder("shared-memory", memory).above("64 MB, as containers usually have, are too few for parallel queries"),
        Mapping::from_iter([("name", Value::text("superuser-password")), ("secret", of_server.into())]).into(),
    ];
    of_pod.into_iter().chain(ensure::volumes(server)).collect()
}
