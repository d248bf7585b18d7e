//! Knows what a fault found in a profile consists of, and how it is drawn.
//! Must not know which faults there are to find.

mod code;
mod draw;
mod mend;

use std::ops::Range;

use crate::field::FieldPath;
use crate::help::Help;
use crate::locate::{Location, Locator, Part};
use crate::source::SourceId;
use crate::spelling::on_one_line;

pub use code::Code;
pub use draw::{Drawing, draw};
pub use mend::{Edit, Mend};

/// How bad a fault is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is generated.
    Error,
    /// Told, and done.
    Warning,
}

impl Severity {
    /// The word that stands before the code.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// Where a fault is, before its position in a text is looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Bytes of a source, known since it was read.
    Span(SourceId, Range<usize>),
    /// A field of the merged profile, wherever it was written.
    Field(FieldPath, Part),
}

impl Place {
    /// The value of a field.
    #[must_use]
    pub fn value(path: &FieldPath) -> Self {
        Self::Field(path.clone(), Part::Value)
    }

    /// The key of a field.
    #[must_use]
    pub fn key(path: &FieldPath) -> Self {
        Self::Field(path.clone(), Part::Key)
    }

    /// Its position in the text that wrote it.
    #[must_use]
    pub fn locate(&self, locator: &Locator<'_>) -> Location {
        match self {
            Self::Span(source, span) => Location { source: *source, span: span.clone() },
            Self::Field(path, part) => locator.locate(path, *part),
        }
    }
}

/// A place with the words that stand beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub place: Place,
    /// What stands there; may be empty.
    pub text: String,
}

/// One fault: what was found, what was expected, where, and the way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Names the rule for good: messages may change, codes do not.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// Lower case, no full stop, the user's text in backticks.
    pub message: String,
    /// The place to change.
    pub primary: Label,
    /// Other places that belong to it.
    pub others: Vec<Label>,
    /// An instruction.
    pub help: String,
    /// Whether what stands at the places may be a secret, and is not shown.
    pub concealed: bool,
    /// The edit that the help means, where it means one.
    pub mend: Option<Box<Mend>>,
}

impl Diagnostic {
    /// A fault that ends the run. Each of its texts is one line, whatever the user's text in it.
    #[must_use]
    pub fn error(code: Code, place: Place, message: impl Into<String>, help: impl Into<Help>) -> Self {
        let help = help.into();
        Self {
            mend: Mend::of(&help, &place).map(Box::new),
            code,
            severity: Severity::Error,
            message: on_one_line(&message.into()),
            primary: Label { place, text: String::new() },
            others: Vec::new(),
            help: on_one_line(help.as_str()),
            concealed: false,
        }
    }

    /// A fault that is told only.
    #[must_use]
    pub fn warning(code: Code, place: Place, message: impl Into<String>, help: impl Into<Help>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, place, message, help) }
    }

    /// Adds the words beside the place to change.
    #[must_use]
    pub fn label(mut self, text: impl Into<String>) -> Self {
        self.primary.text = on_one_line(&text.into());
        self
    }

    /// Hides what stands at the places: it may be a secret.
    #[must_use]
    pub fn conceal(mut self) -> Self {
        self.concealed = true;
        self
    }

    /// Says which edit the help means.
    #[must_use]
    pub fn mended(mut self, mend: impl Into<Option<Mend>>) -> Self {
        self.mend = mend.into().map(Box::new);
        self
    }

    /// Adds a second place.
    #[must_use]
    pub fn also(mut self, place: Place, text: impl Into<String>) -> Self {
        self.others.push(Label { place, text: on_one_line(&text.into()) });
        self
    }
}

/// The faults by where they stand, the strongest layer first, each from top to bottom; each one once, also where an
/// alias brings it to several places.
#[must_use]
pub fn sorted(diagnostics: &[Diagnostic], locator: &Locator<'_>) -> Vec<Diagnostic> {
    let mut sorted = diagnostics.to_vec();
    sorted.sort_by_cached_key(|diagnostic| {
        let location = diagnostic.primary.place.locate(locator);
        (location.source, location.span.start, location.span.end)
    });
    sorted.dedup();
    sorted
}
