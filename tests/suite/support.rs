//! Knows how tests run the program in a folder of their own. Must not know what any test expects.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The program, without anything of the caller's environment that could change what it does.
pub(crate) fn codelab_gen(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_codelab-gen"));
    command.current_dir(folder).env_clear();
    command
}

/// Runs a command to its end, and looks whether a secret shows.
pub(crate) trait Finish {
    /// The outcome of the command. No value of its environment may occur in what it prints, nor in a file that it leaves
    /// in its folder, but for `.env` and `secrets/`.
    fn finish(&mut self) -> Output;
}

impl Finish for Command {
    fn finish(&mut self) -> Output {
        let output = self.output().unwrap();
        let is_secret = |key: &OsStr| key != "PATH" && key != "CODELAB_PROFILE";
        let values: Vec<_> = self
            .get_envs()
            .filter(|(key, _)| is_secret(key))
            .filter_map(|(_, value)| value.map(|value| value.as_encoded_bytes().to_owned()))
            .filter(|value| value.len() >= SHORTEST_SECRET)
            .collect();
        assert_hidden(&values, &output.stdout, "standard output");
        assert_hidden(&values, &output.stderr, "standard error");
        if let Some(folder) = self.get_current_dir().filter(|_| !values.is_empty()) {
            assert_hidden_below(&values, folder);
        }
        output
    }
}

/// Shorter values occur by chance.
const SHORTEST_SECRET: usize = 8;

fn assert_hidden(values: &[Vec<u8>], bytes: &[u8], place: &str) {
    for value in values {
        let shows = bytes.windows(value.len()).any(|window| window == value.as_slice());
        assert!(!shows, "a secret shows in {place}: {}", String::from_utf8_lossy(value));
    }
}

fn assert_hidden_below(values: &[Vec<u8>], folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap();
        if path.is_dir() && !path.is_symlink() && name != "secrets" {
            assert_hidden_below(values, &path);
        } else if path.is_file() && name != ".env" {
            assert_hidden(values, &fs::read(&path).unwrap(), &path.display().to_string());
        }
    }
}

/// How many cases a test tries: few in every run, many where `CODELAB_GEN_LONG=1` asks for the long run, or as many as a
/// variable of its own says.
pub(crate) fn cases(variable: &str, usual: u32, long: u32) -> u32 {
    let usual = if is_long() { long } else { usual };
    std::env::var(variable).map_or(usual, |cases| cases.parse().unwrap())
}

/// Whether this is the long run.
pub(crate) fn is_long() -> bool {
    std::env::var_os("CODELAB_GEN_LONG").is_some_and(|long| long == "1")
}

/// A new folder, in memory where the machine has such a place: for tests that write often, and are not about the disk.
pub(crate) fn folder_in_memory() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
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

/// Adds every file of a folder and of the folders in it.
pub(crate) fn files_below(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files_below(&path, files) } else { files.push(path) }
    }
}

/// A password that stands in documents, and so is weak.
pub(crate) const PASSWORD: &str = "codelab_password";

/// Runs the program; weak secrets are taken.
pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Output {
    codelab_gen(folder).arg("--allow-weak-secrets").args(arguments).finish()
}

/// Runs the program with [`PASSWORD`] in its environment.
pub(crate) fn run_with_password(folder: &Path, arguments: &[&str]) -> Output {
    codelab_gen(folder).arg("--allow-weak-secrets").args(arguments).env("POSTGRES_PASSWORD", PASSWORD).finish()
}

/// The text of a file.
pub(crate) fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap()
}

/// What a key of a `.env` has, as it is written there.
pub(crate) fn value<'t>(dotenv: &'t str, key: &str) -> &'t str {
    dotenv
        .lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
        .unwrap_or_else(|| panic!("{key}: {dotenv}"))
}

/// The connection URLs of a folder's `.env`.
pub(crate) fn urls(folder: &Path) -> Vec<String> {
    let dotenv = read(folder, ".env");
    let urls = dotenv.lines().filter(|line| line.contains("__DB_URL="));
    urls.map(str::to_owned).collect()
}

/// Everything in a folder: each path with its permissions and its content.
pub(crate) fn tree(folder: &Path) -> Vec<(PathBuf, u32, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let metadata = fs::symlink_metadata(&path).unwrap();
            let content = if metadata.is_file() { fs::read(&path).unwrap() } else { Vec::new() };
            if metadata.is_dir() {
                folders.push(path.clone());
            }
            found.push((path, metadata.permissions().mode() & 0o7777, content));
        }
    }
    found.sort();
    found
}
