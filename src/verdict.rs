//! Knows how a profile is judged: its faults, else what is unwise about it, and what it gives beyond the default.
//! Must not know the rules, nor how a verdict is told.

mod meaning;
mod schema_copy;

use crate::deployment::Deployment;
use crate::diagnostic::{Diagnostic, Severity};
use crate::layers::{Layers, gather};
use crate::lint::{hidden_characters, lint, unexpanded};
use crate::outcome::{Failure, Rejection};
use crate::placement::Placement;
use crate::render::RenderedFile;
use crate::risk::{Grounds, Risks};
use crate::secret::Values;
use crate::source::{Catalogue, Source};
use crate::target::compose::Extras;
use crate::target::{Found, Inputs};

pub use meaning::{Meaning, meaning_of};

/// One profile with what was found.
#[derive(Debug)]
pub struct Verdict {
    /// How messages call it.
    pub name: String,
    /// Faults where there are some, else warnings.
    pub found: Rejection,
    /// What the profile gives beyond the default; it changes no verdict.
    pub risks: Risks,
}

impl Verdict {
    /// Whether there is no fault.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.found.diagnostics.iter().all(|diagnostic| diagnostic.severity != Severity::Error)
    }
}

/// Judges a profile. A base is judged by itself as far as it goes: what it leaves to others can't be missing.
///
/// # Errors
/// Where the operating system does not let a layer be read, or a template fails.
pub fn judge(source: Source, catalogue: &Catalogue) -> Result<Verdict, Failure> {
    let verdict = judge_while(source, catalogue, &|| true)?;
    verdict.ok_or_else(|| Failure::Internal { message: "a profile was not judged".to_owned() })
}

/// Judges a profile as long as somebody waits for that; nothing where nobody does any more.
///
/// # Errors
/// Where the operating system does not let a layer be read, or a template fails.
pub fn judge_while(
    source: Source,
    catalogue: &Catalogue,
    is_awaited: &dyn Fn() -> bool,
) -> Result<Option<Verdict>, Failure> {
    let name = source.name.clone();
    let stale_schema = schema_copy::check(&source, catalogue);
    let project = catalogue.project_of(&source);
    let layers = gather(source, Vec::new(), catalogue)?;
    if !is_awaited() {
        return Ok(None);
    }
    let grounds = Grounds::of_profile(&layers.profile, catalogue.root(), &project);
    let risks = grounds.found(&layers.profile);
    let is_base = !layers.profile.stage.is_given();
    if is_base {
        let Layers { mut diagnostics, sources, profile: _ } = layers;
        if diagnostics.is_empty() {
            diagnostics.extend(hidden_characters(&sources));
            diagnostics.extend(stale_schema);
        }
        let found = Rejection { diagnostics, sources };
        return Ok(Some(Verdict { name, found, risks }));
    }
    let unexpanded = unexpanded(&layers.profile);
    match meaning_of(layers) {
        Ok(_) | Err(_) if !is_awaited() => Ok(None),
        Ok(Meaning { deployment, extras, sources }) => {
            let mut diagnostics = warnings(&deployment, &extras)?;
            diagnostics.extend(unexpanded);
            diagnostics.extend(hidden_characters(&sources));
            diagnostics.extend(stale_schema);
            Ok(Some(Verdict { name, found: Rejection { diagnostics, sources }, risks }))
        }
        Err(Failure::Rejected(found)) => Ok(Some(Verdict { name, found, risks: Risks::default() })),
        Err(failure) => Err(failure),
    }
}

/// What is unwise about a deployment, and about the file that it becomes.
fn warnings(deployment: &Deployment, extras: &Extras) -> Result<Vec<Diagnostic>, Failure> {
    let files = files_without_secrets(deployment, extras, String::new())?;
    let of_target = deployment.target.warnings(deployment, extras, &files);
    Ok(lint(deployment).into_iter().chain(of_target).collect())
}

/// What would be generated where no secret has a value, for a profile that the outputs call `profile`.
///
/// # Errors
/// Where a template fails.
pub fn files_without_secrets(
    deployment: &Deployment,
    extras: &Extras,
    profile: String,
) -> Result<Vec<RenderedFile>, Failure> {
    let placement = Placement { profile, root: ".".to_owned(), settings: Vec::new() };
    let kept = indexmap::IndexMap::new();
    let inputs = Inputs { values: Values::Withheld { kept: &kept }, placement: &placement, found: &Found::default() };
    let rendered = deployment.target.render(deployment, extras, &inputs);
    rendered.map_err(|fault| Failure::Internal { message: fault.to_string() })
}
