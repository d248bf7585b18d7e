//! Knows the document of `explain`. Must not know where values come from.

use schemars::JsonSchema;
use serde::Serialize;

/// What `explain` tells.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Explanation {
    /// One for each value, in the order of the profile.
    pub values: Vec<ExplainedValue>,
}

/// A value with where it comes from.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExplainedValue {
    /// The field.
    pub path: String,
    /// What it holds, as written; a password is left out.
    pub value: String,
    /// `FILE:LINE`, `default`, `--set`, or `derived` for what follows from other values.
    pub from: String,
}
