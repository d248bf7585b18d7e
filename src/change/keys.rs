//! Knows which keys of `.env` differ from those that a deployment has. Must not know a secret's value.

use std::collections::{HashMap, HashSet};

use crate::dotenv::{self, DotenvFile, Entry};
use crate::render::public_part;

/// A key of `.env` that is not as the deployment has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyChange {
    /// The key.
    pub key: String,
    /// What is different about it.
    pub kind: KeyChangeKind,
    /// Its line, where it is there.
    pub line: Option<usize>,
}

/// What can be different about a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyChangeKind {
    /// The deployment has it, the file has not.
    Missing,
    /// The file has it, the deployment has not.
    Stale,
    /// Both have it, and something of it that is no secret differs: another user, host, database or file.
    Different,
}

impl KeyChangeKind {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Stale => "stale",
            Self::Different => "different",
        }
    }
}

/// A key that stands in a file, with what of its value is no secret; nothing where that can't be read.
struct Standing {
    key: String,
    public: Option<String>,
    line: usize,
}

/// The keys of an existing file that are not as in the block that would be written, in the order of the block, stale
/// ones behind. Where a file has no block yet, its own lines count.
pub(super) fn key_changes(block: &str, existing: &DotenvFile) -> Vec<KeyChange> {
    // with the line ends of Windows, or a broken mark, nothing can be said of single keys
    if super::block::fault(existing).is_some() {
        return Vec::new();
    }
    let wanted = dotenv::read(block).unwrap_or_default();
    let names: HashSet<&str> = wanted.iter().map(|entry| entry.key.as_str()).collect();
    let standing = standing(existing, |key| names.contains(key));
    // of a key that stands twice the first line counts
    let found: HashMap<&str, &Standing> = standing.iter().rev().map(|found| (found.key.as_str(), found)).collect();
    let of_wanted = wanted.iter().filter_map(|entry| {
        let found = found.get(entry.key.as_str()).copied();
        let kind = match found {
            None => KeyChangeKind::Missing,
            Some(Standing { public: Some(public), .. }) if *public != public_part(&entry.key, &entry.value) => {
                KeyChangeKind::Different
            }
            Some(_) => return None,
        };
        Some(KeyChange { key: entry.key.clone(), kind, line: found.map(|found| found.line) })
    });
    let stale = standing.iter().filter(|found| !names.contains(found.key.as_str()));
    let stale =
        stale.map(|found| KeyChange { key: found.key.clone(), kind: KeyChangeKind::Stale, line: Some(found.line) });
    of_wanted.chain(stale).collect()
}

fn standing(existing: &DotenvFile, matters: impl Fn(&str) -> bool) -> Vec<Standing> {
    if existing.block.is_some() {
        let entries = existing.entries.iter().flatten();
        let standing = entries.map(|Entry { key, value, line }| Standing {
            key: key.clone(),
            public: Some(public_part(key, value)),
            line: *line,
        });
        return standing.collect();
    }
    let parts = existing.users_parts().unwrap_or_default().into_iter();
    let standing = parts.filter_map(|part| {
        let key = part.key.filter(|key| matters(key))?.to_owned();
        let public = part.value.map(|value| public_part(&key, &value));
        Some(Standing { key, public, line: part.line })
    });
    standing.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: &str = "# >>> codelab-gen: x\nPOSTGRES_USER=u\nPOSTGRES_PASSWORD=\n\
                         A__DB_URL=postgresql://u:@postgres:5432/a\n# <<< codelab-gen\n";

    fn changes(existing: &str) -> Vec<(String, KeyChangeKind, Option<usize>)> {
        key_changes(BLOCK, &DotenvFile::read(existing))
            .into_iter()
            .map(|change| (change.key, change.kind, change.line))
            .collect()
    }

    #[test]
    fn a_password_is_no_difference_and_everything_else_is() {
        let filled = BLOCK.replace("PASSWORD=", "PASSWORD=secret").replace(":@", ":secret@");
        assert_eq!(changes(&filled), []);
        assert_eq!(changes(&format!("# mine\nX=1\n{filled}Y=2\n")), []);
        let edited = filled.replace("/a\n", "/b\n").replace("POSTGRES_USER=u", "OLD=1");
        assert_eq!(
            changes(&format!("# mine\n{edited}")),
            [
                ("POSTGRES_USER".to_owned(), KeyChangeKind::Missing, None),
                ("A__DB_URL".to_owned(), KeyChangeKind::Different, Some(5)),
                ("OLD".to_owned(), KeyChangeKind::Stale, Some(3)),
            ]
        );
    }

    #[test]
    fn without_a_block_the_users_lines_count_and_none_is_stale() {
        let own = "MINE=1\nPOSTGRES_USER=v\nexport POSTGRES_PASSWORD=x\n";
        let expected = [
            ("POSTGRES_USER".to_owned(), KeyChangeKind::Different, Some(2)),
            ("A__DB_URL".to_owned(), KeyChangeKind::Missing, None),
        ];
        assert_eq!(changes(own), expected);
    }
}
