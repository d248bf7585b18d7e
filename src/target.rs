//! Knows what a deployment can run on, and what each of these has to answer: nothing else asks which one it is.
//! Must not know how any of them answers.

pub mod compose;
mod inputs;
pub mod kubernetes;

use std::collections::HashMap;

use self::compose::Extras;
pub use self::inputs::{Asked, AskedVariable, Found, FoundFile, Ground, Inputs};
use crate::deployment::Deployment;
use crate::diagnostic::Diagnostic;
use crate::field::FieldPath;
use crate::profile::Profile;
use crate::render::{Output, RenderFault, RenderedFile};
pub use crate::value::Target;
use crate::value::{Choice as _, ServiceName};

impl Target {
    /// Every file that it may write whatever a profile says, in the order that they are written in: what gets run last.
    #[must_use]
    pub fn outputs(self) -> Vec<Output> {
        match self {
            Self::Compose => compose::outputs(),
            Self::Kubernetes => kubernetes::outputs(),
        }
    }

    /// What of a profile it can't run.
    #[must_use]
    pub fn refusals(self, profile: &Profile) -> Vec<Diagnostic> {
        match self {
            Self::Compose => compose::refusals(profile),
            Self::Kubernetes => kubernetes::refusals(profile),
        }
    }

    /// What of a deployment it can't run, where the profile alone does not say so.
    #[must_use]
    pub fn faults(self, deployment: &Deployment) -> Vec<Diagnostic> {
        match self {
            Self::Compose => Vec::new(),
            Self::Kubernetes => kubernetes::faults(deployment),
        }
    }

    /// Every file that a deployment has, finished in memory.
    ///
    /// # Errors
    /// Where codelab-gen has a fault.
    pub fn render(
        self,
        deployment: &Deployment,
        extras: &Extras,
        inputs: &Inputs<'_>,
    ) -> Result<Vec<RenderedFile>, RenderFault> {
        match self {
            Self::Compose => compose::render(deployment, extras, inputs),
            Self::Kubernetes => Ok(kubernetes::render(deployment, inputs)),
        }
    }

    /// What it asks for of the world outside of its files.
    #[must_use]
    pub fn asks(self, deployment: &Deployment) -> Asked<'_> {
        match self {
            Self::Compose => Asked::default(),
            Self::Kubernetes => kubernetes::asked(deployment),
        }
    }

    /// What the variables of a service hold by its files that stand, as far as it fills them when they are made.
    #[must_use]
    pub fn standing<'t>(
        self,
        service: &ServiceName,
        text_of: impl Fn(&Output) -> Option<&'t str>,
    ) -> HashMap<String, String> {
        match self {
            Self::Compose => HashMap::new(),
            Self::Kubernetes => kubernetes::standing(service, text_of),
        }
    }

    /// The service whose files of the project are more than it takes.
    #[must_use]
    pub fn too_large<'d>(self, deployment: &'d Deployment, found: &Found) -> Option<&'d ServiceName> {
        match self {
            Self::Compose => None,
            Self::Kubernetes => kubernetes::too_large(deployment, found),
        }
    }

    /// What follows from a deployment for who runs it there, by fields that no profile has.
    #[must_use]
    pub fn derived(self, deployment: &Deployment) -> Vec<(FieldPath, String)> {
        match self {
            Self::Compose => Vec::new(),
            Self::Kubernetes => kubernetes::derived(deployment),
        }
    }

    /// Whether a published port is one of a host, which has each number once.
    #[must_use]
    pub fn publishes_on_a_host(self) -> bool {
        match self {
            Self::Compose => true,
            Self::Kubernetes => false,
        }
    }

    /// What of a deployment it can run and better did not, and of the file that says what runs.
    #[must_use]
    pub fn warnings(self, deployment: &Deployment, extras: &Extras, files: &[RenderedFile]) -> Vec<Diagnostic> {
        match self {
            Self::Compose => compose::warnings(deployment, extras, files),
            Self::Kubernetes => kubernetes::warnings(deployment, extras),
        }
    }

    /// The command that starts a deployment, as typed in the folder of its outputs.
    #[must_use]
    pub fn next_command(self, deployment: &Deployment, ground: Ground) -> String {
        match self {
            Self::Compose => compose::next_command(deployment, ground),
            Self::Kubernetes => kubernetes::next_command(deployment),
        }
    }
}

/// Every file that any target may have written.
pub fn outputs() -> impl Iterator<Item = Output> {
    Target::ALL.iter().flat_map(|target| target.outputs())
}
