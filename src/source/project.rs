//! Knows where a project ends: nothing outside of it is read on the word of one of its files.
//! Must not know what is read.

use std::io;
use std::path::{Component, Path, PathBuf};

/// The name of git's own folder, or of the file that leads to it.
pub const GIT: &str = ".git";

/// The folder that holds everything of a project, as its real path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project(PathBuf);

impl Project {
    /// The project that a folder belongs to: the repository; without one the folder that holds `profiles/`; without that
    /// the folder itself.
    #[must_use]
    pub fn of_folder(folder: &Path) -> Self {
        let real = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        let holder = || real.parent().filter(|_| real.file_name().is_some_and(|name| name == super::PROFILES));
        let root = repository(&real).or_else(holder).unwrap_or(&real).to_owned();
        Self(root)
    }

    /// The project that a file belongs to.
    #[must_use]
    pub fn of_file(file: &Path) -> Self {
        Self::of_folder(file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")))
    }

    /// The real path of a file or folder, where it lies in the project and not in git's own folder; nothing where it
    /// does not.
    ///
    /// # Errors
    /// Where it is not there, or the operating system says no.
    pub fn admit(&self, path: &Path) -> io::Result<Option<PathBuf>> {
        let real = std::fs::canonicalize(path)?;
        let is_inside = real.strip_prefix(&self.0).is_ok_and(|way| !is_of_git(way));
        Ok(is_inside.then_some(real))
    }

    /// The real path of a folder that may be missing yet, as [`Self::admit`] gives it.
    ///
    /// # Errors
    /// Where the operating system says no.
    pub fn admit_new(&self, path: &Path) -> io::Result<Option<PathBuf>> {
        for standing in path.ancestors() {
            match std::fs::canonicalize(standing) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
                Ok(real) => {
                    let real = real.join(path.strip_prefix(standing).unwrap_or(Path::new("")));
                    return Ok(real.strip_prefix(&self.0).is_ok_and(|way| !is_of_git(way)).then_some(real));
                }
            }
        }
        Ok(None)
    }

    /// Its folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.0
    }
}

/// The root of the repository that a folder lies in.
#[must_use]
pub fn repository(folder: &Path) -> Option<&Path> {
    folder.ancestors().find(|folder| folder.join(GIT).exists())
}

fn is_of_git(way: &Path) -> bool {
    way.components().any(|part| matches!(part, Component::Normal(name) if name.eq_ignore_ascii_case(GIT)))
}
