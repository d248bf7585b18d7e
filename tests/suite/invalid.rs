//! Every wrong profile in tests/invalid/ is told as the file beside it says, and nothing is written.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use crate::support::{Finish as _, assert_matches_file, codelab_gen, stderr, tests};
use codelab_gen::diagnostic::Code;

/// Codes whose case is not a single wrong file; their tests stand in lookup.rs and limits.rs.
const ELSEWHERE: [Code; 3] = [Code::UnknownProfile, Code::AmbiguousAlias, Code::ComposeLimit];

/// Every wrong profile that is a case.
pub(crate) fn cases() -> Vec<PathBuf> {
    let listing = fs::read_dir(tests().join("invalid")).unwrap().map(|entry| entry.unwrap().path());
    // a name with a second dot is a part of another case, such as its base
    let is_case = |path: &PathBuf| {
        let stem = path.file_stem().unwrap().to_string_lossy();
        path.extension().is_some_and(|extension| extension == "yaml") && !stem.contains('.')
    };
    let mut cases: Vec<_> = listing.filter(is_case).collect();
    cases.sort();
    cases
}

#[test]
fn every_wrong_profile_is_told_and_nothing_is_written() {
    let mut told: BTreeSet<Code> = BTreeSet::new();
    for case in cases() {
        let folder = tempfile::tempdir().unwrap();
        let name = case.file_name().unwrap();
        let run = codelab_gen(&tests().join("invalid")).arg("-p").arg(name).arg("-o").arg(folder.path()).finish();
        let text = stderr(&run);
        assert_eq!(run.status.code(), Some(3), "{}: {text}", case.display());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "{} wrote something", case.display());
        assert_matches_file(&text, &case.with_extension("stderr"));
        told.extend(Code::ALL.iter().copied().filter(|code| text.contains(&format!("error[{code}]"))));
    }
    let missing: Vec<_> = Code::ALL.iter().filter(|code| !told.contains(*code) && !ELSEWHERE.contains(*code)).collect();
    assert!(missing.is_empty(), "no file in tests/invalid/ shows {missing:?}");
}
