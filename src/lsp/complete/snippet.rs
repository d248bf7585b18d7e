//! Knows how the body of a snippet becomes YAML with gaps. Must not know where it goes.

use std::fmt::Write as _;

use serde_json::Value;

/// What says that a text is no text in YAML, as yaml-language-server takes it.
const BARE: char = '^';

/// A body as YAML; its first line stands where the key does, the others below it at this column.
pub(super) fn written(body: &Value, column: usize) -> String {
    let mut text = String::new();
    write(body, column, &mut text);
    text.trim_start().to_owned()
}

fn write(body: &Value, column: usize, text: &mut String) {
    let indent = " ".repeat(column);
    match body {
        Value::Object(fields) => {
            for (key, value) in fields {
                if !text.is_empty() {
                    text.push('\n');
                }
                write!(text, "{indent}{key}:").unwrap_or_default();
                match value {
                    Value::Object(_) => write(value, column + 2, text),
                    Value::Array(_) | Value::String(_) | Value::Bool(_) | Value::Number(_) | Value::Null => {
                        text.push(' ');
                        text.push_str(&scalar(value));
                    }
                }
            }
        }
        Value::Array(_) | Value::String(_) | Value::Bool(_) | Value::Number(_) | Value::Null => {
            text.push_str(&scalar(body));
        }
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(word) => word.strip_prefix(BARE).unwrap_or(word).to_owned(),
        Value::Array(items) => format!("[{}]", items.iter().map(scalar).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(key, value)| format!("{key}: {}", scalar(value)));
            format!("{{ {} }}", fields.collect::<Vec<_>>().join(", "))
        }
        Value::Bool(_) | Value::Number(_) | Value::Null => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_yaml_at_its_column() {
        let body = serde_json::json!({ "${1:api}": { "port": "^${2:8000}", "check": { "with": ["a", "b"] } } });
        assert_eq!(written(&body, 2), "${1:api}:\n    port: ${2:8000}\n    check:\n      with: [a, b]");
        assert_eq!(written(&"^${1:8000}".into(), 4), "${1:8000}");
    }
}
