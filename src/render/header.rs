//! Knows what every output says of where it came from. Must not know which outputs there are.

use minijinja::Value;
use serde::Serialize;

use super::escape::comment;
use super::mark;
use crate::placement::Placement;
use crate::value::Stage;

/// The profile, and the line by which an output is recognized.
#[derive(Clone, Serialize)]
pub(crate) struct Header {
    profile: Value,
    mark: Value,
}

impl Header {
    pub(crate) fn new(stage: Stage, placement: &Placement) -> Self {
        let fields = mark::fields(placement, stage);
        Self { profile: comment(&placement.profile), mark: comment(&fields) }
    }
}
