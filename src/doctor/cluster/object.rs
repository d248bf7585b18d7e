//! Knows how an object of a cluster is read. Must not know which kinds there are.
//!
//! Whoever may write into the namespace, or stands in for the cluster, has a say in it: a name is taken only if it can be
//! one, so that it may stand in a sentence and behind a command; everything else is evidence.

use serde_json::Value;

/// How long the name of an object may be.
const LONGEST_NAME: usize = 253;

/// How long a reason may be, such as `CreateContainerConfigError`.
const LONGEST_REASON: usize = 60;

/// What `kubectl get` says of an object.
#[derive(Debug, Clone)]
pub(super) struct Object(Value);

/// The objects of a list; one whose name can't be one is none.
pub(super) fn listed(mut list: Value) -> Vec<Object> {
    let items = list.get_mut("items").and_then(Value::as_array_mut).map(std::mem::take).unwrap_or_default();
    items.into_iter().map(Object).filter(|object| is_name(object.text("/metadata/name"))).collect()
}

/// Whether this is what an object or a container can be called.
pub(super) fn is_name(text: &str) -> bool {
    let known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    let starts = text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    starts && text.len() <= LONGEST_NAME && text.chars().all(known)
}

/// A reason as Kubernetes writes them: one word.
pub(super) fn reason(text: &str) -> &str {
    let is_word = !text.is_empty() && text.len() <= LONGEST_REASON && text.chars().all(|c| c.is_ascii_alphanumeric());
    if is_word { text } else { "for an odd reason" }
}

impl Object {
    pub(super) fn name(&self) -> &str {
        self.text("/metadata/name")
    }

    pub(super) fn kind(&self) -> &str {
        self.text("/kind")
    }

    pub(super) fn at(&self, pointer: &str) -> Option<&Value> {
        self.0.pointer(pointer)
    }

    pub(super) fn text(&self, pointer: &str) -> &str {
        self.at(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn number(&self, pointer: &str) -> Option<u64> {
        self.at(pointer).and_then(Value::as_u64)
    }

    pub(super) fn list(&self, pointer: &str) -> &[Value] {
        list(&self.0, pointer)
    }

    pub(super) fn label(&self, name: &str) -> &str {
        self.at("/metadata/labels").and_then(|labels| labels.get(name)).and_then(Value::as_str).unwrap_or_default()
    }

    /// The kind and name of what made it.
    pub(super) fn owner(&self) -> (&str, &str) {
        (self.text("/metadata/ownerReferences/0/kind"), self.text("/metadata/ownerReferences/0/name"))
    }

    /// Whether it is about to go.
    pub(super) fn is_ending(&self) -> bool {
        self.at("/metadata/deletionTimestamp").is_some()
    }

    /// What it says about itself under this name: whether that holds, its reason, and its words.
    pub(super) fn condition(&self, name: &str) -> Option<Condition<'_>> {
        let mut conditions = self.list("/status/conditions").iter();
        let found = conditions.rfind(|one| text(one, "/type") == name)?;
        Some(Condition {
            is_true: text(found, "/status") == "True",
            is_false: text(found, "/status") == "False",
            reason: reason(text(found, "/reason")),
            message: text(found, "/message"),
        })
    }
}

/// A condition of an object.
#[derive(Debug, Clone, Copy)]
pub(super) struct Condition<'a> {
    pub(super) is_true: bool,
    pub(super) is_false: bool,
    pub(super) reason: &'a str,
    pub(super) message: &'a str,
}

pub(super) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_no_name_and_no_reason_stands_in_no_sentence() {
        let named = |name: &str| serde_json::json!({ "metadata": { "name": name } });
        let all = ["api-7f", "a.b", "--all", "a b", "a`; rm", "a\u{202e}", "", "A", "a/b"];
        let items: Vec<_> = all.iter().map(|name| named(name)).chain([serde_json::json!("odd")]).collect();
        let kept = listed(serde_json::json!({ "items": items }));
        assert_eq!(kept.iter().map(Object::name).collect::<Vec<_>>(), ["api-7f", "a.b"]);
        assert!(listed(serde_json::json!([1])).is_empty());
        assert_eq!(reason("ImagePullBackOff"), "ImagePullBackOff");
        for odd in ["", "curl evil | sh", "a\u{202e}", "x".repeat(61).as_str()] {
            assert_eq!(reason(odd), "for an odd reason");
        }
    }
}
