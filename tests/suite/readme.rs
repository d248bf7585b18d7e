//! README's examples run: every console block in one folder, in order, and every profile that it shows is a profile.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::{Finish as _, codelab_gen, stderr};

fn readme() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
}

/// The fenced blocks of one language.
fn blocks<'t>(text: &'t str, language: &str) -> Vec<&'t str> {
    let fence = format!("```{language}\n");
    text.split(fence.as_str()).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

/// A command, its exit code, and the lines that it prints: `[..]` stands for a part of a line, `...` for any lines.
struct Example {
    command: String,
    code: i32,
    lines: Vec<String>,
}

fn examples(block: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    for line in block.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            examples.push(Example { command: command.to_owned(), code: 0, lines: Vec::new() });
            continue;
        }
        let example = examples.last_mut().unwrap();
        match line.strip_prefix("? ") {
            Some(code) => example.code = code.parse().unwrap(),
            None => example.lines.push(line.to_owned()),
        }
    }
    examples
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

/// Runs a command with the program in its path; standard error stands behind standard output.
fn run(folder: &Path, command: &str) -> (Option<i32>, String) {
    let program = Path::new(env!("CARGO_BIN_EXE_codelab-gen")).parent().unwrap();
    let path = format!("{}:/usr/bin:/bin", program.display());
    let run = Command::new("sh").args(["-c", command]).current_dir(folder).env_clear().env("PATH", path).finish();
    let text = String::from_utf8(run.stdout).unwrap() + &stderr_of(&run.stderr);
    (run.status.code(), text)
}

fn stderr_of(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn console_examples_print_what_readme_says() {
    let folder = tempfile::tempdir().unwrap();
    let readme = readme();
    for source in ["agent-runtime/data", "auth-service/data"] {
        fs::create_dir_all(folder.path().join(source)).unwrap();
    }
    let examples: Vec<_> = blocks(&readme, "console").into_iter().flat_map(examples).collect();
    assert!(examples.len() >= 5, "README has only {} examples", examples.len());
    for Example { command, code, lines } in examples {
        let (actual_code, text) = run(folder.path(), &command);
        let actual: Vec<_> = text.lines().collect();
        assert_eq!(actual_code, Some(code), "{command}\n{text}");
        assert!(matches(&actual, &lines), "{command}\n--- README\n{}\n--- actual\n{text}", lines.join("\n"));
    }
}

#[test]
fn the_first_command_generates() {
    let readme = readme();
    let command = blocks(&readme, "bash").into_iter().find(|block| block.starts_with("cargo run")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (code, text) = run(folder.path(), &command.replace("cargo run --release --", "codelab-gen"));
    assert_eq!(code, Some(0), "{text}");
    assert!(folder.path().join("deploy/docker-compose.yml").exists());
}

#[test]
fn the_profiles_that_readme_shows_work() {
    let readme = readme();
    let profiles: Vec<_> = blocks(&readme, "yaml").into_iter().filter(|block| block.starts_with("format: 1")).collect();
    assert_eq!(profiles.len(), 2, "a base and a profile on top of it");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("base.yaml"), profiles[0]).unwrap();
    fs::write(folder.path().join("prod.yaml"), profiles[1]).unwrap();
    let run = codelab_gen(folder.path()).args(["validate", "./prod.yaml"]).finish();
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
}

#[test]
fn the_exit_codes_that_help_names_are_those_of_readme() {
    let folder = tempfile::tempdir().unwrap();
    let help = String::from_utf8(codelab_gen(folder.path()).arg("--help").finish().stdout).unwrap();
    let rows: Vec<_> =
        readme().lines().filter_map(|line| line.strip_prefix("| ")?.split(' ').next().map(str::to_owned)).collect();
    for code in ["0", "2", "3", "4", "5", "70"] {
        assert!(rows.iter().any(|row| row == code), "README has no row for {code}");
        assert!(help.contains(&format!("{code} ")), "--help does not name {code}: {help}");
    }
}
