//! Knows how the texts of several Compose files are one text, in which every place is known, and which others they name.
//! Must not know what their keys mean together.

use std::ops::Range;

use crate::compose::nodes;
use crate::yaml::{self, Content, Node};

/// A Compose file of a deployment.
pub struct ComposeFile {
    /// Its way from the deployment's folder, with `/`.
    pub way: String,
    /// Its text.
    pub text: String,
}

/// The Compose files of a deployment.
pub struct Files {
    /// All texts, one behind the other.
    text: String,
    /// The way of each file, and where its text stands.
    places: Vec<(String, Range<usize>)>,
    /// How many of them Compose reads one upon the other; the others are named by those.
    main: usize,
}

impl Files {
    /// The files that Compose reads one upon the other, and those that they name.
    #[must_use]
    pub fn new(main: Vec<ComposeFile>, named: Vec<ComposeFile>) -> Self {
        let mut files = Self { text: String::new(), places: Vec::new(), main: main.len() };
        for ComposeFile { way, text } in main.into_iter().chain(named) {
            let start = files.text.len();
            files.text.push_str(&text);
            files.places.push((way, start..files.text.len()));
            if !text.ends_with('\n') {
                files.text.push('\n');
            }
        }
        files
    }

    /// One file that names no other.
    #[must_use]
    pub fn one(text: &str) -> Self {
        Self::new(vec![ComposeFile { way: "docker-compose.yml".to_owned(), text: text.to_owned() }], Vec::new())
    }

    /// All texts, one behind the other.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text of one file.
    #[must_use]
    pub fn text_of(&self, file: usize) -> &str {
        self.places.get(file).and_then(|(_, place)| self.text.get(place.clone())).unwrap_or_default()
    }

    /// The ways of all files.
    pub fn ways(&self) -> impl Iterator<Item = &str> {
        self.places.iter().map(|(way, _)| way.as_str())
    }

    /// How many files Compose reads one upon the other.
    pub(super) fn main(&self) -> usize {
        self.main
    }

    /// Which file a place is in, and where there.
    #[must_use]
    pub fn locate(&self, span: &Range<usize>) -> (usize, Range<usize>) {
        let found = self.places.iter().rposition(|(_, place)| place.start <= span.start).unwrap_or_default();
        let start = self.start(found);
        let length = self.text_of(found).len();
        (found, span.start.saturating_sub(start).min(length)..span.end.saturating_sub(start).min(length))
    }

    /// Where the text of a file begins.
    pub(super) fn start(&self, file: usize) -> usize {
        self.places.get(file).map_or(0, |(_, place)| place.start)
    }

    /// The file of a way.
    pub(super) fn of_way(&self, way: &str) -> Option<usize> {
        self.places.iter().position(|(known, _)| known == way)
    }

    /// The way that a file means by a path in it.
    pub(super) fn way_from(&self, file: usize, path: &str) -> String {
        let way = self.places.get(file).map(|(way, _)| way.as_str()).unwrap_or_default();
        joined(folder_of(way), path)
    }

    /// The folder of a file, by its way from that of the deployment; empty for that one.
    pub(super) fn folder(&self, file: usize) -> &str {
        self.places.get(file).map(|(way, _)| folder_of(way)).unwrap_or_default()
    }
}

/// The folder of a way; empty for that of the deployment.
fn folder_of(way: &str) -> &str {
    way.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A path that a file in a folder names, as a way from the deployment's folder, without steps that lead nowhere.
#[must_use]
pub fn joined(folder: &str, path: &str) -> String {
    if path.starts_with('/') {
        return path.to_owned();
    }
    let mut steps: Vec<&str> = Vec::new();
    for step in folder.split('/').chain(path.split('/')) {
        match step {
            "" | "." => {}
            ".." if steps.last().is_some_and(|last| *last != "..") => drop(steps.pop()),
            step => steps.push(step),
        }
    }
    let way = steps.join("/");
    if folder.starts_with('/') { format!("/{way}") } else { way }
}

/// The paths of the files that a Compose file names, from its own folder: what it includes and what services extend. One
/// that follows a variable is not among them.
#[must_use]
pub fn named_in(text: &str) -> Vec<String> {
    let Ok(root) = yaml::read(text) else { return Vec::new() };
    let included = nodes::child(&root, "include").map(nodes::items).unwrap_or_default().iter().flat_map(included_paths);
    let services = nodes::child(&root, "services").map(nodes::entries).unwrap_or_default();
    let extended = services
        .iter()
        .filter_map(|service| nodes::text_of(nodes::child(&service.value, "extends")?, "file").map(str::to_owned));
    included.chain(extended).filter(|path| !path.contains('$')).collect()
}

/// The files of one item of `include`.
pub(super) fn included_paths(item: &Node<'_>) -> Vec<String> {
    let path = if nodes::text(item).is_some() { Some(item) } else { nodes::child(item, "path") };
    let Some(path) = path else { return Vec::new() };
    let several = nodes::items(path).iter().filter_map(nodes::text);
    nodes::text(path).into_iter().chain(several).map(str::to_owned).collect()
}

/// A tree whose places are those of a text that stands behind others.
pub(super) fn shift(node: &mut Node<'_>, by: usize) {
    let moved = |span: &Range<usize>| span.start + by..span.end + by;
    node.span = moved(&node.span);
    match &mut node.content {
        Content::Scalar(_) => {}
        Content::Sequence(items) => items.iter_mut().for_each(|item| shift(item, by)),
        Content::Mapping(entries) => {
            for entry in entries {
                entry.key_span = moved(&entry.key_span);
                shift(&mut entry.value, by);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_in_its_file() {
        let file = |way: &str, text: &str| ComposeFile { way: way.to_owned(), text: text.to_owned() };
        let files = Files::new(vec![file("a.yml", "one"), file("b.yml", "two\n")], vec![file("c/d.yml", "three")]);
        assert_eq!(files.text(), "one\ntwo\nthree\n");
        for (span, file, inside) in
            [(0..3, 0, 0..3), (1..2, 0, 1..2), (4..8, 1, 0..4), (9..13, 2, 1..5), (3..4, 0, 3..3)]
        {
            assert_eq!(files.locate(&span), (file, inside), "{span:?}");
        }
        assert_eq!(files.way_from(2, "../e.yml"), "e.yml");
        assert_eq!((files.folder(2), files.folder(0)), ("c", ""));
    }

    #[test]
    fn ways_are_joined_without_detours() {
        for (folder, path, way) in [
            ("", "./a", "a"),
            ("b", "a", "b/a"),
            ("b/c", "../../../a", "../a"),
            ("", "../a", "../a"),
            ("b", "/a", "/a"),
            ("/b", "../a", "/a"),
        ] {
            assert_eq!(joined(folder, path), way, "{folder} {path}");
        }
    }

    #[test]
    fn the_files_that_are_named_are_found() {
        let text = "include: [a.yml, { path: [b.yml, ./c.yml] }, '${D}.yml']\nservices:\n  x: { extends: { file: e.yml, \
                    service: x } }\n  y: { extends: x }\n";
        assert_eq!(named_in(text), ["a.yml", "b.yml", "./c.yml", "e.yml"]);
    }
}
