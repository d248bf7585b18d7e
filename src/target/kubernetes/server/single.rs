//! Knows the one pod of a server that no operator runs: a StatefulSet, the address that leads to it, and its volume.
//! Must not know which roles and databases are on the server.

use super::super::expansion::{command, literal};
use super::super::object::{Component, labels, matching, selector};
use super::super::part::Generated;
use super::super::probe::{LARGEST, WHILE_STARTING, seconds};
use super::super::resources;
use super::super::security;
use super::common::{file_of, hashed, image_pull_secrets, name, of_server};
use super::pod::{PASSWORDS_FOLDER, SCRIPT, SCRIPTS, SOCKET, identity, mode, mount, variable};
use super::{ensure, network};
use crate::deployment::{
    CheckTimes, Container, Deployment, INITDB_ARGS, SCRATCH, SOCKET_FOLDER, Server, Service, Storage, Variable,
};
use crate::target::inputs::Found;
use crate::value::{EnvironmentKey, Port, ServiceName};
use crate::yaml::document::{Mapping, Value};

/// A first start on a slow disk, or crash recovery, must not count as a failure: an hour, or as long as the profile says.
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
    found: &Found,
) -> (Vec<Mapping>, Vec<Generated>, Vec<Generated>) {
    let passwords = server.passwords().into_iter().map(|password| file_of(password.as_str()));
    let databases = deployment.services.iter().flat_map(Service::databases_on_server);
    let urls = databases.filter_map(|(database, _)| Some(file_of(database.given.as_ref()?.key.as_str())));
    let mut files: Vec<_> = passwords.chain(urls).collect();
    for file in container.environment.iter().filter_map(|(_, value)| Some(file_of(secret_of(value)?.as_str()))) {
        if !files.contains(&file) {
            files.push(file);
        }
    }
    let secret = hashed(name(), files);
    let script = hashed(SCRIPTS.to_owned(), vec![(SCRIPT.to_owned(), SCRIPT.to_owned())]);
    let objects = vec![
        stateful_set(server, container, deployment, found),
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

fn stateful_set(server: &Server, container: &Container, deployment: &Deployment, found: &Found) -> Mapping {
    let mut spec = Mapping::default();
    spec.push("serviceName", Value::text(name()));
    spec.push("replicas", Value::number(1));
    let why = "else a pod that never became ready is not replaced by a mended one";
    spec.push("podManagementPolicy", Value::text("Parallel").behind(why));
    spec.push("selector", matching(selector(&name(), deployment)));
    let metadata = Mapping::from_iter([("labels", labels(&name(), Component::Database, deployment).into())]);
    let template = [("metadata", Value::from(metadata)), ("spec", pod(server, container, deployment, found).into())];
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

fn pod(server: &Server, container: &Container, deployment: &Deployment, found: &Found) -> Mapping {
    let mut spec = Mapping::default();
    spec.push("automountServiceAccountToken", Value::bare("false"));
    spec.push("enableServiceLinks", Value::bare("false"));
    spec.push_filled("imagePullSecrets", image_pull_secrets(deployment));
    spec.push_filled("securityContext", identity(container).map(security::of_user).unwrap_or_default());
    let why = "a shutdown that is cut off means crash recovery at the next start";
    let grace = Value::number(container.stop_grace_period.seconds()).behind(why);
    spec.push("terminationGracePeriodSeconds", grace);
    let ensure = ensure::container(server, container, deployment);
    spec.push("containers", [postgres(server, container, found), ensure].into_iter().collect::<Value>());
    spec.push("volumes", volumes(server, container));
    spec
}

fn postgres(server: &Server, container: &Container, found: &Found) -> Value {
    let settings: Vec<_> = container.settings.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let settings = settings.iter().flat_map(|setting| ["-c", setting]);
    let has_settings = !container.settings.is_empty();
    let port = [("name", Value::text("postgres")), ("containerPort", Value::number(Port::POSTGRES))];
    let mut keys =
        Mapping::from_iter([("name", Value::text(name())), ("image", Value::text(container.image.to_string()))]);
    keys.push_given("args", has_settings.then(|| command(std::iter::once("postgres").chain(settings))));
    keys.push("env", variables(server, container, found));
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

/// The secret that a variable holds.
fn secret_of(value: &Variable) -> Option<&EnvironmentKey> {
    match value {
        Variable::Secret(secret) => Some(secret),
        Variable::Literal(_) | Variable::Environment { .. } | Variable::Url(_) => None,
    }
}

fn variables(server: &Server, container: &Container, found: &Found) -> Value {
    let password = &server.administrator_password;
    let file = format!("{PASSWORDS_FOLDER}/{password}");
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
    let arguments = container.initdb_arguments().map(|arguments| variable(INITDB_ARGS, literal(&arguments)));
    let more = container.environment.iter().filter_map(|(name, value)| match value {
        Variable::Literal(text) => Some(variable(name.as_str(), literal(text))),
        Variable::Environment { name: _, default } => {
            let text = found.variable(&ServiceName::postgres(), name, default.as_deref());
            Some(variable(name.as_str(), literal(text)))
        }
        Variable::Secret(secret) => Some(Value::from(Mapping::from_iter([
            ("name", Value::text(name.to_string())),
            ("valueFrom", super::super::container::secret(&self::name(), secret.as_str())),
        ]))),
        // the server has no URL of its own
        Variable::Url(_) => None,
    });
    let more: Vec<_> = more.collect();
    first.into_iter().chain(arguments).chain(data).chain(more).collect()
}

fn probes(server: &Server, container: &Container) -> Mapping {
    let (user, database) = (server.user.as_str(), container.database.as_str());
    let ready = ["pg_isready", "-q", "-h", "127.0.0.1", "-U", user, "-d", database];
    let CheckTimes { interval, timeout, retries, start_period } = &container.times;
    let (interval, timeout) = (seconds(interval.milliseconds()), seconds(timeout.milliseconds()));
    let retries = u64::from(retries.get());
    let starting = interval.min(WHILE_STARTING);
    let starts_within = start_period.seconds().saturating_add(retries.saturating_mul(interval)).max(STARTS_WITHIN);
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
               for an hour at the least, since a first start on a slow disk, and crash recovery, take their time";
    // 2: no answer at all. A server that refuses for the moment is one that works
    let answers = format!("{}; [ \"$?\" != 2 ]", ready.join(" "));
    let liveness = probe(&["bash", "-c", &answers], ASKED_EVERY, ASKED_TIMES);
    Mapping::from_iter([
        ("startupProbe", probe(&ready, starting, starts_within.div_ceil(starting).min(LARGEST)).above(why)),
        ("readinessProbe", probe(&ready, interval, retries)),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resolve::resolved;

    /// The period and the number of failures of each probe.
    fn numbers(check: &str) -> [[u64; 2]; 3] {
        let deployment = resolved(&format!(
            "format: 1\nproject: a\nstage: development\ntarget: kubernetes\npostgres: {{ image: 'postgres:17', user: app, \
             storage: 1Gi{check} }}\nservices: {{ api: {{ image: 'a:1', database: {{ postgres: a }} }} }}\n"
        ));
        let (server, container) = deployment.contained_server().unwrap();
        let read: serde_yaml::Value = serde_yaml::from_str(&probes(server, container).manifest(2)).unwrap();
        let of = |probe: &str| ["periodSeconds", "failureThreshold"].map(|key| read[probe][key].as_u64().unwrap());
        ["startupProbe", "readinessProbe", "livenessProbe"].map(of)
    }

    #[test]
    fn a_server_has_an_hour_to_start_or_as_long_as_the_profile_says() {
        assert_eq!(numbers("")[0], [5, 720]);
        let longer = numbers(", healthcheck: { interval: 30s, retries: 4, start_period: 2h }");
        assert_eq!(longer, [[5, 1464], [30, 4], [30, 10]]);
        let quick = numbers(", healthcheck: { interval: 500ms, retries: 2, start_period: 0s }");
        assert_eq!(quick, [[1, 3600], [1, 2], [30, 10]]);
    }
}
