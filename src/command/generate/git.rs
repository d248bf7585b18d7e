//! Knows what git says of files that must not be committed. Must not know what is in them.

mod exposed;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use self::exposed::exposed;
pub(super) use self::exposed::{Exposed, standing};
use crate::source::repository;

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

/// What there is to tell of git.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Answers {
    /// The files with secrets that git has, or would take.
    pub(super) exposed: Vec<Exposed>,
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
    taken: Option<Child>,
    ignored: Option<Child>,
    /// The way from the repository's root to the folder.
    way: PathBuf,
}

/// What is asked about files that hold secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    /// Whether git has them.
    Tracked,
    /// Whether git has them, or would take them.
    Taken,
}

impl Questions {
    /// Asks what matters; nothing outside of a working copy.
    pub(super) fn ask(folder: &Path, secrets: &[&str], about: About, whether_ignored: bool) -> Self {
        let root = repository(folder).filter(|_| !secrets.is_empty() || whether_ignored);
        let Some((root, way)) = root.and_then(|root| Some((root, folder.strip_prefix(root).ok()?))) else {
            return Self { taken: None, ignored: None, way: PathBuf::new() };
        };
        let samples = IGNORED.iter().chain([&NOT_IGNORED]).map(|(_, sample)| *sample).chain([COMMITTED]);
        let start = |matters: bool, question: &[&str], names: &[&str]| {
            matters.then(|| git(root, question, names.iter().map(|name| Path::new(".").join(way).join(name)))).flatten()
        };
        let listed = ["--literal-pathspecs", "ls-files", "-z", "-t", "--cached", "--others", "--exclude-standard"];
        let listed = if about == About::Taken { &listed[..] } else { &listed[..5] };
        Self {
            taken: start(!secrets.is_empty(), listed, secrets),
            ignored: start(whether_ignored, &["check-ignore", "--no-index"], &samples.collect::<Vec<_>>()),
            way: way.to_owned(),
        }
    }

    /// Waits for the answers.
    pub(super) fn answers(self) -> Answers {
        Answers {
            exposed: self.taken.and_then(answer).map(|files| exposed(&files, &self.way)).unwrap_or_default(),
            missing_ignores: self
                .ignored
                .and_then(answer)
                .map(|ignored| missing_ignores(&String::from_utf8_lossy(&ignored)))
                .unwrap_or_default(),
        }
    }
}

/// The lines that `.gitignore` should have, by the samples that are ignored already.
fn missing_ignores(ignored: &str) -> Vec<&'static str> {
    // paths come from the root; none of the samples ends as another one does
    let is_ignored = |sample: &str| ignored.lines().any(|line| line == sample || line.ends_with(&format!("/{sample}")));
    let lines = IGNORED.iter().filter(|(_, sample)| !is_ignored(sample)).map(|(line, _)| *line);
    let mut lines: Vec<_> = lines.collect();
    let (line, sample) = NOT_IGNORED;
    if (is_ignored(sample) && !is_ignored(COMMITTED)) || lines.contains(&".env.*") {
        let behind = lines.iter().position(|known| *known == ".env.*").map_or(lines.len(), |index| index + 1);
        lines.insert(behind, line);
    }
    lines
}

/// Asks in the repository's root, because a folder below it can be a repository of its own that is committed. Git may run
/// nothing that a repository names: no monitor of files, no hook, no program that fetches objects which are missing
/// (<https://git-scm.com/docs/git#Documentation/git.txt-GITNOLAZYFETCH>).
fn git(root: &Path, question: &[&str], paths: impl Iterator<Item = PathBuf>) -> Option<Child> {
    let mut command = Command::new("git");
    command.arg("-C").arg(root).env("GIT_NO_LAZY_FETCH", "1");
    for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"] {
        command.env_remove(variable);
    }
    for setting in ["safe.bareRepository=explicit", "core.fsmonitor=false", "core.hooksPath=/dev/null"] {
        command.args(["-c", setting]);
    }
    command.args(["-c", "core.quotePath=false"]).args(question).arg("--").args(paths);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()
}

/// What git prints; nothing where it can't answer. It ends with 1 where the answer is 'none'.
fn answer(git: Child) -> Option<Vec<u8>> {
    let output = git.wait_with_output().ok()?;
    matches!(output.status.code(), Some(0 | 1)).then_some(output.stdout)
}
