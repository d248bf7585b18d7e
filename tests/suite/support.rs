//! Knows how tests run the program in a folder of their own. Must not know what any test expects.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The program, without anything of the caller's environment that could change what it does.
pub(crate) fn codelab_gen(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_codelab-gen"));
    command.current_dir(folder).env_clear();
    command
}

/// What the program wrote to standard error.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// What the program wrote to standard output.
pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The folder `tests/`.
pub(crate) fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// Compares a text with a file, or with `BLESS=1` in the environment writes it there, to be read before it is committed.
pub(crate) fn assert_matches_file(actual: &str, path: &Path) {
    if std::env::var_os("BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, actual).unwrap();
    }
    let expected = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert!(
        actual == expected,
        "{} differs; after reading the difference: BLESS=1 cargo test\n--- expected\n{expected}\n--- actual\n{actual}",
        path.display()
    );
}
