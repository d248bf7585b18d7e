//! Knows how a command is written: as one text, or as the list of its words. Must not know what runs it.

use schemars::{Schema, SchemaGenerator, json_schema};

use super::leaf::Literal;
use super::written::{Reader, SchemaOf, Written, schema_of_forms};
use crate::diagnostic::Code;
use crate::value::{Unexpanded, WORDS_PATTERN, split};
use crate::yaml::{Content, Node};

/// A command: its words, whether they were written as a list or as one text that a shell would split like that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The words.
    pub words: Vec<String>,
    /// What of the text a shell would have replaced.
    pub unexpanded: Option<Unexpanded>,
}

/// A command that a shell of the container may run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckCommand {
    /// A text for the shell.
    Line(String),
    /// The words, for no shell.
    Words(Vec<String>),
}

impl CheckCommand {
    /// Whether there is nothing to run.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Line(line) => line.trim().is_empty(),
            Self::Words(words) => words.is_empty(),
        }
    }
}

impl Written for Command {
    const SCHEMA_NAME: Option<&'static str> = Some("Command");

    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let Content::Scalar(_) = &node.content else {
            return Some(Self { words: words(node, reader)?, unexpanded: None });
        };
        match split(&Literal::read(node, reader)?.0) {
            Ok(split) => Some(Self { words: split.words, unexpanded: split.unexpanded }),
            Err(found) => {
                let message = format!("expected the words of one command, found {found}");
                reader.fault(Code::ShellSyntax, &node.span, message, found.help());
                None
            }
        }
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let line = json_schema!({
            "type": ["string", "number", "boolean"], "pattern": WORDS_PATTERN,
            "patternErrorMessage": "expected the words of one command; for a shell write `[sh, -c, \"TEXT\"]`"
        });
        let words = generator.subschema_for::<SchemaOf<Vec<Literal>>>();
        schema_of_forms("command", "The words in one line, or a list of them. No shell reads them.", vec![line, words])
    }
}

impl Written for CheckCommand {
    const SCHEMA_NAME: Option<&'static str> = Some("CheckCommand");

    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        match &node.content {
            Content::Scalar(_) => Literal::read(node, reader).map(|line| Self::Line(line.0)),
            Content::Sequence(_) | Content::Mapping(_) => words(node, reader).map(Self::Words),
        }
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let line = generator.subschema_for::<SchemaOf<Literal>>();
        let words = generator.subschema_for::<SchemaOf<Vec<Literal>>>();
        let description = "One line for the container's shell, or a list of words for no shell.";
        schema_of_forms("command", description, vec![line, words])
    }
}

fn words(node: &Node<'_>, reader: &mut Reader) -> Option<Vec<String>> {
    match &node.content {
        Content::Sequence(_) => Some(Vec::<Literal>::read(node, reader)?.into_iter().map(|word| word.0).collect()),
        Content::Scalar(_) | Content::Mapping(_) => {
            reader.wrong_type(node, "a command", "write one text, or a list of words")
        }
    }
}
