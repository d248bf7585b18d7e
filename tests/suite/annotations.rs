//! `--check --format github`: what is not as its profile says, as annotations of a pull request.

use std::fs;
use std::path::Path;

use crate::support::{Finish as _, codelab_gen, read, run, stderr, stdout};

/// A workflow command as GitHub Actions reads it: its properties, and its text with line breaks.
struct Annotation {
    properties: Vec<(String, String)>,
    text: String,
}

impl Annotation {
    fn get(&self, name: &str) -> Option<&str> {
        self.properties.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

fn unescaped(text: &str) -> String {
    text.replace("%2C", ",").replace("%3A", ":").replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")
}

fn annotations(text: &str) -> Vec<Annotation> {
    let annotation = |line: &str| {
        let (properties, text) = line.strip_prefix("::error ").unwrap().split_once("::").unwrap();
        let property =
            |pair: &str| pair.split_once('=').map(|(name, value)| (name.to_owned(), unescaped(value))).unwrap();
        Annotation { properties: properties.split(',').map(property).collect(), text: unescaped(text) }
    };
    text.lines().map(annotation).collect()
}

fn check(folder: &Path, arguments: &[&str]) -> (Option<i32>, Vec<Annotation>) {
    let run = run(folder, &[&["--check", "--format", "github"], arguments].concat());
    (run.status.code(), annotations(&stdout(&run)))
}

/// A project with one deployment in `deploy/`.
fn project() -> tempfile::TempDir {
    let project = tempfile::tempdir().unwrap();
    fs::create_dir_all(project.path().join("profiles")).unwrap();
    fs::create_dir(project.path().join(".git")).unwrap();
    fs::write(
        project.path().join("profiles/app.yaml"),
        "format: 1\nextends: builtin:prod-postgres\nout: ./deploy\nproject: 'app' # a comment, with: 100%\n",
    )
    .unwrap();
    assert_eq!(run(project.path(), &["--all"]).status.code(), Some(0));
    project
}

#[test]
fn nothing_is_annotated_where_nothing_differs() {
    let project = project();
    let (code, annotations) = check(project.path(), &["--all"]);
    assert_eq!((code, annotations.len()), (Some(0), 0));
}

#[test]
fn an_edit_is_annotated_at_its_line() {
    let project = project();
    let compose = project.path().join("deploy/docker-compose.yml");
    let text = fs::read_to_string(&compose).unwrap();
    let line = text.lines().position(|line| line.contains("image: postgres:")).unwrap() + 1;
    fs::write(&compose, text.replace("image: postgres:", "image: elsewhere/postgres:")).unwrap();
    let (code, annotations) = check(project.path(), &["--all"]);
    assert_eq!((code, annotations.len()), (Some(1), 1));
    let annotation = &annotations[0];
    assert_eq!(annotation.get("file"), Some("deploy/docker-compose.yml"));
    // the edit is drawn with three lines before it
    assert_eq!(annotation.get("line"), Some(line.to_string().as_str()));
    assert_eq!(annotation.get("title"), Some("drift"));
    assert!(annotation.text.contains("\n+    image: elsewhere/postgres:"), "{}", annotation.text);
    assert!(annotation.text.contains("help: put the change into the profile"), "{}", annotation.text);
}

#[test]
fn what_the_profile_says_since_is_annotated_at_the_line_that_is_old() {
    let project = project();
    let profile = project.path().join("profiles/app.yaml");
    let text = fs::read_to_string(&profile).unwrap();
    fs::write(&profile, text + "services: { auth-service: { port: 8123 } }\n").unwrap();
    let (code, annotations) = check(project.path(), &["--all"]);
    assert_eq!(code, Some(1));
    let compose = annotations.iter().find(|one| one.get("file") == Some("deploy/docker-compose.yml")).unwrap();
    let line: usize = compose.get("line").unwrap().parse().unwrap();
    let text = read(project.path(), "deploy/docker-compose.yml");
    let old = text.lines().nth(line - 1).unwrap();
    let drawn = compose.text.lines().find(|line| line.starts_with('-') && !line.starts_with("---")).unwrap();
    assert_eq!(drawn.strip_prefix('-'), Some(old), "{}", compose.text);
    assert!(compose.text.contains("help: run codelab-gen without --check"), "{}", compose.text);
}

#[test]
fn files_that_are_missing_together_share_an_annotation() {
    let project = project();
    fs::remove_dir_all(project.path().join("deploy/scripts/db")).unwrap();
    let (code, annotations) = check(project.path(), &["--all"]);
    assert_eq!((code, annotations.len()), (Some(1), 1));
    let text = &annotations[0].text;
    assert!(text.starts_with("`deploy/scripts/db/"), "{text}");
    assert!(text.contains("other files beside it, are missing"), "{text}");
    assert_eq!(annotations[0].get("line"), None, "a file that is not there has no line");
}

#[test]
fn files_are_named_as_the_repository_of_the_workflow_names_them() {
    let project = project();
    fs::remove_file(project.path().join("deploy/.env.example")).unwrap();
    let profile = project.path().join("profiles/app.yaml");
    let mut commands = Vec::new();
    for folder in [project.path().to_owned(), project.path().join("deploy")] {
        let mut command = codelab_gen(&folder);
        command.args(["--check", "--all", "--format", "github"]).env("GITHUB_WORKSPACE", project.path());
        commands.push(annotations(&stdout(&command.output().unwrap())));
    }
    for annotations in commands {
        assert_eq!(annotations[0].get("file"), Some("deploy/.env.example"));
    }
    fs::write(&profile, "format: 1\nextends: builtin:prod-postgres\nout: ./deploy\nprot: 1\n").unwrap();
    let mut command = codelab_gen(&project.path().join("deploy"));
    command.args(["--check", "--all", "--format", "github"]).env("GITHUB_WORKSPACE", project.path());
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let fault = &annotations(&stdout(&output))[0];
    assert_eq!((fault.get("file"), fault.get("line")), (Some("profiles/app.yaml"), Some("4")));
    assert_eq!(fault.get("title"), Some("unknown-key"));
}

#[test]
fn a_run_that_could_not_compare_is_annotated_without_a_place() {
    let folder = tempfile::tempdir().unwrap();
    let (code, annotations) = check(folder.path(), &["--all"]);
    assert_eq!((code, annotations.len()), (Some(2), 1));
    assert_eq!(annotations[0].properties, [("title".to_owned(), "codelab-gen".to_owned())]);
    assert!(annotations[0].text.starts_with("there is nothing to compare"), "{}", annotations[0].text);
}

#[test]
fn what_writes_is_not_told_as_annotations() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["--format", "github"][..], &["--diff", "--format", "github"], &["doctor", "--format", "github"]]
    {
        let run = codelab_gen(folder.path()).args(arguments).finish();
        assert_eq!(run.status.code(), Some(2), "{arguments:?}: {}", stderr(&run));
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "something was written");
}
