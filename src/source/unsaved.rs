//! Knows the texts that hold in the place of files, as an editor has them before they are saved.
//! Must not know who wrote them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Project, ReadFault};

/// Texts by the real paths of their files.
#[derive(Debug, Clone, Default)]
pub struct Unsaved(HashMap<PathBuf, Arc<str>>);

impl Unsaved {
    /// The path under which the text of a file is kept: its real one, also where the file is not there yet.
    #[must_use]
    pub fn identity(path: &Path) -> PathBuf {
        if let Ok(real) = std::fs::canonicalize(path) {
            return real;
        }
        let real = path.parent().and_then(|folder| std::fs::canonicalize(folder).ok());
        match (real, path.file_name()) {
            (Some(folder), Some(name)) => folder.join(name),
            _ => path.to_owned(),
        }
    }

    /// Lets a text hold in the place of the file of this real path.
    pub fn insert(&mut self, identity: PathBuf, text: Arc<str>) {
        self.0.insert(identity, text);
    }

    /// Lets the file hold again.
    pub fn remove(&mut self, identity: &Path) {
        self.0.remove(identity);
    }

    /// The text that holds in the place of a file.
    pub(super) fn text(&self, path: &Path) -> Option<&str> {
        if self.0.is_empty() { None } else { self.0.get(&Self::identity(path)).map(AsRef::as_ref) }
    }

    /// The same on the word of a file of a project.
    pub(super) fn text_of(&self, project: &Project, path: &Path) -> Result<Option<&str>, ReadFault> {
        let Some(text) = self.text(path) else { return Ok(None) };
        match project.admit_new(path).map_err(ReadFault::Io)? {
            Some(_) => Ok(Some(text)),
            None => Err(ReadFault::Outside(project.root().to_owned())),
        }
    }
}
