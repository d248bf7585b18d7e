//! Knows the warnings of a cluster, and how one is told. Must not know what is wrong with what it warns of.

use super::object::{Object, reason};
/// How many events show that are about one object.
const SHOWN: usize = 3;

/// All warnings about objects of the namespace, which a cluster keeps for an hour.
#[derive(Debug, Default)]
pub(super) struct Events(Vec<Object>);

impl Events {
    pub(super) fn new(mut events: Vec<Object>) -> Self {
        let when = |event: &Object| {
            let last = [event.text("/lastTimestamp"), event.text("/eventTime"), event.text("/firstTimestamp")];
            last.into_iter().find(|time| !time.is_empty()).unwrap_or_default().to_owned()
        };
        events.sort_by_cached_key(when);
        Self(events)
    }

    /// The kind and name of each object that there is a warning about, once each.
    pub(super) fn subjects(&self) -> Vec<(&str, &str)> {
        let mut seen = Vec::new();
        for event in &self.0 {
            let subject = (event.text("/involvedObject/kind"), event.text("/involvedObject/name"));
            if !seen.contains(&subject) {
                seen.push(subject);
            }
        }
        seen
    }

    /// What was last said about an object, one event a line.
    pub(super) fn about(&self, kind: &str, name: &str) -> String {
        let is_about =
            |event: &&Object| event.text("/involvedObject/kind") == kind && event.text("/involvedObject/name") == name;
        let all: Vec<_> = self.0.iter().filter(is_about).map(line).collect();
        let skipped = all.len().saturating_sub(SHOWN);
        all.into_iter().skip(skipped).collect()
    }
}

/// An event as one line of evidence.
fn line(event: &Object) -> String {
    let message = event.text("/message").split_whitespace().collect::<Vec<_>>().join(" ");
    let count = event.number("/count").filter(|count| *count > 1);
    let times = count.map(|count| format!(" ({count} times)")).unwrap_or_default();
    format!("{}: {message}{times}\n", reason(event.text("/reason")))
}
