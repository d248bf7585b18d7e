//! Knows how raw Compose keys are laid out as lines of YAML. Must not know what they mean.

use minijinja::Value;

use super::escape::{verbatim, yaml_scalar};
use crate::profile::Raw;
use crate::yaml::{Scalar, ScalarKind};

/// The lines of some keys, each indented by so many spaces.
pub(super) fn lines(keys: &[(String, Raw)], indent: usize) -> Vec<Value> {
    layout(keys, indent).into_iter().map(verbatim).collect()
}

/// The lines of some keys, each indented by so many spaces, as texts.
pub(crate) fn layout(keys: &[(String, Raw)], indent: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for (key, value) in keys {
        entry(&format!("{}{}:", " ".repeat(indent), yaml_scalar(key)), value, indent, &mut lines);
    }
    lines
}

/// Writes `head` (a key with its colon, or the dash of an item) with a value that belongs to it.
fn entry(head: &str, value: &Raw, indent: usize, lines: &mut Vec<String>) {
    match value {
        Raw::Scalar { text, plain } => lines.push(format!("{head} {}", scalar(text, *plain)).trim_end().to_owned()),
        Raw::Sequence(items) if items.is_empty() => lines.push(format!("{head} []")),
        Raw::Mapping(keys) if keys.is_empty() => lines.push(format!("{head} {{}}")),
        Raw::Sequence(items) => {
            lines.push(head.to_owned());
            for item in items {
                entry(&format!("{}-", " ".repeat(indent + 2)), item, indent + 2, lines);
            }
        }
        Raw::Mapping(keys) => {
            lines.push(head.to_owned());
            for (key, value) in keys {
                let head = format!("{}{}:", " ".repeat(indent + 2), yaml_scalar(key));
                entry(&head, value, indent + 2, lines);
            }
        }
    }
}

/// Numbers, booleans and nulls stay what they were; texts may hold references, so their `$` stays as it is.
fn scalar(text: &str, plain: bool) -> String {
    match (Scalar { text: text.into(), plain }).kind() {
        ScalarKind::Text => yaml_scalar(text),
        ScalarKind::Null => "null".to_owned(),
        ScalarKind::Boolean(_) | ScalarKind::Integer(_) | ScalarKind::Float => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::written::Written as _;

    #[test]
    fn raw_keys_mean_the_same_when_read_back() {
        let text = "deploy:\n  a: [1, '1', {b: null, c: []}]\n  d: {}\n  e: [[x, '${Y:-z}'], '']\ntty: true\nf: |\n  two\n  lines\n";
        let node = crate::yaml::read(text).unwrap();
        let mut reader = crate::profile::written::Reader::new(crate::source::SourceId(0), None);
        let keys = crate::profile::RawKeys::read(&node, &mut reader).unwrap();
        let keys: Vec<_> =
            keys.iter().map(|(key, raw)| (key.as_str().to_owned(), raw.get().unwrap().clone())).collect();
        let written = layout(&keys, 4).join("\n");
        let reread: serde_yaml::Value = serde_yaml::from_str(&written).unwrap_or_else(|e| panic!("{e}\n{written}"));
        let original: serde_yaml::Value = serde_yaml::from_str(text).unwrap();
        assert_eq!(reread, original, "{written}");
    }
}
