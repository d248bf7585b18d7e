//! Knows the parts of a Markdown document: fenced blocks, headings, links. Must not know what they are for.

use std::fs;
use std::path::{Path, PathBuf};

/// A document of the repository.
pub(super) struct Document {
    /// Its path from the repository's root.
    pub(super) name: String,
    pub(super) text: String,
}

/// What stands between two fences.
pub(super) struct Block {
    /// Where: `docs/engines.md:17`.
    pub(super) place: String,
    /// What stands behind the opening fence.
    pub(super) fence: String,
    /// The comment on the line before: `<!-- file: profiles/shop.yaml -->` without its marks.
    pub(super) comment: Option<String>,
    pub(super) text: String,
}

/// The repository's root.
pub(super) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every document: those at the root, and those anywhere below docs/.
pub(super) fn documents() -> Vec<Document> {
    let mut paths: Vec<PathBuf> = entries("").into_iter().chain(below("docs")).collect();
    paths.retain(|path| path.extension().is_some_and(|it| it == "md"));
    paths.sort();
    paths.iter().map(|path| document(path.to_str().unwrap())).collect()
}

fn entries(folder: &str) -> Vec<PathBuf> {
    let names = fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().file_name());
    names.map(|name| Path::new(folder).join(name)).collect()
}

fn below(folder: &str) -> Vec<PathBuf> {
    let (folders, mut files): (Vec<_>, Vec<_>) =
        entries(folder).into_iter().partition(|path| root().join(path).is_dir());
    files.extend(folders.iter().flat_map(|folder| below(folder.to_str().unwrap())));
    files
}

/// One document.
pub(super) fn document(name: &str) -> Document {
    let text = fs::read_to_string(root().join(name)).unwrap();
    Document { name: name.to_owned(), text }
}

impl Document {
    /// The fenced blocks, in order.
    pub(super) fn blocks(&self) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        let (mut is_open, mut before) = (false, "");
        for (index, line) in self.text.lines().enumerate() {
            let is_fence = ["```", "~~~"].iter().any(|fence| line.trim_start().starts_with(fence));
            let is_hidden = is_fence && !line.starts_with("```");
            assert!(!is_hidden, "{}:{}: a fence is three backticks at the line's start", self.name, index + 1);
            match line.strip_prefix("```") {
                Some("") if is_open => is_open = false,
                Some(fence) => {
                    assert!(!is_open, "{}:{}: a block in a block", self.name, index + 1);
                    is_open = true;
                    let comment = before.strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->"));
                    let place = format!("{}:{}", self.name, index + 1);
                    let comment = comment.map(str::to_owned);
                    blocks.push(Block { place, fence: fence.to_owned(), comment, text: String::new() });
                }
                None if is_open => blocks.last_mut().unwrap().text.extend([line, "\n"]),
                None => {}
            }
            before = line;
        }
        assert!(!is_open, "{}: the last block has no end", self.name);
        blocks
    }

    /// The blocks behind a fence.
    pub(super) fn blocks_of(&self, fence: &str) -> Vec<Block> {
        self.blocks().into_iter().filter(|block| block.fence == fence).collect()
    }

    /// The lines outside of blocks, with their numbers.
    pub(super) fn prose(&self) -> Vec<(usize, &str)> {
        let mut is_open = false;
        let mut lines = Vec::new();
        for (index, line) in self.text.lines().enumerate() {
            if line.starts_with("```") {
                is_open = !is_open;
            } else if !is_open {
                lines.push((index + 1, line));
            }
        }
        lines
    }

    /// The anchors of its headings, as GitHub makes them.
    pub(super) fn anchors(&self) -> Vec<String> {
        let mut anchors: Vec<String> = Vec::new();
        for (_, line) in self.prose().into_iter().filter(|(_, line)| line.starts_with('#')) {
            let anchor = anchor(line.trim_start_matches('#').trim());
            let again = anchors.iter().filter(|known| **known == anchor).count();
            assert_eq!(again, 0, "{}: two headings are `{anchor}`", self.name);
            anchors.push(anchor);
        }
        anchors
    }

    /// The targets of its links, with the line of each.
    pub(super) fn links(&self) -> Vec<(usize, &str)> {
        let mut links = Vec::new();
        for (number, line) in self.prose() {
            for part in line.split("](").skip(1) {
                links.push((number, part.split_once(')').unwrap().0));
            }
        }
        links
    }

    /// What stands between backticks in prose, with the line of each.
    pub(super) fn code(&self) -> Vec<(usize, &str)> {
        let mut found = Vec::new();
        for (number, line) in self.prose() {
            found.extend(line.split('`').skip(1).step_by(2).map(|code| (number, code)));
        }
        found
    }
}

/// The anchor of a heading.
pub(super) fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}
