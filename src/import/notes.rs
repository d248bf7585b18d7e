//! Knows where the faults and notes of an import are, and what of the files they may show. Must not know how anything
//! is recognized.

use std::ops::Range;

use super::files::Files;
use super::variables;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::dotenv::OddLine;
use crate::source::SourceId;

/// The Compose file among the sources of an import.
pub const COMPOSE: SourceId = SourceId(0);

/// The `.env` among the sources of an import.
pub const DOTENV: SourceId = SourceId(1);

/// Something that is worth knowing about an import.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Note {
    /// The bytes of the Compose file that it is about; nothing where it is about no single place.
    pub span: Option<Range<usize>>,
    /// What was found.
    pub message: String,
    /// What follows, or what to do.
    pub help: String,
    /// Whether it tells why a database is none of the profile.
    pub is_reason: bool,
}

/// A fault with its places in the files that they are in.
#[must_use]
pub fn in_its_file(mut fault: Diagnostic, files: &Files) -> Diagnostic {
    for label in std::iter::once(&mut fault.primary).chain(&mut fault.others) {
        if let Place::Span(source, span) = &mut label.place
            && *source == COMPOSE
        {
            let (file, inside) = files.locate(span);
            *source = if file == 0 { COMPOSE } else { SourceId(DOTENV.0 + file) };
            *span = inside;
        }
    }
    fault
}

/// A fault without the lines that it stands in, where a secret may be in them.
pub(super) fn concealed(mut fault: Diagnostic, text: &str) -> Diagnostic {
    let mut may_show = false;
    for label in std::iter::once(&mut fault.primary).chain(&mut fault.others) {
        let Place::Span(source, span) = &mut label.place else { continue };
        if *source != COMPOSE {
            continue;
        }
        let start = text.get(..span.start).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
        let end = text.get(span.end..).and_then(|behind| behind.find('\n')).map_or(text.len(), |end| span.end + end);
        if text.get(start..end).is_some_and(variables::may_hold_secret) {
            *span = start..end;
            may_show = true;
        }
    }
    if may_show { fault.conceal() } else { fault }
}

/// The fault of a line of `.env` whose quote is not closed.
pub(super) fn open_quote(dotenv: &str, odd: OddLine) -> Diagnostic {
    let start = dotenv.split_inclusive('\n').take(odd.0.saturating_sub(1)).map(str::len).sum::<usize>();
    let length = dotenv.get(start..).and_then(|rest| rest.lines().next()).map_or(0, str::len);
    let help = "close it on this line, or put the value into single quotes";
    let message = "a quote is open at the end of this line";
    Diagnostic::error(Code::Syntax, Place::Span(DOTENV, start..start + length), message, help).conceal()
}
