//! Knows what `.env` and `.env.example` say beside the secrets, which come finished from the module that may see them.
//! Must not know a secret's value.

use minijinja::Value;
use serde::Serialize;

use super::super::escape::{comment, verbatim};
use super::Header;
use crate::deployment::{Deployment, DotenvKey, Holds};
use crate::placement::Placement;
use crate::secret::Line;
use crate::value::EnvironmentKey;

/// The lines of one of the two files: those of `.env` come from where the secrets are.
#[derive(Serialize)]
pub(in crate::render) struct DotenvView<L> {
    #[serde(flatten)]
    header: Header,
    place: Value,
    #[serde(flatten)]
    lines: L,
    variables: Vec<Line>,
}

/// The lines of `.env.example` by section.
#[derive(Serialize)]
pub(in crate::render) struct ExampleLines {
    server: Vec<Line>,
    urls: Vec<Line>,
    secrets: Vec<Line>,
    kept: Vec<Line>,
}

/// A view of these lines.
pub(in crate::render) fn view<L>(deployment: &Deployment, placement: &Placement, lines: L) -> DotenvView<L> {
    DotenvView {
        header: Header::new(deployment, placement),
        place: super::place(deployment),
        lines,
        variables: variables(deployment),
    }
}

/// The keys without secrets; passwords in URLs are references that every reader resolves.
pub(in crate::render) fn example_lines(deployment: &Deployment) -> ExampleLines {
    let keys = deployment.dotenv_keys();
    let lines = |keys: &[DotenvKey<'_>]| keys.iter().map(line).collect::<Vec<_>>();
    ExampleLines {
        server: lines(&keys.server),
        urls: lines(&keys.urls),
        secrets: lines(&keys.secrets),
        kept: Vec::new(),
    }
}

fn line(key: &DotenvKey<'_>) -> Line {
    let value = match key.holds {
        Holds::Text(text) => Value::from(text),
        Holds::Secret(_) => Value::from(""),
        Holds::Url(url) => match url.password() {
            Some(password) => verbatim(url.text(&format!("${{{password}}}"))),
            None => Value::from(url.text("")),
        },
    };
    Line::new(&key.name, value)
}

/// The lines are comments: quoting is not needed, and a line end must not end them.
fn variables(deployment: &Deployment) -> Vec<Line> {
    let line = |(key, default): (&EnvironmentKey, String)| Line::new(key.as_str(), comment(&default));
    deployment.variables().into_iter().map(line).collect()
}
