//! Knows how the building blocks that any field may use are read: numbers, booleans, literals, lists, maps.
//! Must not know any particular field.

use std::fmt::Display;
use std::hash::Hash;

use indexmap::IndexMap;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::json;

use super::record::EXTENSION_PREFIX;
use super::written::{Field, Reader, SchemaOf, Setting, Written, found, nullable_schema, rule_of};
use crate::diagnostic::Code;
use crate::field::FieldPath;
use crate::spelling::quoted;
use crate::value::{ConnectionCount, ExtraConnections, Port, PostgresMajor, ProcessCount, Replicas, TextValue, UserId};
use crate::yaml::{Content, Node, ScalarKind};

/// Keys of the user's own choice with their values; a stronger layer adds, changes and removes single ones.
pub type Named<K, V> = IndexMap<K, Setting<V>>;

/// A text exactly as written, also where YAML would read a number or a boolean: `1.10`, `0777`, `true`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Literal(pub String);

impl Written for Literal {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let scalar = match &node.content {
            Content::Scalar(scalar) if !node.is_null() => scalar,
            Content::Scalar(_) => {
                let help = "write a value; the empty text is `\"\"`";
                return reader.wrong_type(node, "a text, a number or a boolean", help);
            }
            Content::Sequence(_) | Content::Mapping(_) => {
                return reader.wrong_type(node, "a text, a number or a boolean", "write one value");
            }
        };
        if scalar.text.contains('\0') {
            let help = "remove it: no program can be given one in its environment or arguments";
            reader.fault(Code::InvalidValue, &node.span, "a text must not hold the character NUL", help);
            return None;
        }
        Some(Self(scalar.text.clone().into_owned()))
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["string", "number", "boolean"], "title": "text", "pattern": "^[^\\u0000]*$",
            "patternErrorMessage": "a text must not hold the character NUL"
        })
    }
}

impl Written for UserId {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let written = match &node.content {
            Content::Scalar(scalar) if scalar.kind() == ScalarKind::Text => Some(scalar.text.clone().into_owned()),
            Content::Scalar(_) | Content::Sequence(_) | Content::Mapping(_) => {
                read_integer(node).map(|number| number.to_string())
            }
        };
        let Some(written) = written else {
            return reader.wrong_type(node, "a user in numbers", "write the numbers in quotes: `\"999:999\"`");
        };
        match Self::parse(&written) {
            Ok(user) => Some(user),
            Err(mismatch) => {
                let message = format!("expected {}, found {}", mismatch.expected, found(node));
                reader.fault(Code::InvalidValue, &node.span, message, mismatch.help);
                None
            }
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        Self::schema()
    }
}

impl Written for bool {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        match &node.content {
            Content::Scalar(scalar) => match scalar.kind() {
                ScalarKind::Boolean(value) => Some(value),
                ScalarKind::Null | ScalarKind::Integer(_) | ScalarKind::Float | ScalarKind::Text => {
                    reader.wrong_type(node, "`true` or `false`", "write `true` or `false`, without quotes")
                }
            },
            Content::Sequence(_) | Content::Mapping(_) => {
                reader.wrong_type(node, "`true` or `false`", "write `true` or `false`, without quotes")
            }
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "boolean" })
    }
}

macro_rules! written_numbers {
    ($($name:ident)+) => {$(
        impl Written for $name {
            fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
                let Some(number) = read_integer(node) else {
                    return reader.wrong_type(node, Self::WORDS, "write a whole number without quotes");
                };
                let value = Self::new(number);
                if value.is_none() {
                    let message = format!("expected {}, found {}", Self::WORDS, found(node));
                    let (low, high) = (Self::RANGE.start(), Self::RANGE.end());
                    let help = format!("write a number from {low} to {high}");
                    reader.fault(Code::InvalidValue, &node.span, message, help);
                }
                value
            }

            fn schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "integer", "minimum": Self::RANGE.start(), "maximum": Self::RANGE.end() })
            }
        }
    )+};
}

written_numbers! { Port Replicas ProcessCount ConnectionCount ExtraConnections PostgresMajor }

/// The whole number that a node is.
pub(super) fn read_integer(node: &Node<'_>) -> Option<i128> {
    match &node.content {
        Content::Scalar(scalar) => match scalar.kind() {
            ScalarKind::Integer(number) => Some(number),
            ScalarKind::Null | ScalarKind::Boolean(_) | ScalarKind::Float | ScalarKind::Text => None,
        },
        Content::Sequence(_) | Content::Mapping(_) => None,
    }
}

impl<T: Written> Written for Vec<T> {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let Content::Sequence(items) = &node.content else {
            return reader.wrong_type(node, "a list", "write `[one, two]`, or one item a line behind `- `");
        };
        Some(items.iter().filter_map(|item| T::read(item, reader)).collect())
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let item = generator.subschema_for::<SchemaOf<T>>();
        json_schema!({ "type": "array", "items": item })
    }
}

impl<K: TextValue + Eq + Hash + Display, V: Written> Written for Named<K, V> {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let Content::Mapping(entries) = &node.content else {
            return reader.wrong_type(node, "a mapping", "write `key: value` lines below it");
        };
        let mut map = Self::with_capacity(entries.len());
        for entry in entries {
            if K::may_be_extension() && entry.key.starts_with(EXTENSION_PREFIX) {
                continue;
            }
            match K::parse(&entry.key) {
                Ok(key) => {
                    map.insert(key, Setting::read(&entry.key, &entry.value, reader));
                }
                Err(mismatch) => {
                    let message = format!("expected {}, found {}", mismatch.expected, quoted(&entry.key));
                    reader.fault(Code::InvalidValue, &entry.key_span, message, mismatch.help);
                }
            }
        }
        Some(map)
    }

    fn overlay(base: Option<Self>, over: Self, reader: &mut Reader) -> Self {
        let mut map = base.unwrap_or_default();
        for (key, setting) in over {
            let inherited = map.get_mut(&key).map(std::mem::take).unwrap_or_default();
            map.insert(key, inherited.overlay(setting, reader));
        }
        map.retain(|_, setting| setting.is_given());
        map
    }

    fn fields(&self, at: &FieldPath, fields: &mut Vec<Field>) {
        for (key, setting) in self {
            if let Some(value) = setting.get() {
                value.fields(&at.key(key), fields);
            }
        }
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let key = K::schema();
        let pattern = key.get("pattern").and_then(serde_json::Value::as_str).unwrap_or("").to_owned();
        let extensions = if K::may_be_extension() { json!({ "^x-": {} }) } else { json!({}) };
        let mut names = extensions.clone();
        if let Some(names) = names.as_object_mut() {
            names.insert(pattern, json!({}));
        }
        let known = json!({
            "patternProperties": names, "additionalProperties": false, "errorMessage": rule_of::<K>()
        });
        // editors complete the values of `additionalProperties`, but not those of `patternProperties`
        json_schema!({
            "type": "object",
            "patternProperties": extensions,
            "additionalProperties": nullable_schema::<V>(generator),
            "allOf": [known]
        })
    }
}

/// The entries of a merged map that hold a value.
pub fn given<K, V>(map: &Setting<Named<K, V>>) -> impl Iterator<Item = (&K, &V)> {
    map.get().into_iter().flatten().filter_map(|(key, setting)| Some((key, setting.get()?)))
}
