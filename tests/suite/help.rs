//! What the program tells of itself: --help, --version, manual pages, and what shells complete.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::{CommandFactory as _, Parser as _};
use codelab_gen::command::CommandLine;

use crate::support::{Finish as _, codelab_gen, stderr, stdout};

/// The names of the subcommands, and nothing for the program itself.
fn commands() -> Vec<String> {
    let command = CommandLine::command();
    let names = command.get_subcommands().map(|command| command.get_name().to_owned());
    [String::new()].into_iter().chain(names).collect()
}

fn help(arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let run = codelab_gen(folder.path()).args(arguments).finish();
    assert_eq!(run.status.code(), Some(0), "{arguments:?}: {}", stderr(&run));
    stdout(&run)
}

/// The commands of the examples, without what is said about them and without what a shell would do.
fn examples(help: &str) -> Vec<Vec<String>> {
    let below = help.split_once("\nExamples:\n").map(|(_, below)| below).unwrap_or_default();
    let lines = below.lines().take_while(|line| !line.is_empty());
    let commands = lines.filter(|line| line.starts_with("  codelab-gen"));
    let words = |line: &str| {
        let command = line.trim_start().split("  ").next().unwrap();
        let words = command.split(' ').take_while(|word| !word.starts_with(['<', '>', '|']));
        words.map(str::to_owned).collect()
    };
    commands.map(words).collect()
}

#[test]
fn every_command_has_examples_and_each_can_be_typed() {
    for name in commands() {
        let arguments: Vec<_> = [name.as_str(), "--help"].into_iter().filter(|word| !word.is_empty()).collect();
        let examples = examples(&help(&arguments));
        assert!(examples.len() >= 2, "`{name}` has {} examples", examples.len());
        for example in examples {
            if !name.is_empty() {
                assert_eq!(example.get(1), Some(&name), "{example:?}");
            }
            if let Err(error) = CommandLine::try_parse_from(&example) {
                panic!("{example:?}: {error}");
            }
        }
    }
}

#[test]
fn help_fits_a_terminal_of_100_columns() {
    for name in commands() {
        for option in ["-h", "--help"] {
            let arguments: Vec<_> = [name.as_str(), option].into_iter().filter(|word| !word.is_empty()).collect();
            for line in help(&arguments).lines() {
                assert!(line.chars().count() <= 100, "{arguments:?}: {line}");
            }
        }
    }
}

#[test]
fn options_stand_under_what_they_are_for() {
    let help = help(&["--help"]);
    let mut heading = "";
    for line in help.lines() {
        if !line.starts_with(' ') && line.ends_with(':') {
            heading = line;
        }
        for (option, expected) in [
            ("-p, --profile", "Which deployment:"),
            ("--all", "Which deployment:"),
            ("--check", "Instead of writing:"),
            ("--diff", "Instead of writing:"),
            ("--accept", "What writing may do:"),
            ("--format", "Options:"),
        ] {
            if line.trim_start() == option || line.trim_start().starts_with(&format!("{option} <")) {
                assert_eq!(heading, expected, "{line}");
            }
        }
    }
    let headings =
        ["Commands:", "Options:", "Which deployment:", "Instead of writing:", "What writing may do:", "Examples:"];
    let places: Vec<_> = headings.iter().map(|heading| help.find(&format!("\n{heading}\n")).unwrap()).collect();
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn a_manual_page_says_what_help_says_and_keeps_the_lines_of_examples() {
    for name in commands() {
        let arguments: Vec<_> = ["man", name.as_str()].into_iter().filter(|word| !word.is_empty()).collect();
        let page = help(&arguments);
        let title =
            if name.is_empty() { "CODELAB-GEN".to_owned() } else { format!("CODELAB-GEN-{}", name.to_uppercase()) };
        assert!(page.starts_with(&format!(".TH {title} 1 ")), "{page}");
        let plain = page.replace("\\-", "-").replace("\\&", "").replace("\\e", "\\");
        let sections: Vec<_> = plain.lines().filter_map(|line| line.strip_prefix(".SH ")).collect();
        for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "\"EXAMPLES\""] {
            assert!(sections.contains(&section), "{name}: {sections:?}");
        }
        assert!(page.contains(".SH \"EXAMPLES\"\n.nf\n"), "{page}");
        let shown: Vec<_> = [name.as_str(), "--help"].into_iter().filter(|word| !word.is_empty()).collect();
        let below = help(&shown);
        let below = below.split_once("\nExamples:\n").unwrap().1;
        for line in below.lines().filter(|line| line.starts_with("  ")) {
            let line = line.strip_prefix("  ").unwrap();
            assert!(plain.lines().any(|known| known == line), "{name}: {line}\n{plain}");
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let unknown = codelab_gen(folder.path()).args(["man", "rotat"]).finish();
    assert_eq!(unknown.status.code(), Some(2));
    assert!(stderr(&unknown).contains("did you mean `rotate`?"), "{}", stderr(&unknown));
}

/// What the program offers a shell for a command line whose last word is begun.
fn offered(folder: &Path, words: &[&str]) -> Vec<String> {
    let run = codelab_gen(folder).env("CODELAB_GEN_COMPLETE", "fish").args(["--", "codelab-gen"]).args(words).finish();
    assert_eq!(run.status.code(), Some(0), "{words:?}: {}", stderr(&run));
    assert_eq!(stderr(&run), "", "{words:?}");
    let names = stdout(&run).lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect::<Vec<_>>();
    names.into_iter().filter(|name| !name.starts_with('-') || name.contains('=')).collect()
}

#[test]
fn names_of_the_project_at_hand_are_completed() {
    let folder = tempfile::tempdir().unwrap();
    let profiles = folder.path().join("profiles");
    fs::create_dir_all(&profiles).unwrap();
    fs::write(profiles.join("base.yaml"), "format: 1\nservices: { web: { image: 'nginx:1.27' } }\n").unwrap();
    fs::write(
        profiles.join("shop.yaml"),
        "format: 1\nextends: ./base.yaml\nproject: shop\nstage: staging\naliases: [live]\nsecrets: { API_KEY: required }\n",
    )
    .unwrap();
    fs::write(profiles.join("$(touch made).yaml"), "format: 1\nextends: ./base.yaml\nstage: ci\n").unwrap();
    fs::create_dir(folder.path().join("deploy")).unwrap();
    fs::create_dir(folder.path().join("`touch made`")).unwrap();
    for (words, expected) in [
        (&["-p", ""][..], &["shop", "live"][..]),
        (&["--profile=l"], &["--profile=live"]),
        (&["-p", "./profiles/s"], &["./profiles/shop.yaml"]),
        (&["-p", "./profiles/$"], &[]),
        (&["validate", "b"], &["base"]),
        (&["validate", "shop", "l"], &["live"]),
        (&["new", "next", "--from", "b"], &["base"]),
        (
            &["explain", "-p", "shop", "services.web."],
            &["services.web.image", "services.web.outbound", "services.web.hardening"],
        ),
        (&["explain", "-p", "live", "st"], &["stage"]),
        (&["rotate", "-p", "shop", ""], &["API_KEY"]),
        (&["doctor", "-p", "s"], &["shop"]),
        (&["code", "port-"], &["port-clash"]),
        (&["man", "rot"], &["rotate"]),
        (&["completions", ""], &["bash", "zsh", "fish"]),
        (&["rot"], &["rotate"]),
        (&["--out", "./d"], &["./deploy/"]),
        (&["--out", "./`"], &[]),
        (&["-p", "nothing", "explain", "x"], &[]),
    ] {
        assert_eq!(offered(folder.path(), words), expected, "{words:?}");
    }
    let run = codelab_gen(folder.path()).env("CODELAB_GEN_COMPLETE", "tcsh").finish();
    assert_eq!(run.status.code(), Some(2));
    assert!(stderr(&run).contains("`tcsh`"), "{}", stderr(&run));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3, "something was written");
}

#[test]
fn a_project_that_cannot_be_read_completes_nothing_and_says_nothing() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("profiles")).unwrap();
    fs::write(folder.path().join("profiles/broken.yaml"), b"format: [\xff").unwrap();
    for words in [&["-p", ""][..], &["explain", ""], &["rotate", ""]] {
        assert_eq!(offered(folder.path(), words), [""; 0], "{words:?}");
    }
}

/// The version that build.rs gives a package in a folder, and the files that Cargo is to watch.
fn version(program: &Path, package: &Path, profile: &str, path: &str) -> (String, Vec<PathBuf>) {
    let run = Command::new(program)
        .env_clear()
        .env("PATH", path)
        .env("CARGO_MANIFEST_DIR", package)
        .env("CARGO_PKG_VERSION", "1.2.3")
        .env("PROFILE", profile)
        // what a hook of another repository would have left behind
        .env("GIT_DIR", "/nonexistent")
        .output()
        .unwrap();
    assert!(run.status.success() && run.stderr.is_empty(), "{}", stderr(&run));
    let text = stdout(&run);
    let all = |key: &str| text.lines().filter_map(|line| line.strip_prefix(key)).map(str::to_owned).collect::<Vec<_>>();
    let version = all("cargo::rustc-env=CODELAB_GEN_VERSION=");
    assert_eq!(version.len(), 1, "{text}");
    let watched = all("cargo::rerun-if-changed=").into_iter().skip(1).map(PathBuf::from).collect();
    (version.concat(), watched)
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let run = Command::new("git")
        .args([
            "-c",
            "user.name=x",
            "-c",
            "user.email=x@example.com",
            "-c",
            "init.defaultBranch=main",
            "-c",
            "commit.gpgsign=false",
        ])
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_COMMITTER_DATE", "2026-11-20T23:30:00+0200")
        .output()
        .unwrap();
    assert!(run.status.success(), "{arguments:?}: {}", stderr(&run));
    stdout(&run).trim().to_owned()
}

#[test]
fn a_release_build_names_its_commit_where_git_knows_it() {
    const PATH: &str = "/usr/bin:/bin";
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("build");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("build.rs");
    let compiled = Command::new("rustc").args(["--edition", "2024", "-o"]).arg(&program).arg(&script).status().unwrap();
    assert!(compiled.success());
    let version = |package: &Path, profile: &str, path: &str| version(&program, package, profile, path);

    let repository = folder.path().join("repository");
    fs::create_dir(&repository).unwrap();
    fs::copy(&script, repository.join("build.rs")).unwrap();
    assert_eq!(version(&repository, "release", PATH), ("1.2.3".to_owned(), Vec::new()), "a tarball has no commit");
    git(&repository, &["init", "--quiet"]);
    assert_eq!(version(&repository, "release", PATH).0, "1.2.3", "nothing is committed");
    git(&repository, &["add", "build.rs"]);
    git(&repository, &["commit", "--quiet", "--message", "first"]);
    let hash = git(&repository, &["rev-parse", "HEAD"]);
    let expected = format!("1.2.3 ({} 2026-11-20)", &hash[..7]);
    let (told, watched) = version(&repository, "release", PATH);
    assert_eq!(told, expected);
    assert!(watched.iter().all(|path| path.exists()), "a path that is missing is a build at every run: {watched:?}");
    let before: Vec<_> = watched.iter().map(|path| fs::read(path).unwrap()).collect();
    git(&repository, &["commit", "--quiet", "--allow-empty", "--message", "second"]);
    let after: Vec<_> = watched.iter().map(|path| fs::read(path).unwrap()).collect();
    assert_ne!(before, after, "a commit changes nothing that is watched: {watched:?}");
    assert_eq!(version(&repository, "debug", PATH), ("1.2.3".to_owned(), Vec::new()), "only releases are named");
    assert_eq!(version(&repository, "release", "/nonexistent").0, "1.2.3", "Git is missing");

    let hash = git(&repository, &["rev-parse", "HEAD"]);
    let expected = format!("1.2.3 ({} 2026-11-20)", &hash[..7]);
    git(&repository, &["worktree", "add", "--quiet", "../worktree"]);
    let (told, watched) = version(&folder.path().join("worktree"), "release", PATH);
    assert_eq!(told, expected);
    assert!(!watched.is_empty() && watched.iter().all(|path| path.exists()), "{watched:?}");
    let url = format!("file://{}", repository.display());
    git(folder.path(), &["clone", "--quiet", "--depth", "1", &url, "shallow"]);
    assert_eq!(version(&folder.path().join("shallow"), "release", PATH).0, expected);
    let unpacked = repository.join("vendor/codelab-gen");
    fs::create_dir_all(&unpacked).unwrap();
    fs::copy(&script, unpacked.join("build.rs")).unwrap();
    assert_eq!(version(&unpacked, "release", PATH).0, "1.2.3", "the commit of another repository is none of ours");
}
