//! Knows which characters of a profile's text are not seen, or show a line in another order than it is read. Must not know
//! what the text means.

use std::ops::Range;

use crate::diagnostic::{Code, Diagnostic, Mend, Place};
use crate::source::{Origin, Source, SourceId};
use crate::spelling::{is_bidirectional, is_hidden};

/// So many lines of a text are told; whoever has more of them writes in a script that needs such characters, or hides much.
const TOLD: usize = 20;

/// A warning for each line of the sources that holds such characters, also in comments: a reviewer reads those too.
#[must_use]
pub fn hidden_characters(sources: &[Source]) -> Vec<Diagnostic> {
    let mut warnings = Vec::new();
    for (index, source) in
        sources.iter().enumerate().filter(|(_, source)| !matches!(source.origin, Origin::Embedded(_)))
    {
        let found = found(&source.text);
        let more = found.len().saturating_sub(TOLD);
        for (count, Found { character, span, others }) in found.into_iter().enumerate().take(TOLD) {
            let is_last = more > 0 && count + 1 == TOLD;
            let place = Place::Span(SourceId(index), span);
            warnings.push(warning(character, others, place, if is_last { more } else { 0 }));
        }
    }
    warnings
}

/// The first such character of a line, and how many others follow it there.
struct Found {
    character: char,
    span: Range<usize>,
    others: usize,
}

fn found(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let mut hidden = line.char_indices().filter(|(at, character)| is_told(*character, start + at));
        if let Some((at, character)) = hidden.next() {
            let span = start + at..start + at + character.len_utf8();
            found.push(Found { character, span, others: hidden.count() });
        }
        start += line.len();
    }
    found
}

/// A mark of the byte order at the very start is a habit of editors.
fn is_told(character: char, at: usize) -> bool {
    let is_steering = character.is_control() && !matches!(character, '\n' | '\r' | '\t');
    (is_steering || is_hidden(character)) && !(character == '\u{feff}' && at == 0)
}

fn warning(character: char, others: usize, place: Place, more_lines: usize) -> Diagnostic {
    let code = u32::from(character);
    let what = if is_bidirectional(character) {
        "which shows the line in another order than it is read"
    } else {
        "which is not seen"
    };
    let others = match others {
        0 => String::new(),
        1 => "; another such character follows on the line".to_owned(),
        count => format!("; {count} other such characters follow on the line"),
    };
    let lines = match more_lines {
        0 => String::new(),
        1 => "; another line has some".to_owned(),
        count => format!("; {count} more lines have some"),
    };
    let escape = if code <= 0xffff { format!("\\u{code:04x}") } else { format!("\\U{code:08x}") };
    let help = format!("remove it; a value that needs it has it as `{escape}` in double quotes");
    let message = format!("the text holds the character U+{code:04X}, {what}{others}{lines}");
    let mend = Mend::replace(place.clone(), "").titled("remove the character");
    Diagnostic::warning(Code::HiddenCharacter, place, message, help).mended(mend)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        hidden_characters(&[Source::from_text("x", text)]).into_iter().map(|warning| warning.message).collect()
    }

    #[test]
    fn each_line_is_told_once_up_to_a_limit() {
        assert_eq!(told("\u{feff}a: b\r\n\tc ⚠\u{fe0f} é\n"), Vec::<String>::new());
        assert_eq!(
            told("a: \u{202e}b\u{200b}\n# \u{e0041}\n"),
            [
                "the text holds the character U+202E, which shows the line in another order than it is read; another such \
                 character follows on the line",
                "the text holds the character U+E0041, which is not seen",
            ]
        );
        let many = told(&"# \u{200b}\n".repeat(23));
        assert_eq!(many.len(), TOLD);
        assert!(many.last().unwrap().ends_with("; 3 more lines have some"), "{many:?}");
    }
}
