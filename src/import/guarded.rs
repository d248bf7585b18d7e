//! Knows the values of secrets that no text of a profile may hold, and finds them in time that grows with the text, not
//! with the text times the secrets. Must not know where a value comes from.

use std::collections::HashSet;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::secret::beginning;

/// The values of secrets, each with its key.
#[derive(Default)]
pub(super) struct Guarded {
    known: HashSet<(String, String)>,
    /// Each about half as large as the one before it, or smaller: few to look through, and seldom made anew.
    groups: Vec<Group>,
}

struct Group {
    secrets: Vec<(String, String)>,
    /// Nothing where the values are too many for one.
    finder: Option<AhoCorasick>,
}

impl Group {
    fn new(secrets: Vec<(String, String)>) -> Self {
        let values = secrets.iter().map(|(_, value)| beginning(value));
        // this kind needs no memory for values inside of others
        let finder = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(values).ok();
        Self { secrets, finder }
    }

    /// A value in a text, with its key.
    fn find(&self, text: &str) -> Option<&(String, String)> {
        match &self.finder {
            Some(finder) => self.secrets.get(finder.find(text)?.pattern().as_usize()),
            None => self.secrets.iter().find(|(_, value)| text.contains(value.as_str())),
        }
    }
}

impl Guarded {
    /// Takes in a value.
    pub(super) fn add(&mut self, key: &str, value: &str) {
        let secret = (key.to_owned(), value.to_owned());
        if !self.known.insert(secret.clone()) {
            return;
        }
        let mut secrets = vec![secret];
        while let Some(last) = self.groups.pop_if(|last| last.secrets.len() <= secrets.len()) {
            secrets.extend(last.secrets);
        }
        self.groups.push(Group::new(secrets));
    }

    /// The key of a value that stands in a text.
    pub(super) fn find(&self, text: &str) -> Option<&str> {
        self.value_in(text).map(|(key, _)| key)
    }

    /// The same with the value, of which a long one may stand there in part only.
    pub(super) fn value_in(&self, text: &str) -> Option<(&str, &str)> {
        let found = self.groups.iter().find_map(|group| group.find(text));
        found.map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_value_is_found_at_once() {
        let mut guarded = Guarded::default();
        let long = "x".repeat(1_000_000);
        guarded.add("KEY", &long);
        assert_eq!(guarded.find(&format!("a {long} b")), Some("KEY"));
        assert_eq!(guarded.find(&beginning(&long)[1..]), None);
    }

    #[test]
    fn every_value_is_found_however_many_came_before_or_after_it() {
        let mut guarded = Guarded::default();
        for number in 0..100 {
            assert_eq!(guarded.find(&format!("a value-{number}. b")), None, "{number}");
            guarded.add(&format!("KEY{number}"), &format!("value-{number}."));
            guarded.add(&format!("KEY{number}"), &format!("value-{number}."));
            for known in 0..=number {
                assert_eq!(guarded.find(&format!("a value-{known}. b")), Some(format!("KEY{known}").as_str()));
            }
        }
        let sizes: Vec<_> = guarded.groups.iter().map(|group| group.secrets.len()).collect();
        assert_eq!(sizes, [64, 32, 4]);
    }
}
