//! Knows how the layers of a profile become a deployment that its target can run, or all their faults.
//! Must not know single rules.

use crate::deployment::Deployment;
use crate::diagnostic::{Code, Diagnostic};
use crate::layers::Layers;
use crate::outcome::{Failure, Rejection};
use crate::profile::Profile;
use crate::resolve::resolve;
use crate::source::Source;
use crate::target::compose::Extras;

/// What a profile means, where its target can run that.
fn resolved(profile: &Profile) -> Result<Deployment, Vec<Diagnostic>> {
    let target = profile.target();
    let mut refusals = target.refusals(profile);
    match resolve(profile) {
        Ok(deployment) => {
            refusals.extend(target.faults(&deployment, &Extras::of(profile)));
            if refusals.is_empty() { Ok(deployment) } else { Err(refusals) }
        }
        Err(faults) => Err(faults.into_iter().chain(refusals).collect()),
    }
}

/// What layers mean together.
#[derive(Debug)]
pub struct Meaning {
    /// The deployment.
    pub deployment: Deployment,
    /// What they say for the target alone.
    pub extras: Extras,
    /// The texts, the strongest layer first.
    pub sources: Vec<Source>,
}

/// What layers mean together.
///
/// # Errors
/// Every fault of theirs.
pub fn meaning_of(layers: Layers) -> Result<Meaning, Failure> {
    let Layers { sources, profile, mut diagnostics } = layers;
    let unreadable = diagnostics
        .iter()
        .any(|fault| matches!(fault.code, Code::Syntax | Code::DuplicateKey | Code::DocumentSize | Code::NotUtf8));
    let resolved = if unreadable { Err(Vec::new()) } else { resolved(&profile) };
    match resolved {
        Ok(deployment) if diagnostics.is_empty() => Ok(Meaning { deployment, extras: Extras::of(&profile), sources }),
        Ok(_) => Err(Failure::Rejected(Rejection { diagnostics, sources })),
        Err(faults) => {
            // what a base leaves to others can't be missing, and it was selected by mistake
            let is_base = faults.iter().any(|fault| fault.code == Code::NotSelectable);
            let faults = faults
                .into_iter()
                .filter(|fault| !is_base || fault.code == Code::NotSelectable || !fault.code.is_about_absence());
            let complete = diagnostics.iter().all(|fault| fault.code.is_about_absence());
            diagnostics.extend(faults.filter(|fault| complete || !fault.code.is_about_absence()));
            Err(Failure::Rejected(Rejection { diagnostics, sources }))
        }
    }
}
