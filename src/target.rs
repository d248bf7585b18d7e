//! Knows what a deployment can run on, and what each of these has to answer: nothing else asks which one it is.
//! Must not know how any of them answers.

pub mod compose;
mod inputs;

use self::compose::Extras;
pub use self::inputs::{Ground, Inputs};
use crate::deployment::Deployment;
use crate::diagnostic::Diagnostic;
use crate::profile::Profile;
use crate::render::{Output, RenderFault, RenderedFile};

/// What a deployment runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Target {
    /// Docker Compose, on one machine.
    #[default]
    Compose,
}

impl Target {
    const ALL: [Self; 1] = [Self::Compose];

    /// Every file that it may write, in the order that they are written in: what gets run last.
    #[must_use]
    pub fn outputs(self) -> &'static [Output] {
        match self {
            Self::Compose => &compose::OUTPUTS,
        }
    }

    /// What of a profile it can't run.
    #[must_use]
    pub fn refusals(self, profile: &Profile) -> Vec<Diagnostic> {
        match self {
            Self::Compose => compose::refusals(profile),
        }
    }

    /// What of a deployment it can't run.
    #[must_use]
    pub fn faults(self, deployment: &Deployment, extras: &Extras) -> Vec<Diagnostic> {
        match self {
            Self::Compose => compose::faults(deployment, extras),
        }
    }

    /// When a service that runs once is started, and what follows for it.
    #[must_use]
    pub fn runs_once(self) -> &'static str {
        match self {
            Self::Compose => compose::RUNS_ONCE,
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
        }
    }

    /// What of a deployment it can run and better did not, and of the file that says what runs.
    #[must_use]
    pub fn warnings(self, deployment: &Deployment, extras: &Extras, files: &[RenderedFile]) -> Vec<Diagnostic> {
        match self {
            Self::Compose => compose::warnings(deployment, extras, files),
        }
    }

    /// The command that starts a deployment, as typed in the folder of its outputs.
    #[must_use]
    pub fn next_command(self, deployment: &Deployment, ground: Ground) -> String {
        match self {
            Self::Compose => compose::next_command(deployment, ground),
        }
    }
}

/// Every file that any target may have written.
pub fn outputs() -> impl Iterator<Item = Output> {
    Target::ALL.into_iter().flat_map(Target::outputs).copied()
}
