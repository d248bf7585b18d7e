//! Knows what a profile gives to its services beyond the default, the gravest first. Must not know how risks are told.

mod compose;
mod found;
mod grounds;
mod host;
mod kind;
mod service;
mod top;

use std::collections::HashMap;

use self::found::{Found, TOLD};
use crate::field::FieldPath;
use crate::profile::Profile;

pub use found::{Base, Ground, Risk};
pub use grounds::Grounds;
pub use kind::{Gravity, RiskKind};

/// What a reader does with one.
pub const NOTICE_HELP: &str =
    "let it in where the service needs it; `codelab-gen explain --risks` lists all, the gravest first";

/// What a profile gives beyond the default.
#[derive(Debug, Clone, Default)]
pub struct Risks {
    /// The gravest first.
    pub told: Vec<Risk>,
    /// How many there are beyond those.
    pub left_out: usize,
}

/// Everything that a profile gives beyond the default. `ground` says where a path of the host leads.
#[must_use]
pub fn risks(profile: &Profile, ground: &dyn Fn(Base, &str) -> Ground) -> Risks {
    let mut found = Found { ground, receiver: FieldPath::root(), risks: Vec::new(), counts: HashMap::new() };
    service::of_services(profile, &mut found);
    service::of_server(profile, &mut found);
    top::of_top(profile, &mut found);
    let (mut told, count): (_, usize) = (found.risks, found.counts.values().sum());
    told.sort_by_key(|risk| risk.kind);
    told.truncate(TOLD);
    let left_out = count - told.len();
    Risks { told, left_out }
}
