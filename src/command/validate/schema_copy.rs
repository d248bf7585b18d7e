//! Knows which copy of the JSON Schema a profile tells editors to use, and whether it is this program's.
//! Must not know what the schema says.

use crate::diagnostic::{Code, Diagnostic, Place};
use crate::placement::normalized;
use crate::source::{Catalogue, Source, SourceId};

/// What stands before the path in the line that editors read
/// (<https://github.com/redhat-developer/yaml-language-server#using-inlined-schema>).
const MODELINE: &str = "# yaml-language-server: $schema=";

/// A warning where a profile's copy of the schema is there and differs.
pub(super) fn check(source: &Source, catalogue: &Catalogue) -> Option<Diagnostic> {
    let start = source.text.lines().take_while(|line| line.starts_with('#')).find(|line| line.starts_with(MODELINE))?;
    let path = start.strip_prefix(MODELINE)?.trim();
    if path.contains("://") {
        return None;
    }
    let file = normalized(&source.folder()?.join(path));
    let copy = std::fs::read_to_string(&file).ok()?;
    if copy == crate::schema::schema() {
        return None;
    }
    let at = source.text.find(path)?;
    let shown = catalogue.shown(&file);
    let message = format!("`{shown}`, by which editors check this profile, is not the schema of this codelab-gen");
    let help = format!("write it anew: `codelab-gen schema >{shown}`");
    Some(Diagnostic::warning(Code::StaleSchema, Place::Span(SourceId(0), at..at + path.len()), message, help))
}
