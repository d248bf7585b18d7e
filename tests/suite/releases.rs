//! A release that makes other outputs of the same profiles has another format, and says so in the changelog.
//!
//! tests/golden/releases.txt has a line for each release: its version, its format, and the hash of the golden outputs.
//! It is written by `BLESS=1 cargo test --test suite releases`, in the commit that gives the changelog a version.

use std::fmt::Write as _;
use std::fs;
use std::hash::Hasher as _;
use std::path::Path;

use twox_hash::XxHash3_64;

use crate::support::{Finish as _, codelab_gen, files_below, tests};

/// One line of releases.txt.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Release {
    version: String,
    format: u32,
    outputs: String,
}

/// The releases so far, oldest first.
fn releases() -> Vec<Release> {
    let text = fs::read_to_string(tests().join("golden/releases.txt")).unwrap();
    let release = |line: &str| {
        let [version, format, outputs] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
        Release { version: version.to_owned(), format: format.parse().unwrap(), outputs: outputs.to_owned() }
    };
    text.lines().filter(|line| !line.starts_with('#')).map(release).collect()
}

/// The format that a version with these outputs must have.
fn format_after(releases: &[Release], outputs: &str) -> u32 {
    match releases.last() {
        None => 1,
        Some(last) => last.format + u32::from(last.outputs != outputs),
    }
}

/// A hash of everything that the golden deployments are made of, but for the line that has the format itself.
fn outputs() -> String {
    let folders = fs::read_dir(tests().join("golden")).unwrap().map(|entry| entry.unwrap().path());
    let deployments = folders.filter(|folder| folder.join("docker-compose.yml").exists());
    let mut files = Vec::new();
    for folder in deployments.chain([tests().join("../templates/scripts/db")]) {
        files_below(&folder, &mut files);
    }
    files.sort();
    let mut hasher = XxHash3_64::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        hasher.write(file.file_name().unwrap().to_str().unwrap().as_bytes());
        text.lines().filter(|line| !line.contains("codelab-gen: profile=")).for_each(|line| {
            hasher.write(line.as_bytes());
            hasher.write(b"\n");
        });
    }
    format!("{:016x}", hasher.finish())
}

/// The format that the program writes.
fn written_format() -> u32 {
    let folder = tempfile::tempdir().unwrap();
    codelab_gen(folder.path()).args(["-p", "dev"]).finish();
    let text = fs::read_to_string(folder.path().join("docker-compose.yml")).unwrap();
    let format = text.split(" format=").nth(1).unwrap();
    format.split(' ').next().unwrap().parse().unwrap()
}

/// The newest section of the changelog: its heading, and what stands below it.
fn newest_section() -> (String, String) {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("CHANGELOG.md")).unwrap();
    let section = text.split("\n## ").nth(1).unwrap();
    let (heading, body) = section.split_once('\n').unwrap();
    (heading.split([' ', '[', ']']).find(|word| !word.is_empty()).unwrap().to_owned(), body.to_owned())
}

#[test]
fn the_format_rises_with_the_outputs() {
    let releases = releases();
    let (outputs, (heading, section)) = (outputs(), newest_section());
    let (last, before) = match releases.split_last() {
        Some((last, before)) if last.version == heading => (Some(last), before),
        Some(_) | None => (None, &releases[..]),
    };
    let expected = format_after(before, &outputs);
    assert_eq!(written_format(), expected, "OUTPUT_FORMAT in src/render/mark.rs, after {before:?}");
    let is_told = section.contains("\n### Outputs\n");
    assert!(
        before.is_empty() || outputs == before.last().unwrap().outputs || is_told,
        "CHANGELOG.md: no `### Outputs`"
    );
    if heading == "Unreleased" {
        return;
    }
    let release = Release { version: heading, format: expected, outputs };
    if std::env::var_os("BLESS").is_some() && last.is_none() {
        let path = tests().join("golden/releases.txt");
        let mut text = fs::read_to_string(&path).unwrap();
        writeln!(text, "{} {} {}", release.version, release.format, release.outputs).unwrap();
        fs::write(path, text).unwrap();
    } else {
        assert_eq!(last, Some(&release), "a release needs its line: BLESS=1 writes it");
    }
}

#[test]
fn a_format_rises_by_one_where_the_outputs_are_others_than_the_last_release_made() {
    let release = |format, outputs: &str| Release { version: "0.1.0".to_owned(), format, outputs: outputs.to_owned() };
    for (releases, outputs, format) in [
        (vec![], "a", 1),
        (vec![release(1, "a")], "a", 1),
        (vec![release(1, "a")], "b", 2),
        (vec![release(1, "a"), release(2, "b")], "a", 3),
    ] {
        assert_eq!(format_after(&releases, outputs), format, "{releases:?} {outputs}");
    }
}
