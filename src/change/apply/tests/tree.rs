//! All that stands below a folder, to be put back and compared.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// A file or folder.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Nothing for a folder.
    pub(super) bytes: Option<Vec<u8>>,
    pub(super) mode: u32,
}

/// All that stands below a folder.
pub(super) type Tree = BTreeMap<PathBuf, Entry>;

pub(super) fn tree(folder: &Path) -> Tree {
    let mut tree = Tree::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let bytes = path.is_file().then(|| fs::read(&path).unwrap());
            let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o7777;
            tree.insert(path.strip_prefix(folder).unwrap().to_owned(), Entry { bytes, mode });
            folders.extend(path.is_dir().then_some(path));
        }
    }
    tree
}

/// Has nothing but a tree stand in a folder.
pub(super) fn restore(tree: &Tree, folder: &Path) {
    for path in self::tree(folder).keys().rev().map(|path| folder.join(path)) {
        if path.is_dir() { fs::remove_dir(path).unwrap() } else { fs::remove_file(path).unwrap() }
    }
    for (path, entry) in tree {
        let path = folder.join(path);
        match &entry.bytes {
            None => fs::create_dir(&path).unwrap(),
            Some(bytes) => fs::write(&path, bytes).unwrap(),
        }
        fs::set_permissions(&path, Permissions::from_mode(entry.mode)).unwrap();
    }
}

/// The names that are not the same in both.
pub(super) fn differing<'t>(one: &'t Tree, other: &'t Tree) -> Vec<&'t Path> {
    let mut names: Vec<_> = one.keys().chain(other.keys()).map(PathBuf::as_path).collect();
    names.sort_unstable();
    names.dedup();
    names.retain(|name| one.get(*name) != other.get(*name));
    names
}
