//! Knows the documents that `--format json` prints, and their JSON Schema.
//! Must not know how anything in them came about.

mod checkup;
mod explanation;
mod risk;

use indexmap::IndexMap;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;

pub use checkup::{Checkup, Condition, Finding};
pub use explanation::{ExplainedValue, Explanation};
pub use risk::{Risk, Risks};

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

/// What one run did, or would do.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Run {
    /// The profile as the outputs record it.
    pub profile: String,
    /// The output folder, absolute.
    pub folder: String,
    /// Every file of the deployment, and those left over from another one.
    pub files: Vec<File>,
    /// Every secret; empty where nothing was to be written.
    pub secrets: Vec<Secret>,
    /// Variables of the environment that fill what the files say, in the order of their use.
    pub filled: Vec<FilledVariable>,
    /// Compose files of other names that are put aside, since Docker Compose would take them.
    pub aside: Vec<Aside>,
    /// Services that open another database.
    pub switches: Vec<Switch>,
    /// Named volumes that nothing mounts any more; their data stays.
    pub left_volumes: Vec<String>,
    /// What goes on running in the cluster, though no file makes it any more, as `kubectl delete` takes it.
    pub left_objects: Vec<String>,
    /// Changes that part the deployment from its data; a run that wrote had consent to them.
    pub dangers: Vec<Danger>,
    /// The settings of --set that the outputs were made with and that this run has not.
    pub made_with: Vec<String>,
    /// Which other codelab-gen made the outputs that stand there; nothing where it is one that makes the same.
    pub made_by: Option<OtherVersion>,
    /// Files with secrets that git has or, with --check and --diff, would take.
    pub exposed: Vec<Exposed>,
    /// Files with secrets that building an image sends to the builder; empty where nothing was written.
    pub sent: Vec<Sent>,
    /// Paths that Docker Compose will look for and not find.
    pub missing: Vec<String>,
    /// The next command; nothing where nothing was written.
    pub next: Option<String>,
}

/// A Compose file of another name.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Aside {
    /// Its path in the output folder.
    pub path: String,
    /// Where it is kept; nothing where a copy of it is kept already.
    pub original: Option<String>,
}

/// A file with secrets that everybody reads who has the repository, or would.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Exposed {
    /// Its path in the output folder.
    pub path: String,
    /// Whether git has it already; else git would take it.
    pub tracked: bool,
    /// How many other files of the same folder it speaks for.
    pub others: usize,
    /// What is wrong.
    pub message: String,
    /// The way out.
    pub help: String,
}

/// Files with secrets that stand in a build context.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Sent {
    /// The services that are built of it.
    pub services: Vec<String>,
    /// The file, mostly a `.dockerignore`, that should leave them out.
    pub file: String,
    /// The lines that are missing there.
    pub lines: Vec<String>,
}

/// A codelab-gen that makes other outputs of the same profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OtherVersion {
    /// One before this one.
    Older,
    /// One after this one.
    Newer,
}

impl OtherVersion {
    /// What is told of outputs that it made.
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::Older => "an older codelab-gen made these outputs; the changelog tells what this one changes",
            Self::Newer => "a newer codelab-gen made these outputs; update this one before it writes them back",
        }
    }
}

/// One file.
#[derive(Debug, Serialize, JsonSchema)]
pub struct File {
    /// Its path in the output folder.
    pub path: String,
    /// What happens to it.
    pub change: Change,
    /// Whether --check counts it as drift.
    pub drift: bool,
    /// The keys of .env that differ; their values are never told.
    pub keys: Vec<Key>,
    /// Why it may not be touched.
    pub reasons: Vec<Message>,
    /// Where what stood there is kept, since it was not ours.
    pub original: Option<String>,
    /// The unified diff; only with --check and --diff, and never of .env.
    pub diff: Option<String>,
}

/// What happens to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It was not there.
    Created,
    /// Its text changes.
    Updated,
    /// Only the ends of its lines change.
    LineEnds,
    /// Only its permissions change.
    Mode,
    /// Nothing.
    Unchanged,
    /// It is left over from another profile, and goes.
    Removed,
    /// It is somebody's, and stays.
    Conflict,
}

/// A key of .env that differs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Key {
    /// The key.
    pub name: String,
    /// `missing` in the file, `stale` there, or `different` in what is no secret.
    pub state: String,
    /// Its line in the file.
    pub line: Option<usize>,
    /// The field of the profile that it follows from.
    pub field: Option<String>,
}

/// A secret.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Secret {
    /// Its name.
    pub name: String,
    /// Where its value came from.
    pub from: String,
}

/// A variable of the environment whose value stands in a file.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FilledVariable {
    /// Its name.
    pub name: String,
    /// The service, or `postgres` for the server.
    pub service: String,
    /// Where its value came from: `environment`; `default`, that of the profile; or, in a comparison where it is not set,
    /// `standing`: what stands was taken to be right.
    pub from: String,
}

/// A service that opens another database: of another engine, or another one of the same.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Switch {
    /// The service.
    pub service: String,
    /// The engine of the database that it leaves.
    pub from: String,
    /// The engine of the one that it opens.
    pub to: String,
    /// Where its data stays.
    pub stays: String,
    /// How the data comes along, where the engine is another one.
    pub help: Option<String>,
}

/// A change that parts the deployment from its data.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Danger {
    /// What --accept takes for it.
    pub accept: String,
    /// What happens.
    pub message: String,
    /// What to do instead, or before.
    pub help: String,
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
