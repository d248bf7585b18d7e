//! Knows how a console block is run and compared. Must not know which document it is of.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::markdown::Block;
use crate::support::Finish as _;

/// A command, its exit code, and the lines that it prints: `[..]` stands for a part of a line, `...` for any lines.
pub(super) struct Example {
    pub(super) command: String,
    code: i32,
    lines: Vec<String>,
}

/// The commands of a block.
pub(super) fn examples(block: &Block) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    for line in block.text.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            examples.push(Example { command: command.to_owned(), code: 0, lines: Vec::new() });
            continue;
        }
        let example = examples.last_mut().unwrap_or_else(|| panic!("{}: no command stands first", block.place));
        match line.strip_prefix("? ") {
            Some(code) => example.code = code.parse().unwrap(),
            None => example.lines.push(line.to_owned()),
        }
    }
    assert!(!examples.is_empty(), "{}: no command", block.place);
    examples
}

/// A shell of one document: each command starts in the folder where the one before it ended.
pub(super) struct Shell {
    home: tempfile::TempDir,
    folder: PathBuf,
}

impl Shell {
    /// In a project with the folders that the built-in profiles name.
    pub(super) fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        for source in ["agent-runtime/data", "auth-service/data"] {
            fs::create_dir_all(home.path().join(source)).unwrap();
        }
        let folder = home.path().to_owned();
        Self { home, folder }
    }

    /// Writes a file that a document shows.
    pub(super) fn write(&self, name: &str, text: &str) {
        let path = self.home.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Runs an example, and compares what it prints; standard error stands behind standard output.
    pub(super) fn run(&mut self, example: &Example, place: &str) {
        let Example { command, code, lines } = example;
        let program = Path::new(env!("CARGO_BIN_EXE_codelab-gen")).parent().unwrap();
        let path = format!("{}:/usr/bin:/bin", program.display());
        let left_in = self.home.path().join(".left-in");
        let script = format!("{command}\ncode=$?\npwd >'{}'\nexit $code", left_in.display());
        let mut shell = Command::new("bash");
        let run = shell.args(["-c", &script]).current_dir(&self.folder).env_clear().env("PATH", path).finish();
        let text = String::from_utf8(run.stdout).unwrap() + &String::from_utf8(run.stderr).unwrap();
        let actual: Vec<_> = text.lines().collect();
        assert_eq!(run.status.code(), Some(*code), "{place}: {command}\n{text}");
        let said = lines.join("\n");
        assert!(matches(&actual, lines), "{place}: {command}\n--- document\n{said}\n--- actual\n{text}");
        self.folder = fs::read_to_string(&left_in).unwrap().trim_end().into();
        fs::remove_file(left_in).unwrap();
    }
}

fn line_matches(actual: &str, pattern: &str) -> bool {
    match pattern.split_once("[..]") {
        Some((before, behind)) => {
            actual.len() >= before.len() + behind.len() && actual.starts_with(before) && actual.ends_with(behind)
        }
        None => actual == pattern,
    }
}

fn matches(actual: &[&str], pattern: &[String]) -> bool {
    match (pattern.split_first(), actual.split_first()) {
        (None, None) => true,
        (Some((first, rest)), _) if first == "..." => {
            (0..=actual.len()).any(|skipped| matches(actual.get(skipped..).unwrap(), rest))
        }
        (Some((first, rest)), Some((line, others))) => line_matches(line, first) && matches(others, rest),
        (None, Some(_)) | (Some(_), None) => false,
    }
}
