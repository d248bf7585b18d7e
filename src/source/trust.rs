//! Knows whose folders above the current one are taken: git's own rule, with git's exceptions
//! (<https://git-scm.com/docs/git-config#Documentation/git-config.txt-safedirectory>). Must not know who runs the program.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::{GIT, repository};

/// Who runs the program, and what git was told to take from others.
#[derive(Debug, Clone, Copy)]
pub struct Trust {
    /// The user.
    pub user: u32,
    /// The user who became root by sudo.
    pub invoker: Option<u32>,
    /// What git takes whoever owns it, as git is told: folders, `FOLDER/*`, or `*`; what stands before an empty one does
    /// not count. Asked only where it matters.
    pub safe: fn() -> Vec<PathBuf>,
}

impl Trust {
    /// The repository that a folder lies in; an error is one that is not taken. Whoever stands in its root, or names it,
    /// means it: only what lies above the current folder may be there without his knowledge.
    ///
    /// # Errors
    /// The root of a repository that belongs to another user.
    pub fn repository<'f>(&self, folder: &'f Path, current: &Path) -> Result<Option<&'f Path>, &'f Path> {
        match repository(folder) {
            Some(root) if !(self.takes(root, root, current) && self.takes(&root.join(GIT), root, current)) => Err(root),
            root => Ok(root),
        }
    }

    /// Whether something in a project's root, or that root, is taken.
    pub(super) fn takes(&self, path: &Path, root: &Path, current: &Path) -> bool {
        let holder = if path == root { path } else { path.parent().unwrap_or(path) };
        let is_above = current != holder && current.starts_with(holder);
        !is_above || self.owns(path) || self.is_safe(root)
    }

    /// Whether it is the user's own. The owner of a link counts, as for git, and not that of what it leads to.
    pub(super) fn owns(&self, path: &Path) -> bool {
        // what is not there belongs to nobody, and is told as missing
        let Ok(found) = fs::symlink_metadata(path) else { return true };
        found.uid() == self.user || (self.user == 0 && self.invoker == Some(found.uid()))
    }

    fn is_safe(&self, root: &Path) -> bool {
        let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let root = real(root);
        let mut is_safe = false;
        for listed in (self.safe)() {
            is_safe = match listed.as_os_str().to_str() {
                Some("") => false,
                Some("*") => true,
                Some(text) if text.ends_with("/*") => {
                    is_safe || root.starts_with(real(listed.parent().unwrap_or(&listed)))
                }
                Some(_) | None => is_safe || root == real(&listed),
            };
        }
        is_safe
    }
}

#[cfg(test)]
mod tests {
    use super::super::Catalogue;
    use super::*;

    const PROFILE: &str = "format: 1\n";

    /// A repository `project` with profiles, in which one is in `project/a/b`.
    fn project() -> (tempfile::TempDir, PathBuf, u32) {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap().join("project");
        for name in [".git", "a/b", "profiles"] {
            fs::create_dir_all(root.join(name)).unwrap();
        }
        fs::write(root.join("profiles/shop.yaml"), PROFILE).unwrap();
        let user = fs::metadata(&root).unwrap().uid();
        (folder, root, user)
    }

    fn found(start: &Path, current: &Path, trust: &Trust) -> (bool, Option<PathBuf>) {
        let catalogue = Catalogue::find(start, current, trust).unwrap();
        (catalogue.folder().is_some(), catalogue.passed_by().map(Path::to_owned))
    }

    #[test]
    fn what_lies_above_and_belongs_to_another_is_passed_by() {
        let (_folder, root, user) = project();
        let below = root.join("a/b");
        let mine = Trust { user, invoker: None, safe: || vec![PathBuf::from("/elsewhere")] };
        let others = Trust { user: user + 1, ..mine };
        assert_eq!(found(&below, &below, &mine), (true, None));
        assert_eq!(found(&below, &below, &others), (false, Some(root.clone())));
        // a record in outputs leads no further
        assert_eq!(found(&root, &below, &others), (false, Some(root.clone())));
        // who stands in it or names it means it
        assert_eq!(found(&root, &root, &others), (true, None));
        assert_eq!(found(&root, Path::new("/"), &others), (true, None));
        assert_eq!(others.repository(&below, &below), Err(root.as_path()));
        assert_eq!(others.repository(&below, &root), Ok(Some(root.as_path())));
    }

    #[test]
    fn root_takes_what_is_of_whoever_became_root() {
        let (_folder, root, _) = project();
        // for root, who can, a folder that is not root's; anybody else's is none already
        let _ = std::os::unix::fs::chown(&root, Some(4711), None);
        let user = fs::metadata(&root).unwrap().uid();
        let owner = Trust { user: 0, invoker: Some(user), safe: Vec::new };
        assert!(owner.owns(&root));
        assert!(!Trust { invoker: Some(user + 1), ..owner }.owns(&root));
        assert!(!Trust { user: user + 1, invoker: Some(user), ..owner }.owns(&root), "only root may say who he was");
    }

    #[test]
    fn what_git_was_told_to_take_is_taken() {
        let (_folder, root, user) = project();
        let below = root.join("a/b");
        let trust = |safe: fn() -> Vec<PathBuf>| Trust { user: user + 1, invoker: None, safe };
        for (safe, expected) in [
            ((|| vec!["*".into()]) as fn() -> Vec<PathBuf>, true),
            (|| vec!["*".into(), "".into()], false),
            (|| vec!["".into(), "*".into()], true),
            (|| vec![std::env::temp_dir().join("*")], true),
            (|| vec![std::env::temp_dir()], false),
        ] {
            assert_eq!(found(&below, &below, &trust(safe)).0, expected, "{:?}", safe());
        }
    }

    #[test]
    fn a_folder_of_profiles_on_the_way_is_judged_by_its_owner() {
        let (_folder, root, user) = project();
        let (below, planted) = (root.join("a/b"), root.join("a/profiles"));
        fs::create_dir(&planted).unwrap();
        let trust = Trust { user, invoker: None, safe: Vec::new };
        assert!(trust.takes(&planted, &root, &below));
        let others = Trust { user: user + 1, ..trust };
        assert!(!others.takes(&planted, &root, &below));
    }
}
