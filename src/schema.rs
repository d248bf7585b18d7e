//! Knows the JSON Schema of a profile, which editors validate and complete by. Must not know any document.

mod rules;
mod snippets;

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use crate::profile::{FORMAT, Profile, SchemaOf};

/// The schema's own title.
pub const TITLE: &str = "codelab-gen profile";

/// The schema as text, draft-07: the newest draft that every editor's YAML support reads.
#[must_use]
pub fn schema() -> String {
    let mut schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<SchemaOf<Profile>>();
    schema.insert("title".to_owned(), TITLE.into());
    schema.insert("$comment".to_owned(), format!("format {FORMAT}; written by `codelab-gen schema`").into());
    schema.insert("required".to_owned(), serde_json::json!(["format"]));
    schema.insert("allOf".to_owned(), rules::rules());
    let mut value = schema.to_value();
    require_format(&mut value);
    snippets::insert(&mut value);
    describe_in_markdown(&mut value);
    let mut text = serde_json::to_string_pretty(&value).unwrap_or_default();
    text.push('\n');
    text
}

/// Every layer says its own format, so there is none to remove.
fn require_format(schema: &mut Value) {
    if let Some(Value::Array(formats)) = schema.pointer_mut("/properties/format/enum") {
        formats.retain(|format| !format.is_null());
    }
}

/// The names under which editors take descriptions for Markdown.
const MARKDOWN: [(&str, &str); 2] =
    [("description", "markdownDescription"), ("enumDescriptions", "markdownEnumDescriptions")];

/// Repeats every description under the name by which editors take it for Markdown.
fn describe_in_markdown(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(describe_in_markdown),
        Value::Object(fields) => {
            let mut described = Map::new();
            for (key, mut field) in std::mem::take(fields) {
                describe_in_markdown(&mut field);
                let markdown = MARKDOWN.iter().find(|(plain, _)| *plain == key).filter(|_| !field.is_object());
                let repeated = markdown.map(|(_, markdown)| ((*markdown).to_owned(), field.clone()));
                described.insert(key, field);
                described.extend(repeated);
            }
            *fields = described;
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
