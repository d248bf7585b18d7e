//! Knows how the parser's events become a tree: anchors, aliases, merge keys, unique keys, limits.
//! Must not know what a scalar means.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};

use super::node::{Content, Entry, Node, YamlFault, YamlRule};
use super::scalar::Scalar;

/// Collections inside collections, at the most; a profile needs about eight.
const DEPTH_LIMIT: usize = 64;

/// Values of a document, at the most: many times what Docker Compose loads. A tree takes some hundred times as much memory
/// as a short value takes of the text.
const VALUE_LIMIT: usize = 2_000_000;

/// What the copies made by anchors and aliases may weigh together: one for each node, one more for every 64 bytes of its text.
/// An honest profile stays far below, an alias bomb reaches it at once.
const COPIED_WEIGHT_LIMIT: usize = 400_000;

/// Boxed, because it is rare and large beside the node that is built instead.
pub(super) type Fatal = Box<YamlFault>;

pub(super) struct Builder<'text> {
    text: &'text str,
    events: Parser<'text, StrInput<'text>>,
    anchors: HashMap<usize, Node<'text>>,
    copied_weight: usize,
    values: usize,
    depth: usize,
    pub(super) faults: Vec<YamlFault>,
}

impl<'text> Builder<'text> {
    pub(super) fn new(text: &'text str) -> Self {
        let options = granit_parser::options! {
            flow_nesting_limit: DEPTH_LIMIT,
            block_nesting_limit: DEPTH_LIMIT,
        };
        Self {
            text,
            events: Parser::new_from_str_with_options(text, options),
            anchors: HashMap::new(),
            copied_weight: 0,
            values: 0,
            depth: 0,
            faults: Vec::new(),
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "every other event starts a node, or `node` refuses it")]
    /// The one document of the text.
    pub(super) fn document(&mut self) -> Result<Node<'text>, Fatal> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => break,
                Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
                _ if root.is_some() => {
                    return Err(syntax(
                        self.range(span),
                        "a second YAML document starts here; a profile is one document",
                        "remove the `---` and what follows it, or put it into a file of its own",
                    ));
                }
                _ => root = Some(self.node(event, span)?),
            }
        }
        root.ok_or_else(|| {
            syntax(
                0..0,
                "the document is empty; a mapping was expected",
                "start with `format: 1`, as the profiles of `codelab-gen profiles` do",
            )
        })
    }

    fn next(&mut self) -> Result<(Event<'text>, Span), Fatal> {
        match self.events.next_event() {
            Some(Ok(pair)) => Ok(pair),
            Some(Err(error)) => Err(self.scan_fault(&error)),
            None => Err(syntax(self.end(), "the document ends too early", "complete it")),
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "every other event starts no node")]
    fn node(&mut self, event: Event<'text>, span: Span) -> Result<Node<'text>, Fatal> {
        let start = self.range(span);
        self.depth += 1;
        if self.depth > DEPTH_LIMIT {
            return Err(too_deep(start));
        }
        self.values += 1;
        if self.values > VALUE_LIMIT {
            return Err(too_many(start));
        }
        let (anchor, node) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain && !Self::forced_text(tag.as_deref(), &start)?;
                (anchor, Node { span: start, content: Content::Scalar(Scalar { text, plain }) })
            }
            Event::SequenceStart(_, anchor, tag) => {
                Self::forced_text(tag.as_deref(), &start)?;
                (anchor, self.sequence(start)?)
            }
            Event::MappingStart(_, anchor, tag) => {
                Self::forced_text(tag.as_deref(), &start)?;
                (anchor, self.mapping(start)?)
            }
            Event::Alias(anchor) => (0, self.alias(anchor, start)?),
            _ => return Err(syntax(start, "a value was expected here", "write a value")),
        };
        self.depth -= 1;
        if anchor != 0 {
            self.copied(&node)?;
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn sequence(&mut self, start: Range<usize>) -> Result<Node<'text>, Fatal> {
        let mut items = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::SequenceEnd) {
                let span = self.until(&start, span);
                return Ok(Node { span, content: Content::Sequence(items) });
            }
            items.push(self.node(event, span)?);
        }
    }

    fn mapping(&mut self, start: Range<usize>) -> Result<Node<'text>, Fatal> {
        let mut entries = Entries::default();
        let mut merged = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                for node in merged {
                    entries.merge(node)?;
                }
                let span = self.until(&start, span);
                return Ok(Node { span, content: Content::Mapping(entries.list) });
            }
            let (key, key_span, is_merge) = self.key(event, span)?;
            let (event, span) = self.next()?;
            let value = self.node(event, span)?;
            if is_merge {
                merged.push(value);
            } else if let Err(fault) = entries.add(Entry { key, key_span, value }) {
                self.faults.push(*fault);
            }
        }
    }

    fn key(&mut self, event: Event<'text>, span: Span) -> Result<(Cow<'text, str>, Range<usize>, bool), Fatal> {
        let node = self.node(event, span)?;
        match node.content {
            Content::Scalar(Scalar { text, plain }) => {
                let is_merge = plain && text == "<<";
                Ok((text, node.span, is_merge))
            }
            Content::Sequence(_) | Content::Mapping(_) => {
                Err(syntax(node.span, "a key must be a text, found a collection", "write one word before the `:`"))
            }
        }
    }

    fn alias(&mut self, anchor: usize, span: Range<usize>) -> Result<Node<'text>, Fatal> {
        let Some(target) = self.anchors.get(&anchor) else {
            return Err(syntax(span, "this alias is inside of its own anchor", "write the value out"));
        };
        // the alias itself is counted already
        if self.depth - 1 + target.depth() > DEPTH_LIMIT {
            return Err(too_deep(span));
        }
        let mut copy = target.clone();
        copy.span = span;
        self.copied(&copy)?;
        Ok(copy)
    }

    /// Counts a copy that an anchor or an alias makes.
    fn copied(&mut self, node: &Node<'text>) -> Result<(), Fatal> {
        self.copied_weight += node.weight();
        if self.copied_weight <= COPIED_WEIGHT_LIMIT {
            return Ok(());
        }
        Err(Box::new(YamlFault {
            message: "the anchors and aliases of this document make too much of it".to_owned(),
            span: node.span.clone(),
            other: None,
            help: "write values out, or put what services share into a base profile (`extends`)".to_owned(),
            rule: YamlRule::Size,
        }))
    }

    /// Whether a tag makes a text of a plain scalar; every other tag has no meaning in a profile.
    fn forced_text(tag: Option<&Tag>, at: &Range<usize>) -> Result<bool, Fatal> {
        match tag {
            None => Ok(false),
            Some(tag) if tag.core_suffix() == Some("str") => Ok(true),
            Some(tag) => Err(syntax(
                at.clone(),
                format!("the tag `{}` has no meaning in a profile", tag.original().escape_debug()),
                "remove the tag",
            )),
        }
    }

    #[expect(clippy::unnecessary_box_returns, reason = "all callers need it boxed")]
    fn scan_fault(&self, error: &ScanError) -> Fatal {
        use granit_parser::ErrorKind;
        let at = self.clamp(error.marker().byte_offset().unwrap_or(0));
        let span = at..self.clamp(at + 1);
        if matches!(error.kind(), ErrorKind::RecursionLimitExceeded) {
            return too_deep(span);
        }
        syntax(
            span,
            format!("not YAML: {}", error.info()),
            "look for a missing quote, bracket or colon, or a wrong indentation, here or just above",
        )
    }

    fn range(&self, span: Span) -> Range<usize> {
        let start = self.clamp(span.start.byte_offset().unwrap_or(0));
        let end = self.clamp(span.end.byte_offset().unwrap_or(start));
        start..end.max(start)
    }

    /// From the start of a collection to its end, without the white space that a block mapping's end lies behind.
    fn until(&self, start: &Range<usize>, end: Span) -> Range<usize> {
        let end = self.range(end).end.max(start.end);
        let written = self.text.get(start.start..end).unwrap_or_default().trim_end();
        start.start..start.start + written.len()
    }

    fn clamp(&self, mut offset: usize) -> usize {
        offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }

    fn end(&self) -> Range<usize> {
        self.text.len()..self.text.len()
    }
}

/// The entries of one mapping, with an index of the keys that it has.
#[derive(Default)]
struct Entries<'text> {
    list: Vec<Entry<'text>>,
    index: HashMap<Cow<'text, str>, usize>,
}

impl<'text> Entries<'text> {
    fn add(&mut self, entry: Entry<'text>) -> Result<(), Fatal> {
        if let Some(first) = self.index.get(&entry.key).and_then(|&at| self.list.get(at)) {
            return Err(Box::new(YamlFault {
                message: format!("the key `{}` is twice in one mapping", entry.key.escape_debug()),
                span: entry.key_span,
                other: Some((first.key_span.clone(), "first written here".to_owned())),
                help: "keep one of the two".to_owned(),
                rule: YamlRule::UniqueKeys,
            }));
        }
        self.index.insert(entry.key.clone(), self.list.len());
        self.list.push(entry);
        Ok(())
    }

    /// Adds what a merge key (`<<: *anchor`) brings: keys that the mapping has itself win.
    fn merge(&mut self, node: Node<'text>) -> Result<(), Fatal> {
        match node.content {
            Content::Mapping(entries) => {
                for entry in entries {
                    if !self.index.contains_key(&entry.key) {
                        self.add(entry)?;
                    }
                }
                Ok(())
            }
            Content::Sequence(items) => items.into_iter().try_for_each(|item| self.merge(item)),
            Content::Scalar(_) => {
                Err(syntax(node.span, "`<<` merges mappings, found a scalar", "write `<<: *anchor` of a mapping"))
            }
        }
    }
}

impl Node<'_> {
    fn depth(&self) -> usize {
        let inner = match &self.content {
            Content::Scalar(_) => None,
            Content::Sequence(items) => items.iter().map(Node::depth).max(),
            Content::Mapping(entries) => entries.iter().map(|entry| entry.value.depth()).max(),
        };
        1 + inner.unwrap_or_default()
    }

    fn weight(&self) -> usize {
        match &self.content {
            Content::Scalar(scalar) => 1 + scalar.text.len() / 64,
            Content::Sequence(items) => 1 + items.iter().map(Node::weight).sum::<usize>(),
            Content::Mapping(entries) => {
                1 + entries.iter().map(|entry| 1 + entry.key.len() / 64 + entry.value.weight()).sum::<usize>()
            }
        }
    }
}

#[expect(clippy::unnecessary_box_returns, reason = "all callers need it boxed")]
fn syntax(span: Range<usize>, message: impl Into<String>, help: &str) -> Fatal {
    Box::new(YamlFault { message: message.into(), span, other: None, help: help.to_owned(), rule: YamlRule::Syntax })
}

#[expect(clippy::unnecessary_box_returns, reason = "all callers need it boxed")]
fn too_many(span: Range<usize>) -> Fatal {
    Box::new(YamlFault {
        message: format!("more than {VALUE_LIMIT} keys and values"),
        span,
        other: None,
        help: "look whether this file is a profile: Docker Compose loads no more than 100000 values".to_owned(),
        rule: YamlRule::Size,
    })
}

#[expect(clippy::unnecessary_box_returns, reason = "all callers need it boxed")]
fn too_deep(span: Range<usize>) -> Fatal {
    Box::new(YamlFault {
        message: format!("nested more than {DEPTH_LIMIT} levels deep"),
        span,
        other: None,
        help: "a profile needs about eight levels: look for a bracket that is not closed".to_owned(),
        rule: YamlRule::Size,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_values_than_any_deployment_has_are_not_read() {
        let read = |others: usize| {
            let mut builder = Builder::new("a: [b, {c: d}]");
            builder.values = VALUE_LIMIT - others;
            builder.document().map(|_| ()).map_err(|fault| fault.message)
        };
        assert_eq!(read(7), Ok(()));
        assert_eq!(read(6), Err("more than 2000000 keys and values".to_owned()));
    }
}
