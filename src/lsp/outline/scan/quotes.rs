//! Knows texts in quotes, also where the second quote is missing. Must not know where they stand.

use super::{Content, Node, Scanner};

impl Scanner<'_> {
    /// Where a quote is closed that opens before `from`. Else how far was looked: to the end of the line, or with `least`
    /// to the first line that stands further left.
    pub(super) fn closing(&self, quote: u8, from: usize, least: Option<usize>) -> Result<usize, usize> {
        let mut at = from;
        while let Some(byte) = self.bytes.get(at) {
            match byte {
                b'\\' if quote == b'"' => at += 1 + usize::from(self.bytes.get(at + 1) != Some(&b'\n')),
                b'\n' if least.is_none_or(|least| self.is_left_of(least, at + 1)) => return Err(at),
                byte if *byte != quote => at += 1,
                _ if quote == b'\'' && self.bytes.get(at + 1) == Some(&quote) => at += 2,
                _ => return Ok(at),
            }
        }
        Err(at)
    }

    /// Whether the line that begins at a byte has something left of a column.
    pub(super) fn is_left_of(&self, least: usize, start: usize) -> bool {
        let rest = self.bytes.get(start..).unwrap_or_default();
        let first = rest.iter().take(least).position(|byte| *byte != b' ');
        first.is_some_and(|first| !matches!(rest.get(first), Some(b'\n' | b'\r' | b'\t')))
    }

    /// A text in quotes. One that is not closed before a line that belongs to something else ends with its first line.
    pub(super) fn quoted(&mut self, quote: u8, least: usize) -> Node {
        let start = self.at;
        let may_go_on = self.in_vain <= self.bytes.len();
        let end = match self.closing(quote, start + 1, may_go_on.then_some(least)) {
            Ok(end) => end,
            Err(looked) => {
                self.in_vain += looked - start;
                let end = self.line_end();
                let end = start + self.text.get(start..end).unwrap_or_default().trim_end().len();
                self.at = end;
                let text = self.text.get(start + 1..end).unwrap_or_default().to_owned();
                return Node { span: start..end, content: Content::Scalar(text) };
            }
        };
        let inner = self.text.get(start + 1..end).unwrap_or_default();
        if let Some(newline) = inner.rfind('\n') {
            self.line = start + 1 + newline + 1;
        }
        self.at = end + 1;
        Node { span: start..end + 1, content: Content::Scalar(Self::unquoted(inner, quote)) }
    }

    /// What the quotes hold, without escapes.
    pub(super) fn unquoted(inner: &str, quote: u8) -> String {
        if quote == b'\'' {
            return inner.replace("''", "'");
        }
        let mut text = String::with_capacity(inner.len());
        let mut characters = inner.chars();
        while let Some(character) = characters.next() {
            if character != '\\' {
                text.push(character);
                continue;
            }
            match characters.next() {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some(other) => text.push(other),
                None => {}
            }
        }
        text
    }
}
