//! Knows the container that brings roles and databases in line whenever the server's pod starts. Must not know what the
//! script does.
//!
//! It is a part of the pod, and no Job: a Job whose name is made of what it does is not run again on the way back to
//! what was before, and over the network the server would not let in an administrator whose password has just changed.
//! By the socket it does, as on Compose.

use super::super::expansion::{command, literal, script};
use super::super::{resources, security};
use super::common::name;
use super::pod::{PASSWORDS_FOLDER, SCRIPT, SCRIPTS, SOCKET, identity, mode, mount, variable};
use crate::deployment::{Container, Deployment, Limits, SCRATCH, SOCKET_FOLDER, Server, Service};
use crate::yaml::document::{Mapping, Value};

const NAME: &str = "ensure";

/// Where the script is.
const FOLDER: &str = "/init";

/// What tells that it has ended well.
const DONE: &str = "/tmp/in-line";

/// It ends only where it fails, and is then started anew after a while. What sleeps afterwards has no password in its
/// environment.
const RUN: &str = "\
rm -f /tmp/in-line
until pg_isready -q -h 127.0.0.1 -U \"$POSTGRES_USER\" -d postgres; do sleep 1; done
bash /init/init-postgres.sh
: >/tmp/in-line
exec env -i PATH=\"$PATH\" bash -c 'trap \"exit 0\" TERM INT; sleep 2147483647 & wait'
";

/// The container.
pub(super) fn container(server: &Server, container: &Container, deployment: &Deployment) -> Value {
    let why = "Brings roles, passwords, databases and owners in line whenever the pod starts, which it does after every\n\
               change of them; then it sleeps. What it said: kubectl logs statefulset/postgres -c ensure";
    let mut keys =
        Mapping::from_iter([("name", Value::text(NAME)), ("image", Value::text(container.image.to_string()))]);
    keys.push("command", command(["bash", "-euc"]));
    keys.push("args", std::iter::once(script(RUN)).collect::<Value>());
    keys.push("env", variables(server, deployment));
    keys.push("startupProbe", is_done());
    let mounts = [
        mount(SOCKET, SOCKET_FOLDER, true),
        mount("ensure-tmp", SCRATCH, false),
        mount(SCRIPTS, FOLDER, true),
        mount("passwords", PASSWORDS_FOLDER, true),
    ];
    keys.push("volumeMounts", mounts.into_iter().collect::<Value>());
    let amounts = amounts(container).map(|(bytes, thousandths)| resources::of_amounts(bytes, thousandths));
    keys.push_given("resources", amounts);
    let fences = identity(container).map(|_| security::of_helper());
    keys.push_filled("securityContext", fences.unwrap_or_default());
    Value::from(keys).above(why)
}

/// What it is promised, in bytes and in thousandths of a processor, where the server is kept to a part of its node: as
/// much as it may use, so that the server beside it is among the last to be killed where a node has too little.
pub(in crate::target::kubernetes) fn amounts(container: &Container) -> Option<(u64, u64)> {
    let Limits { memory, cpus, pids: _ } = &container.limits;
    (memory.is_some() || cpus.is_some()).then_some((64 << 20, 100))
}

/// Until then the pod is not ready, as long as that takes.
fn is_done() -> Value {
    let words = ["test", "-e", DONE].map(Value::quoted).into_iter().collect::<Value>().on_one_line();
    Value::from(Mapping::from_iter([
        ("exec", Mapping::from_iter([("command", words)]).into()),
        ("periodSeconds", Value::number(2)),
        ("failureThreshold", Value::number(1800)),
    ]))
}

/// The user, the files of the passwords, and the URLs that services get: one that does not belong to its password is
/// found before anything is changed.
fn variables(server: &Server, deployment: &Deployment) -> Value {
    let user = variable("POSTGRES_USER", literal(server.user.as_str()));
    let passwords = server.passwords().into_iter().map(|password| {
        let file = format!("{PASSWORDS_FOLDER}/{password}");
        variable(&format!("{password}_FILE"), literal(&file))
    });
    let databases = deployment.services.iter().flat_map(Service::databases_on_server);
    let urls = databases.filter_map(|(database, _)| Some(url(database.given.as_ref()?.key.as_str())));
    std::iter::once(user).chain(passwords).chain(urls).collect()
}

fn url(key: &str) -> Value {
    let mut of = Mapping::from_iter([("name", Value::text(name())), ("key", Value::text(key.to_owned()))]);
    of.push("optional", Value::bare("true"));
    let of = Value::from(Mapping::from_iter([("secretKeyRef", Value::from(of))])).on_one_line();
    Mapping::from_iter([("name", Value::text(key.to_owned())), ("valueFrom", of)]).into()
}

/// The volumes of the pod that only this container has.
pub(super) fn volumes(server: &Server) -> [Value; 3] {
    let items = server.passwords().into_iter().map(|password| {
        let keys = ["key", "path"].map(|key| (key, Value::text(password.to_string())));
        Value::from(Mapping::from_iter(keys)).on_one_line()
    });
    let secret = [("secretName", Value::text(name())), ("defaultMode", mode()), ("items", items.collect::<Value>())];
    let config = Mapping::from_iter([("name", Value::text(SCRIPTS))]);
    debug_assert!(RUN.contains(SCRIPT) && RUN.contains(DONE) && RUN.contains(FOLDER));
    [
        Mapping::from_iter([("name", Value::text("ensure-tmp")), ("emptyDir", Value::bare("{}"))]).into(),
        Mapping::from_iter([("name", Value::text(SCRIPTS)), ("configMap", config.into())]).into(),
        Mapping::from_iter([("name", Value::text("passwords")), ("secret", Mapping::from_iter(secret).into())]).into(),
    ]
}
