//! Knows the document of `doctor`. Must not know what is looked at.

use schemars::JsonSchema;
use serde::Serialize;

/// What `doctor` found.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Checkup {
    /// One for each thing that was looked at.
    pub findings: Vec<Finding>,
}

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Finding {
    /// How it is.
    pub verdict: Condition,
    /// What was looked at; the name never changes.
    pub check: &'static str,
    /// What was found.
    pub message: String,
    /// What shows it, without secrets.
    pub evidence: Vec<String>,
    /// What mends it.
    pub help: Option<String>,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Condition {
    /// As it should be.
    Ok,
    /// It could not be looked at.
    Unseen,
    /// It works, and may not for long.
    Warning,
    /// It does not work.
    Problem,
}

impl Condition {
    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Unseen => "unseen",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}
