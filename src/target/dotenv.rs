//! Knows what `.env` and `.env.example` are called and say beside the secrets, which come finished from the module that may see them.
//! Must not know a secret's value.

use minijinja::Value;
use serde::Serialize;

use super::inputs::Inputs;
use crate::deployment::{Deployment, DotenvKey, Holds, Host};
use crate::placement::Placement;
use crate::render::{Dialect, Header, Output, RenderFault, RenderedFile, Template, comment, verbatim};
use crate::secret::{Line, SecretLines, Values, secret_lines};
use crate::value::EnvironmentKey;

/// The secrets and URLs, a block in a file that is the user's.
pub const DOTENV: Output = Output::block(".env");

/// The same keys without secrets.
pub const DOTENV_EXAMPLE: Output = Output::example(".env.example");

const TEXT: Template = Template(include_str!("../../templates/.env.j2"), Dialect::Dotenv);

/// Both files, the first one where it has a line; `reader` is the file that reads the variables.
pub(super) fn render(
    deployment: &Deployment,
    inputs: &Inputs<'_>,
    reader: &Output,
) -> Result<Vec<RenderedFile>, RenderFault> {
    let placement = inputs.placement;
    let mut files = Vec::new();
    if let Some(lines) = lines(deployment, inputs.values) {
        let text = TEXT.fill(&DOTENV, &view(deployment, placement, lines, reader))?;
        files.push(RenderedFile::sealed(DOTENV, text));
    }
    let example = view(deployment, placement, example_lines(deployment), reader);
    files.push(RenderedFile::sealed(DOTENV_EXAMPLE, TEXT.fill(&DOTENV_EXAMPLE, &example)?));
    check_round_trip(&files)?;
    Ok(files)
}

/// The lines of one of the two files: those of `.env` come from where the secrets are.
#[derive(Serialize)]
struct DotenvView<L> {
    #[serde(flatten)]
    header: Header,
    place: Value,
    #[serde(flatten)]
    lines: L,
    variables: Vec<Line>,
    reader: Value,
}

/// The lines of `.env.example` by section.
#[derive(Serialize)]
struct ExampleLines {
    server: Vec<Line>,
    urls: Vec<Line>,
    secrets: Vec<Line>,
    kept: Vec<Line>,
}

/// A view of these lines.
fn view<L>(deployment: &Deployment, placement: &Placement, lines: L, reader: &Output) -> DotenvView<L> {
    DotenvView {
        header: Header::new(deployment.stage, placement),
        place: place(deployment),
        lines,
        variables: variables(deployment),
        reader: verbatim(reader.path().to_owned()),
    }
}

/// The lines with all values; nothing where there is none.
fn lines(deployment: &Deployment, values: Values<'_>) -> Option<SecretLines> {
    let lines = secret_lines(&deployment.dotenv_keys(), values);
    (!lines.is_empty()).then_some(lines)
}

/// The keys without secrets; passwords in URLs are references that every reader resolves.
fn example_lines(deployment: &Deployment) -> ExampleLines {
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
            Some(password) => verbatim(live(url.text(&format!("${{{password}}}")))),
            None => Value::from(url.text("")),
        },
    };
    Line::new(&key.name, value)
}

/// A text with a reference. A shell would take `&`, `;` or a blank for the end of a word; in these quotes references are
/// live to every reader.
fn live(text: String) -> String {
    let ends_word = |c: char| "&; '()<>|#~*!".contains(c);
    if text.contains(ends_word) { format!("\"{text}\"") } else { text }
}

/// The lines are comments: quoting is not needed, and a line end must not end them.
fn variables(deployment: &Deployment) -> Vec<Line> {
    let line = |(key, default): (&EnvironmentKey, String)| Line::new(key.as_str(), comment(&default));
    deployment.variables().into_iter().map(line).collect()
}

/// Where the server is, for the comment above its keys; nothing where it is a container of the deployment.
fn place(deployment: &Deployment) -> Value {
    match deployment.server.as_ref().map(|server| &server.host) {
        Some(Host::External(external)) => verbatim(format!(", on {}", external.host)),
        Some(Host::Container(_) | Host::Operated(_)) | None => verbatim(String::new()),
    }
}

/// Reads the rendered block with dotenvy, a reader that this project did not write: every value must come back.
fn check_round_trip(files: &[RenderedFile]) -> Result<(), RenderFault> {
    let Some(file) = files.iter().find(|file| file.output == DOTENV) else { return Ok(()) };
    let ours = crate::dotenv::read(&file.text).unwrap_or_default();
    let theirs: Vec<_> = dotenvy::Iter::new(file.text.as_bytes()).collect();
    for (index, entry) in ours.iter().enumerate() {
        let same = matches!(theirs.get(index), Some(Ok((key, value))) if *key == entry.key && *value == entry.value);
        if !same {
            return Err(RenderFault::RoundTrip { key: entry.key.clone() });
        }
    }
    if ours.len() == theirs.len() && !ours.is_empty() {
        return Ok(());
    }
    Err(RenderFault::RoundTrip { key: "the whole block".to_owned() })
}
