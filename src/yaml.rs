//! Knows how YAML text becomes a tree of nodes that remember where and how they were written.
//! Must not know what a profile is, nor what any key means.
//!
//! The events come from `granit-parser`, the parser below serde-saphyr. The tree is made here, because a profile
//! needs what a typed deserializer throws away: the writing of a scalar (`1.10` and `0777` stay text in an
//! environment) and the position of every key and value, also of those that are wrong.

mod scalar;

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};

pub use scalar::{Scalar, ScalarKind};

/// Collections inside collections, at the most; a profile needs about eight.
const DEPTH_LIMIT: usize = 64;

/// What the copies made by aliases may weigh together: one for each node, one more for every 64 bytes of its text.
/// An honest profile stays far below, an alias bomb reaches it at once.
const ALIAS_WEIGHT_LIMIT: usize = 400_000;

/// A value of a YAML document.
#[derive(Debug, Clone)]
pub struct Node<'text> {
    /// The bytes of the text that it stands in.
    pub span: Range<usize>,
    /// What it is.
    pub content: Content<'text>,
}

/// The three kinds of YAML node.
#[derive(Debug, Clone)]
pub enum Content<'text> {
    /// One text, number, boolean or null.
    Scalar(Scalar<'text>),
    /// `[a, b]`, or one item a line behind `-`.
    Sequence(Vec<Node<'text>>),
    /// Keys with values, in the order they were written; merge keys (`<<`) are resolved, keys are unique.
    Mapping(Vec<Entry<'text>>),
}

/// One key of a mapping with its value.
#[derive(Debug, Clone)]
pub struct Entry<'text> {
    /// The key's text.
    pub key: Cow<'text, str>,
    /// The bytes of the text that the key stands in.
    pub key_span: Range<usize>,
    /// Its value.
    pub value: Node<'text>,
}

/// What is wrong with a document as YAML, before its meaning is looked at.
#[derive(Debug)]
pub struct YamlFault {
    /// What was found, and what was expected.
    pub message: String,
    /// Where.
    pub span: Range<usize>,
    /// Another place that belongs to it, with what stands there.
    pub other: Option<(Range<usize>, String)>,
    /// How to mend it.
    pub help: String,
    /// Which rule was broken.
    pub rule: YamlRule,
}

/// The rules of YAML that a profile can break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum YamlRule {
    /// The text is not YAML, or uses a part of YAML that has no meaning in a profile.
    Syntax,
    /// A mapping has a key twice.
    UniqueKeys,
    /// The document is nested too deep, or its aliases make too much of it.
    Size,
}

/// Reads the one document of `text`.
///
/// # Errors
/// Every fault found. A syntax error ends the reading, so it is the last one; a key that stands twice does not.
pub fn read(text: &str) -> Result<Node<'_>, Vec<YamlFault>> {
    let options = granit_parser::options! {
        flow_nesting_limit: DEPTH_LIMIT,
        block_nesting_limit: DEPTH_LIMIT,
    };
    let mut builder = Builder {
        text,
        events: Parser::new_from_str_with_options(text, options),
        anchors: HashMap::new(),
        alias_weight: 0,
        depth: 0,
        faults: Vec::new(),
    };
    match builder.document() {
        Ok(node) if builder.faults.is_empty() => Ok(node),
        Ok(_) => Err(builder.faults),
        Err(fault) => {
            builder.faults.push(*fault);
            Err(builder.faults)
        }
    }
}

/// How many nodes a document has: scalars, keys among them, and collections. Nothing for text below a size that cannot
/// matter, and for what is not YAML.
#[must_use]
pub fn count_nodes(text: &str) -> usize {
    const TOO_SMALL_TO_COUNT: usize = 500_000;
    if text.len() < TOO_SMALL_TO_COUNT {
        return 0;
    }
    let is_node = |event: &Event<'_>| {
        matches!(event, Event::Scalar(..) | Event::SequenceStart(..) | Event::MappingStart(..) | Event::Alias(_))
    };
    Parser::new_from_str(text).map_while(Result::ok).filter(|(event, _)| is_node(event)).count()
}

/// Boxed, because it is rare and large beside the node that is built instead.
type Fatal = Box<YamlFault>;

struct Builder<'text> {
    text: &'text str,
    events: Parser<'text, StrInput<'text>>,
    anchors: HashMap<usize, Node<'text>>,
    alias_weight: usize,
    depth: usize,
    faults: Vec<YamlFault>,
}

impl<'text> Builder<'text> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "every other event starts a node, or `node` refuses it")]
    fn document(&mut self) -> Result<Node<'text>, Fatal> {
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
            return Err(syntax(span, "this alias stands inside of its own anchor", "write the value out"));
        };
        self.alias_weight += target.weight();
        if self.alias_weight > ALIAS_WEIGHT_LIMIT {
            return Err(Box::new(YamlFault {
                message: "the aliases of this document make too much of it".to_owned(),
                span,
                other: None,
                help: "write values out, or put what services share into a base profile (`extends`)".to_owned(),
                rule: YamlRule::Size,
            }));
        }
        Ok(target.clone())
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
                message: format!("the key `{}` stands twice in one mapping", entry.key.escape_debug()),
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
fn too_deep(span: Range<usize>) -> Fatal {
    Box::new(YamlFault {
        message: format!("nested more than {DEPTH_LIMIT} levels deep"),
        span,
        other: None,
        help: "a profile needs about eight levels: look for a bracket that is not closed".to_owned(),
        rule: YamlRule::Size,
    })
}
