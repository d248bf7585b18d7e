//! Knows how a service mounts folders and volumes (<https://docs.docker.com/reference/compose-file/services/#volumes>). Must
//! not know what is kept in them.

use std::collections::BTreeMap;

use super::forms::{between_colons, lexical};
use super::tree::Tree;

/// Something that is mounted into a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// `bind`, `volume`, `tmpfs`, `npipe`, `cluster` or `image`.
    pub kind: String,
    /// A path of the host or a named volume; nothing where Docker makes it.
    pub source: Option<String>,
    /// Where it stands in the container.
    pub target: String,
    /// Whether the container can only read it.
    pub read_only: bool,
    /// What else is said of it.
    pub others: BTreeMap<String, Tree>,
}

impl Mount {
    /// Reads one item of `volumes`.
    #[must_use]
    pub fn read(item: &Tree) -> Option<Self> {
        match item {
            Tree::Text(text) => Some(short(text)),
            Tree::Map(entries) => long(entries),
            Tree::Nothing | Tree::List(_) => None,
        }
    }

    /// The named volume that it mounts.
    #[must_use]
    pub fn volume(&self) -> Option<&str> {
        self.source.as_deref().filter(|_| self.kind == "volume")
    }

    /// What is said of it beside its target.
    pub(super) fn tree(self) -> Tree {
        let Self { kind, source, target: _, read_only, others } = self;
        let mut entries = others;
        entries.insert("type".to_owned(), Tree::Text(kind));
        entries.extend(source.map(|source| ("source".to_owned(), Tree::Text(source))));
        entries.extend(read_only.then(|| ("read_only".to_owned(), Tree::text("true"))));
        Tree::Map(entries)
    }
}

fn short(text: &str) -> Mount {
    let parts = between_colons(text);
    let (source, target, modes) = match parts.as_slice() {
        [target] => (None, *target, ""),
        [source, target] => (Some(*source), *target, ""),
        [source, target, modes @ ..] => (Some(*source), *target, modes.first().copied().unwrap_or_default()),
        [] => (None, text, ""),
    };
    let is_path = source.is_some_and(|source| source.starts_with(['.', '/', '~', '\\']));
    let kind = if is_path { "bind" } else { "volume" };
    let mut mount = Mount {
        kind: kind.to_owned(),
        source: source.map(|source| placed(kind, source)),
        target: folder(target),
        read_only: false,
        others: BTreeMap::new(),
    };
    for mode in modes.split(',') {
        let option = match mode {
            "" | "rw" => continue,
            "ro" => {
                mount.read_only = true;
                continue;
            }
            "z" | "Z" => ("bind", "selinux", mode),
            "nocopy" => ("volume", "nocopy", "true"),
            "cached" | "consistent" | "delegated" => {
                mount.others.insert("consistency".to_owned(), Tree::text(mode));
                continue;
            }
            other => ("bind", "propagation", other),
        };
        let (part, key, value) = option;
        let known = mount.others.remove(part).unwrap_or(Tree::Nothing);
        mount.others.insert(part.to_owned(), known.under(Tree::map([(key, Tree::text(value))])));
    }
    mount
}

fn long(entries: &BTreeMap<String, Tree>) -> Option<Mount> {
    let text = |key: &str| entries.get(key).and_then(Tree::as_text);
    let kind = text("type").unwrap_or("volume");
    let is_own = |key: &str| matches!(key, "type" | "source" | "target" | "read_only");
    let mut others = BTreeMap::new();
    for (key, value) in entries.iter().filter(|(key, _)| !is_own(key)) {
        let mut value = value.clone();
        if let Tree::Map(options) = &mut value {
            options.retain(|option, value| !is_default(key, option, value));
        }
        if !value.is_empty() {
            others.insert(key.clone(), value);
        }
    }
    Some(Mount {
        kind: kind.to_owned(),
        source: text("source").map(|source| placed(kind, source)),
        target: folder(text("target")?),
        read_only: text("read_only") == Some("true"),
        others,
    })
}

/// Whether Docker does so where nothing is written.
fn is_default(part: &str, option: &str, value: &Tree) -> bool {
    (part, option, value.as_text()) == ("bind", "create_host_path", Some("true"))
        || (part, option, value.as_text()) == ("volume", "nocopy", Some("false"))
}

fn placed(kind: &str, source: &str) -> String {
    let way = lexical(source);
    match kind {
        "bind" if way.starts_with(['/', '~']) || way.starts_with("..") => way,
        "bind" => format!("./{way}"),
        _ => source.to_owned(),
    }
}

fn folder(target: &str) -> String {
    let trimmed = target.trim_end_matches('/');
    if trimmed.is_empty() { target.to_owned() } else { trimmed.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_forms_of_a_mount_are_the_same() {
        let long = |entries: &[(&'static str, &str)]| {
            Mount::read(&Tree::map(entries.iter().map(|(key, value)| (*key, Tree::text(*value)))))
        };
        let short = |text: &str| Mount::read(&Tree::text(text));
        assert_eq!(
            short("./a/:/b/:ro"),
            long(&[("type", "bind"), ("source", "a"), ("target", "/b"), ("read_only", "true")])
        );
        assert_eq!(short("pg:/b"), long(&[("type", "volume"), ("source", "pg"), ("target", "/b")]));
        assert_eq!(short("/b"), long(&[("type", "volume"), ("target", "/b")]));
        assert_eq!(short("/a:/b:z,ro").unwrap().source.as_deref(), Some("/a"));
        assert_eq!(short("./../a/:/b").unwrap().source.as_deref(), Some("../a"));
        assert_eq!(short("~/a/:/b").unwrap().source.as_deref(), Some("~/a"));
        assert_eq!(short("${A:-./x}:/b").unwrap().target, "/b");
        assert_eq!(short("pg:/b").unwrap().volume(), Some("pg"));
        let made = Tree::map([
            ("type", Tree::text("bind")),
            ("source", Tree::text("/a")),
            ("target", Tree::text("/b")),
            ("bind", Tree::map([("create_host_path", Tree::text("true"))])),
        ]);
        assert_eq!(Mount::read(&made), short("/a:/b"));
    }
}
