//! Knows how the options of a connection are written: by name, or as one text behind the `?` of a URL.
//! Must not know which of them a driver takes.

use schemars::{Schema, SchemaGenerator, json_schema};

use super::leaf::{Literal, Named};
use super::written::{Field, Held, Reader, SchemaOf, Written, schema_of_forms};
use crate::diagnostic::Code;
use crate::field::FieldPath;
use crate::spelling::quoted;
use crate::value::{OptionName, UrlOptions};
use crate::yaml::{Content, Node};

/// The options of a connection.
#[derive(Debug, Clone)]
pub enum Options {
    /// As they stand in a URL, encoded.
    Text(UrlOptions),
    /// Each by its name.
    Named(Named<OptionName, OptionValue>),
}

/// The value of an option: what every grammar of connections can hold, and Compose's `${NAME:-default}` too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionValue(pub String);

/// What no value of an option may hold, as a set of a regular expression.
const UNWRITABLE: &str = r#"'"\\`${}\x00-\x1f\x7f-\x9f"#;

impl Written for OptionValue {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let Literal(text) = Literal::read(node, reader)?;
        let unwritable = |c: &char| "'\"\\`${}".contains(*c) || c.is_control();
        if let Some(character) = text.chars().find(unwritable) {
            let message = format!("the option holds {}", quoted(&character.to_string()));
            let help = "write it without quotes, backslashes, `$`, braces and control characters";
            reader.fault(Code::InvalidValue, &node.span, message, help);
            return None;
        }
        Some(Self(text))
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["string", "number", "boolean"], "title": "text", "pattern": format!("^[^{UNWRITABLE}]*$"),
            "patternErrorMessage": "an option holds no quotes, backslashes, `$`, braces and control characters"
        })
    }
}

impl Written for Options {
    const SCHEMA_NAME: Option<&'static str> = Some("Options");

    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        match &node.content {
            Content::Mapping(_) => Named::read(node, reader).map(Self::Named),
            Content::Scalar(_) => UrlOptions::read(node, reader).map(Self::Text),
            Content::Sequence(_) => {
                reader.wrong_type(node, "options by name", "write `NAME: VALUE` lines, or `{ NAME: VALUE }`")
            }
        }
    }

    fn overlay(base: Option<Self>, over: Self, reader: &mut Reader) -> Self {
        match (base, over) {
            (Some(Self::Named(base)), Self::Named(over)) => Self::Named(Named::overlay(Some(base), over, reader)),
            (_, Self::Named(over)) => Self::Named(Named::overlay(None, over, reader)),
            (_, over @ Self::Text(_)) => over,
        }
    }

    fn fields(&self, at: &FieldPath, fields: &mut Vec<Field>) {
        match self {
            Self::Text(_) => fields.push(Field { path: at.clone(), held: Held::Written }),
            Self::Named(named) => named.fields(at, fields),
        }
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let text = generator.subschema_for::<SchemaOf<UrlOptions>>();
        let named = generator.subschema_for::<SchemaOf<Named<OptionName, OptionValue>>>();
        let description = "Options by name, or as written behind the `?` of a URL.";
        schema_of_forms("options of a connection", description, vec![text, named])
    }
}
