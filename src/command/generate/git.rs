//! Knows what git says of files that must not be committed. Must not know what is in them.

mod exposed;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use self::exposed::exposed;
pub(super) use self::exposed::{Exposed, standing};
use crate::disk;
use crate::target::Target;

/// What `.gitignore` should have, each line with a file that it is for; of secrets one in the folder that the target has for
/// them.
const IGNORED: [(&str, &str); 6] = [
    (".env", ".env"),
    (".env.*", ".env.local"),
    ("*.orig*", "docker-compose.yml.orig"),
    ("secrets/", SECRET),
    ("backups/", "backups/manifest"),
    (".*.codelab-gen.tmp", ".docker-compose.yml.codelab-gen.tmp"),
];

/// The file of a secret, by its way from their folder.
const SECRET: &str = "postgres_password";

/// What must not be ignored, though the lines above do.
const NOT_IGNORED: (&str, &str) = ("!.env.example", ".env.example");

/// What is ignored where the whole folder is, which then needs no exception.
const COMMITTED: &str = "docker-compose.yml";

/// So long git is waited for: a repository may hold a pipe in the place of one of git's own files, which nobody writes to.
const PATIENCE: Duration = Duration::from_secs(10);

/// The longest answer that is read, in bytes.
const ANSWER_LIMIT: u64 = 64 * 1024 * 1024;

/// What there is to tell of git.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Answers {
    /// The files with secrets that git has, or would take.
    pub(super) exposed: Vec<Exposed>,
    /// The lines that `.gitignore` should have and has not.
    pub(super) missing_ignores: Vec<&'static str>,
    /// The repository in which git gave no answer in time.
    pub(super) silent: Option<PathBuf>,
}

impl Answers {
    /// Whether git would take a file that holds secrets, and not only leave one out that holds none.
    fn would_take_secrets(&self) -> bool {
        self.missing_ignores.iter().any(|line| *line != NOT_IGNORED.0)
    }

    /// What git should ignore, as it is told where `.env` is new.
    pub(super) fn note_of_ignores(&self) -> Option<String> {
        let lines: String = self.missing_ignores.iter().flat_map(|line| ["      ", line, "\n"]).collect();
        let what = if self.would_take_secrets() {
            "git would take files that hold secrets"
        } else {
            "git would leave out `.env.example`, which holds none and is to be committed"
        };
        (!lines.is_empty()).then(|| format!("note: {what}\n  = help: add to .gitignore:\n{lines}"))
    }
}

/// Questions that git works on meanwhile: it takes longer than all the rest of a run.
pub(super) struct Questions {
    taken: Option<Asked>,
    ignored: Option<Asked>,
    /// The repository's root.
    root: PathBuf,
    /// The way from there to the folder.
    way: PathBuf,
    asked: Instant,
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
    /// Asks what matters in the repository of this root; nothing outside of one.
    pub(super) fn ask(
        root: Option<&Path>,
        folder: &Path,
        secrets: &[impl AsRef<Path>],
        about: About,
        whether_ignored: Option<Target>,
    ) -> Self {
        let root = root.filter(|_| !secrets.is_empty() || whether_ignored.is_some());
        let Some((root, way)) = root.and_then(|root| Some((root, folder.strip_prefix(root).ok()?))) else {
            let (root, way) = Default::default();
            return Self { taken: None, ignored: None, root, way, asked: Instant::now() };
        };
        let samples = IGNORED.iter().chain([&NOT_IGNORED]).map(|(_, sample)| *sample).chain([COMMITTED]);
        let in_folder = |sample: &str| match whether_ignored.filter(|_| sample == SECRET) {
            Some(target) => Path::new(target.secret_folder()).join(sample),
            None => PathBuf::from(sample),
        };
        let start = |matters: bool, question: &[&str], names: &[&Path]| {
            matters.then(|| git(root, question, names.iter().map(|name| Path::new(".").join(way).join(name)))).flatten()
        };
        let secrets: Vec<_> = secrets.iter().map(AsRef::as_ref).collect();
        let samples: Vec<_> = samples.map(in_folder).collect();
        let samples: Vec<_> = samples.iter().map(PathBuf::as_path).collect();
        let listed = ["--literal-pathspecs", "ls-files", "-z", "-t", "--cached", "--others", "--exclude-standard"];
        let listed = if about == About::Taken { &listed[..] } else { &listed[..5] };
        Self {
            taken: start(!secrets.is_empty(), listed, &secrets),
            ignored: start(whether_ignored.is_some(), &["check-ignore", "--no-index"], &samples),
            root: root.to_owned(),
            way: way.to_owned(),
            asked: Instant::now(),
        }
    }

    /// Waits for the answers, but not for ever.
    pub(super) fn answers(self) -> Answers {
        let Self { taken, ignored, root, way, asked } = self;
        let mut is_silent = false;
        let mut answer = |git: Option<Asked>| {
            let answer = git.map(|git| answer(git, asked + PATIENCE));
            is_silent |= matches!(answer, Some(Err(Silent)));
            answer.and_then(Result::ok).flatten()
        };
        let exposed = answer(taken).map(|files| exposed(&files, &way)).unwrap_or_default();
        let ignored = answer(ignored).map(|ignored| missing_ignores(&String::from_utf8_lossy(&ignored)));
        Answers { exposed, missing_ignores: ignored.unwrap_or_default(), silent: is_silent.then_some(root) }
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
fn git(root: &Path, question: &[&str], paths: impl Iterator<Item = PathBuf>) -> Option<Asked> {
    let mut command = Command::new("git");
    command.arg("-C").arg(root).env("GIT_NO_LAZY_FETCH", "1");
    for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"] {
        command.env_remove(variable);
    }
    for setting in ["safe.bareRepository=explicit", "core.fsmonitor=false", "core.hooksPath=/dev/null"] {
        command.args(["-c", setting]);
    }
    // whose it is was judged before; git would refuse in a container of CI, which runs as root on a user's files
    let mut safe = OsString::from("safe.directory=");
    safe.push(root);
    command.arg("-c").arg(safe);
    command.args(["-c", "core.quotePath=false"]).args(question).arg("--").args(paths);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok().map(Asked)
}

/// A git that works on a question; it ends with whoever asked.
struct Asked(Child);

impl Drop for Asked {
    fn drop(&mut self) {
        // of one that has ended already nothing is left to end
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Git gave no answer in time.
struct Silent;

/// What git prints; nothing where it can't answer. It ends with 1 where the answer is 'none'. A thread reads, because the
/// operating system knows no limit for that.
fn answer(mut git: Asked, until: Instant) -> Result<Option<Vec<u8>>, Silent> {
    let Some(printed) = git.0.stdout.take() else { return Ok(None) };
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        // nobody listens any more after the limit
        let _ = sender.send(disk::read_to_end(printed, ANSWER_LIMIT));
    });
    let printed = receiver.recv_timeout(until.saturating_duration_since(Instant::now())).map_err(|_| Silent)?;
    let is_answer = git.0.wait().is_ok_and(|ended| matches!(ended.code(), Some(0 | 1)));
    Ok(printed.ok().filter(|_| is_answer))
}
