//! Knows paths by their text alone. Must not know what stands at them.

use std::path::{Component, Path, PathBuf};

use crate::spelling::raw_path;

/// An absolute path without `.` and `..`, by its text alone.
#[must_use]
pub fn normalized(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => plain.push(part),
        }
    }
    plain
}

/// The way from one folder to another path, both absolute and normalized; the path itself where the two have nothing in
/// common but the root of the file system.
#[must_use]
pub fn relative(from: &Path, to: &Path) -> String {
    let common = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    if common <= 1 && from != to {
        return raw_path(to);
    }
    let up = from.components().skip(common).map(|_| Component::ParentDir);
    let way: PathBuf = up.chain(to.components().skip(common)).collect();
    if way.as_os_str().is_empty() { ".".to_owned() } else { raw_path(&way) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_between_two_folders() {
        for (from, to, expected) in [
            ("/a/b", "/a/b", "."),
            ("/a/b/deploy", "/a/b", ".."),
            ("/a/b", "/a/b/x/y.yaml", "x/y.yaml"),
            ("/a/b/c", "/a/d", "../../d"),
            ("/tmp/x", "/srv/y", "/srv/y"),
        ] {
            assert_eq!(relative(Path::new(from), Path::new(to)), expected);
        }
        assert_eq!(normalized(Path::new("/a/./b/../c")), Path::new("/a/c"));
    }
}
