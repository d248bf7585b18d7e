//! Knows what a part of a deployment, a service or the server, comes down to: objects, and what kustomize makes for them.
//! Must not know what an object says.

use super::{head, outputs};
use crate::deployment::Deployment;
use crate::render::RenderedFile;
use crate::target::inputs::Inputs;
use crate::yaml::document::Mapping;

/// A part of a deployment.
#[derive(Debug, Default)]
pub(super) struct Part {
    /// Its name: that of its manifest, without the ending.
    pub(super) name: String,
    /// Its objects, in reading order, each one a document of the manifest.
    pub(super) objects: Vec<Mapping>,
    /// The Secrets that it reads.
    pub(super) secrets: Vec<Generated>,
    /// The ConfigMaps that it reads.
    pub(super) configs: Vec<Generated>,
}

/// A Secret or ConfigMap that kustomize makes of files, and to whose name it adds a hash of what is in them.
#[derive(Debug, Default)]
pub(super) struct Generated {
    /// Its name, as objects write it; kustomize replaces it there.
    pub(super) name: String,
    /// Each key with its file, by the way from the folder of the manifests.
    pub(super) files: Vec<(String, String)>,
    /// Each key with a text that is no secret.
    pub(super) texts: Vec<(String, String)>,
    /// The type of a Secret, where it has one.
    pub(super) kind: Option<&'static str>,
    /// Labels beside those of all.
    pub(super) labels: Vec<(&'static str, &'static str)>,
    /// Whether its name has no hash: what reads it can't be changed.
    pub(super) keeps_name: bool,
}

impl Part {
    /// The manifest.
    pub(super) fn file(&self, deployment: &Deployment, inputs: &Inputs<'_>) -> RenderedFile {
        head::file(outputs::manifest(&self.name), &self.objects, deployment, inputs.placement)
    }
}
