//! Knows lists and mappings between brackets, also where a bracket is missing. Must not know what stands on lines.

use super::{Content, DEPTH_LIMIT, Entry, Node, Scanner};

impl Scanner<'_> {
    /// Whether brackets end here though they are not closed: a line begins that belongs to something else.
    pub(super) fn is_left(&self, least: usize, line: usize) -> bool {
        self.line > line && self.column() < least && !matches!(self.byte(), Some(b']' | b'}'))
    }

    pub(super) fn flow_sequence(&mut self, least: usize, depth: usize) -> Node {
        let (start, line) = (self.at, self.line);
        self.at += 1;
        let mut items = Vec::new();
        let end = loop {
            let end = self.at;
            self.skip_blank();
            match self.byte() {
                None | Some(b'}') => break end,
                Some(_) if self.is_left(least, line) => break end,
                Some(b']') => {
                    self.at += 1;
                    break self.at;
                }
                Some(b',') => self.at += 1,
                Some(_) => items.push(self.flow_item(least, depth + 1)),
            }
        };
        Node { span: start..end, content: Content::Sequence { items, is_flow: true } }
    }

    /// An item of a list in brackets, which may be one `key: value`.
    pub(super) fn flow_item(&mut self, least: usize, depth: usize) -> Node {
        let item = self.flow_value(least, depth);
        let (at, line) = (self.at, self.line);
        self.skip_blank();
        if self.byte() != Some(b':') {
            (self.at, self.line) = (at, line);
            return item;
        }
        self.at += 1;
        self.skip_blank();
        let value = self.flow_value(least, depth);
        let key = item.text().unwrap_or_default().to_owned();
        let span = item.span.start..value.span.end.max(item.span.end);
        let entries = vec![Entry { key, key_span: item.span, value, has_colon: true }];
        Node { span, content: Content::Mapping { entries, is_flow: true } }
    }

    pub(super) fn flow_mapping(&mut self, least: usize, depth: usize) -> Node {
        let (start, line) = (self.at, self.line);
        self.at += 1;
        let mut entries = Vec::new();
        let end = loop {
            let end = self.at;
            self.skip_blank();
            match self.byte() {
                None | Some(b']') => break end,
                Some(_) if self.is_left(least, line) => break end,
                Some(b'}') => {
                    self.at += 1;
                    break self.at;
                }
                Some(b',') => self.at += 1,
                Some(_) => entries.push(self.flow_entry(least, depth + 1)),
            }
        };
        Node { span: start..end, content: Content::Mapping { entries, is_flow: true } }
    }

    pub(super) fn flow_entry(&mut self, least: usize, depth: usize) -> Entry {
        let word = self.flow_value(least, depth);
        let key = word.text().unwrap_or_default().to_owned();
        let (at, line) = (self.at, self.line);
        self.skip_blank();
        if self.byte() != Some(b':') {
            (self.at, self.line) = (at, line);
            let value = Node::nothing(word.span.end);
            return Entry { key, key_span: word.span, value, has_colon: false };
        }
        self.at += 1;
        let behind = self.at;
        let line = self.line;
        self.skip_blank();
        let is_value = !matches!(self.byte(), None | Some(b',' | b'}' | b']')) && !self.is_left(least, line);
        let value = if is_value { self.flow_value(least, depth) } else { Node::nothing(behind) };
        Entry { key, key_span: word.span, value, has_colon: true }
    }

    /// A value between brackets; it is at least one byte of the text, or its end.
    pub(super) fn flow_value(&mut self, least: usize, depth: usize) -> Node {
        self.skip_properties();
        match self.byte() {
            None => Node::nothing(self.at),
            Some(_) if depth >= DEPTH_LIMIT => self.rest_of_line(),
            Some(b'[') => self.flow_sequence(least, depth),
            Some(b'{') => self.flow_mapping(least, depth),
            Some(quote @ (b'"' | b'\'')) => self.quoted(quote, least),
            Some(_) => self.flow_plain(),
        }
    }

    pub(super) fn flow_plain(&mut self) -> Node {
        let start = self.at;
        let rest = self.text.get(start..self.line_end()).unwrap_or_default();
        let bytes = rest.as_bytes();
        let ends = |at: usize, byte: u8| match byte {
            b',' | b'[' | b']' | b'{' | b'}' => true,
            b':' => bytes.get(at + 1).is_none_or(|next| next.is_ascii_whitespace() || b",[]{}".contains(next)),
            b'#' => at > 0 && bytes.get(at - 1).is_some_and(u8::is_ascii_whitespace),
            _ => false,
        };
        let length = bytes.iter().enumerate().position(|(at, byte)| ends(at, *byte)).unwrap_or(bytes.len());
        let text = rest.get(..length).unwrap_or(rest).trim_end();
        let end = start + text.len();
        // a `:` without a key, or the like: passed over
        let passed = if length == 0 { self.boundary(start + 1) } else { start + length };
        self.at = passed.min(self.bytes.len());
        self.scalar(start..end)
    }
}
