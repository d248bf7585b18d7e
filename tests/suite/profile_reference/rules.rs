//! Knows the rules between fields that the schema has, by the field that they blame. Must not know how they are shown.

use std::fmt;

use serde_json::{Map, Value};

/// A rule of the schema.
pub(super) struct Rule {
    /// The field that is wrong where it is broken: `services.NAME.publish`.
    pub(super) field: String,
    /// Where it holds, if not everywhere, in words that begin with a comma.
    pub(super) scope: String,
    /// What is wrong where it is broken; nothing where the field itself is missing.
    pub(super) text: String,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.text.as_str() {
            "" => write!(f, "Needed{}", self.scope),
            text => write!(f, "Refused{}: {text}", self.scope),
        }
    }
}

/// Every rule between fields.
pub(super) fn rules(schema: &Value) -> Vec<Rule> {
    let mut rules = Vec::new();
    collect(&Value::Object(Map::from_iter([("allOf".to_owned(), schema["allOf"].clone())])), "", "", &mut rules);
    rules
}

/// The path of a field below another one.
pub(super) fn below(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// What a part of the schema says of the field at `path`, where `scope` holds.
fn collect(part: &Value, path: &str, scope: &str, rules: &mut Vec<Rule>) {
    let Some(part) = part.as_object() else { return };
    let mut add = |field: String, text: &str| {
        if !rules.iter().any(|rule| rule.field == field && rule.text == text) {
            rules.push(Rule { field, scope: scope.to_owned(), text: text.to_owned() });
        }
    };
    let properties = part.get("properties").and_then(Value::as_object);
    for (key, property) in properties.into_iter().flatten() {
        if property == &Value::Bool(false) {
            add(below(path, key), part["errorMessage"].as_str().unwrap());
        } else if let (Some(_), Some(message)) = (property.get("pattern"), property.get("patternErrorMessage")) {
            add(below(path, key), message.as_str().unwrap());
        }
    }
    for name in part.get("required").and_then(Value::as_array).into_iter().flatten() {
        add(below(path, name.as_str().unwrap()), "");
    }
    for (key, property) in properties.into_iter().flatten() {
        collect(property, &below(path, key), scope, rules);
    }
    if let Some(rule) = part.get("additionalProperties") {
        collect(rule, &below(path, "NAME"), scope, rules);
    }
    for item in part.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        collect(item, path, scope, rules);
    }
    let condition = part.get("if").and_then(|condition| condition.get("not"));
    if let (Some(condition), Some(rule)) = (condition, part.get("else")) {
        let scope = format!("{scope}{}", described(condition, rule));
        collect(rule, path, &scope, rules);
    }
}

/// The condition of a rule in words, where the rule's own message does not tell it.
fn described(condition: &Value, rule: &Value) -> String {
    let conditions = condition["allOf"].as_array().map_or(std::slice::from_ref(condition), Vec::as_slice);
    conditions.iter().filter_map(|condition| word(condition, rule)).collect::<Vec<_>>().concat()
}

fn word(condition: &Value, rule: &Value) -> Option<String> {
    if let Some(field) = condition.pointer("/not/required/0").and_then(Value::as_str) {
        return rule.get("required").map(|_| format!(", where there is no `{field}`"));
    }
    if rule.get("errorMessage").is_some() {
        return None;
    }
    let (field, property) = condition["properties"].as_object()?.iter().next()?;
    if let Some(chosen) = property["const"].as_str() {
        return Some(format!(", with `{field}: {chosen}`"));
    }
    let words = property["enum"].as_array()?.iter().map(|word| format!("`{field}: {}`", word.as_str().unwrap()));
    Some(format!(", with {}", words.collect::<Vec<_>>().join(" or ")))
}
