//! Knows the documents that `--format json` prints, and their JSON Schema.
//! Must not know how anything in them came about.

mod checkup;
mod explanation;
mod risk;
mod run;

use indexmap::IndexMap;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;

pub use checkup::{Checkup, Condition, Finding};
pub use explanation::{ExplainedValue, Explanation};
pub use risk::{Risk, Risks};
pub use run::{Aside, Change, Danger, Exposed, File, FilledVariable, Key, OtherVersion, Run, Secret, Sent, Switch};

/// What `codelab-gen --format json` prints: one of these documents.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(title = "What codelab-gen --format json prints")]
pub enum Document {
    /// One run: generate, rotate, --check or --diff. Also any command that could not do its work.
    Run(Box<Report>),
    /// Several runs: --all.
    Runs(Runs),
    /// `validate`.
    Validation(Validation),
    /// `profiles`.
    Listing(Listing),
    /// `doctor`.
    Checkup(Checkup),
    /// `explain`.
    Explanation(Explanation),
    /// `explain --risks`.
    Risks(Risks),
}

/// How one run ended.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub enum Report {
    /// Written, or nothing to do. Exit code 0.
    Done(Run),
    /// --check or --diff found a difference, or --check secrets that git has or would take; nothing was written. Exit
    /// code 1.
    Different(Run),
    /// The profile was rejected; nothing was written. Exit code 3.
    Rejected(Rejected),
    /// Files or data of somebody's are in the way; nothing was written. Exit code 4, or 5 where a folder stands in the
    /// place of a file.
    Refused(Refused),
    /// Secrets that have no value, an unusable one, or two; nothing was written. Exit code 4 or 5.
    Secrets(Secrets),
    /// The command line can't be meant like this. Exit code 2.
    Usage(Message),
    /// The outside world said no: files, permissions. Exit code 5.
    Outside(Message),
    /// A fault of codelab-gen itself. Exit code 70.
    Internal(Message),
}

/// The faults of a profile.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Rejected {
    /// All of them, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

/// One fault of a profile.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Diagnostic {
    /// The rule, by a name that stays.
    pub code: String,
    /// `error`, `warning`, or `notice` for a risk.
    pub severity: String,
    /// What was found, and what was expected.
    pub message: String,
    /// How to mend it.
    pub help: String,
    /// Where it is.
    pub place: Place,
    /// Other places that belong to it.
    pub others: Vec<Place>,
}

/// A place in a text, lines and columns counted from 1, columns in characters.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Place {
    /// The file as a user would name it, or what else gave the text.
    pub file: String,
    /// The line that it starts on.
    pub line: usize,
    /// The column that it starts at.
    pub column: usize,
    /// The line that it ends on.
    pub end_line: usize,
    /// The column behind its end.
    pub end_column: usize,
    /// What stands there; may be empty.
    pub label: String,
}

/// What is in the way of writing.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Refused {
    /// Files that are not ours to replace.
    pub refusals: Vec<Refusal>,
    /// Changes that need --accept.
    pub dangers: Vec<Danger>,
    /// The settings that the outputs were made with and that this run says nothing of, each as `PATH=VALUE`: repeat them first.
    pub made_with: Vec<String>,
}

/// A file that is not ours to replace.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Refusal {
    /// Its path in the output folder.
    pub path: String,
    /// Why.
    pub message: String,
    /// The way out.
    pub help: String,
    /// The keys of .env that were edited.
    pub keys: Vec<Key>,
    /// The edit as a unified diff; never of .env.
    pub diff: Option<String>,
}

/// What is wrong with secrets; named, never shown.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Secrets {
    /// Each one with the way out.
    pub secrets: Vec<Message>,
}

/// Something wrong, and the way out.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Message {
    /// What is wrong.
    pub message: String,
    /// The way out.
    pub help: String,
}

/// Several runs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Runs {
    /// One for each profile, in the order of their names.
    pub runs: Vec<ProfileRun>,
}

/// One of several runs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProfileRun {
    /// The profile's name.
    pub name: String,
    /// How it ended.
    pub report: Report,
}

/// What `validate` found.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Validation {
    /// Every profile that was looked at.
    pub profiles: Vec<Verdict>,
}

/// What `validate` found in one profile.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Verdict {
    /// The profile.
    pub name: String,
    /// Whether it may be generated, or extended where it is a base.
    pub valid: bool,
    /// Its faults.
    pub diagnostics: Vec<Diagnostic>,
}

/// What `profiles` lists.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Listing {
    /// Every profile that has a name.
    pub profiles: Vec<ListedProfile>,
}

/// A profile that has a name.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ListedProfile {
    /// Its name.
    pub name: String,
    /// Its other names.
    pub aliases: Vec<String>,
    /// `selectable`, `base` or `broken`.
    pub kind: String,
    /// Its stage, where it is selectable.
    pub stage: Option<String>,
    /// What its deployment runs on, where it is selectable.
    pub target: Option<String>,
    /// The engine of each service that has a database.
    pub engines: IndexMap<String, String>,
    /// Its file, or `built in`.
    pub from: String,
}

/// The JSON Schema of [`Document`], draft-07.
#[must_use]
pub fn schema() -> String {
    let schema = SchemaSettings::draft07().for_serialize().into_generator().into_root_schema_for::<Document>();
    format!("{:#}\n", schema.to_value())
}
