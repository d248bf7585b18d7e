//! Knows how an editor counts lines and columns in a text. Must not know what stands there.

use std::ops;
use std::sync::Arc;

use gen_lsp_types::{Position, PositionEncodingKind, Range};

/// What a column counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Bytes.
    Utf8,
    /// Units of UTF-16: what every editor can.
    Utf16,
    /// Characters.
    Utf32,
}

impl Encoding {
    /// The best that an editor offers: bytes cost nothing.
    pub(super) fn negotiated(offered: &[PositionEncodingKind]) -> Self {
        if offered.contains(&PositionEncodingKind::UTF8) {
            Self::Utf8
        } else if offered.contains(&PositionEncodingKind::UTF32) {
            Self::Utf32
        } else {
            Self::Utf16
        }
    }

    pub(super) fn kind(self) -> PositionEncodingKind {
        match self {
            Self::Utf8 => PositionEncodingKind::UTF8,
            Self::Utf16 => PositionEncodingKind::UTF16,
            Self::Utf32 => PositionEncodingKind::UTF32,
        }
    }

    fn width(self, character: char) -> usize {
        match self {
            Self::Utf8 => character.len_utf8(),
            Self::Utf16 => character.len_utf16(),
            Self::Utf32 => 1,
        }
    }
}

/// A text with the places where its lines start, as the protocol has them: `\n`, `\r\n` and `\r` end one.
#[derive(Debug, Clone)]
pub(super) struct Text {
    content: Arc<str>,
    starts: Vec<usize>,
    encoding: Encoding,
}

impl Text {
    pub(super) fn new(text: impl Into<Arc<str>>, encoding: Encoding) -> Self {
        let content = text.into();
        let bytes = content.as_bytes();
        let ends = bytes.iter().enumerate().filter(|(at, byte)| match byte {
            b'\n' => true,
            b'\r' => bytes.get(at + 1) != Some(&b'\n'),
            _ => false,
        });
        let starts = std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect();
        Self { content, starts, encoding }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.content
    }

    pub(super) fn shared(&self) -> Arc<str> {
        Arc::clone(&self.content)
    }

    /// The byte of a place; one behind the end of a line is its end.
    pub(super) fn offset(&self, position: Position) -> usize {
        let line = usize::try_from(position.line).unwrap_or(usize::MAX);
        let Some(start) = self.starts.get(line) else { return self.content.len() };
        let wanted = usize::try_from(position.character).unwrap_or(usize::MAX);
        let mut column = 0;
        for (at, character) in self.content.get(*start..).unwrap_or_default().char_indices() {
            let width = self.encoding.width(character);
            if column + width > wanted || matches!(character, '\n' | '\r') {
                return start + at;
            }
            column += width;
        }
        self.content.len()
    }

    /// The line of a byte, counted from 0.
    pub(super) fn line(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset).saturating_sub(1)
    }

    /// The place of a byte.
    pub(super) fn position(&self, offset: usize) -> Position {
        let line = self.line(offset);
        let start = self.starts.get(line).copied().unwrap_or_default();
        let before = self.content.get(start..offset.min(self.content.len())).unwrap_or_default();
        let column: usize = before.chars().map(|character| self.encoding.width(character)).sum();
        let fitted = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Position { line: fitted(line), character: fitted(column) }
    }

    pub(super) fn range(&self, span: &ops::Range<usize>) -> Range {
        Range { start: self.position(span.start), end: self.position(span.end) }
    }

    pub(super) fn span(&self, range: Range) -> ops::Range<usize> {
        let (start, end) = (self.offset(range.start), self.offset(range.end));
        start..end.max(start)
    }

    /// The text with another one in the place of a range.
    pub(super) fn edited(&self, range: Range, new: &str) -> Self {
        let span = self.span(range);
        let before = self.content.get(..span.start).unwrap_or_default();
        let behind = self.content.get(span.end..).unwrap_or_default();
        Self::new([before, new, behind].concat(), self.encoding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "a: 😀é\r\n\tb: €\rc\n";

    #[test]
    fn every_character_is_found_again_in_every_encoding() {
        for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32] {
            let text = Text::new(TEXT, encoding);
            for (offset, character) in TEXT.char_indices() {
                // what stands between `\r` and `\n` is no place of its own
                if character != '\n' {
                    assert_eq!(text.offset(text.position(offset)), offset, "{encoding:?} {offset}");
                }
            }
            assert_eq!(text.offset(text.position(TEXT.len())), TEXT.len());
        }
    }

    #[test]
    fn columns_count_what_was_agreed_on() {
        let end = TEXT.find('é').unwrap() + 'é'.len_utf8();
        let column = |encoding| Text::new(TEXT, encoding).position(end).character;
        assert_eq!([Encoding::Utf8, Encoding::Utf16, Encoding::Utf32].map(column), [9, 6, 5]);
        let text = Text::new(TEXT, Encoding::Utf16);
        assert_eq!(text.position(TEXT.find('c').unwrap()), Position { line: 2, character: 0 });
        let far = |line, character| text.offset(Position { line, character });
        assert_eq!([far(0, 99), far(9, 0), far(0, 4)], [9, TEXT.len(), 3], "clamped; never inside of a character");
    }

    #[test]
    fn an_edit_puts_a_text_in_the_place_of_a_range() {
        let text = Text::new(TEXT, Encoding::Utf16);
        let at = |line, character| Position { line, character };
        let edited = text.edited(Range { start: at(0, 3), end: at(1, 1) }, "x\n");
        assert_eq!(edited.as_str(), "a: x\nb: €\rc\n");
    }
}
