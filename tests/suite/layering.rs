//! Holds that modules use each other in one direction: rooms only those that stand before them in lib.rs, and no module
//! one that uses it, inside of a room either.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// What opens a file, of the standard library.
const OPENERS: [&str; 5] = ["fs::read(", "read_to_string(", "File::open(", "OpenOptions", "fs::write("];

/// What each module uses, and by which names.
type Uses = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

/// A module: its code, and every path in it, with whether it is handed on by `pub use`.
struct Module {
    code: String,
    paths: Vec<(bool, String)>,
}

/// The modules of src/ by their paths, such as `render::view`.
struct House(BTreeMap<String, Module>);

impl House {
    fn read() -> Self {
        let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut files = Vec::new();
        rust_files(&src, &mut files);
        let module = |path: &PathBuf| {
            let name = path.strip_prefix(&src).unwrap().with_extension("");
            let name = name.to_str().unwrap().replace('/', "::");
            let is_code = name != "lib" && name != "main" && name.rsplit("::").next() != Some("tests");
            let code = code(&fs::read_to_string(path).unwrap());
            is_code.then(|| (name, Module { paths: paths(&code), code }))
        };
        Self(files.iter().filter_map(module).collect())
    }

    /// Where a path leads that is written in a module: the module that has what it names, behind every `pub use`.
    fn home(&self, module: &str, path: &str) -> Option<String> {
        let mut names: Vec<&str> = module.split("::").collect();
        let mut rest = path.split("::").peekable();
        match rest.peek() {
            Some(&"crate") => names.clear(),
            Some(&"self" | &"super") => {}
            Some(&child) if self.0.contains_key(&format!("{module}::{child}")) => {}
            Some(_) | None => return None,
        }
        for name in rest {
            match name {
                "crate" | "self" => {}
                "super" => drop(names.pop()),
                name => names.push(name),
            }
        }
        let ends = (1..=names.len()).rev();
        let mut homes =
            ends.map(|end| (names.iter().take(end).copied().collect::<Vec<_>>().join("::"), names.get(end)));
        let (found, item) = homes.find(|(module, _)| self.0.contains_key(module))?;
        let handed_on = item.and_then(|item| self.handed_on(&found, item));
        Some(handed_on.unwrap_or(found))
    }

    /// The module behind a `pub use`.
    fn handed_on(&self, module: &str, item: &str) -> Option<String> {
        let uses = self.0.get(module)?.paths.iter();
        let mut named = uses.filter(|(is_public, path)| *is_public && path.rsplit("::").next() == Some(item));
        named.find_map(|(_, path)| self.home(module, path))
    }

    fn uses(&self) -> Uses {
        let mut all = Uses::new();
        for (module, Module { paths, .. }) in &self.0 {
            let used = all.entry(module.clone()).or_default();
            for (is_public, path) in paths {
                let Some(home) = self.home(module, path).filter(|home| home != module) else { continue };
                // what a room hands on of its own it does not use
                if !(*is_public && home.starts_with(&format!("{module}::"))) {
                    used.entry(home).or_default().insert(path.clone());
                }
            }
        }
        all
    }
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// A file without its tests and comments, and without what stands in quotes.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap().replace("'\"'", "").replace("pub(in crate", "pub(in ");
    let (mut code, mut rest) = (String::new(), text.as_str());
    while let Some((before, behind)) = rest.find(['"', '/']).map(|at| rest.split_at(at)) {
        code.push_str(before);
        let end = match () {
            () if behind.starts_with("//") => behind.find('\n'),
            () if behind.starts_with('/') => Some(1),
            () if before.ends_with("r#") => behind.find("\"#"),
            () => {
                let mut is_escaped = false;
                let is_end = |c: char| {
                    let is_end = c == '"' && !is_escaped;
                    is_escaped = c == '\\' && !is_escaped;
                    is_end
                };
                behind[1..].find(is_end).map(|end| end + 2)
            }
        };
        rest = end.map_or("", |end| &behind[end..]);
    }
    code + rest
}

/// Every path in a file, and whether it is handed on.
fn paths(code: &str) -> Vec<(bool, String)> {
    let mut found = Vec::new();
    for statement in code.split(';') {
        let is_use = |before: &str| before.is_empty() || before.ends_with(char::is_whitespace);
        let split = statement.split_once("use ").filter(|(before, _)| is_use(before));
        let (before, tree) = split.unwrap_or((statement, ""));
        let is_public = before.rsplit('\n').next().is_some_and(|line| line.trim_start().starts_with("pub"));
        found.extend(expanded(tree).into_iter().map(|path| (is_public, path)));
        let words = before.split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':');
        found.extend(words.filter(|word| word.contains("::")).map(|word| (false, word.trim_matches(':').to_owned())));
    }
    found
}

/// The paths that a `use` names: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn expanded(tree: &str) -> Vec<String> {
    let Some((before, inside)) = tree.split_once('{') else {
        return vec![tree.split(" as ").next().unwrap().trim().to_owned()];
    };
    let mut depth = 0;
    let inside = inside.rsplit_once('}').unwrap().0;
    let parts = inside.split(|c: char| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        c == ',' && depth == 0
    });
    let parts = parts.map(str::trim).filter(|part| !part.is_empty());
    parts.flat_map(|part| expanded(&format!("{}{part}", before.trim()))).collect()
}

/// What can be reached from a module.
fn reached<'u>(uses: &'u Uses, from: &str) -> BTreeSet<&'u str> {
    let mut reached = BTreeSet::new();
    let mut next: Vec<&str> = uses[from].keys().map(String::as_str).collect();
    while let Some(module) = next.pop() {
        if reached.insert(module) {
            next.extend(uses[module].keys().map(String::as_str));
        }
    }
    reached
}

fn room(module: &str) -> &str {
    module.split("::").next().unwrap()
}

#[test]
fn no_module_uses_one_that_uses_it() {
    let uses = House::read().uses();
    let reached: BTreeMap<&str, _> = uses.keys().map(|module| (module.as_str(), reached(&uses, module))).collect();
    let mut found: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (module, used) in &uses {
        let circle = used.iter().filter(|(other, _)| reached[other.as_str()].contains(module.as_str()));
        let lines = circle.map(|(other, names)| format!("{module} -> {other}: {names:?}"));
        found.entry(room(module)).or_default().extend(lines);
    }
    found.retain(|_, circle| !circle.is_empty());
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn modules_use_only_what_stands_before_them() {
    let lib = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let block = lib.split("//! ```text\n").nth(2).expect("lib.rs lists its modules in a second text block");
    let order = block.split("//! ```").next().unwrap().replace("//!", "");
    let order: Vec<_> = order.split_whitespace().collect();
    let declared: Vec<_> = lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let mut listed = order.clone();
    listed.sort_unstable();
    assert_eq!(listed, declared, "the list in lib.rs names every module once");

    let uses = House::read().uses();
    let place = |module: &str| order.iter().position(|known| *known == room(module)).unwrap();
    let pairs: Vec<_> = uses.iter().flat_map(|(module, used)| used.keys().map(move |other| (module, other))).collect();
    assert!(pairs.len() > 1000, "the scan found only {} uses", pairs.len());
    let wrong: Vec<_> = pairs.iter().filter(|(module, other)| place(other) > place(module)).collect();
    assert!(wrong.is_empty(), "these go against the line: {wrong:#?}");
}

#[test]
fn files_are_opened_in_one_place() {
    for (module, Module { code, .. }) in
        House::read().0.iter().filter(|(module, _)| room(module) != "disk" && !module.contains("::tests"))
    {
        let opener = OPENERS.into_iter().find(|opener| code.contains(opener));
        assert_eq!(opener, None, "{module}: what a stranger put there is opened by crate::disk");
    }
}

#[test]
fn one_place_asks_which_target_it_is() {
    // `value` gives the words, `schema` says them
    let may_name = ["target", "value::choice", "schema::rules"];
    for (module, Module { code, .. }) in
        House::read().0.iter().filter(|(module, _)| !may_name.contains(&module.as_str()))
    {
        let named = ["Target::Compose", "Target::Kubernetes"].into_iter().find(|name| code.contains(name));
        assert_eq!(named, None, "{module}: what depends on the target is a question that src/target.rs answers");
    }
}
