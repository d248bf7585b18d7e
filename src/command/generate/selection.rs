//! Knows which profile a run uses when several things could say so. Must not know what it says.

use std::path::{Path, PathBuf};

use crate::cli::{GenerateArgs, PROFILE_VARIABLE};
use crate::command::World;
use crate::layers::load;
use crate::outcome::Failure;
use crate::placement::relative;
use crate::source::{BUILTIN_PREFIX, Catalogue, Origin, Reference, Source};

/// The profile where nothing selects another one.
const DEFAULT_PROFILE: &str = "dev-sqlite";

/// The selected profile.
pub(super) struct Selection {
    /// Its text.
    pub(super) source: Source,
    /// How the outputs' headers will call it.
    pub(super) recorded_name: RecordedName,
    /// What selected it, where that was not the command line.
    pub(super) because: Option<String>,
}

/// What a header records, so that a later run finds the same profile.
#[derive(Debug, Clone)]
pub(super) enum RecordedName {
    /// A name, or another text that means the same everywhere.
    Text(String),
    /// A file, recorded by its way from the output folder.
    File(PathBuf),
}

impl RecordedName {
    /// The text for the headers of outputs in this folder.
    pub(super) fn recorded_in(&self, folder: &Path) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::File(path) => {
                let way = relative(folder, path);
                if way.contains('/') { way } else { format!("./{way}") }
            }
        }
    }
}

/// `--profile`, else `CODELAB_PROFILE`, else what the outputs record, else the default.
pub(super) fn select(args: &GenerateArgs, world: &World, catalogue: &Catalogue) -> Result<Selection, Failure> {
    if let Some(name) = &args.profile {
        let source = load(name, "--profile ", catalogue)?;
        return Ok(selection(source, name, catalogue, None));
    }
    if let Some(name) = (world.environment)(PROFILE_VARIABLE).filter(|name| !name.is_empty()) {
        let source = load(&name, &format!("{PROFILE_VARIABLE}="), catalogue)?;
        return Ok(selection(source, &name, catalogue, Some(format!("from ${PROFILE_VARIABLE}"))));
    }
    if let Some((name, folder)) = super::recorded(args, catalogue, world) {
        let name = match Reference::parse(&name) {
            Reference::StandardInput => {
                return Err(Failure::Usage {
                    message: "the outputs were made from a profile on standard input".to_owned(),
                    help: "name the profile with `--profile`".to_owned(),
                });
            }
            Reference::Path(path) => folder.join(path).display().to_string(),
            Reference::Name(_) | Reference::Builtin(_) => name,
        };
        let source = load(&name, "recorded in the outputs: ", catalogue)?;
        let because = format!("recorded in {}", catalogue.shown(&folder.join("docker-compose.yml")));
        return Ok(selection(source, &name, catalogue, Some(because)));
    }
    let source = load(DEFAULT_PROFILE, "default profile ", catalogue)?;
    Ok(selection(source, DEFAULT_PROFILE, catalogue, Some("the default".to_owned())))
}

fn selection(source: Source, name: &str, catalogue: &Catalogue, because: Option<String>) -> Selection {
    let recorded_name = match &source.origin {
        Origin::Embedded(name) if catalogue.folder().is_some() => RecordedName::Text(format!("{BUILTIN_PREFIX}{name}")),
        Origin::Embedded(name) => RecordedName::Text((*name).to_owned()),
        Origin::File(path) if path.parent() == catalogue.folder() => RecordedName::Text(source.profile_name()),
        Origin::File(path) => RecordedName::File(crate::placement::normalized(path)),
        Origin::StandardInput | Origin::Argument => RecordedName::Text(name.to_owned()),
    };
    Selection { source, recorded_name, because }
}
