//! Every wrong profile in tests/invalid/ is told as the file beside it says, and nothing is written; every unwise one in
//! tests/warned/ is warned of.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use crate::support::{Finish as _, assert_matches_file, codelab_gen, stderr, tests};
use codelab_gen::diagnostic::Code;

/// Codes whose case is not a single file; their tests stand in lookup.rs, stranger.rs, limits.rs and validate.rs.
const ELSEWHERE: [Code; 5] =
    [Code::UnknownProfile, Code::OutsideProject, Code::AmbiguousAlias, Code::ComposeLimit, Code::StaleSchema];

/// Every wrong profile that is a case.
pub(crate) fn cases() -> Vec<PathBuf> {
    profiles_in("invalid")
}

fn profiles_in(folder: &str) -> Vec<PathBuf> {
    let listing = fs::read_dir(tests().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    // a name with a second dot is a part of another case, such as its base
    let is_case = |path: &PathBuf| {
        let stem = path.file_stem().unwrap().to_string_lossy();
        path.extension().is_some_and(|extension| extension == "yaml") && !stem.contains('.')
    };
    let mut cases: Vec<_> = listing.filter(is_case).collect();
    cases.sort();
    cases
}

/// The codes that a text shows.
fn codes(text: &str) -> impl Iterator<Item = Code> {
    let shows = |code: &Code| text.contains(&format!("error[{code}]")) || text.contains(&format!("warning[{code}]"));
    Code::ALL.iter().copied().filter(shows)
}

#[test]
fn every_wrong_profile_is_told_and_nothing_is_written() {
    for case in cases() {
        let folder = tempfile::tempdir().unwrap();
        let name = case.file_name().unwrap();
        let run = codelab_gen(&tests().join("invalid")).arg("-p").arg(name).arg("-o").arg(folder.path()).finish();
        let text = stderr(&run);
        assert_eq!(run.status.code(), Some(3), "{}: {text}", case.display());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "{} wrote something", case.display());
        assert_matches_file(&text, &case.with_extension("stderr"));
    }
}

#[test]
fn every_unwise_profile_is_valid_and_warned_of() {
    for case in profiles_in("warned") {
        let name = case.file_name().unwrap();
        let run = codelab_gen(&tests().join("warned")).arg("validate").arg(name).finish();
        assert_eq!(run.status.code(), Some(0), "{}: {}", case.display(), stderr(&run));
        assert_matches_file(&stderr(&run), &case.with_extension("stderr"));
    }
}

#[test]
fn every_code_has_a_case() {
    let mut told: BTreeSet<Code> = BTreeSet::new();
    for case in cases().into_iter().chain(profiles_in("warned")) {
        told.extend(codes(&fs::read_to_string(case.with_extension("stderr")).unwrap()));
    }
    let missing: Vec<_> = Code::ALL.iter().filter(|code| !told.contains(*code) && !ELSEWHERE.contains(*code)).collect();
    assert!(missing.is_empty(), "no profile shows {missing:?}");
}
