//! Knows the project that a file lies in, read with the texts of the editor in the place of files, under the limits of
//! every run. Must not know what a profile says beyond what it extends.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use twox_hash::XxHash3_64;

use super::outline::{Node, outline};
use crate::layers::base_of;
use crate::outcome::Failure;
use crate::source::{Catalogue, Origin, PROFILES, Reference, Source, Trust, Unsaved};
use crate::spelling::raw_path;

/// Layers of one profile, at the most, as far as they are looked through here.
const MOST_LAYERS: usize = 64;

/// A layer of a profile with its shape.
#[derive(Debug)]
pub(super) struct Layer {
    pub(super) source: Source,
    pub(super) shape: Rc<Node>,
}

/// The shapes of texts, as long as the same ones are asked for: a long one is not looked through for every question.
#[derive(Debug, Default)]
pub(super) struct Shapes(RefCell<HashMap<(usize, u64), Rc<Node>>>);

/// So many shapes are kept.
const MOST_SHAPES: usize = 32;

impl Shapes {
    pub(super) fn of(&self, text: &str) -> Rc<Node> {
        let key = (text.len(), XxHash3_64::oneshot(text.as_bytes()));
        if let Some(known) = self.0.borrow().get(&key) {
            return Rc::clone(known);
        }
        let shape = Rc::new(outline(text));
        let mut kept = self.0.borrow_mut();
        if kept.len() >= MOST_SHAPES {
            kept.clear();
        }
        kept.insert(key, Rc::clone(&shape));
        shape
    }

    /// Lets the shape of a text go that nobody asks for any more.
    pub(super) fn forget(&self, text: &str) {
        self.0.borrow_mut().remove(&(text.len(), XxHash3_64::oneshot(text.as_bytes())));
    }
}

impl Layer {
    pub(super) fn of(source: Source, shapes: &Shapes) -> Self {
        let shape = shapes.of(&source.text);
        Self { source, shape }
    }

    /// Its file; nothing for one in the binary.
    pub(super) fn path(&self) -> Option<&Path> {
        match &self.source.origin {
            Origin::File(path) => Some(path),
            Origin::StandardInput | Origin::Embedded(_) | Origin::Argument => None,
        }
    }

    pub(super) fn identity(&self) -> Option<PathBuf> {
        self.path().map(Unsaved::identity)
    }

    /// What it extends, as written.
    pub(super) fn extends(&self) -> Option<&str> {
        self.shape.entry("extends")?.value.text()
    }
}

/// Whether a file is in a folder of profiles.
pub(super) fn is_with_profiles(path: &Path) -> bool {
    path.parent().and_then(Path::file_name).is_some_and(|name| name == PROFILES)
}

/// The catalogue of the project that a file lies in, as a run in its root has it.
pub(super) fn catalogue_of(path: &Path, unsaved: &Unsaved, trust: &Trust) -> Result<Catalogue, Failure> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    let start = folder.parent().filter(|_| is_with_profiles(path)).unwrap_or(folder);
    Ok(Catalogue::find(start, start, trust)?.with_unsaved(unsaved.clone()))
}

/// A profile and what it extends, the strongest layer first, as far as that can be read.
pub(super) fn layers_of(selected: Source, catalogue: &Catalogue, shapes: &Shapes) -> Vec<Layer> {
    let mut layers: Vec<Layer> = Vec::new();
    let mut known = HashSet::new();
    let mut next = Some(Layer::of(selected, shapes));
    while let Some(layer) = next.take() {
        let is_new = layer.identity().is_none_or(|identity| known.insert(identity));
        if !is_new || layers.len() >= MOST_LAYERS {
            break;
        }
        let base = layer.extends().filter(|name| !name.is_empty() && *name != "-").map(Reference::parse);
        let base = base.and_then(|base| base_of(&layer.source, &base, catalogue));
        next = base.map(|base| Layer::of(base, shapes));
        layers.push(layer);
    }
    layers
}

/// Reads a profile by its path, as a run reads one that somebody names.
pub(super) fn selected(path: &Path, catalogue: &Catalogue) -> Option<Source> {
    catalogue.read(path).ok()
}

/// Every profile of the project with its layers; a profile that stands elsewhere is among them where `also` names it.
pub(super) fn families(catalogue: &Catalogue, also: &Path, shapes: &Shapes) -> Vec<Vec<Layer>> {
    let mut families = Vec::new();
    let mut known = HashSet::new();
    let of_project = catalogue.folder().map(|_| catalogue.entries()).unwrap_or_default();
    let named = selected(also, catalogue);
    let sources = named.into_iter().chain(of_project.into_iter().filter_map(|entry| entry.source.ok()));
    for source in sources {
        let Origin::File(path) = &source.origin else { continue };
        if known.insert(Unsaved::identity(path)) {
            families.push(layers_of(source, catalogue, shapes));
        }
    }
    families
}

/// How a path is written in messages, and read again.
pub(super) fn written(path: &Path) -> String {
    raw_path(path)
}
