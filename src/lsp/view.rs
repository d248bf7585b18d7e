//! Knows what one question is about: an open text, the layers below it, and where something stands in them.
//! Must not know what is asked.

use std::ops::Range;
use std::path::{Path, PathBuf};

use gen_lsp_types::{Location, Position, Uri};

use super::documents::{Document, Documents};
use super::outline::{Part, Spot, Step};
use super::position::Text;
use super::project::{Layer, Shapes, catalogue_of, families, layers_of, selected};
use super::symbol::{Mention, mentions};
use super::uri;
use crate::source::{Catalogue, Origin, Source, Trust};

/// An open text with the layers below it.
pub(super) struct View<'d> {
    pub(super) document: &'d Document,
    documents: &'d Documents,
    pub(super) catalogue: Option<Catalogue>,
    /// The text itself first.
    pub(super) layers: Vec<Layer>,
}

impl<'d> View<'d> {
    /// The view of an open profile; nothing where it is none.
    pub(super) fn of(uri: &Uri, documents: &'d Documents, trust: &Trust) -> Option<Self> {
        let document = documents.get(uri).filter(|document| document.is_profile())?;
        let catalogue = catalogue_of(&document.path, documents.unsaved(), trust).ok();
        let source = catalogue.as_ref().and_then(|catalogue| selected(&document.path, catalogue));
        let layers = match (source, &catalogue) {
            (Some(source), Some(catalogue)) => layers_of(source, catalogue, &documents.shapes),
            // what no run would read has no layers below it
            _ => layers_alone(document, &documents.shapes),
        };
        Some(Self { document, documents, catalogue, layers })
    }

    pub(super) fn offset(&self, position: Position) -> usize {
        self.document.text.offset(position)
    }

    /// The text's own shape.
    pub(super) fn own(&self) -> Option<&Layer> {
        self.layers.first()
    }

    /// What stands at a place.
    pub(super) fn spot(&self, position: Position) -> Option<Spot<'_>> {
        self.own()?.shape.spot(self.offset(position))
    }

    /// The name at a place.
    pub(super) fn mention(&self, position: Position) -> Option<Mention> {
        let offset = self.offset(position);
        let is_here = |found: &Mention| found.span.start <= offset && offset <= found.span.end;
        mentions(self.own()?).into_iter().find(is_here)
    }

    /// The layers that write a field, the strongest first, each with what it writes there.
    pub(super) fn writing<'v>(&'v self, way: &'v [Step]) -> impl Iterator<Item = (usize, &'v Layer, Part<'v>)> {
        let written = |(index, layer): (usize, &'v Layer)| Some((index, layer, layer.shape.follow(way)?));
        self.layers.iter().enumerate().filter_map(written)
    }

    /// A place in a layer, for the editor; nothing where the layer is no file.
    pub(super) fn location(&self, layer: &Layer, span: &Range<usize>) -> Option<Location> {
        let identity = layer.identity()?;
        let (uri, text) = self.file(&identity, layer);
        Some(Location { uri, range: text.range(span) })
    }

    /// How the editor calls the file of a layer, and its text.
    pub(super) fn file(&self, identity: &Path, layer: &Layer) -> (Uri, Text) {
        let open = self.documents.by_identity(identity);
        let uri = open.map_or_else(|| uri::of(layer.path().unwrap_or(identity)), |open| open.uri.clone());
        (uri, Text::new(layer.source.text.as_str(), self.documents.encoding))
    }

    /// The version of a text that is open.
    pub(super) fn version(&self, identity: &Path) -> Option<i32> {
        self.documents.by_identity(identity).map(|open| open.version)
    }

    /// Every profile of the project with its layers.
    pub(super) fn families(&self) -> Vec<Vec<Layer>> {
        let of_catalogue = |catalogue| families(catalogue, &self.document.path, &self.documents.shapes);
        self.catalogue.as_ref().map(of_catalogue).unwrap_or_default()
    }
}

/// Where a layer says something, in words: `base.yaml:12`.
pub(super) fn words(layer: &Layer, offset: usize) -> String {
    let line = layer.source.text.get(..offset).unwrap_or_default().matches('\n').count() + 1;
    format!("{}:{line}", layer.source.name)
}

fn layers_alone(document: &Document, shapes: &Shapes) -> Vec<Layer> {
    let name = document.path.file_name().map(PathBuf::from).unwrap_or_default();
    let source = Source {
        name: super::project::written(&name),
        text: document.text.as_str().to_owned(),
        origin: Origin::File(document.path.clone()),
    };
    vec![Layer::of(source, shapes)]
}
