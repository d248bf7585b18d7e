//! Knows what `.env.example` says: the keys of `.env` without any secret, for people who do not run codelab-gen.
//! Must not know a value.

use minijinja::Value;
use serde::Serialize;

use super::super::escape::{comment, interpolated};
use crate::deployment::{Deployment, DotenvKey, Holds, Variable};
use crate::placement::Placement;
use crate::value::EnvironmentKey;

#[derive(Serialize)]
pub(in crate::render) struct DotenvExampleView {
    profile: Value,
    place: Value,
    server: Vec<Line>,
    urls: Vec<Line>,
    secrets: Vec<Line>,
    variables: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    key: String,
    value: Value,
}

/// The same keys; passwords in URLs are references that every reader resolves.
pub(in crate::render) fn view(deployment: &Deployment, placement: &Placement) -> DotenvExampleView {
    let keys = deployment.dotenv_keys();
    let lines = |keys: &[DotenvKey<'_>]| keys.iter().map(line).collect::<Vec<_>>();
    DotenvExampleView {
        profile: comment(&placement.profile),
        place: super::place(deployment),
        server: lines(&keys.server),
        urls: lines(&keys.urls),
        secrets: lines(&keys.secrets),
        variables: variables(deployment),
    }
}

fn line(key: &DotenvKey<'_>) -> Line {
    let value = match key.holds {
        Holds::Text(text) => Value::from(text),
        Holds::Secret(_) => Value::from(""),
        Holds::Url(url) => match url.password() {
            Some(password) => interpolated(url.text(&format!("${{{password}}}"))),
            None => Value::from(url.text("")),
        },
    };
    Line { key: key.name.clone(), value }
}

/// Variables that services take from `.env` or the shell, each once, with what holds where they are not set.
fn variables(deployment: &Deployment) -> Vec<Line> {
    let mut variables: Vec<Line> = Vec::new();
    let mut add = |key: &EnvironmentKey, default: &str| {
        if !variables.iter().any(|known| known.key == key.as_str()) {
            // the line is a comment: quoting is not needed, and a line end must not end it
            variables.push(Line { key: key.to_string(), value: comment(default) });
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
