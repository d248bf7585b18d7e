//! Knows the short and long forms that many keys of Compose have, and how durations, sizes and paths are written. Must not
//! know which keys have which.

use std::collections::BTreeMap;

use super::tree::Tree;

/// `KEY=VALUE` in a list, or `KEY: VALUE`, as a mapping; a name alone has no value.
pub(super) fn pairs(tree: Tree) -> Tree {
    match tree {
        Tree::List(items) => {
            let pair = |item: &Tree| {
                let text = item.as_text()?;
                let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
                Some((name.to_owned(), value.map_or(Tree::Nothing, Tree::text)))
            };
            Tree::Map(items.iter().filter_map(pair).collect())
        }
        other @ (Tree::Nothing | Tree::Text(_) | Tree::Map(_)) => other,
    }
}

/// The same, where a name alone has the empty text.
pub(super) fn filled_pairs(tree: Tree) -> Tree {
    let filled = |value| if value == Tree::Nothing { Tree::text("") } else { value };
    match pairs(tree) {
        Tree::Map(entries) => Tree::Map(entries.into_iter().map(|(key, value)| (key, filled(value))).collect()),
        other @ (Tree::Nothing | Tree::Text(_) | Tree::List(_)) => other,
    }
}

/// One text, or a list of them, as a list.
pub(super) fn listed(tree: Tree) -> Tree {
    match tree {
        Tree::Text(text) => Tree::List(vec![Tree::Text(text)]),
        other @ (Tree::Nothing | Tree::List(_) | Tree::Map(_)) => other,
    }
}

/// Names in a list, or as keys of a mapping, as a mapping.
pub(super) fn named(tree: Tree) -> Tree {
    match tree {
        Tree::List(items) => {
            let names = items.iter().filter_map(Tree::as_text);
            Tree::Map(names.map(|name| (name.to_owned(), Tree::Map(BTreeMap::new()))).collect())
        }
        Tree::Map(entries) => {
            let full = |value| if value == Tree::Nothing { Tree::Map(BTreeMap::new()) } else { value };
            Tree::Map(entries.into_iter().map(|(name, value)| (name, full(value))).collect())
        }
        other @ (Tree::Nothing | Tree::Text(_)) => other,
    }
}

/// `HOST:ADDRESS` or `HOST=ADDRESS` in a list, or `HOST: ADDRESS`, as a list of pairs.
pub(super) fn hosts(tree: Tree) -> Tree {
    let addresses = |value: &Tree| match value {
        Tree::Text(text) => vec![text.clone()],
        Tree::List(items) => items.iter().filter_map(Tree::as_text).map(str::to_owned).collect(),
        Tree::Nothing | Tree::Map(_) => Vec::new(),
    };
    let written = |host: &str, address: &str| Tree::text(format!("{host}={}", address.trim_matches(['[', ']'])));
    match tree {
        Tree::List(items) => {
            let pair = |item: Tree| match item.as_text().and_then(|text| text.split_once(['=', ':'])) {
                Some((host, address)) => written(host, address),
                None => item,
            };
            Tree::List(items.into_iter().map(pair).collect())
        }
        Tree::Map(entries) => {
            let each = |(host, value): (&String, &Tree)| {
                addresses(value).iter().map(|address| written(host, address)).collect::<Vec<_>>()
            };
            Tree::List(entries.iter().flat_map(each).collect())
        }
        other @ (Tree::Nothing | Tree::Text(_)) => other,
    }
}

/// One limit for both, or a soft and a hard one.
pub(super) fn limits(tree: Tree) -> Tree {
    let both = |value: Tree| match value {
        Tree::Text(text) => Tree::map([("soft", Tree::Text(text.clone())), ("hard", Tree::Text(text))]),
        other @ (Tree::Nothing | Tree::List(_) | Tree::Map(_)) => other,
    };
    match tree {
        Tree::Map(entries) => Tree::Map(entries.into_iter().map(|(name, value)| (name, both(value))).collect()),
        other @ (Tree::Nothing | Tree::Text(_) | Tree::List(_)) => other,
    }
}

/// A time such as `1m30s`, as nanoseconds; a text that is none as it is.
pub(super) fn duration(tree: Tree) -> Tree {
    const UNITS: [(&str, f64); 9] = [
        ("ns", 1.0),
        ("us", 1e3),
        ("µs", 1e3),
        ("ms", 1e6),
        ("w", 604_800e9),
        ("d", 86_400e9),
        ("h", 3_600e9),
        ("m", 60e9),
        ("s", 1e9),
    ];
    let read = |text: &str| {
        let mut rest = text;
        let mut all = 0.0;
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).filter(|end| *end > 0)?;
            let number: f64 = rest.get(..digits)?.parse().ok()?;
            let unit = rest.get(digits..)?;
            let (name, size) = UNITS.iter().find(|(name, _)| unit.starts_with(name))?;
            all += number * size;
            rest = unit.get(name.len()..)?;
        }
        (!text.is_empty()).then(|| format!("{all:.0}ns"))
    };
    changed(tree, |text| if text == "0" { Some("0ns".to_owned()) } else { read(text) })
}

/// A size such as `512m`, as bytes; a text that is none as it is.
pub(super) fn bytes(tree: Tree) -> Tree {
    let read = |text: &str| {
        let lower = text.trim().to_ascii_lowercase();
        let digits = lower.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(lower.len());
        let number: f64 = lower.get(..digits)?.parse().ok()?;
        let power = match lower.get(digits..)?.trim_start() {
            "" | "b" => 0,
            "k" | "kb" | "kib" => 1,
            "m" | "mb" | "mib" => 2,
            "g" | "gb" | "gib" => 3,
            "t" | "tb" | "tib" => 4,
            _ => return None,
        };
        Some(format!("{:.0}", number * 1024_f64.powi(power)))
    };
    changed(tree, read)
}

/// A number such as `0.50` or `.5`.
pub(super) fn number(tree: Tree) -> Tree {
    changed(tree, |text| text.parse::<f64>().ok().map(|number| number.to_string()))
}

/// A path as it leads from the folder of the file: without steps that lead nowhere. A URL is none.
pub(super) fn path(tree: Tree) -> Tree {
    changed(tree, |text| Some(lexical(text)).filter(|_| is_path(text)))
}

/// The address of a repository, whole: what is built may be called without its scheme.
pub(super) fn repository(tree: Tree) -> Tree {
    changed(tree, |text| text.starts_with("github.com/").then(|| format!("https://{text}")))
}

/// Whether what is built stands in a folder, and not in a repository elsewhere.
#[must_use]
pub fn is_path(text: &str) -> bool {
    !text.contains("://") && !text.starts_with("git@")
}

/// A path without steps that lead nowhere.
#[must_use]
pub fn lexical(text: &str) -> String {
    let is_absolute = text.starts_with('/');
    let mut steps: Vec<&str> = Vec::new();
    for step in text.split('/') {
        match step {
            "" | "." => {}
            ".." if steps.last().is_some_and(|last| *last != "..") => drop(steps.pop()),
            ".." if is_absolute => {}
            step => steps.push(step),
        }
    }
    let joined = steps.join("/");
    if is_absolute { format!("/{joined}") } else { joined }
}

/// A text with something made of it, where that can be made.
fn changed(tree: Tree, change: impl Fn(&str) -> Option<String>) -> Tree {
    match tree {
        Tree::Text(text) => Tree::Text(change(&text).unwrap_or(text)),
        other @ (Tree::Nothing | Tree::List(_) | Tree::Map(_)) => other,
    }
}

/// The parts of a text between colons that stand in no reference and no brackets.
#[must_use]
pub fn between_colons(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut depth = 0_usize;
    let mut start = 0;
    for (at, character) in text.char_indices() {
        match character {
            '{' | '[' => depth += 1,
            '}' | ']' => depth = depth.saturating_sub(1),
            ':' if depth == 0 => {
                parts.extend(text.get(start..at));
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.extend(text.get(start..));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_sizes_and_paths_have_one_form() {
        let told = |tree| if let Tree::Text(text) = tree { text } else { String::new() };
        for (text, expected) in
            [("1m30s", "90000000000ns"), ("1.5s", "1500000000ns"), ("90s", "90000000000ns"), ("x", "x"), ("0", "0ns")]
        {
            assert_eq!(told(duration(Tree::text(text))), expected, "{text}");
        }
        for (text, expected) in
            [("512m", "536870912"), ("0.5G", "536870912"), ("1024", "1024"), ("1KiB", "1024"), ("x", "x")]
        {
            assert_eq!(told(bytes(Tree::text(text))), expected, "{text}");
        }
        for (text, expected) in [("./a/", "a"), (".", ""), ("../a/../b", "../b"), ("/a/./b/..", "/a"), ("~/x", "~/x")] {
            assert_eq!(lexical(text), expected, "{text}");
        }
        assert_eq!(path(Tree::text("https://a/b.git#x")), Tree::text("https://a/b.git#x"));
        assert_eq!(number(Tree::text("0.50")), Tree::text("0.5"));
    }

    #[test]
    fn colons_in_brackets_separate_nothing() {
        assert_eq!(between_colons("[::1]:${P:?}:80"), ["[::1]", "${P:?}", "80"]);
        assert_eq!(between_colons("127.0.0.1:${P:-80}:80"), ["127.0.0.1", "${P:-80}", "80"]);
        assert_eq!(between_colons("80"), ["80"]);
    }

    #[test]
    fn short_and_long_forms_are_the_same() {
        let words = |words: &[&str]| Tree::List(words.iter().map(|word| Tree::text(*word)).collect());
        let map = Tree::map([("A", Tree::text("1=2")), ("B", Tree::Nothing)]);
        assert_eq!(pairs(words(&["A=1=2", "B"])), map);
        assert_eq!(filled_pairs(map), Tree::map([("A", Tree::text("1=2")), ("B", Tree::text(""))]));
        assert_eq!(named(words(&["a"])), named(Tree::map([("a", Tree::Nothing)])));
        assert_eq!(hosts(words(&["a:1.1.1.1"])), hosts(Tree::map([("a", Tree::text("1.1.1.1"))])));
        assert_eq!(hosts(words(&["a=[::1]"])), words(&["a=::1"]));
    }
}
