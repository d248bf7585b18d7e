//! Knows the container of a service: what it runs, with which variables, and how much of a node it has.
//! Must not know the pod around it.

use super::expansion::{command, literal};
use super::volume::Mounts;
use super::{probe, resources, security};
use crate::deployment::{Database, Deployment, GivenUrl, Server, Service, Variable};
use crate::target::inputs::Found;
use crate::url::ConnectionUrl;
use crate::value::{EnvironmentKey, VariableName};
use crate::yaml::document::{Mapping, Value};

/// The container of a service. A program that ends is not asked whether it works.
pub(super) fn container(service: &Service, mounts: &Mounts<'_>, deployment: &Deployment, found: &Found) -> Mapping {
    let words = |words: &Option<Vec<String>>| Some(command(words.as_ref()?.iter().map(String::as_str)));
    let image = service.program.image().map(|image| Value::text(image.usual().to_string()));
    let mut keys = Mapping::default();
    keys.push("name", Value::text(service.name.to_string()));
    keys.push_given("image", image);
    keys.push_given("command", words(&service.entrypoint));
    keys.push_given("args", words(&service.command));
    keys.push_given("workingDir", service.working_dir.as_ref().map(|folder| Value::text(folder.as_str().to_owned())));
    keys.push_filled("env", variables(service, found));
    keys.push_filled("ports", service.port.filter(|_| !service.runs.ends()).map(port).into_iter().collect::<Value>());
    if let Some(check) = service.health_check.as_ref().filter(|_| !service.runs.ends()) {
        keys.append(probe::probes(check));
    }
    keys.push_filled("volumeMounts", mounts.mounts());
    keys.push_filled("resources", resources::resources(&service.limits));
    keys.push_filled("securityContext", security::of_container(service, deployment));
    keys
}

fn port(port: crate::value::Port) -> Value {
    Value::from(Mapping::from_iter([("containerPort", Value::number(port))]))
}

/// The connection URLs first, then the rest in the order of the profile.
fn variables(service: &Service, found: &Found) -> Value {
    let of_urls = service.databases().filter_map(|database| {
        let given = database.given.as_ref()?;
        Some(variable(given.variable.as_str(), url(service, given, database)))
    });
    let others = service.environment.iter().map(|(name, held)| {
        let value = match held {
            Variable::Literal(text) => ("value", literal(text)),
            Variable::Environment { name: _, default } => {
                ("value", literal(found.variable(&service.name, name, default.as_deref())))
            }
            Variable::Secret(secret) => ("valueFrom", self::secret(service.name.as_str(), secret.as_str())),
            Variable::Url(of) => match service.database_called(of.as_ref()) {
                Some(database @ Database { given: Some(given), .. }) => url(service, given, database),
                Some(_) | None => ("value", literal("")),
            },
        };
        variable(name.as_str(), value)
    });
    of_urls.chain(others).collect()
}

fn variable(name: &str, (key, value): (&'static str, Value)) -> Value {
    Mapping::from_iter([("name", Value::text(name.to_owned())), (key, value)]).into()
}

/// A URL without a password is no secret.
fn url(service: &Service, given: &GivenUrl, database: &Database) -> (&'static str, Value) {
    match &database.url {
        ConnectionUrl::Sqlite(_) => ("value", literal(&database.url.text(""))),
        ConnectionUrl::Postgres(_) => ("valueFrom", secret(service.name.as_str(), given.key.as_str())),
    }
}

/// A value of a key of the Secret that a service has.
pub(super) fn secret(service: &str, key: &str) -> Value {
    let of = Mapping::from_iter([("name", Value::text(service.to_owned())), ("key", Value::text(key.to_owned()))]);
    Value::from(Mapping::from_iter([("secretKeyRef", Value::from(of))])).on_one_line()
}

/// The keys of the Secret of a service, each once: its URLs, its passwords where it waits with them, and its other secrets.
pub(super) fn secret_keys<'d>(service: &'d Service, deployment: &Deployment) -> Vec<&'d EnvironmentKey> {
    let waits = deployment.server.as_ref().is_some_and(Server::is_inside);
    let of_databases = service.databases_on_server().flat_map(|(database, url)| {
        let password = waits.then_some(&url.login.password);
        database.given.as_ref().map(|given| &given.key).into_iter().chain(password)
    });
    let others = service.environment.iter().filter_map(|(_, held)| match held {
        Variable::Secret(secret) => Some(secret),
        Variable::Literal(_) | Variable::Environment { .. } | Variable::Url(_) => None,
    });
    let mut keys: Vec<&EnvironmentKey> = Vec::new();
    for key in of_databases.chain(others) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// The variables that are filled when the manifests are made, with what fills them.
pub(super) fn asked(
    environment: &[(VariableName, Variable)],
) -> impl Iterator<Item = (&VariableName, &EnvironmentKey, Option<&str>)> {
    environment.iter().filter_map(|(variable, held)| match held {
        Variable::Environment { name, default } => Some((variable, name, default.as_deref())),
        Variable::Literal(_) | Variable::Secret(_) | Variable::Url(_) => None,
    })
}
