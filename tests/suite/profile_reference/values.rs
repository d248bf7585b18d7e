//! Knows how the value of a field is told in words, from its schema. Must not know fields.

use serde_json::{Map, Value};

/// A part of the schema, with what it points to.
pub(super) fn resolved<'s>(part: &'s Value, schema: &'s Value) -> &'s Value {
    if let Some(pointer) = part["$ref"].as_str() {
        return schema.pointer(pointer.trim_start_matches('#')).unwrap();
    }
    let forms = part["anyOf"].as_array().map_or(&[] as &[_], Vec::as_slice);
    let forms: Vec<_> = forms.iter().filter(|form| form["type"] != "null").collect();
    if let [form] = forms.as_slice() { resolved(form, schema) } else { part }
}

/// The schema of the values of a mapping whose keys the user chooses.
pub(super) fn named_value<'s>(part: &'s Value, schema: &'s Value) -> Option<&'s Value> {
    part["additionalProperties"].as_object()?;
    Some(resolved(&part["additionalProperties"], schema))
}

/// What may be written: one phrase, or one of each form.
pub(super) fn phrases(part: &Value, schema: &Value) -> Vec<String> {
    let part = resolved(part, schema);
    if let Some(forms) = part["anyOf"].as_array() {
        return forms.iter().flat_map(|form| form_phrases(form, schema)).collect();
    }
    if let Some(words) = part["enum"].as_array() {
        return words.iter().enumerate().filter_map(|(index, word)| choice(part, word, index)).collect();
    }
    types(part).into_iter().flat_map(|name| typed(part, name, schema)).collect()
}

fn choice(part: &Value, word: &Value, index: usize) -> Option<String> {
    if word.is_null() {
        return None;
    }
    let meaning = part["enumDescriptions"].get(index).and_then(Value::as_str);
    Some(meaning.map_or_else(|| format!("`{word}`"), |meaning| format!("`{}`: {meaning}", word.as_str().unwrap())))
}

/// One of the alternatives of a value.
fn form_phrases(form: &Value, schema: &Value) -> Vec<String> {
    let Some(description) = form["description"].as_str() else { return phrases(form, schema) };
    if let Some(word) = form["const"].as_str() {
        return vec![format!("`{word}`: {description}")];
    }
    let Some(properties) = form["properties"].as_object() else { return phrases(form, schema) };
    let fields = properties.keys().map(|key| format!("{key}: …")).collect::<Vec<_>>().join(", ");
    let parts: Vec<_> = properties.iter().map(|(key, property)| part_of_form(form, key, property, schema)).collect();
    vec![format!("`{{ {fields} }}`: {description} {}", parts.join(" "))]
}

fn part_of_form(form: &Value, key: &str, property: &Value, schema: &Value) -> String {
    let is_needed = form["required"].as_array().is_some_and(|names| names.iter().any(|name| name == key));
    let optional = if is_needed { "" } else { " May be left out." };
    let description = property["description"].as_str().unwrap();
    format!("`{key}`: {} ({}).{optional}", description.trim_end_matches('.'), phrases(property, schema).join(" "))
}

/// The types of a value, but for the `null` that every field may have.
fn types(part: &Value) -> Vec<&str> {
    let types: Vec<_> = match (part["type"].as_str(), part["type"].as_array()) {
        (Some(name), _) => vec![name],
        (None, Some(names)) => names.iter().filter_map(Value::as_str).collect(),
        (None, None) => vec!["anything"],
    };
    // a text that may stand without quotes is one form
    let is_literal = types.contains(&"string") && types.contains(&"boolean");
    types.into_iter().filter(|name| *name != "null" && !(is_literal && matches!(*name, "number" | "boolean"))).collect()
}

fn typed(part: &Value, name: &str, schema: &Value) -> Vec<String> {
    let phrase = match name {
        "integer" => format!("a whole number from {} to {}", part["minimum"], part["maximum"]),
        "boolean" => "`true` or `false`".to_owned(),
        "string" => text(part),
        "array" => match phrases(&part["items"], schema).as_slice() {
            [one] => format!("a list; each item is {one}"),
            several => format!("a list; each item is one of: {}", several.join(" ")),
        },
        "object" => mapping(part, schema),
        _ => "any YAML".to_owned(),
    };
    vec![phrase]
}

fn text(part: &Value) -> String {
    let message = part["patternErrorMessage"].as_str().unwrap();
    let is_literal = part["type"].as_array().is_some_and(|types| types.iter().any(|name| name == "boolean"));
    let expected = message.strip_prefix("expected ").map(|rest| rest.split_once("; ").map_or(rest, |(found, _)| found));
    let fields = part["properties"].as_object();
    let short = fields.and_then(|fields| fields.iter().find(|(_, field)| field["pattern"] == part["pattern"]));
    match (expected, short) {
        (Some(expected), Some((key, _))) => format!("{expected}: short for a mapping with only `{key}`"),
        (Some(expected), None) => expected.to_owned(),
        (None, _) if is_literal && message.contains("NUL") => "a text, taken as written also without quotes".to_owned(),
        (None, _) => format!("a text; {message}"),
    }
}

fn mapping(part: &Value, schema: &Value) -> String {
    if part["properties"].is_object() {
        return "a mapping".to_owned();
    }
    let message = part.pointer("/allOf/0/errorMessage").unwrap().as_str().unwrap();
    let keys = message.strip_prefix("expected ").map(|rest| rest.split_once("; ").map_or(rest, |(found, _)| found));
    let keys = keys.map_or("each key is any text".to_owned(), |keys| format!("each key is {keys}"));
    let value = named_value(part, schema).unwrap();
    if is_record(value) {
        return format!("a mapping; {keys}");
    }
    match phrases(value, schema).as_slice() {
        [one] => format!("a mapping; {keys}, each value {one}"),
        several if value["anyOf"].is_array() => {
            format!("a mapping; {keys}, each value one of the {} below", several.len())
        }
        several => format!("a mapping; {keys}, each value one of: {}", several.join(" ")),
    }
}

/// Whether a value is a mapping with fields of its own.
pub(super) fn is_record(part: &Value) -> bool {
    part["properties"].is_object()
}

/// A value of an example as one line of YAML.
pub(super) fn inline(value: &Value) -> String {
    match value {
        Value::String(text) => plain_or_quoted(text),
        Value::Array(items) => format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => flow(fields),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

fn flow(fields: &Map<String, Value>) -> String {
    let fields = fields.iter().map(|(key, value)| format!("{key}: {}", inline(value)));
    format!("{{ {} }}", fields.collect::<Vec<_>>().join(", "))
}

/// Without quotes where YAML reads the same text then, also inside of a list.
fn plain_or_quoted(text: &str) -> String {
    let read: Option<Value> = serde_yaml::from_str(&format!("[{text}]")).ok();
    if read == Some(serde_json::json!([text])) { text.to_owned() } else { Value::from(text).to_string() }
}
