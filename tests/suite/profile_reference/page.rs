//! Knows the page: its order, its headings and the lines of a field. Must not know the grammar of values.

use std::fmt::Write as _;

use serde_json::Value;

use super::rules::{Rule, below, rules};
use super::values::{inline, is_record, named_value, phrases, resolved};

const INTRODUCTION: &str = "# The profile

Every field of a profile, in the usual order. This page is generated from the
[JSON Schema](../schema/profile.schema.json) by which editors check and complete profiles. `codelab-gen schema` prints that
schema, and `codelab-gen new NAME` writes a first profile with a copy of it. [write-profile.md](write-profile.md) shows a small
profile, [examples/container.yaml](examples/container.yaml) one with every field of Docker Compose,
[examples/external.yaml](examples/external.yaml) one that extends it and uses an external PostgreSQL,
[examples/swarm.yaml](examples/swarm.yaml) one for Docker Swarm, and
[examples/kubernetes.yaml](examples/kubernetes.yaml) one for Kubernetes, which
[examples/kubernetes-external.yaml](examples/kubernetes-external.yaml) extends.

`NAME` in a path is a key of your choice. `null` as a value removes what was inherited. Keys that begin with `x-` are yours:
they are allowed in every mapping with fixed keys, and mean nothing. `--set` takes such a path
(`--set services.auth-service.port=8004`), and `codelab-gen explain` prints the value at a path and its origin.

The rules below are those of the schema, for a profile with a `stage` that extends nothing. [codes.md](codes.md) has all rules,
including those that a schema cannot express.

";

/// The page in the making.
pub(super) struct Page<'s> {
    /// What docs/profile.md says.
    pub(super) text: String,
    /// The fields that no example has.
    pub(super) without_example: Vec<String>,
    schema: &'s Value,
    rules: Vec<Rule>,
    examples: Vec<Value>,
    contents: String,
    /// The mappings that have a section, with its path.
    shown: Vec<(&'s Value, String)>,
}

impl<'s> Page<'s> {
    /// The page for a schema, with the examples that stand in profiles.
    pub(super) fn of(schema: &'s Value, profiles: &[String]) -> Self {
        let examples = profiles.iter().map(|text| serde_yaml::from_str(text).unwrap()).collect();
        let rules = rules(schema);
        let (text, contents, without_example, shown) = Default::default();
        let mut page = Self { text, without_example, schema, rules, examples, contents, shown };
        page.section("", schema);
        page.text = format!("{INTRODUCTION}{}{}", page.contents, page.text);
        page
    }

    /// A mapping with fixed keys: its fields, then those that are such mappings themselves.
    fn section(&mut self, path: &str, record: &'s Value) {
        let properties = record["properties"].as_object().unwrap();
        self.shown.push((record, path.to_owned()));
        let heading = heading(path);
        let fields: Vec<_> = properties.keys().map(|key| link(key, &below(path, key))).collect();
        let title = if path.is_empty() { &heading } else { path };
        writeln!(self.contents, "- {}: {}", link(title, &heading), fields.join(", ")).unwrap();
        write!(self.text, "\n## {heading}\n\n{}\n", record["description"].as_str().unwrap()).unwrap();
        for (key, field) in properties {
            self.field(&below(path, key), field, record);
        }
        for (key, field) in properties {
            let (path, value) = (below(path, key), resolved(field, self.schema));
            let named = named_value(value, self.schema);
            if self.section_of(value).is_some() {
                continue;
            }
            if is_record(value) {
                self.section(&path, value);
            } else if let Some(named) = named.filter(|named| is_record(named)) {
                self.section(&below(&path, "NAME"), named);
            }
        }
    }

    /// The section of a mapping that was shown before.
    fn section_of(&self, value: &Value) -> Option<&str> {
        self.shown.iter().find(|(shown, _)| std::ptr::eq(*shown, value)).map(|(_, path)| path.as_str())
    }

    fn field(&mut self, path: &str, field: &Value, record: &Value) {
        write!(self.text, "\n### {path}\n\n{}\n\n", description(field)).unwrap();
        let value = resolved(field, self.schema);
        match phrases(value, self.schema).as_slice() {
            [one] => writeln!(self.text, "- Value: {one}").unwrap(),
            several => self.list("Value, one of", several),
        }
        if let Some(section) = self.section_of(value).map(|path| link(path, &heading(path))) {
            writeln!(self.text, "- Fields: those of {section}").unwrap();
        } else if is_record(value) {
            writeln!(self.text, "- Fields: {}", link(path, &heading(path))).unwrap();
        }
        if let Some(forms) = named_value(value, self.schema).filter(|named| named["anyOf"].is_array()) {
            self.list("A value below it, one of", &phrases(forms, self.schema));
        }
        if !field["default"].is_null() {
            writeln!(self.text, "- Default: `{}`", inline(&field["default"])).unwrap();
        }
        self.example(path);
        let key = path.rsplit('.').next().unwrap();
        if record["required"].as_array().is_some_and(|names| names.iter().any(|name| name == key)) {
            self.text.push_str("- Needed\n");
        }
        self.told_rules(path);
    }

    fn list(&mut self, title: &str, items: &[String]) {
        writeln!(self.text, "- {title}:").unwrap();
        for item in items {
            writeln!(self.text, "  - {item}").unwrap();
        }
    }

    /// What an example profile has there, unless the section of the field shows it better.
    fn example(&mut self, path: &str) {
        let steps: Vec<_> = path.split('.').collect();
        let Some(found) = self.examples.iter().find_map(|example| find(example, &steps)) else {
            self.without_example.push(path.to_owned());
            return;
        };
        let line = format!("{}: {}", steps.last().unwrap(), inline(found));
        if line.chars().count() <= 100 {
            writeln!(self.text, "- Example: `{line}`").unwrap();
        }
    }

    /// The rules that blame this field, or a key below it that has no place of its own.
    fn told_rules(&mut self, path: &str) {
        let (mut owned, mut relied_on) = (Vec::new(), Vec::new());
        let inside = format!("{path}.");
        let is_raw = path.ends_with("compose") || path.ends_with("settings") || path == "postgres.environment";
        for rule in &self.rules {
            if rule.field == path {
                writeln!(self.text, "- {rule}").unwrap();
            } else if is_raw && rule.field.starts_with(&inside) {
                match parts(&rule.text) {
                    Some((key, field)) => owned.push(format!("`{key}` (`{field}`{})", rule.scope)),
                    None if !rule.text.starts_with("the rest of the deployment relies on") => {
                        writeln!(self.text, "- {rule}").unwrap();
                    }
                    None => relied_on.push(format!("`{}`", rule.field.rsplit('.').next().unwrap())),
                }
            }
        }
        if !owned.is_empty() {
            writeln!(self.text, "- Not here, because a field writes it: {}", owned.join(", ")).unwrap();
        }
        if !relied_on.is_empty() {
            let keys = relied_on.join(", ");
            writeln!(self.text, "- Not here, because the rest of the deployment relies on it: {keys}").unwrap();
        }
    }
}

/// The key of a rule on raw keys, and the field that writes it.
fn parts(rule: &str) -> Option<(&str, &str)> {
    let rest = rule.strip_prefix("the Compose key `")?;
    let (key, rest) = rest.split_once("` is written by the profile's own field `")?;
    Some((key, rest.strip_suffix('`')?))
}

/// The description without the default, which has a line of its own.
fn description(field: &Value) -> &str {
    let text = field["description"].as_str().unwrap();
    text.split_once(" By default `").filter(|_| !field["default"].is_null()).map_or(text, |(meaning, _)| meaning)
}

/// What stands at a path; `NAME` is any key.
fn find<'e>(value: &'e Value, steps: &[&str]) -> Option<&'e Value> {
    let Some((step, rest)) = steps.split_first() else { return Some(value).filter(|value| !value.is_null()) };
    let fields = value.as_object()?;
    match *step {
        "NAME" => fields.values().find_map(|value| find(value, rest)),
        key => find(fields.get(key)?, rest),
    }
}

/// The heading of the section with the fields of a mapping.
fn heading(path: &str) -> String {
    if path.is_empty() { "The top".to_owned() } else { format!("Fields of {path}") }
}

fn link(text: &str, heading: &str) -> String {
    format!("[{text}](#{})", anchor(heading))
}

/// The anchor that GitHub gives to a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}
