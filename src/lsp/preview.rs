//! Knows the texts that can be looked at but stand in no file: the effective profile, what would be generated, a drawing.
//! Must not know how any of them is found out. No secret has a value here.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;

use super::analysis::message;
use super::drawing::svg;
use super::project::{catalogue_of, written};
use crate::explain::{Explained, explained};
use crate::graph::Graph;
use crate::layers::{Layers, gather, load};
use crate::outcome::Failure;
use crate::source::{Source, Trust, Unsaved};
use crate::verdict::{files_without_secrets, meaning_of};

/// What can be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Preview {
    /// Every value that holds, with where it comes from.
    Effective,
    /// What would be generated.
    Outputs,
    /// A drawing: a picture where Graphviz is installed, else Markdown with Mermaid in it.
    Drawing,
}

/// A text to look at.
pub(super) struct Seen {
    /// What editors call its language.
    pub(super) language: &'static str,
    pub(super) text: String,
}

impl Preview {
    pub(super) const ALL: [Self; 3] = [Self::Effective, Self::Outputs, Self::Drawing];

    pub(super) fn command(self) -> &'static str {
        match self {
            Self::Effective => "codelab-gen.effective",
            Self::Outputs => "codelab-gen.outputs",
            Self::Drawing => "codelab-gen.drawing",
        }
    }

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Effective => "show the effective profile",
            Self::Outputs => "show what would be generated",
            Self::Drawing => "show a drawing",
        }
    }

    /// The text of an open profile.
    pub(super) fn seen(self, path: &Path, unsaved: &Unsaved, trust: &Trust) -> Result<Seen, String> {
        self.made(path, unsaved, trust).map_err(|failure| message(&failure))
    }

    fn made(self, path: &Path, unsaved: &Unsaved, trust: &Trust) -> Result<Seen, Failure> {
        let layers = layers(path, unsaved, trust)?;
        if self == Self::Effective {
            return Ok(Seen { language: "yaml", text: effective(&explained(layers)?) });
        }
        let name = layers.sources.first().map(Source::profile_name).unwrap_or_default();
        let meaning = meaning_of(layers)?;
        if self == Self::Drawing {
            let graph = Graph::of(&meaning.deployment, &meaning.extras);
            let mermaid = || format!("```mermaid\n{}```\n", graph.mermaid());
            return Ok(match svg(graph.dot()) {
                Some(text) => Seen { language: "svg", text },
                None => Seen { language: "markdown", text: mermaid() },
            });
        }
        let files = files_without_secrets(&meaning.deployment, &meaning.extras, name)?;
        let file = |file: &crate::render::RenderedFile| format!("==> {} <==\n{}\n", file.output.path(), file.text);
        Ok(Seen { language: "plaintext", text: files.iter().map(file).collect() })
    }
}

fn layers(path: &Path, unsaved: &Unsaved, trust: &Trust) -> Result<Layers, Failure> {
    let catalogue = catalogue_of(path, unsaved, trust)?;
    let source = load(&written(path), "", &catalogue)?;
    Ok(gather(source, Vec::new(), &catalogue)?)
}

/// The values as one profile, each with where it comes from.
fn effective(values: &[Explained]) -> String {
    let mut text =
        "# Every value that holds, and where it comes from. This is a view: it can't be edited.\n".to_owned();
    let mut sorted: Vec<_> = values.iter().collect();
    // what belongs together stands together, in the order of its first
    let mut first: HashMap<&[String], usize> = HashMap::new();
    let above = |steps: &'_ [String]| (1..=steps.len()).collect::<Vec<_>>();
    for (index, value) in values.iter().enumerate() {
        let steps = value.path.steps();
        for depth in above(steps) {
            first.entry(steps.get(..depth).unwrap_or_default()).or_insert(index);
        }
    }
    sorted.sort_by_cached_key(|value| {
        let steps = value.path.steps();
        let place = |depth: usize| first.get(steps.get(..depth).unwrap_or_default()).copied();
        above(steps).into_iter().map(place).collect::<Vec<_>>()
    });
    let mut open: Vec<String> = Vec::new();
    for value in sorted {
        let Some((key, above)) = value.path.steps().split_last() else { continue };
        let common = open.iter().zip(above).take_while(|(a, b)| a == b).count();
        for (depth, step) in above.iter().enumerate().skip(common) {
            writeln!(text, "{}{}:", "  ".repeat(depth), crate::yaml::as_needed(step)).unwrap_or_default();
        }
        open = above.to_vec();
        let (indent, key) = ("  ".repeat(above.len()), crate::yaml::as_needed(key));
        let shown = crate::spelling::on_one_line(&value.value);
        writeln!(text, "{indent}{key}: {shown} # {}", value.from).unwrap_or_default();
    }
    text
}
