//! Knows texts without quotes: on one line, on several, and as blocks below `|` or `>`. Must not know keys nor brackets.

use std::ops::Range;

use super::{Content, Node, Scanner};

impl Scanner<'_> {
    /// What is left of the line, as one word.
    pub(super) fn rest_of_line(&mut self) -> Node {
        let start = self.at;
        let end = self.plain_end();
        self.at = end.max(start + usize::from(start < self.bytes.len()));
        self.at = self.boundary(self.at);
        self.scalar(start..end)
    }

    pub(super) fn boundary(&self, mut at: usize) -> usize {
        while !self.text.is_char_boundary(at) {
            at += 1;
        }
        at
    }

    pub(super) fn scalar(&self, span: Range<usize>) -> Node {
        let text = self.text.get(span.clone()).unwrap_or_default().to_owned();
        Node { span, content: Content::Scalar(text) }
    }

    /// Where a plain text ends on this line.
    fn plain_end(&self) -> usize {
        let line = self.text.get(self.at..self.line_end()).unwrap_or_default();
        let bytes = line.as_bytes();
        let is_comment = |at: usize| at > 0 && bytes.get(at - 1).is_some_and(u8::is_ascii_whitespace);
        let comment = bytes.iter().enumerate().find(|(at, byte)| **byte == b'#' && is_comment(*at));
        let line = comment.and_then(|(at, _)| line.get(..at)).unwrap_or(line);
        self.at + line.trim_end().len()
    }

    /// A plain text, which goes on where the next lines are indented and are no keys.
    pub(super) fn plain(&mut self, least: usize) -> Node {
        let start = self.at;
        let mut end = self.plain_end();
        let has_comment = end < self.text.get(..self.line_end()).map_or(0, |line| line.trim_end().len());
        self.at = end.max(self.boundary(start + 1)).min(self.bytes.len());
        let mut lines = vec![self.text.get(start..end).unwrap_or_default().to_owned()];
        loop {
            let (at, line) = (self.at, self.line);
            self.skip_blank();
            let goes_on = !has_comment
                && self.at < self.bytes.len()
                && self.line > line
                && self.column() >= least
                && self.column() > 0;
            let here = self.at;
            if !goes_on || self.key().is_some() {
                (self.at, self.line) = (at, line);
                break;
            }
            self.at = here;
            end = self.plain_end();
            lines.push(self.text.get(here..end).unwrap_or_default().to_owned());
            self.at = end.max(self.boundary(here + 1)).min(self.bytes.len());
        }
        Node { span: start..end, content: Content::Scalar(lines.join(" ")) }
    }

    /// Where the lines end that are empty or stand at this column at the least.
    fn indented_end(&self, least: usize) -> usize {
        let mut end = self.line_end();
        while end < self.bytes.len() {
            let rest = self.bytes.get(end + 1..).unwrap_or_default();
            let length = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
            let indent = rest.iter().take(length).position(|byte| !byte.is_ascii_whitespace());
            if indent.is_some_and(|indent| indent < least) {
                break;
            }
            end += 1 + length;
        }
        end
    }

    /// A text whose lines stand below `|` or `>`.
    pub(super) fn lines(&mut self, least: usize) -> Node {
        let start = self.at;
        let end = self.indented_end(least.max(1));
        let text = self.text.get(start..end).unwrap_or_default();
        if let Some(newline) = text.rfind('\n') {
            self.line = start + newline + 1;
        }
        self.at = end;
        self.scalar(start..start + text.trim_end().len())
    }
}
