//! Knows what git says of files that must not be committed. Must not know what is in them.

use std::path::Path;
use std::process::{Command, Stdio};

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

/// Whether the folder lies in a working copy.
fn is_versioned(folder: &Path) -> bool {
    folder.ancestors().any(|folder| folder.join(".git").exists())
}

/// Whether git tracks the folder's `.env`.
pub(super) fn tracks_dotenv(folder: &Path) -> bool {
    is_versioned(folder) && git(folder, &["ls-files", "--", ".env"]).is_some_and(|tracked| !tracked.is_empty())
}

/// The lines that `.gitignore` should have and has not; none outside of a working copy.
pub(super) fn missing_ignores(folder: &Path) -> Vec<&'static str> {
    if !is_versioned(folder) {
        return Vec::new();
    }
    let samples = IGNORED.iter().chain([&NOT_IGNORED]).map(|(_, sample)| *sample);
    let arguments: Vec<_> = ["check-ignore", "--no-index", "--"].into_iter().chain(samples).collect();
    let Some(ignored) = git(folder, &arguments) else { return Vec::new() };
    let is_ignored = |sample: &str| ignored.lines().any(|line| line == sample);
    let lines = IGNORED.iter().filter(|(_, sample)| !is_ignored(sample)).map(|(line, _)| *line);
    let mut lines: Vec<_> = lines.collect();
    let (line, sample) = NOT_IGNORED;
    if is_ignored(sample) || lines.contains(&".env.*") {
        let behind = lines.iter().position(|known| *known == ".env.*").map_or(lines.len(), |index| index + 1);
        lines.insert(behind, line);
    }
    lines
}

/// What git prints; nothing where it can't answer, or is not there. It ends with 1 where the answer is 'none'.
fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        // a repository may name a program for this, which a question must not start
        .args(["-c", "core.fsmonitor=false"])
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    matches!(output.status.code(), Some(0 | 1)).then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
