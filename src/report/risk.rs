//! Knows the document of `explain --risks`. Must not know which risks there are.

use schemars::JsonSchema;
use serde::Serialize;

use super::Place;

/// What `explain --risks` lists.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Risks {
    /// What the profile gives to its services beyond the default, the gravest first.
    pub risks: Vec<Risk>,
    /// How many there are beyond those.
    pub left_out: usize,
}

/// Something that a profile gives beyond the default.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Risk {
    /// What it is, by a name that stays.
    pub risk: String,
    /// `high`: whoever has it can take the machine; `medium`: it reaches beyond the deployment; `low`: it runs or reads
    /// what the project says.
    pub gravity: String,
    /// The field that gives it.
    pub path: String,
    /// Who gets what.
    pub message: String,
    /// Where it is written.
    pub place: Place,
}
