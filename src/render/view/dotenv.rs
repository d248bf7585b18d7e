//! Knows what `.env` and `.env.example` hold. The only view that may see a secret's value.

use minijinja::Value;
use serde::Serialize;

use super::super::escape::{comment, interpolated, verbatim};
use super::super::{Inputs, RenderFault};
use crate::deployment::{Deployment, Host, Server, Variable};
use crate::dotenv;
use crate::placement::Placement;
use crate::secret::Secret;
use crate::url::{ConnectionUrl, percent_encode};
use crate::value::EnvironmentKey;

#[derive(Serialize)]
pub(in crate::render) struct DotenvView {
    profile: Value,
    server: Option<ServerLines>,
    urls: Vec<Line>,
    secrets: Vec<Line>,
    kept: Vec<Line>,
}

#[derive(Serialize)]
pub(in crate::render) struct ExampleView {
    profile: Value,
    server: Option<ServerLines>,
    urls: Vec<Line>,
    secrets: Vec<Line>,
    variables: Vec<OptionalVariable>,
}

#[derive(Serialize)]
struct ServerLines {
    place: Value,
    lines: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    key: String,
    value: Value,
}

#[derive(Serialize)]
struct OptionalVariable {
    key: String,
    default: Value,
}

/// The block with all values; nothing where the deployment needs no `.env` at all.
pub(in crate::render) fn view(deployment: &Deployment, inputs: &Inputs<'_>) -> Result<Option<DotenvView>, RenderFault> {
    let value = |key: &EnvironmentKey| match inputs.secrets.get(key) {
        Some(chosen) => written(key, &chosen.secret),
        None => Ok(Value::from("")),
    };
    let lines = server_lines(deployment, &value)?;
    let mut urls = Vec::new();
    for (key, url) in urls_of(deployment) {
        let password = url.password().and_then(|password| inputs.secrets.get(password));
        let password = password.map(|chosen| percent_encode(chosen.secret.expose())).unwrap_or_default();
        urls.push(Line { key: key.to_string(), value: Value::from(url.text(&password)) });
    }
    let mut secrets = Vec::new();
    for key in other_secrets(deployment) {
        secrets.push(Line { key: key.to_string(), value: value(key)? });
    }
    let mut kept = Vec::new();
    for (key, secret) in inputs.kept {
        kept.push(Line { key: key.to_string(), value: written(key, secret)? });
    }
    let view = DotenvView { profile: comment(&inputs.placement.profile), server: lines, urls, secrets, kept };
    let is_empty = view.server.is_none() && view.urls.is_empty() && view.secrets.is_empty() && view.kept.is_empty();
    Ok((!is_empty).then_some(view))
}

/// The same keys without values; passwords in URLs are references that Compose resolves.
pub(in crate::render) fn example(deployment: &Deployment, placement: &Placement) -> ExampleView {
    let empty = |_: &EnvironmentKey| Ok::<_, std::convert::Infallible>(Value::from(""));
    let Ok(server) = server_lines(deployment, &empty);
    let url = |url: &ConnectionUrl| match url.password() {
        Some(password) => interpolated(url.text(&format!("${{{password}}}"))),
        None => Value::from(url.text("")),
    };
    ExampleView {
        profile: comment(&placement.profile),
        server,
        urls: urls_of(deployment).map(|(key, text)| Line { key: key.to_string(), value: url(text) }).collect(),
        secrets: other_secrets(deployment).map(|key| Line { key: key.to_string(), value: Value::from("") }).collect(),
        variables: variables(deployment),
    }
}

/// The exact value, after making sure that it can be written.
fn written(key: &EnvironmentKey, secret: &Secret) -> Result<Value, RenderFault> {
    let value = secret.expose();
    match dotenv::quote(value) {
        Ok(_) => Ok(Value::from(value)),
        Err(reason) => Err(RenderFault::Unwritable { key: key.clone(), reason }),
    }
}

fn urls_of(deployment: &Deployment) -> impl Iterator<Item = (&EnvironmentKey, &ConnectionUrl)> {
    deployment
        .services
        .iter()
        .filter_map(|service| service.database.as_ref())
        .map(|database| (&database.key, &database.url))
}

/// The keys by which the server's image, or the administrator's script, gets its roles.
fn server_lines<E>(
    deployment: &Deployment,
    value: &dyn Fn(&EnvironmentKey) -> Result<Value, E>,
) -> Result<Option<ServerLines>, E> {
    let Some(server) = &deployment.server else { return Ok(None) };
    let line = |key: &str, value: &str| Line { key: key.to_owned(), value: Value::from(value) };
    let mut lines = Vec::new();
    let keys = passwords(server);
    for key in &keys {
        let is_user = **key == EnvironmentKey::postgres_password();
        if is_user {
            lines.push(line("POSTGRES_USER", server.user.as_str()));
        }
        lines.push(Line { key: key.to_string(), value: value(key)? });
        if let (true, Host::Container(container)) = (is_user, &server.host) {
            lines.push(line("POSTGRES_DB", container.database.as_str()));
        }
    }
    let place = match &server.host {
        Host::Container(_) => Value::from(""),
        Host::External(external) => verbatim(format!(", on {}", external.host)),
    };
    Ok(Some(ServerLines { place, lines }))
}

/// The secrets that log in to the server: the administrator's first.
fn passwords(server: &Server) -> Vec<&EnvironmentKey> {
    let administrator = match &server.host {
        Host::Container(_) => Some(&server.administrator_password),
        Host::External(_) => None,
    };
    let mut keys: Vec<&EnvironmentKey> = administrator.into_iter().collect();
    for login in server.logins() {
        if !keys.contains(&&login.password) {
            keys.push(&login.password);
        }
    }
    keys
}

fn other_secrets(deployment: &Deployment) -> impl Iterator<Item = &EnvironmentKey> {
    let of_server = deployment.server.as_ref().map(passwords).unwrap_or_default();
    deployment.secrets.keys().filter(move |key| !of_server.contains(key))
}

/// Variables that services take from `.env` or the shell, each once.
fn variables(deployment: &Deployment) -> Vec<OptionalVariable> {
    let mut variables: Vec<OptionalVariable> = Vec::new();
    let mut add = |key: &EnvironmentKey, default: &str| {
        if !variables.iter().any(|known| known.key == key.as_str()) {
            // in a comment: quoting is not needed, and a line end must not end it
            let default = comment(default);
            variables.push(OptionalVariable { key: key.to_string(), default });
        }
    };
    for service in &deployment.services {
        if let Some((key, port)) = service.publish.as_ref().and_then(|port| Some((port.variable.as_ref()?, port.port)))
        {
            add(key, &port.to_string());
        }
        for (_, variable) in &service.environment {
            if let Variable::Environment { name, default } = variable {
                add(name, default.as_deref().unwrap_or_default());
            }
        }
    }
    variables
}
