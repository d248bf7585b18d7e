//! Holds that modules import only along the line: each one uses only those that stand before it in lib.rs.

use std::fs;
use std::path::{Path, PathBuf};

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

/// The order that lib.rs gives in its text block of module names.
fn order(lib: &str) -> Vec<String> {
    let block = lib.split("//! ```text\n").nth(2).expect("lib.rs lists its modules in a second text block");
    let names = block.split("//! ```").next().unwrap().replace("//!", "");
    names.split_whitespace().map(str::to_owned).collect()
}

/// The module of the crate that a file belongs to: `target` for `src/target/compose/file.rs`.
fn module_of(path: &Path, src: &Path) -> String {
    let first = path.strip_prefix(src).unwrap().components().next().unwrap();
    first.as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned()
}

/// Every module named as `crate::NAME` outside of tests.
fn used(text: &str) -> Vec<String> {
    let code = text.split("#[cfg(test)]").next().unwrap();
    let name = |rest: &str| rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect::<String>();
    code.split("crate::").skip(1).map(name).filter(|name| !name.is_empty()).collect()
}

#[test]
fn modules_use_only_what_stands_before_them() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let lib = fs::read_to_string(src.join("lib.rs")).unwrap();
    let order = order(&lib);
    let declared: Vec<_> = lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let mut listed: Vec<_> = order.iter().map(String::as_str).collect();
    listed.sort_unstable();
    assert_eq!(listed, declared, "the list in lib.rs names every module once");

    let mut files = Vec::new();
    rust_files(&src, &mut files);
    let mut uses = 0;
    let mut wrong = Vec::new();
    for path in files.iter().filter(|path| !path.ends_with("lib.rs") && !path.ends_with("main.rs")) {
        let module = module_of(path, &src);
        let place = order.iter().position(|known| *known == module).unwrap();
        for used in used(&fs::read_to_string(path).unwrap()) {
            uses += 1;
            let before = order.iter().position(|known| *known == used).is_some_and(|used| used <= place);
            if !before {
                wrong.push(format!("{}: crate::{used}", path.display()));
            }
        }
    }
    assert!(uses > 100, "the scan found only {uses} uses");
    assert!(wrong.is_empty(), "these go against the line:\n{}", wrong.join("\n"));
}

/// What opens a file, of the standard library.
const OPENERS: [&str; 5] = ["fs::read(", "read_to_string(", "File::open(", "OpenOptions", "fs::write("];

#[test]
fn files_are_opened_in_one_place() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    let is_code = |path: &&PathBuf| module_of(path, &src) != "disk" && !path.ends_with("tests.rs");
    for path in files.iter().filter(is_code) {
        let text = fs::read_to_string(path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        let opener = OPENERS.into_iter().find(|opener| code.contains(opener));
        assert_eq!(opener, None, "{}: what a stranger put there is opened by crate::disk", path.display());
    }
}
