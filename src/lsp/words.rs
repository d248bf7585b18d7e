//! Knows what the JSON Schema says of a place in a profile: its keys, words and explanations. Must not know any document.

use serde_json::{Map, Value};

use super::outline::Step;
use crate::schema::schema;

/// References inside of references, at the most.
const DEPTH_LIMIT: usize = 16;

/// The schema of a profile.
#[derive(Debug)]
pub(super) struct Words(Value);

/// A word that a field may hold, with what it means.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) meaning: Option<String>,
}

impl Words {
    pub(super) fn new() -> Self {
        Self(serde_json::from_str(&schema()).unwrap_or_default())
    }

    /// What is said of a place: the field itself first, then each form that it may have.
    pub(super) fn at(&self, way: &[Step]) -> Vec<&Map<String, Value>> {
        let mut here = self.forms(&self.0);
        for step in way {
            let next = here.iter().filter_map(|form| below(form, step));
            here = next.flat_map(|value| self.forms(value)).collect();
        }
        here
    }

    /// A schema, and the ones that it refers to or chooses from.
    fn forms<'w>(&'w self, value: &'w Value) -> Vec<&'w Map<String, Value>> {
        let mut found = Vec::new();
        self.collect(value, 0, &mut found);
        found
    }

    fn collect<'w>(&'w self, value: &'w Value, depth: usize, found: &mut Vec<&'w Map<String, Value>>) {
        let Some(fields) = value.as_object().filter(|_| depth < DEPTH_LIMIT) else { return };
        found.push(fields);
        if let Some(target) = fields.get("$ref").and_then(Value::as_str) {
            let target = target.strip_prefix('#').and_then(|pointer| self.0.pointer(pointer));
            if let Some(target) = target {
                self.collect(target, depth + 1, found);
            }
        }
        for choice in ["anyOf", "oneOf"] {
            let forms = fields.get(choice).and_then(Value::as_array);
            for form in forms.into_iter().flatten() {
                self.collect(form, depth + 1, found);
            }
        }
    }

    /// What a field means.
    pub(super) fn meaning(&self, way: &[Step]) -> Option<&str> {
        self.at(way).iter().find_map(|form| form.get("description")?.as_str())
    }

    /// The keys that a mapping may have.
    pub(super) fn keys(&self, way: &[Step]) -> Vec<&str> {
        let forms = self.at(way);
        let mut keys: Vec<&str> = Vec::new();
        for properties in forms.iter().filter_map(|form| form.get("properties")?.as_object()) {
            for key in properties.keys() {
                if !keys.contains(&key.as_str()) {
                    keys.push(key);
                }
            }
        }
        keys
    }

    /// Whether what stands there is written on lines below its key.
    pub(super) fn is_mapping(&self, way: &[Step]) -> bool {
        let forms = self.at(way);
        let has = |key: &str| forms.iter().any(|form| form.contains_key(key));
        let is_text = forms.iter().any(|form| {
            let types = form.get("type").map(Value::to_string).unwrap_or_default();
            types.contains("string") || types.contains("integer")
        });
        (has("properties") || has("additionalProperties")) && !is_text
    }

    /// The words that may stand there.
    pub(super) fn words(&self, way: &[Step]) -> Vec<Word> {
        let mut found: Vec<Word> = Vec::new();
        let mut add = |value: &Value, meaning: Option<&Value>| {
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Bool(_) | Value::Number(_) => value.to_string(),
                Value::Null | Value::Array(_) | Value::Object(_) => return,
            };
            if found.iter().all(|known| known.text != text) {
                found.push(Word { text, meaning: meaning.and_then(Value::as_str).map(str::to_owned) });
            }
        };
        for form in self.at(way) {
            let meanings = form.get("enumDescriptions").and_then(Value::as_array);
            for (index, value) in form.get("enum").and_then(Value::as_array).into_iter().flatten().enumerate() {
                add(value, meanings.and_then(|meanings| meanings.get(index)));
            }
            if let Some(value) = form.get("const") {
                add(value, form.get("description"));
            }
            let types = form.get("type").map(Value::to_string).unwrap_or_default();
            if types.contains("boolean") && !types.contains("string") {
                for value in [true, false] {
                    add(&value.into(), None);
                }
            }
            if let Some(value) = form.get("default").filter(|default| !default.is_null()) {
                add(value, Some(&"The default.".into()));
            }
        }
        found
    }

    /// Examples of what may stand there.
    pub(super) fn examples(&self, way: &[Step]) -> Vec<String> {
        let forms = self.at(way);
        let examples = forms.iter().filter_map(|form| form.get("examples")?.as_array()).flatten();
        examples.filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// What may be written there whole: a label, a meaning, and the body with its gaps.
    pub(super) fn snippets(&self, way: &[Step]) -> Vec<(&str, &str, &Value)> {
        let forms = self.at(way);
        let snippets = forms.iter().filter_map(|form| form.get("defaultSnippets")?.as_array()).flatten();
        snippets.filter_map(parts).collect()
    }
}

fn parts(snippet: &Value) -> Option<(&str, &str, &Value)> {
    let text = |key: &str| snippet.get(key).and_then(Value::as_str);
    Some((text("label")?, text("description").unwrap_or_default(), snippet.get("body")?))
}

/// The schema of a step below one.
fn below<'w>(form: &'w Map<String, Value>, step: &Step) -> Option<&'w Value> {
    match step {
        Step::Item(_) => form.get("items"),
        Step::Key(key) => {
            let field = form.get("properties").and_then(|properties| properties.get(key));
            field.or_else(|| {
                form.get("additionalProperties").filter(|other| other.is_object() && !key.starts_with("x-"))
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(text: &str) -> Vec<Step> {
        text.split('.').map(|key| key.parse().map_or_else(|_| Step::Key(key.to_owned()), Step::Item)).collect()
    }

    #[test]
    fn what_the_schema_says_is_found_at_every_depth() {
        let words = Words::new();
        assert!(words.keys(&[]).contains(&"services"));
        assert!(words.keys(&way("services.a")).contains(&"port"));
        assert!(words.keys(&way("services.a.database.postgres")).contains(&"name"));
        assert_eq!(words.keys(&way("services.a.no.such")), Vec::<&str>::new());
        let texts = |at: &str| words.words(&way(at)).into_iter().map(|word| word.text).collect::<Vec<_>>();
        assert_eq!(texts("engine"), ["sqlite", "postgres"]);
        assert_eq!(texts("services.a.outbound"), ["true", "false"]);
        assert_eq!(texts("services.a.depends_on.b"), ["started", "healthy", "completed"]);
        assert!(words.meaning(&way("services.a.port")).unwrap().contains("listens"));
        assert!(words.is_mapping(&way("services.a")));
        assert!(!words.is_mapping(&way("services.a.port")));
        assert!(!words.snippets(&way("services")).is_empty());
    }
}
