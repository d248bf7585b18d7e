//! Knows how the layers of a profile are gathered: the settings of the command line, the selected profile, what it
//! extends, and so on down to a base. Must not know what the fields mean.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::diagnostic::{Code, Diagnostic, Place};
use crate::field::FieldPath;
use crate::help::Help;
use crate::locate::{Locator, Part};
use crate::profile::{self, Profile};
use crate::source::{
    Catalogue, Origin, Project, ReadFault, Reference, SIZE_LIMIT, Source, SourceId, TOTAL_LIMIT, UnknownName,
};
use crate::spelling::{self, nearest, quoted, raw_path};

/// A profile with all its layers merged, and the sources that wrote it.
#[derive(Debug)]
pub struct Layers {
    /// The strongest layer first: settings, the selected profile, its base, the base of that …
    pub sources: Vec<Source>,
    /// What they say together.
    pub profile: Profile,
    /// What was wrong with one of them, or between them.
    pub diagnostics: Vec<Diagnostic>,
}

/// Why a profile could not be loaded.
#[derive(Debug)]
pub enum LoadFault {
    /// It is not there, or not readable as text; shown like any other fault.
    Rejected {
        /// The fault.
        diagnostic: Box<Diagnostic>,
        /// The sources that it speaks of.
        sources: Vec<Source>,
    },
    /// The operating system said no.
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
}

/// Loads the profile that a text of the command line names; `given_by` stands before it in messages, such as
/// `--profile `.
///
/// # Errors
/// Where there is no such profile, or it can't be read.
pub fn load(text: &str, given_by: &str, catalogue: &Catalogue) -> Result<Source, LoadFault> {
    let argument = Source::command_line(format!("{given_by}{text}"));
    let place = Place::Span(SourceId(0), given_by.len()..argument.text.len());
    let reference = Reference::parse(text);
    fetch(&reference, None, catalogue).map_err(|fault| fault.told(&reference, place, vec![argument]))
}

/// Loads the profile that a text of a project names, as [`load`] does.
///
/// # Errors
/// As [`load`], and where the profile lies outside of the project.
pub fn load_of(project: &Project, text: &str, given_by: &str, catalogue: &Catalogue) -> Result<Source, LoadFault> {
    let argument = Source::command_line(format!("{given_by}{text}"));
    let place = Place::Span(SourceId(0), given_by.len()..argument.text.len());
    let reference = Reference::parse(text);
    let from = From { origin: Origin::Argument, project };
    fetch(&reference, Some(&from), catalogue).map_err(|fault| fault.told(&reference, place, vec![argument]))
}

/// Follows `extends` from the selected profile down to its base, and merges all layers.
///
/// # Errors
/// Where the operating system does not let a base be read. Everything else is among the diagnostics.
pub fn gather(selected: Source, settings: Vec<Source>, catalogue: &Catalogue) -> Result<Layers, LoadFault> {
    let mut sources: Vec<Source> = settings.into_iter().rev().collect();
    let mut profiles = Vec::new();
    let mut diagnostics = Vec::new();
    for (index, setting) in sources.iter().enumerate() {
        let (profile, faults) = profile::parse(setting, SourceId(index));
        diagnostics.extend(faults);
        diagnostics.extend(profile.extends.is_given().then(|| extends_in_setting(SourceId(index), setting)));
        profiles.push(profile);
    }
    let mut chain: HashMap<Origin, usize> = HashMap::new();
    let project = catalogue.project_of(&selected);
    let mut next = Some(selected);
    while let Some(source) = next.take() {
        let id = SourceId(sources.len());
        chain.insert(identity(&source), id.0);
        let (profile, faults) = profile::parse(&source, id);
        diagnostics.extend(faults);
        let extends = profile.extends.get().cloned();
        profiles.push(profile);
        let from = From { origin: source.origin.clone(), project: &project };
        sources.push(source);
        let Some(profile::Extends(reference)) = extends else { continue };
        match fetch(&reference, Some(&from), catalogue) {
            Err(fault) => match fault.told(&reference, place_of_extends(&sources, id), Vec::new()) {
                LoadFault::Rejected { diagnostic, sources: more } => {
                    diagnostics.push(adopt(*diagnostic, sources.len()));
                    sources.extend(more);
                }
                io @ LoadFault::Io { .. } => return Err(io),
            },
            Ok(base) => match chain.get(&identity(&base)) {
                Some(start) => {
                    let place = place_of_extends(&sources, id);
                    diagnostics.push(told_cycle(sources.iter().skip(*start).chain([&base]), place));
                }
                None => next = Some(base),
            },
        }
    }
    let (profile, faults) = profile::merge(profiles);
    diagnostics.extend(faults);
    Ok(Layers { sources, profile, diagnostics })
}

/// What a source extends, where that can be read.
#[must_use]
pub fn base_of(source: &Source, reference: &Reference, catalogue: &Catalogue) -> Option<Source> {
    let project = catalogue.project_of(source);
    fetch(reference, Some(&From { origin: source.origin.clone(), project: &project }), catalogue).ok()
}

/// Why a reference leads nowhere.
enum FetchFault {
    Unknown(UnknownName),
    Read(PathBuf, ReadFault),
}

/// The source that a reference stands in.
struct From<'p> {
    origin: Origin,
    project: &'p Project,
}

/// Reads what a reference means, seen from the source that extends it, or from the command line.
fn fetch(reference: &Reference, from: Option<&From<'_>>, catalogue: &Catalogue) -> Result<Source, FetchFault> {
    let embedded = from.is_some_and(|from| matches!(from.origin, Origin::Embedded(_)));
    match reference {
        Reference::StandardInput => Source::from_standard_input().map_err(|fault| FetchFault::Read("-".into(), fault)),
        Reference::Builtin(name) => catalogue.builtin(name).map_err(FetchFault::Unknown),
        Reference::Name(name) if embedded => catalogue.builtin(name).map_err(FetchFault::Unknown),
        Reference::Name(name) => catalogue.by_name(name).map_err(FetchFault::Unknown),
        Reference::Path(path) if embedded => catalogue.builtin(&raw_path(path)).map_err(FetchFault::Unknown),
        Reference::Path(path) => {
            let Some(From { origin, project }) = from else {
                return catalogue.read(path).map_err(|fault| FetchFault::Read(path.clone(), fault));
            };
            let path = origin.folder().unwrap_or(Path::new("")).join(path);
            catalogue.read_of(project, &path).map_err(|fault| FetchFault::Read(path, fault))
        }
    }
}

impl FetchFault {
    /// The fault as it is told: `place` names the reference in one of `sources`.
    fn told(self, reference: &Reference, place: Place, mut sources: Vec<Source>) -> LoadFault {
        let shown = quoted(&reference.to_string());
        let diagnostic = match self {
            Self::Unknown(UnknownName::None { known, broken, embedded }) => {
                let name = reference.to_string();
                let message = if broken.is_empty() {
                    format!("no profile is named {shown}")
                } else {
                    format!("no profile is named {shown}; {} can't be read and may be it", listed(&broken))
                };
                let mut help = match nearest(&name, known.iter().map(String::as_str)) {
                    Some(meant) => Help::respell(meant).and(&format!(" there are {}", listed(&known))),
                    None if known.is_empty() => "name a path, or a built-in one such as `builtin:dev`".into(),
                    None => format!("use one of {}, or the path of a profile", listed(&known)).into(),
                };
                if let Some(embedded) = embedded {
                    help = help.and(&format!("; the built-in one of this name is `builtin:{embedded}`"));
                }
                Diagnostic::error(Code::UnknownProfile, place, message, help)
            }
            Self::Unknown(UnknownName::Ambiguous { claimants }) => Diagnostic::error(
                Code::AmbiguousAlias,
                place,
                format!("{shown} is an alias of several profiles: {}", listed(&claimants)),
                "use a profile's name, or remove the alias from all but one",
            ),
            Self::Unknown(UnknownName::Unreadable { name, fault }) => {
                return Self::Read(PathBuf::from(name), fault).told(reference, place, sources);
            }
            Self::Read(_, ReadFault::Missing) => Diagnostic::error(
                Code::UnknownProfile,
                place,
                format!("there is no file {shown}"),
                "look at the path; `codelab-gen profiles` lists the profiles that have a name",
            ),
            Self::Read(_, ReadFault::Folder) => Diagnostic::error(
                Code::UnknownProfile,
                place,
                format!("{shown} is a folder, not a profile"),
                "name a file in it",
            ),
            Self::Read(_, ReadFault::Special) => Diagnostic::error(
                Code::UnknownProfile,
                place,
                format!("{shown} is a pipe, a device or a socket, not a profile"),
                "name a regular file",
            ),
            Self::Read(_, ReadFault::Outside(project)) => Diagnostic::error(
                Code::OutsideProject,
                place,
                format!("{shown} leads out of the project, or into git's own folder"),
                format!("keep the file in `{}`; a profile reads nothing from outside", spelling::path(&project)),
            ),
            Self::Read(_, ReadFault::TooLarge) => Diagnostic::error(
                Code::DocumentSize,
                place,
                format!("{shown} is larger than {} MiB", SIZE_LIMIT / 1024 / 1024),
                "look whether this file is a profile",
            ),
            Self::Read(_, ReadFault::TooMuch) => Diagnostic::error(
                Code::DocumentSize,
                place,
                format!("with {shown} this run would read more than {} MiB of profiles", TOTAL_LIMIT / 1024 / 1024),
                "look whether these files are profiles; name fewer of them",
            ),
            Self::Read(_, ReadFault::NotUtf8 { readable, span }) => {
                sources.push(readable);
                let place = Place::Span(SourceId(sources.len() - 1), span);
                Diagnostic::error(
                    Code::NotUtf8,
                    place,
                    "the file is not UTF-8 from this character on",
                    "save it as UTF-8",
                )
            }
            Self::Read(path, ReadFault::Io(error)) => return LoadFault::Io { path, error },
        };
        LoadFault::Rejected { diagnostic: Box::new(diagnostic), sources }
    }
}

/// Moves a fault in a source of its own behind the sources that there are.
fn adopt(mut diagnostic: Diagnostic, sources: usize) -> Diagnostic {
    if diagnostic.code == Code::NotUtf8
        && let Place::Span(_, span) = diagnostic.primary.place
    {
        diagnostic.primary.place = Place::Span(SourceId(sources), span);
    }
    diagnostic
}

/// What two sources have in common that are one file, whatever way leads there.
fn identity(source: &Source) -> Origin {
    match &source.origin {
        Origin::File(path) => Origin::File(path.canonicalize().unwrap_or_else(|_| path.clone())),
        origin @ (Origin::StandardInput | Origin::Embedded(_) | Origin::Argument) => origin.clone(),
    }
}

/// The chain goes from the base that would be extended a second time back to itself.
fn told_cycle<'s>(chain: impl Iterator<Item = &'s Source>, place: Place) -> Diagnostic {
    let chain = chain.map(|source| source.name.as_str()).collect::<Vec<_>>().join(" -> ");
    let help = "let one of them extend something else, or nothing";
    Diagnostic::error(Code::ExtendsCycle, place, format!("this profile extends itself: {chain}"), help)
}

fn extends_in_setting(id: SourceId, setting: &Source) -> Diagnostic {
    let place = Place::Span(id, 0..setting.text.len());
    let help = "write a profile with this `extends`, or select another one";
    Diagnostic::error(Code::Conflict, place, "`--set` can't change what a profile extends", help)
}

/// Reads the source once more, which only a fault is worth.
fn place_of_extends(sources: &[Source], id: SourceId) -> Place {
    let written = sources.get(id.0..).unwrap_or_default();
    let location = Locator::new(written).locate(&FieldPath::root().key("extends"), Part::Value);
    Place::Span(id, location.span)
}

fn listed(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
