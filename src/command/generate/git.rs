//! Knows what git says of files that must not be committed. Must not know what is in them.

use std::path::Path;
use std::process::{Child, Command, Stdio};

/// What `.gitignore` should have, each line with a file that it is for.
const IGNORED: [(&str, &str); 6] = [
    (".env", ".env"),
    (".env.*", ".env.local"),
    ("*.orig*", "docker-compose.yml.orig"),
    ("secrets/", "secrets/postgres_password"),
    ("backups/", "backups/manifest"),
    (".*.codelab-gen.tmp", ".docker-compose.yml.codelab-gen.tmp"),
];

/// What must not be ignored, though the lines above do.
const NOT_IGNORED: (&str, &str) = ("!.env.example", ".env.example");

/// What is ignored where the whole folder is, which then needs no exception.
const COMMITTED: &str = "docker-compose.yml";

/// Whether the folder lies in a working copy.
fn is_versioned(folder: &Path) -> bool {
    folder.ancestors().any(|folder| folder.join(".git").exists())
}

/// What there is to tell of git.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Answers {
    /// Whether git tracks the folder's `.env`.
    pub(super) tracks_dotenv: bool,
    /// The lines that `.gitignore` should have and has not.
    pub(super) missing_ignores: Vec<&'static str>,
}

impl Answers {
    /// Whether git would take a file that holds secrets, and not only leave one out that holds none.
    pub(super) fn would_take_secrets(&self) -> bool {
        self.missing_ignores.iter().any(|line| *line != NOT_IGNORED.0)
    }
}

/// Questions that git works on meanwhile: it takes longer than all the rest of a run.
pub(super) struct Questions {
    tracked: Option<Child>,
    ignored: Option<Child>,
}

impl Questions {
    /// Asks what matters; nothing outside of a working copy.
    pub(super) fn ask(folder: &Path, whether_tracked: bool, whether_ignored: bool) -> Self {
        let is_versioned = (whether_tracked || whether_ignored) && is_versioned(folder);
        let samples = IGNORED.iter().chain([&NOT_IGNORED]).map(|(_, sample)| *sample).chain([COMMITTED]);
        let ignored: Vec<_> = ["check-ignore", "--no-index", "--"].into_iter().chain(samples).collect();
        let start = |matters: bool, arguments| (is_versioned && matters).then(|| git(folder, arguments)).flatten();
        Self { tracked: start(whether_tracked, &["ls-files", "--", ".env"]), ignored: start(whether_ignored, &ignored) }
    }

    /// Waits for the answers.
    pub(super) fn answers(self) -> Answers {
        Answers {
            tracks_dotenv: self.tracked.and_then(answer).is_some_and(|tracked| !tracked.is_empty()),
            missing_ignores: self.ignored.and_then(answer).map(|ignored| missing_ignores(&ignored)).unwrap_or_default(),
        }
    }
}

/// The lines that `.gitignore` should have, by the samples that are ignored already.
fn missing_ignores(ignored: &str) -> Vec<&'static str> {
    let is_ignored = |sample: &str| ignored.lines().any(|line| line == sample);
    let lines = IGNORED.iter().filter(|(_, sample)| !is_ignored(sample)).map(|(line, _)| *line);
    let mut lines: Vec<_> = lines.collect();
    let (line, sample) = NOT_IGNORED;
    if (is_ignored(sample) && !is_ignored(COMMITTED)) || lines.contains(&".env.*") {
        let behind = lines.iter().position(|known| *known == ".env.*").map_or(lines.len(), |index| index + 1);
        lines.insert(behind, line);
    }
    lines
}

fn git(folder: &Path, arguments: &[&str]) -> Option<Child> {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder);
    // a repository may name a program for this, which a question must not start
    command.args(["-c", "core.fsmonitor=false"]).args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()
}

/// What git prints; nothing where it can't answer. It ends with 1 where the answer is 'none'.
fn answer(git: Child) -> Option<String> {
    let output = git.wait_with_output().ok()?;
    matches!(output.status.code(), Some(0 | 1)).then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
