//! Knows the texts that are open in the editor, and which of them are profiles. Must not know what a profile says.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use gen_lsp_types::{TextDocumentContentChangeEvent, Uri};

use super::position::{Encoding, Text};
use super::project::{Layer, Shapes, is_with_profiles};
use super::uri;
use crate::disk;
use crate::source::{SIZE_LIMIT, Unsaved, is_yaml};

/// What stands in the line by which editors find our schema.
const MODELINE: [&str; 2] = ["$schema=", "profile.schema.json"];

/// An open text.
#[derive(Debug, Clone)]
pub(super) struct Document {
    pub(super) uri: Uri,
    pub(super) path: PathBuf,
    /// Its real path.
    pub(super) identity: PathBuf,
    pub(super) version: i32,
    pub(super) text: Text,
}

impl Document {
    /// Whether it is a profile: it stands where profiles do, or says that it is one.
    pub(super) fn is_profile(&self) -> bool {
        is_yaml(&self.path) && (is_with_profiles(&self.path) || says_profile(self.text.as_str()))
    }

    /// Whether its text is what the disk has.
    pub(super) fn is_saved(&self) -> bool {
        disk::read_text(&self.path, SIZE_LIMIT).as_deref() == Some(self.text.as_str())
    }
}

fn says_profile(text: &str) -> bool {
    let comments = text.lines().take_while(|line| line.starts_with('#') || line.trim().is_empty());
    let has_modeline = comments.filter(|line| MODELINE.iter().all(|part| line.contains(part))).count() > 0;
    has_modeline && text.lines().any(|line| line.starts_with("format:"))
}

/// All open texts.
#[derive(Debug)]
pub(super) struct Documents {
    open: HashMap<String, Document>,
    unsaved: Unsaved,
    pub(super) encoding: Encoding,
    pub(super) shapes: Shapes,
}

impl Documents {
    pub(super) fn new(encoding: Encoding) -> Self {
        Self { open: HashMap::new(), unsaved: Unsaved::default(), encoding, shapes: Shapes::default() }
    }

    /// A text is open from now on; nothing happens where it is no file.
    pub(super) fn open(&mut self, uri: &Uri, version: i32, text: String) -> Option<&Document> {
        let path = uri::path(uri)?;
        let identity = Unsaved::identity(&path);
        let text = Text::new(text, self.encoding);
        self.unsaved.insert(identity.clone(), text.shared());
        let document = Document { uri: uri.clone(), path, identity, version, text };
        self.open.insert(uri.0.clone(), document);
        self.get(uri)
    }

    pub(super) fn change(
        &mut self,
        uri: &Uri,
        version: i32,
        changes: &[TextDocumentContentChangeEvent],
    ) -> Option<&Document> {
        let encoding = self.encoding;
        let document = self.open.get_mut(&uri.0)?;
        self.shapes.forget(document.text.as_str());
        for change in changes {
            document.text = match change {
                TextDocumentContentChangeEvent::TextDocumentContentChangePartial(part) => {
                    document.text.edited(part.range, &part.text)
                }
                TextDocumentContentChangeEvent::TextDocumentContentChangeWholeDocument(whole) => {
                    Text::new(whole.text.as_str(), encoding)
                }
            };
        }
        document.version = version;
        self.unsaved.insert(document.identity.clone(), document.text.shared());
        Some(document)
    }

    /// What stands on the disk holds again.
    pub(super) fn close(&mut self, uri: &Uri) -> Option<Document> {
        let document = self.open.remove(&uri.0)?;
        self.unsaved.remove(&document.identity);
        // the same file may be open by another name
        if let Some(other) = self.open.values().find(|other| other.identity == document.identity) {
            self.unsaved.insert(other.identity.clone(), other.text.shared());
        }
        Some(document)
    }

    pub(super) fn get(&self, uri: &Uri) -> Option<&Document> {
        self.open.get(&uri.0)
    }

    pub(super) fn by_identity(&self, identity: &Path) -> Option<&Document> {
        self.open.values().find(|document| document.identity == identity)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Document> {
        self.open.values()
    }

    /// How messages call a layer whose text is not what stands on the disk.
    pub(super) fn unsaved_in(&self, layer: &Layer) -> Option<String> {
        let open = self.by_identity(&layer.identity()?)?;
        (!open.is_saved()).then(|| layer.source.name.clone())
    }

    pub(super) fn unsaved(&self) -> &Unsaved {
        &self.unsaved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_stands_with_profiles_or_says_that_it_is_one() {
        let mut documents = Documents::new(Encoding::Utf8);
        let mut is_profile = |path: &str, text: &str| {
            documents.open(&Uri(format!("file://{path}")), 1, text.to_owned()).unwrap().is_profile()
        };
        let says = "# yaml-language-server: $schema=../schema/profile.schema.json\nformat: 1\n";
        assert!(is_profile("/p/profiles/x.yaml", ""));
        assert!(is_profile("/p/other.yml", says));
        for (path, text) in [
            ("/p/profiles/x.txt", says),
            ("/p/other.yaml", "format: 1\n"),
            ("/p/other.yaml", "# yaml-language-server: $schema=https://x/compose.json\nformat: 1\n"),
            ("/p/docker-compose.yml", "services: {}\n"),
        ] {
            assert!(!is_profile(path, text), "{path} {text}");
        }
    }
}
