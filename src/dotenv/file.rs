//! Knows a `.env` as a whole, taken apart once: the block of codelab-gen, and the user's lines around it.
//! Must not know which keys there are.

use std::collections::HashMap;

use super::{BLOCK_END, BLOCK_START, Entry, OddLine, Split, UserPart, parts_behind, read, split};

/// A `.env`; what there is of it put together is its text.
pub struct DotenvFile {
    /// The user's lines before the block; all lines where there is none.
    pub before: String,
    /// The block with its marks; nothing where there is none, or not exactly one with a start and an end.
    pub block: Option<String>,
    /// The user's lines behind the block.
    pub after: String,
    /// What the block sets, with the lines of the file, or the first of its lines that is not written as codelab-gen does.
    pub entries: Result<Vec<Entry>, OddLine>,
}

impl DotenvFile {
    /// Takes a text apart.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let Some(Split { before, block, after }) = split(text) else {
            return Self { before: text.to_owned(), block: None, after: String::new(), entries: Ok(Vec::new()) };
        };
        let first = lines(before);
        let moved = |entry: Entry| Entry { line: first + entry.line, ..entry };
        let entries = read(block).map(|entries| entries.into_iter().map(moved).collect());
        Self {
            before: before.to_owned(),
            block: Some(block.to_owned()),
            after: after.to_owned(),
            entries: entries.map_err(|odd| OddLine(first + odd.0)),
        }
    }

    /// Whether a mark stands there, and no block.
    #[must_use]
    pub fn has_broken_marks(&self) -> bool {
        self.block.is_none() && (self.before.contains(BLOCK_START) || self.before.contains(BLOCK_END))
    }

    /// The user's own lines.
    #[must_use]
    pub fn users_lines(&self) -> String {
        format!("{}{}", self.before, self.after)
    }

    /// The user's own lines taken apart, with the lines of the file.
    ///
    /// # Errors
    /// As [`super::user_parts`].
    pub fn users_parts(&self) -> Result<Vec<UserPart<'_>>, OddLine> {
        let mut known = HashMap::new();
        let mut parts = parts_behind(&self.before, &mut known)?;
        let first = lines(&self.before) + self.block.as_deref().map_or(0, lines);
        // what the block sets is known to the lines behind it
        let _ = parts_behind(self.block.as_deref().unwrap_or_default(), &mut known);
        let behind = parts_behind(&self.after, &mut known).map_err(|odd| OddLine(first + odd.0))?;
        parts.extend(behind.into_iter().map(|part| UserPart { line: first + part.line, ..part }));
        Ok(parts)
    }

    /// The keys of the user's own lines.
    #[must_use]
    pub fn users_keys(&self) -> Vec<String> {
        let parts = self.users_parts().unwrap_or_default();
        parts.into_iter().filter_map(|part| part.key.map(str::to_owned)).collect()
    }

    /// The values of the user's own lines as Docker Compose reads them; of a key that stands twice the last.
    #[must_use]
    pub fn users_values(&self) -> HashMap<String, String> {
        let parts = self.users_parts().unwrap_or_default();
        let last: HashMap<_, _> =
            parts.into_iter().filter_map(|part| Some((part.key?.to_owned(), part.to_compose))).collect();
        last.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
    }

    /// The values of all keys as Docker Compose reads them; of a key that stands twice the last. They hold secrets.
    #[must_use]
    pub fn all_values(&self) -> HashMap<String, String> {
        let texts = [self.before.as_str(), self.block.as_deref().unwrap_or_default(), &self.after];
        let mut known = HashMap::new();
        let parts = texts.into_iter().flat_map(|text| parts_behind(text, &mut known).unwrap_or_default());
        parts.filter_map(|part| Some((part.key?.to_owned(), part.to_compose?))).collect()
    }
}

fn lines(text: &str) -> usize {
    text.matches('\n').count()
}
