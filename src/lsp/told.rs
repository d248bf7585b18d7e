//! Knows how what was found in a profile is told to an editor: in which file, where, and with which edits.
//! Must not know what there is to find.

use std::collections::HashMap;
use std::path::PathBuf;

use gen_lsp_types::{
    Code, CodeDescription, Diagnostic as Shown, DiagnosticRelatedInformation, DiagnosticSeverity, Location, Message,
    Range, Uri,
};

use super::edit::{Change, Shapes};
use super::position::{Encoding, Text};
use super::uri;
use crate::diagnostic::{Diagnostic, Severity, sorted};
use crate::locate::{self, Locator};
use crate::outcome::Rejection;
use crate::risk::{NOTICE_HELP, Risks};
use crate::source::{Origin, Source, SourceId, Unsaved};
use crate::verdict::Verdict;

/// What stands before what the program says.
pub(super) const SOURCE: &str = "codelab-gen";

/// Where the documents of this version stand.
pub(super) const DOCUMENTS: &str =
    concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/v", env!("CARGO_PKG_VERSION"), "/docs/");

/// Something that was found, in one file.
#[derive(Debug, Clone)]
pub(super) struct Told {
    /// The real path of the file.
    pub(super) file: PathBuf,
    pub(super) shown: Shown,
    /// What mends it.
    pub(super) mend: Option<Remedy>,
}

/// What mends something, as a user would choose it.
#[derive(Debug, Clone)]
pub(super) struct Remedy {
    pub(super) title: String,
    pub(super) changes: Vec<Change>,
}

/// How an editor calls the files that it has open, by their real paths.
pub(super) type Names = HashMap<PathBuf, Uri>;

/// Everything that was found in one profile.
pub(super) struct Teller<'v> {
    sources: &'v [Source],
    locator: Locator<'v>,
    texts: Vec<Text>,
    names: &'v Names,
    /// The profile that was judged.
    judged: PathBuf,
    shapes: Shapes<'v>,
}

impl<'v> Teller<'v> {
    pub(super) fn new(sources: &'v [Source], judged: PathBuf, names: &'v Names, encoding: Encoding) -> Self {
        let texts = sources.iter().map(|source| Text::new(source.text.as_str(), encoding)).collect();
        Self { sources, locator: Locator::new(sources), texts, names, judged, shapes: Shapes::new(sources) }
    }

    /// What an editor shows of a verdict.
    pub(super) fn verdict(&self, verdict: &Verdict) -> Vec<Told> {
        let Rejection { diagnostics, .. } = &verdict.found;
        let mut told: Vec<_> =
            sorted(diagnostics, &self.locator).iter().map(|diagnostic| self.diagnostic(diagnostic)).collect();
        told.extend(self.notices(&verdict.risks));
        told
    }

    fn diagnostic(&self, diagnostic: &Diagnostic) -> Told {
        let Diagnostic { code, severity, message, primary, others, help, concealed: _, mend } = diagnostic;
        let (file, range) = self.place(&primary.place.locate(&self.locator));
        let related = others.iter().filter_map(|label| {
            let location = label.place.locate(&self.locator);
            let (file, range) = self.written_place(&location)?;
            let message = if label.text.is_empty() { "this belongs to it".to_owned() } else { label.text.clone() };
            Some(DiagnosticRelatedInformation { location: Location { uri: self.uri(&file), range }, message })
        });
        let label = if primary.text.is_empty() { String::new() } else { format!(": {}", primary.text) };
        let shown = Shown {
            range,
            severity: Some(match severity {
                Severity::Error => DiagnosticSeverity::Error,
                Severity::Warning => DiagnosticSeverity::Warning,
            }),
            code: Some(Code::String(code.as_str().to_owned())),
            code_description: Some(CodeDescription { href: Uri(format!("{DOCUMENTS}codes.md#{}", code.as_str())) }),
            source: Some(SOURCE.to_owned()),
            message: Message::String(format!("{message}{label}\nhelp: {help}")),
            related_information: Some(related.collect::<Vec<_>>()).filter(|related| !related.is_empty()),
            tags: None,
            data: None,
        };
        let remedy = mend.as_ref().and_then(|mend| {
            let changes = self.shapes.changes(&mend.edits, &self.locator)?;
            let changes = changes.into_iter().map(|(source, span, text)| {
                let (file, range) = self.written_place(&locate::Location { source, span })?;
                Some(Change { uri: self.uri(&file), file, range, text })
            });
            Some(Remedy { title: mend.title.clone(), changes: changes.collect::<Option<_>>()? })
        });
        Told { file, shown, mend: remedy }
    }

    /// What a profile gives beyond the default; what a built-in one gives is no stranger's word.
    fn notices(&self, risks: &Risks) -> Vec<Told> {
        let notice = |risk: &crate::risk::Risk| {
            let (file, range) = self.written_place(&risk.place.locate(&self.locator))?;
            let name = risk.kind.as_str();
            let shown = Shown {
                range,
                severity: Some(DiagnosticSeverity::Hint),
                code: Some(Code::String(name.to_owned())),
                code_description: Some(CodeDescription { href: Uri(format!("{DOCUMENTS}risks.md")) }),
                source: Some(SOURCE.to_owned()),
                message: Message::String(format!("{}\nhelp: {NOTICE_HELP}", risk.message())),
                related_information: None,
                tags: None,
                data: None,
            };
            Some(Told { file, shown, mend: None })
        };
        risks.told.iter().filter_map(notice).collect()
    }

    /// A place; what stands in no file is told where the judged profile says what it extends, else at its start.
    fn place(&self, location: &locate::Location) -> (PathBuf, Range) {
        self.written_place(location).unwrap_or_else(|| {
            let extends = self.sources.first().zip(self.texts.first()).and_then(|(source, text)| {
                let judged = matches!(&source.origin, Origin::File(_));
                let span = self.shapes.value_of(SourceId(0), "extends").filter(|_| judged)?;
                Some(text.range(&span))
            });
            (self.judged.clone(), extends.unwrap_or_default())
        })
    }

    /// A place in a file.
    fn written_place(&self, location: &locate::Location) -> Option<(PathBuf, Range)> {
        let source = self.sources.get(location.source.0)?;
        let Origin::File(path) = &source.origin else { return None };
        let range = self.texts.get(location.source.0)?.range(&location.span);
        Some((Unsaved::identity(path), range))
    }

    fn uri(&self, file: &PathBuf) -> Uri {
        self.names.get(file).cloned().unwrap_or_else(|| uri::of(file))
    }
}

/// What is told of a profile that can't be judged at all.
pub(super) fn outside(file: PathBuf, message: String) -> Told {
    let shown = Shown {
        range: Range::default(),
        severity: Some(DiagnosticSeverity::Error),
        source: Some(SOURCE.to_owned()),
        message: Message::String(message),
        code: None,
        code_description: None,
        related_information: None,
        tags: None,
        data: None,
    };
    Told { file, shown, mend: None }
}
