//! Knows the forms in which commands tell their results. Must not know what they tell.

use clap::ValueEnum;

/// How results are told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Human,
    /// One JSON document on standard output.
    Json,
}

/// How a run is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum RunFormat {
    /// For people.
    #[default]
    Human,
    /// One JSON document on standard output.
    Json,
    /// Workflow commands of GitHub Actions, which annotate a pull request; with --check.
    Github,
}

impl From<Format> for RunFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Human => Self::Human,
            Format::Json => Self::Json,
        }
    }
}

/// How faults of profiles are told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ValidationFormat {
    /// For people.
    #[default]
    Human,
    /// One JSON document on standard output.
    Json,
    /// Workflow commands of GitHub Actions, which annotate a pull request.
    Github,
    /// SARIF 2.1.0, which code scanners and editors read.
    Sarif,
}

/// The languages that a deployment is drawn in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    /// A flowchart of Mermaid, which GitHub and GitLab draw in Markdown.
    #[default]
    Mermaid,
    /// A graph for Graphviz.
    Dot,
}
