//! Knows the JSON Schema of a profile, which editors validate and complete by. Must not know any document.

use schemars::generate::SchemaSettings;

use crate::profile::{FORMAT, Profile, SchemaOf};

/// The schema as text, draft-07: the newest draft that every editor's YAML support reads.
#[must_use]
pub fn schema() -> String {
    let mut schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<SchemaOf<Profile>>();
    schema.insert("title".to_owned(), "codelab-gen profile".into());
    schema.insert("$comment".to_owned(), format!("format {FORMAT}; written by `codelab-gen schema`").into());
    schema.insert("required".to_owned(), serde_json::json!(["format"]));
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}
