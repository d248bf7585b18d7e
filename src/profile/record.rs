//! Knows how a mapping with fixed keys is read, with every unknown key told. Must not know any particular key.

use schemars::{Schema, json_schema};
use serde_json::{Map, Value};

use crate::diagnostic::Code;
use crate::help::Help;
use crate::profile::written::{Reader, Setting, Written, schema_of_forms};
use crate::spelling::{nearest, quoted};
use crate::yaml::{Content, Entry, Node};

/// What keys of the user's own begin with; they are allowed everywhere and mean nothing.
pub(super) const EXTENSION_PREFIX: &str = "x-";

/// The entries of one mapping while its fields are taken out.
#[derive(Debug)]
pub(crate) struct Fields<'n, 'text> {
    what: &'static str,
    entries: &'n [Entry<'text>],
    known: Vec<&'static str>,
}

impl<'n, 'text> Fields<'n, 'text> {
    /// The fields of a node; `what` it is, with an article.
    pub(crate) fn of(node: &'n Node<'text>, what: &'static str, reader: &mut Reader) -> Option<Self> {
        match &node.content {
            Content::Mapping(entries) => Some(Self { what, entries, known: Vec::new() }),
            Content::Scalar(_) | Content::Sequence(_) => {
                reader.wrong_type(node, &format!("{what}, which is a mapping"), "write `key: value` lines below it")
            }
        }
    }

    /// Reads one field.
    pub(crate) fn take<T: Written>(&mut self, key: &'static str, reader: &mut Reader) -> Setting<T> {
        self.known.push(key);
        match self.entries.iter().find(|entry| entry.key == key) {
            Some(entry) => Setting::read(key, &entry.value, reader),
            None => Setting::Absent,
        }
    }

    /// Tells every key that no field was taken for.
    pub(crate) fn finish(&self, reader: &mut Reader) {
        for entry in self.entries {
            if self.known.contains(&entry.key.as_ref()) || entry.key.starts_with(EXTENSION_PREFIX) {
                continue;
            }
            let message = format!("unknown key {} in {}", quoted(&entry.key), self.what);
            let help = match nearest(&entry.key, self.known.iter().copied()) {
                Some(key) => Help::respell(key),
                None => format!("use one of {}, or a key of your own that begins with `x-`", list(&self.known)).into(),
            };
            reader.fault(Code::UnknownKey, &entry.key_span, message, help);
        }
    }
}

fn list(keys: &[&str]) -> String {
    keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")
}

/// The schema of a mapping with fixed keys, `what` it is with an article; where it has a short form, of that form too.
pub(crate) fn record_schema(
    what: &str,
    description: &str,
    properties: &Map<String, Value>,
    short: Option<&str>,
) -> Schema {
    let long_form = json_schema!({
        "type": "object", "properties": properties, "patternProperties": { "^x-": {} }, "additionalProperties": false
    });
    let mut forms: Vec<Schema> = short.and_then(|key| short_form(properties.get(key)?)).into_iter().collect();
    forms.push(long_form);
    schema_of_forms(title(what), description, forms)
}

/// The one field that a scalar stands for, without the `null` that removes it.
fn short_form(field: &Value) -> Option<Schema> {
    let mut form = Schema::try_from(field.clone()).ok()?;
    let is_number = form.get("type").is_some_and(|kinds| kinds.to_string().contains("integer"));
    form.insert("type".to_owned(), if is_number { "integer" } else { "string" }.into());
    Some(form)
}

/// A thing without its article.
fn title(what: &str) -> &str {
    what.split_once(' ').filter(|(article, _)| matches!(*article, "a" | "an" | "the")).map_or(what, |(_, thing)| thing)
}

/// Declares a mapping with fixed keys: its type, how it is read and merged, and its schema, from one list of fields.
///
/// `merged` records are laid over inherited ones field by field, `whole` ones replace them. `short KEY` says that a
/// scalar stands for a mapping with only that key, which is one of [`crate::field::SHORT_FIELDS`]. A field with `= VALUE` has a method of its name, which gives that value
/// where no other one holds; the schema says it too.
macro_rules! record {
    (
        $(#[doc = $doc:literal])+
        $mode:ident $name:ident = $what:literal $(short $short:ident)? {
            $($(#[doc = $field_doc:literal])+ $field:ident: $type:ty $(= $default:expr)?,)+
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Default)]
        pub struct $name {
            $($(#[doc = $field_doc])+ pub $field: $crate::profile::Setting<$type>,)+
        }

        $crate::profile::record::defaults! { $name $($field: $type $(= $default)?,)+ }

        impl $crate::profile::written::Written for $name {
            const SCHEMA_NAME: Option<&'static str> = Some(stringify!($name));

            fn read(
                node: &$crate::yaml::Node<'_>,
                reader: &mut $crate::profile::written::Reader,
            ) -> Option<Self> {
                $(
                    if matches!(node.content, $crate::yaml::Content::Scalar(_)) {
                        debug_assert!($crate::field::SHORT_FIELDS.contains(&stringify!($short)));
                        let $short = $crate::profile::Setting::read(stringify!($short), node, reader);
                        let mut record = Self::default();
                        record.$short = $short;
                        return Some(record);
                    }
                )?
                let mut fields = $crate::profile::record::Fields::of(node, $what, reader)?;
                let record = Self { $($field: fields.take(stringify!($field), reader),)+ };
                fields.finish(reader);
                Some(record)
            }

            fn overlay(
                base: Option<Self>,
                over: Self,
                reader: &mut $crate::profile::written::Reader,
            ) -> Self {
                let base = $crate::profile::record::inherited!($mode base);
                Self { $($field: base.$field.overlay(over.$field, reader),)+ }
            }

            fn fields(&self, at: &$crate::field::FieldPath, fields: &mut Vec<$crate::profile::written::Field>) {
                use $crate::profile::written::{Field, Held};
                $(
                    let path = at.key(stringify!($field));
                    match self.$field.get() {
                        Some(value) => value.fields(&path, fields),
                        None => {
                            let default: Option<String> = None$(.or(Some($default.to_string())))?;
                            fields.extend(default.map(|text| Field { path, held: Held::Default(text) }));
                        }
                    }
                )+
            }

            fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let mut properties = serde_json::Map::new();
                $(
                    let default: Option<String> = None$(.or(Some($default.to_string())))?;
                    let description = concat!($($field_doc),+).trim_ascii();
                    let field = $crate::profile::written::setting_schema::<$type>(generator, description, default);
                    properties.insert(stringify!($field).to_owned(), field.into());
                )+
                $crate::profile::record::record_schema(
                    $what,
                    concat!($($doc),+).trim_ascii(),
                    &properties,
                    None$(.or(Some(stringify!($short))))?,
                )
            }
        }
    };
}

macro_rules! defaults {
    ($name:ident $($field:ident: $type:ty $(= $default:expr)?,)+) => {
        impl $name {
            $($(
                #[doc = concat!("The setting `", stringify!($field), "`, or what holds without one.")]
                #[must_use]
                pub fn $field(&self) -> $type {
                    self.$field.get().cloned().unwrap_or_else(|| $default)
                }
            )?)+
        }
    };
}

macro_rules! inherited {
    (merged $base:ident) => {
        $base.unwrap_or_default()
    };
    (whole $base:ident) => {{
        drop($base);
        Self::default()
    }};
}

pub(crate) use {defaults, inherited, record};
