//! Knows how a text is walked through once, and nothing in it ends the walk. Must not know what is looked for.

mod brackets;
mod quotes;
mod scalars;

use std::cell::Cell;
use std::ops::Range;

use super::{Content, Entry, Node};

/// Collections inside collections, as far as they are looked into: as far as the strict reader goes.
const DEPTH_LIMIT: usize = 64;

/// The shape of a document.
pub(in crate::lsp) fn outline(text: &str) -> Node {
    let mut scanner = Scanner { text, bytes: text.as_bytes(), at: 0, line: 0, end: Cell::new(None), in_vain: 0 };
    if let Some(behind) = text.strip_prefix('\u{feff}') {
        scanner.at = text.len() - behind.len();
        scanner.line = scanner.at;
    }
    scanner.document()
}

struct Scanner<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    /// Where the line of `at` starts.
    line: usize,
    /// Where that line ends, once somebody asked.
    end: Cell<Option<(usize, usize)>>,
    /// How many bytes were looked through for quotes that close nothing.
    in_vain: usize,
}

impl Scanner<'_> {
    fn document(&mut self) -> Node {
        self.skip_blank();
        if self.is_marker("---") {
            self.at += 3;
        }
        let mut root = self.block(0, 0);
        loop {
            self.skip_blank();
            if self.at >= self.bytes.len() || self.is_marker("---") || self.is_marker("...") {
                return root;
            }
            let more = self.block(0, 0);
            root = joined(root, more);
        }
    }

    fn byte(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn column(&self) -> usize {
        self.at - self.line
    }

    fn is_marker(&self, marker: &str) -> bool {
        self.column() == 0 && self.text.get(self.at..).is_some_and(|rest| rest.starts_with(marker))
    }

    /// Whether white space, or the end, stands so many bytes further on.
    fn is_parted(&self, ahead: usize) -> bool {
        self.bytes.get(self.at + ahead).is_none_or(u8::is_ascii_whitespace)
    }

    /// To the next thing on this line; whether there is one.
    fn skip_spaces(&mut self) -> bool {
        while matches!(self.byte(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
        !matches!(self.byte(), None | Some(b'\n' | b'\r')) && !self.is_comment()
    }

    fn is_comment(&self) -> bool {
        let before = self.at.checked_sub(1).and_then(|before| self.bytes.get(before));
        self.byte() == Some(b'#') && before.is_none_or(u8::is_ascii_whitespace)
    }

    /// To the next thing, on whatever line.
    fn skip_blank(&mut self) {
        loop {
            match self.byte() {
                Some(b' ' | b'\t' | b'\r') => self.at += 1,
                Some(b'\n') => self.newline(),
                Some(_) if self.is_comment() => self.at = self.line_end(),
                Some(_) | None => return,
            }
        }
    }

    fn newline(&mut self) {
        self.at += 1;
        self.line = self.at;
    }

    fn line_end(&self) -> usize {
        match self.end.get() {
            Some((line, end)) if line == self.line && self.at <= end => end,
            Some(_) | None => {
                let rest = self.bytes.get(self.at..).unwrap_or_default();
                let end = self.at + rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
                self.end.set(Some((self.line, end)));
                end
            }
        }
    }

    /// Anchors and tags before a value on its line; whether anything follows on it.
    fn skip_properties(&mut self) -> bool {
        while matches!(self.byte(), Some(b'&' | b'!')) {
            while self.byte().is_some_and(|byte| !byte.is_ascii_whitespace() && !b",[]{}".contains(&byte)) {
                self.at += 1;
            }
            if !self.skip_spaces() {
                return false;
            }
        }
        true
    }

    /// A value whose lines stand at this column at the least.
    fn block(&mut self, least: usize, depth: usize) -> Node {
        let column = loop {
            self.skip_blank();
            if self.at >= self.bytes.len() || self.column() < least {
                return Node::nothing(self.at);
            }
            let column = self.column();
            if self.skip_properties() {
                break column;
            }
        };
        if depth >= DEPTH_LIMIT {
            return self.rest_of_line();
        }
        if self.is_dash() {
            return self.sequence(column, depth);
        }
        let here = self.at;
        match self.key() {
            Some(_) => {
                self.at = here;
                self.mapping(column, depth)
            }
            None => self.flow_or_scalar(least, depth),
        }
    }

    fn is_dash(&self) -> bool {
        self.byte() == Some(b'-') && self.is_parted(1)
    }

    fn sequence(&mut self, column: usize, depth: usize) -> Node {
        let start = self.at;
        let mut items = Vec::new();
        loop {
            self.skip_blank();
            if self.column() != column || !self.is_dash() {
                break;
            }
            self.at += 1;
            items.push(if self.skip_spaces() {
                self.block(column + 1, depth + 1)
            } else {
                self.below(column, false, depth)
            });
        }
        let end = items.last().map_or(start, |item| item.span.end);
        Node { span: start..end.max(start), content: Content::Sequence { items, is_flow: false } }
    }

    fn mapping(&mut self, column: usize, depth: usize) -> Node {
        let start = self.at;
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            self.skip_blank();
            if self.at >= self.bytes.len() || self.column() < column || self.is_marker("---") || self.is_marker("...") {
                break;
            }
            if self.column() > column && !entries.is_empty() {
                // a line that is indented like nothing around it belongs to what stands above
                let more = self.block(column + 1, depth + 1);
                if let Some(last) = entries.last_mut() {
                    let above = std::mem::replace(&mut last.value, Node::nothing(0));
                    last.value = joined(above, more);
                }
                continue;
            }
            if self.is_dash() {
                break;
            }
            self.skip_properties();
            let entry = match self.key() {
                Some((key, key_span)) => {
                    Entry { key, key_span, value: self.behind_colon(column, depth), has_colon: true }
                }
                None => without_colon(self.rest_of_line()),
            };
            entries.push(entry);
        }
        let end = entries.last().map_or(start, |entry| entry.value.span.end.max(entry.key_span.end));
        Node { span: start..end, content: Content::Mapping { entries, is_flow: false } }
    }

    /// The value behind the `:` of a key at this column.
    fn behind_colon(&mut self, column: usize, depth: usize) -> Node {
        if self.skip_spaces() && self.skip_properties() {
            return self.flow_or_scalar(column + 1, depth + 1);
        }
        self.below(column, true, depth)
    }

    /// The value on the lines below a key or a dash at this column; that of a key may be a list at its own column.
    fn below(&mut self, column: usize, is_of_key: bool, depth: usize) -> Node {
        let behind = self.at;
        self.skip_blank();
        if self.at < self.bytes.len() && self.column() > column {
            return self.block(column + 1, depth + 1);
        }
        if is_of_key && self.column() == column && self.is_dash() && depth < DEPTH_LIMIT {
            return self.sequence(column, depth + 1);
        }
        Node::nothing(behind)
    }

    /// A key with the `:` behind it, where both stand here.
    fn key(&mut self) -> Option<(String, Range<usize>)> {
        let start = self.at;
        let line_end = self.line_end();
        if let Some(quote @ (b'"' | b'\'')) = self.byte() {
            let end = self.closing(quote, start + 1, None).ok()?;
            let text = Self::unquoted(self.text.get(start + 1..end).unwrap_or_default(), quote);
            self.at = end + 1;
            let found = self.skip_spaces() && self.byte() == Some(b':') && self.is_parted(1);
            self.at = if found { self.at + 1 } else { start };
            return found.then_some((text, start..end + 1));
        }
        if matches!(
            self.byte(),
            None | Some(b'[' | b'{' | b'|' | b'>' | b'#' | b'%' | b'@' | b'`' | b',' | b']' | b'}')
        ) {
            return None;
        }
        let rest = self.bytes.get(start..line_end).unwrap_or_default();
        let is_end = |at: usize| rest.get(at + 1).is_none_or(u8::is_ascii_whitespace);
        let is_comment = |at: usize| at > 0 && rest.get(at - 1).is_some_and(u8::is_ascii_whitespace);
        let (length, byte) = rest
            .iter()
            .enumerate()
            .find(|(at, byte)| (**byte == b':' && is_end(*at)) || (**byte == b'#' && is_comment(*at)))?;
        if *byte != b':' {
            return None;
        }
        let text = self.text.get(start..start + length)?.trim_end();
        self.at = start + length + 1;
        Some((text.to_owned(), start..start + text.len()))
    }

    fn flow_or_scalar(&mut self, least: usize, depth: usize) -> Node {
        match self.byte() {
            _ if depth >= DEPTH_LIMIT => self.rest_of_line(),
            Some(b'[') => self.flow_sequence(least, depth),
            Some(b'{') => self.flow_mapping(least, depth),
            Some(quote @ (b'"' | b'\'')) => self.quoted(quote, least),
            Some(b'|' | b'>') => self.lines(least),
            Some(_) | None => self.plain(least),
        }
    }
}

/// A key that is still being typed.
fn without_colon(word: Node) -> Entry {
    let key = word.text().unwrap_or_default().to_owned();
    let value = Node::nothing(word.span.end);
    Entry { key, key_span: word.span, value, has_colon: false }
}

/// Two values in the place of one: keys stand behind each other, else the first one counts that is there.
fn joined(above: Node, more: Node) -> Node {
    let span = above.span.start..more.span.end.max(above.span.end);
    match (above.content, more.content) {
        (Content::Nothing, content) => Node { span: more.span, content },
        (Content::Mapping { mut entries, is_flow }, Content::Mapping { entries: others, .. }) => {
            entries.extend(others);
            Node { span, content: Content::Mapping { entries, is_flow } }
        }
        (Content::Mapping { mut entries, is_flow }, content @ Content::Scalar(_)) => {
            entries.push(without_colon(Node { span: more.span, content }));
            Node { span, content: Content::Mapping { entries, is_flow } }
        }
        (content @ Content::Scalar(_), Content::Mapping { mut entries, is_flow }) => {
            entries.insert(0, without_colon(Node { span: above.span, content }));
            Node { span, content: Content::Mapping { entries, is_flow } }
        }
        (Content::Sequence { mut items, is_flow }, Content::Sequence { items: others, .. }) => {
            items.extend(others);
            Node { span, content: Content::Sequence { items, is_flow } }
        }
        (content, _) => Node { span: above.span, content },
    }
}

#[cfg(test)]
mod tests;
