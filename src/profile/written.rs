//! Knows how a part of a profile is read from YAML, laid over an inherited one, and described to editors.
//! Must not know any particular field.

use std::borrow::Cow;
use std::marker::PhantomData;
use std::ops::Range;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;

use crate::diagnostic::{Code, Diagnostic, Mend, Place};
use crate::field::FieldPath;
use crate::help::Help;
use crate::source::SourceId;
use crate::spelling::quoted;
use crate::value::TextValue;
use crate::yaml::{Content, Node, ScalarKind};

/// A part of a profile as one layer wrote it.
pub trait Written: Sized {
    /// The name under which the JSON Schema defines it; nothing for what is written out where it is used.
    const SCHEMA_NAME: Option<&'static str> = None;

    /// Reads it; where that fails the reader was told why.
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self>;

    /// What holds when a stronger layer wrote `over` where a weaker one wrote `base`. Single choices and lists are
    /// replaced whole.
    fn overlay(base: Option<Self>, over: Self, reader: &mut Reader) -> Self {
        let (_, _) = (base, reader);
        over
    }

    /// The same rule for editors.
    fn schema(generator: &mut SchemaGenerator) -> Schema;

    /// The fields that hold a value at or below this part, which stands at `at`; defaults among them.
    fn fields(&self, at: &FieldPath, fields: &mut Vec<Field>) {
        fields.push(Field { path: at.clone(), held: Held::Written });
    }
}

/// A field that holds a value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Field {
    /// Which one.
    pub path: FieldPath,
    /// Why it holds one.
    pub held: Held,
}

/// Why a field holds a value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Held {
    /// A layer wrote it.
    Written,
    /// Nobody did, and this is what holds then.
    Default(String),
}

/// A field of a profile as one layer wrote it.
#[derive(Debug, Clone, Default)]
pub enum Setting<T> {
    /// Not written: what was inherited holds.
    #[default]
    Absent,
    /// Written as `null`: what was inherited is removed.
    Removed(Removal),
    /// Written.
    Given(T),
}

/// A `null`, to be told where there was nothing to remove.
#[derive(Debug, Clone)]
pub struct Removal {
    key: String,
    place: Place,
}

impl<T: Written> Setting<T> {
    /// Reads the value of `key`.
    pub fn read(key: &str, node: &Node<'_>, reader: &mut Reader) -> Self {
        if node.is_null() {
            let place = reader.place(&node.span);
            return Self::Removed(Removal { key: key.to_owned(), place });
        }
        T::read(node, reader).map_or(Self::Absent, Self::Given)
    }

    /// Lays the stronger layer's setting over this one.
    #[must_use]
    pub fn overlay(self, over: Self, reader: &mut Reader) -> Self {
        match (self, over) {
            (base, Self::Absent) => base,
            (Self::Given(base), Self::Given(over)) => Self::Given(T::overlay(Some(base), over, reader)),
            (_, Self::Given(over)) => Self::Given(T::overlay(None, over, reader)),
            (Self::Given(_), Self::Removed(_)) => Self::Absent,
            (_, Self::Removed(removal)) => {
                reader.diagnostics.push(removal.fault());
                Self::Absent
            }
        }
    }
}

impl<T> Setting<T> {
    /// The value, where one holds.
    #[must_use]
    pub fn get(&self) -> Option<&T> {
        match self {
            Self::Given(value) => Some(value),
            Self::Absent | Self::Removed(_) => None,
        }
    }

    /// Whether a value holds.
    #[must_use]
    pub fn is_given(&self) -> bool {
        self.get().is_some()
    }
}

impl<T: Copy> Setting<T> {
    /// The value, where one holds.
    #[must_use]
    pub fn copied(&self) -> Option<T> {
        self.get().copied()
    }
}

impl Removal {
    fn fault(self) -> Diagnostic {
        let key = quoted(&self.key);
        Diagnostic::error(
            Code::NothingToRemove,
            self.place.clone(),
            format!("`null` removes {key}, but no profile below this one gives it"),
            format!("leave {key} out, or write a value; the empty text is `\"\"`"),
        )
        .mended(Mend::remove(self.place).titled(format!("leave {key} out")))
    }
}

/// Collects what is wrong with one source.
#[derive(Debug)]
pub struct Reader {
    source: SourceId,
    excerpt: Option<Excerpt>,
    /// What was wrong so far.
    pub diagnostics: Vec<Diagnostic>,
}

/// How a document made of a `--set` argument lies over that argument.
#[derive(Debug, Clone)]
pub struct Excerpt {
    /// Where the value starts in the document.
    pub document_start: usize,
    /// Where the value stands in the argument, behind the path and `=`.
    pub value: Range<usize>,
}

impl Reader {
    /// A reader of one source, or of a document that was made of a part of it.
    #[must_use]
    pub fn new(source: SourceId, excerpt: Option<Excerpt>) -> Self {
        Self { source, excerpt, diagnostics: Vec::new() }
    }

    /// The place of these bytes of the document.
    #[must_use]
    pub fn place(&self, span: &Range<usize>) -> Place {
        let span = match &self.excerpt {
            None => span.clone(),
            Some(Excerpt { document_start, value }) if span.start >= *document_start => {
                let shifted = |offset: usize| (offset - document_start + value.start).min(value.end);
                shifted(span.start)..shifted(span.end)
            }
            Some(Excerpt { value, .. }) => 0..value.start.saturating_sub(1),
        };
        Place::Span(self.source, span)
    }

    /// Tells a fault.
    pub fn fault(&mut self, code: Code, span: &Range<usize>, message: impl Into<String>, help: impl Into<Help>) {
        let place = self.place(span);
        self.diagnostics.push(Diagnostic::error(code, place, message, help));
    }

    /// Tells that something of another kind was expected; the way to read nothing.
    pub fn wrong_type<T>(&mut self, node: &Node<'_>, expected: &str, help: impl Into<Help>) -> Option<T> {
        let message = format!("expected {expected}, found {}", found(node));
        self.fault(Code::WrongType, &node.span, message, help);
        None
    }
}

/// What a node is, for messages.
pub(crate) fn found(node: &Node<'_>) -> String {
    match &node.content {
        Content::Scalar(_) if node.is_null() => "nothing".to_owned(),
        Content::Scalar(scalar) => format!("{} {}", scalar.kind_name(), quoted(&scalar.text)),
        Content::Sequence(_) => "a list".to_owned(),
        Content::Mapping(_) => "a mapping".to_owned(),
    }
}

impl<T: TextValue> Written for T {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        // where quotes would not make it right, what would is said at once
        if let Content::Scalar(scalar) = &node.content
            && !matches!(scalar.kind(), ScalarKind::Text | ScalarKind::Null)
            && let Err(mismatch) = T::parse(&scalar.text)
        {
            return reader.wrong_type(node, &mismatch.expected, mismatch.help);
        }
        let text = read_text(node, reader)?;
        match T::parse(text) {
            Ok(value) => Some(value),
            Err(mismatch) => {
                let message = format!("expected {}, found {}", mismatch.expected, quoted(text));
                reader.fault(Code::InvalidValue, &node.span, message, mismatch.help);
                None
            }
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        let mut schema = choices_as_list(T::schema());
        let message = if schema.get("enum").is_some() { "errorMessage" } else { "patternErrorMessage" };
        schema.insert(message.to_owned(), rule_of::<T>().into());
        schema
    }
}

/// The rule of a text in words, as it is told of one that breaks every rule; editors would show its pattern instead.
pub(crate) fn rule_of<T: TextValue>() -> String {
    match T::parse("\0") {
        Err(mismatch) => format!("expected {}; {}", mismatch.expected, mismatch.help),
        Ok(_) => String::new(),
    }
}

/// Choices as an `enum` with their descriptions beside it. Editors show all of them then, while of one alternative among
/// others they show nothing but that one.
fn choices_as_list(mut schema: Schema) -> Schema {
    let Some(Value::Array(choices)) = schema.get("oneOf").cloned() else { return schema };
    let column = |key: &str| choices.iter().map(|choice| choice.get(key).cloned()).collect::<Option<Vec<_>>>();
    let (Some(words), Some(descriptions)) = (column("const"), column("description")) else { return schema };
    schema.remove("oneOf");
    schema.insert("enum".to_owned(), words.into());
    schema.insert("enumDescriptions".to_owned(), descriptions.into());
    schema
}

/// The text of a scalar that is a text by YAML's rules.
pub(crate) fn read_text<'n>(node: &'n Node<'_>, reader: &mut Reader) -> Option<&'n str> {
    match &node.content {
        Content::Scalar(scalar) if scalar.kind() == ScalarKind::Text => Some(&scalar.text),
        Content::Scalar(scalar) if scalar.kind() != ScalarKind::Null => {
            let help = format!("put it in quotes: \"{}\"", scalar.text);
            let place = reader.place(&node.span);
            let nothing = reader.wrong_type(node, "a text", &help);
            if let Some(fault) = reader.diagnostics.last_mut() {
                fault.mend = Some(Box::new(Mend::replace(place, format!("\"{}\"", scalar.text))));
            }
            nothing
        }
        Content::Scalar(_) | Content::Sequence(_) | Content::Mapping(_) => {
            reader.wrong_type(node, "a text", "write one text")
        }
    }
}

/// Gives a written type to schemars, which collects named definitions.
pub struct SchemaOf<T>(PhantomData<T>);

impl<T: Written> JsonSchema for SchemaOf<T> {
    fn inline_schema() -> bool {
        T::SCHEMA_NAME.is_none()
    }

    fn schema_name() -> Cow<'static, str> {
        T::SCHEMA_NAME.unwrap_or("value").into()
    }

    fn schema_id() -> Cow<'static, str> {
        std::any::type_name::<T>().into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::schema(generator)
    }
}

/// What `null` does, for editors.
const REMOVES: &str = "Removes what was inherited.";

/// The schema of a field: its value, or `null` to remove what was inherited.
pub(crate) fn setting_schema<T: Written>(
    generator: &mut SchemaGenerator,
    description: &str,
    default: Option<String>,
) -> Schema {
    let mut schema = nullable_schema::<T>(generator);
    let mut description = description.to_owned();
    if let Some(default) = default {
        description.extend([" By default `", &default, "`."]);
        let number = default.parse::<u16>().map(Value::from);
        let typed = number.or_else(|_| default.parse::<bool>().map(Value::from));
        schema.insert("default".to_owned(), typed.unwrap_or_else(|_| default.into()));
    }
    schema.insert("description".to_owned(), description.into());
    schema
}

/// The schema of a value, or `null`. It is one list of words or of types where it can be: of alternatives, editors show
/// one, or all in a row.
pub(crate) fn nullable_schema<T: Written>(generator: &mut SchemaGenerator) -> Schema {
    let mut value = generator.subschema_for::<SchemaOf<T>>();
    if let Some(Value::Array(words)) = value.get_mut("enum") {
        words.push(Value::Null);
        value.remove("type");
        if let Some(Value::Array(descriptions)) = value.get_mut("enumDescriptions") {
            descriptions.push(REMOVES.into());
        }
        return value;
    }
    match value.get_mut("type") {
        Some(Value::Array(types)) => types.push("null".into()),
        Some(name @ Value::String(_)) => *name = serde_json::json!([name, "null"]),
        _ => return json_schema!({ "anyOf": [value, { "type": "null", "title": "null", "description": REMOVES }] }),
    }
    value
}

/// The schema of a value that has forms of different types. It is one schema, because each rule speaks of one type: of
/// alternatives, editors show the faults of one that may not be meant.
pub(crate) fn schema_of_forms(title: &str, description: &str, forms: Vec<Schema>) -> Schema {
    let mut schema = Schema::default();
    let mut types = Vec::new();
    for form in forms {
        for (key, value) in form.as_object().into_iter().flatten() {
            match (key.as_str(), value) {
                ("title" | "description", _) => {}
                ("type", Value::Array(several)) => types.extend(several.iter().cloned()),
                ("type", one) => types.push(one.clone()),
                (key, value) => {
                    schema.insert(key.to_owned(), value.clone());
                }
            }
        }
    }
    let types = if types.len() == 1 { types.remove(0) } else { types.into() };
    schema.insert("type".to_owned(), types);
    schema.insert("title".to_owned(), title.into());
    schema.insert("description".to_owned(), description.into());
    schema
}
