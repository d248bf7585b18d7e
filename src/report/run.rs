//! Knows the document of a run that wrote, or compared. Must not know one that was refused.

use schemars::JsonSchema;
use serde::Serialize;

use super::Message;

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
            Self::Older => "an older codelab-gen made these outputs; the changelog says what this one changes",
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
