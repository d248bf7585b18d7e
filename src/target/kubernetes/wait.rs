//! Knows what a pod waits for before its service starts, and what can be waited for at all. Must not know what the service
//! does then.
//!
//! A pod sees nothing of others but what answers in the network: the server, and a service with a port. It waits with the
//! image of PostgreSQL, which has a shell and a client; the service's own image may have neither.

use super::expansion::{command, literal, script};
use super::{resources, security, server};
use crate::deployment::{CERTIFICATES_FOLDER, CERTIFICATES_KEY, Database, Deployment, Service};
use crate::url::PostgresUrl;
use crate::value::{ImageReference, Rights, ServiceName, StartCondition};
use crate::yaml::document::{Mapping, Value};

/// How long is waited before the pod tells what is missing and begins again, in seconds.
const LIMIT: u16 = 300;

/// The container that waits for the server, in a service's pod.
pub(super) const FOR_DATABASE: &str = "wait-for-database";

/// The one that waits for other services.
pub(super) const FOR_SERVICES: &str = "wait-for-services";

/// Why another service is not waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unseen {
    /// It ends, and nobody in the network sees that.
    End,
    /// That it was started is seen by nobody either, and pods start together.
    Start,
    /// It has no port that would answer.
    NoPort,
    /// There is no image with a shell.
    NoImage,
}

/// The services whose port is waited for, in the order of the profile.
fn awaited<'d>(service: &Service, deployment: &'d Deployment) -> Vec<(&'d Service, u16)> {
    let others = service.depends_on.iter().filter_map(|(name, condition)| {
        seen(name, *condition, deployment).ok()?;
        let other = deployment.services.iter().find(|other| other.name == *name)?;
        Some((other, port_of(other)?))
    });
    others.collect()
}

/// Whether it is seen from a pod what another service does; `postgres` is always seen.
pub(super) fn seen(name: &ServiceName, condition: StartCondition, deployment: &Deployment) -> Result<(), Unseen> {
    let Some(other) = deployment.services.iter().find(|other| other.name == *name) else { return Ok(()) };
    match condition {
        StartCondition::Completed => Err(Unseen::End),
        StartCondition::Started => Err(Unseen::Start),
        StartCondition::Healthy if port_of(other).is_none() || other.runs.ends() => Err(Unseen::NoPort),
        StartCondition::Healthy if server::client(deployment).is_none() => Err(Unseen::NoImage),
        StartCondition::Healthy => Ok(()),
    }
}

/// What a service's pod waits for: the server, and what is seen of others.
pub(in crate::target) fn waits_for(deployment: &Deployment, service: &Service) -> Vec<(ServiceName, StartCondition)> {
    let server = deployment.reaches_server(service).then(|| (ServiceName::postgres(), StartCondition::Healthy));
    let others = service.depends_on.iter().filter(|(name, _)| *name != ServiceName::postgres());
    let others = others.filter(|(name, condition)| seen(name, *condition, deployment).is_ok());
    server.into_iter().chain(others.cloned()).collect()
}

/// The port of a service, as far as the profile says one.
pub(super) fn port_of(service: &Service) -> Option<u16> {
    service.port.map(crate::value::Port::get)
}

/// Whether a pod of a service waits for anything.
pub(super) fn is_waiting(service: &Service, deployment: &Deployment) -> bool {
    let for_server = deployment.reaches_server(service);
    server::client(deployment).is_some() && (for_server || !awaited(service, deployment).is_empty())
}

/// The containers that wait, in their order.
pub(super) fn containers(service: &Service, deployment: &Deployment) -> Value {
    let Some(image) = server::client(deployment) else { return std::iter::empty().collect() };
    let databases = databases(service, deployment, image);
    let others = awaited(service, deployment);
    let others = (!others.is_empty()).then(|| services(&others, image));
    databases.into_iter().chain(others).collect()
}

/// The name of the container that waits for one of a service's databases on the server, counted from zero.
pub(super) fn for_database(index: usize) -> String {
    if index == 0 { FOR_DATABASE.to_owned() } else { format!("{FOR_DATABASE}-{}", index + 1) }
}

/// Waits until the service's own role reaches each of its databases as the end of ensure leaves it. Of a server that is
/// elsewhere nothing is waited for: it was there before.
fn databases(service: &Service, deployment: &Deployment, image: &ImageReference) -> Vec<Value> {
    if !deployment.reaches_server(service) {
        return Vec::new();
    }
    let is_verified = server::certificates(service, deployment).is_some();
    let each = service.databases_on_server().enumerate().map(|(index, (database, url))| {
        let comment = match &database.name {
            None => "until the service's own role finds its own database, with what belongs into it".to_owned(),
            Some(name) if index == 0 => {
                format!("until the service's own role finds its database `{name}`, with what belongs into it")
            }
            Some(name) => format!("the same for its database `{name}`"),
        };
        let environment = login(service, database, url, is_verified);
        waiting(&for_database(index), image, (LOGIN, environment), service, deployment).above(comment)
    });
    let each: Vec<_> = each.collect();
    if each.is_empty() {
        let ready = (READY, reaching(deployment));
        let waiting = waiting(FOR_DATABASE, image, ready, service, deployment);
        return vec![waiting.above("until the server takes connections")];
    }
    each
}

fn waiting(
    name: &str,
    image: &ImageReference,
    (ready, environment): (&str, Value),
    service: &Service,
    deployment: &Deployment,
) -> Value {
    let certificates = server::certificates(service, deployment);
    let mut keys = container(name, image);
    let text = WAIT_FOR_DATABASE.replace("READY", ready).replace("LIMIT", &LIMIT.to_string());
    keys.push("command", command(["bash", "-c"]));
    keys.push("args", std::iter::once(script(&text)).collect::<Value>());
    keys.push("env", environment);
    keys.push_filled("volumeMounts", certificates.into_iter().map(|(_, mount)| mount).collect::<Value>());
    finished(keys)
}

/// By names that the server has: it writes others into its log each time.
const READY: &str = "pg_isready -q -U \"$PGUSER\" -d \"$PGDATABASE\"";

const LOGIN: &str = "psql -X -q -A -t -c \"$READY_IF\" | grep -qx t";

const WAIT_FOR_DATABASE: &str = "\
ready() { READY; }
until ready 2>/dev/null; do
  if [ \"$SECONDS\" -ge LIMIT ]; then
    ready || true
    echo \"wait-for-database: $PGHOST is not ready after LIMIT seconds; what it said is above\" >&2
    exit 1
  fi
  sleep 2
done
";

/// What the client needs to log in as the service, and what must hold then: the last that ensure does for it.
fn login(service: &Service, database: &Database, url: &PostgresUrl, is_verified: bool) -> Value {
    let file = format!("{CERTIFICATES_FOLDER}/{CERTIFICATES_KEY}");
    let verifies = [("PGSSLMODE", Value::text("verify-full")), ("PGSSLROOTCERT", Value::text(file))];
    let verifies = verifies.into_iter().filter(|_| is_verified).map(|(name, value)| variable(name, value));
    let names: Vec<_> = database.extensions.iter().map(|name| format!("'{name}'")).collect();
    let extensions =
        format!("SELECT count(*) = {} FROM pg_extension WHERE extname IN ({})", names.len(), names.join(", "));
    let given = given(database.rights);
    let ready_if = if names.is_empty() { given.to_owned() } else { format!("SELECT ({given}) AND ({extensions})") };
    let password = url.login.password.as_str();
    [
        variable("PGHOST", literal(&url.host)),
        variable("PGPORT", Value::quoted(url.port.to_string())),
        variable("PGUSER", literal(url.login.role.as_str())),
        variable("PGDATABASE", literal(url.database.as_str())),
        Mapping::from_iter([
            ("name", Value::text("PGPASSWORD")),
            ("valueFrom", super::container::secret(service.name.as_str(), password)),
        ])
        .into(),
        variable("PGCONNECT_TIMEOUT", Value::quoted("5")),
        variable("READY_IF", literal(&ready_if)),
    ]
    .into_iter()
    .chain(verifies)
    .collect()
}

/// Whether the role has its rights. Those of a member are granted to it in one transaction; what everybody may do in a
/// new database tells nothing.
fn given(rights: Rights) -> &'static str {
    match rights {
        Rights::Owner => {
            "SELECT pg_get_userbyid(datdba) = current_user FROM pg_database WHERE datname = current_database()"
        }
        Rights::Write => {
            "SELECT count(*) > 0 FROM pg_database, aclexplode(datacl) WHERE datname = current_database() AND \
             pg_get_userbyid(grantee) = current_user AND privilege_type = 'TEMPORARY'"
        }
        Rights::Read => {
            "SELECT count(*) > 0 FROM pg_database, aclexplode(datacl) WHERE datname = current_database() AND \
             pg_get_userbyid(grantee) = current_user AND privilege_type = 'CONNECT'"
        }
    }
}

fn reaching(deployment: &Deployment) -> Value {
    let names =
        deployment.server.as_ref().and_then(|server| Some((server.user.as_str(), server.first_database()?.as_str())));
    let names = names.into_iter().flat_map(|(user, database)| [("PGUSER", user), ("PGDATABASE", database)]);
    std::iter::once(variable("PGHOST", literal(server::host(deployment))))
        .chain(names.map(|(name, text)| variable(name, literal(text))))
        .chain(std::iter::once(variable("PGCONNECT_TIMEOUT", Value::quoted("5"))))
        .collect()
}

fn variable(name: &'static str, value: Value) -> Value {
    Mapping::from_iter([("name", Value::text(name)), ("value", value)]).into()
}

const WAIT_FOR_SERVICES: &str = "\
for each; do
  until timeout 5 bash -c \": </dev/tcp/${each/://}\" 2>/dev/null; do
    if [ \"$SECONDS\" -ge LIMIT ]; then
      echo \"wait-for-services: nothing that is healthy answers at $each after LIMIT seconds\" >&2
      exit 1
    fi
    sleep 2
  done
done
";

/// Waits until each of them answers: a Service leads to pods that are healthy only.
fn services(others: &[(&Service, u16)], image: &ImageReference) -> Value {
    let text = WAIT_FOR_SERVICES.replace("LIMIT", &LIMIT.to_string());
    let addresses = others.iter().map(|(other, port)| literal(&format!("{}:{port}", other.name)));
    let mut keys = container(FOR_SERVICES, image);
    keys.push("command", command(["bash", "-c"]));
    keys.push("args", [script(&text), Value::text("wait")].into_iter().chain(addresses).collect::<Value>());
    finished(keys).above("until they answer: a Service leads to healthy pods only")
}

fn container(name: &str, image: &ImageReference) -> Mapping {
    Mapping::from_iter([("name", Value::text(name.to_owned())), ("image", Value::text(image.to_string()))])
}

fn finished(mut keys: Mapping) -> Value {
    keys.push("resources", resources::of_helper());
    keys.push("securityContext", security::of_helper());
    keys.into()
}
