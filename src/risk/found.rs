//! Knows what is told of one risk, and collects them. Must not know what gives one.

use std::collections::HashMap;
use std::path::PathBuf;

use super::kind::RiskKind;
use crate::diagnostic::Place;
use crate::field::FieldPath;
use crate::spelling::quoted;

/// What a relative path starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// The project's root, as the fields of a profile do.
    Root,
    /// The output folder, as raw Compose keys do.
    Out,
}

/// Where a path of the host leads, links followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ground {
    /// Into the project.
    Inside,
    /// To the project as a whole, or into git's own folder.
    Whole,
    /// To `.env`, or to the files of secrets.
    Secrets,
    /// To this place elsewhere.
    Elsewhere(PathBuf),
}

/// Something that a profile gives beyond the default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Risk {
    /// What it is.
    pub kind: RiskKind,
    /// The field that gives it.
    pub path: FieldPath,
    /// Where that is written.
    pub place: Place,
    /// Who gets it: `services.api`.
    receiver: FieldPath,
    /// What stands there, where that says more.
    found: Option<String>,
}

impl Risk {
    /// Who gets what.
    #[must_use]
    pub fn message(&self) -> String {
        let receiver = match self.receiver.steps() {
            [] => "the deployment".to_owned(),
            _ => quoted(&self.receiver.to_string()),
        };
        let found = self.found.as_ref().map(|found| format!(": {}", quoted(found))).unwrap_or_default();
        format!("{receiver} gets {}{found}", self.kind.gives())
    }
}

/// How many risks are told: a reader sees what is gravest, and a large profile takes no longer than to be read.
pub(super) const TOLD: usize = 200;

/// Collects risks of one receiver after the other.
pub(super) struct Found<'g> {
    pub(super) ground: &'g dyn Fn(Base, &str) -> Ground,
    pub(super) receiver: FieldPath,
    pub(super) risks: Vec<Risk>,
    /// How many there are of each kind, also of those that are not told.
    pub(super) counts: HashMap<RiskKind, usize>,
}

impl Found<'_> {
    /// A risk at the value of a field.
    pub(super) fn add(&mut self, kind: RiskKind, path: &FieldPath) {
        self.told(kind, path, None);
    }

    /// A risk with the text that says more about it.
    pub(super) fn say(&mut self, kind: RiskKind, path: &FieldPath, found: &str) {
        self.told(kind, path, Some(found.to_owned()));
    }

    fn told(&mut self, kind: RiskKind, path: &FieldPath, found: Option<String>) {
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        if *count > TOLD {
            return;
        }
        let (receiver, place) = (self.receiver.clone(), Place::value(path));
        self.risks.push(Risk { kind, path: path.clone(), place, receiver, found });
    }
}
