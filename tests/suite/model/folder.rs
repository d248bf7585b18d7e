//! Knows what stands in an output folder, and what codelab-gen makes of an empty one. Must not know what is done there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::{DirEntryExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::operations::{PROFILE_FILE, Profile, arguments};
use crate::support::{Finish as _, codelab_gen, folder_in_memory, stderr};

/// How every temporary file ends.
pub(super) const TEMPORARY: &str = ".codelab-gen.tmp";

/// Every file and folder by name, with its permissions.
pub(super) type Snapshot = BTreeMap<String, (u32, Vec<u8>)>;

/// What stands in the output folder of a project.
pub(super) fn snapshot(root: &Path) -> Snapshot {
    let mut snapshot = Snapshot::new();
    add_below(&root.join("deploy"), "", &mut snapshot);
    snapshot
}

fn add_below(folder: &Path, prefix: &str, snapshot: &mut Snapshot) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        let metadata = entry.metadata().unwrap();
        let mut bytes = Vec::new();
        if metadata.is_dir() {
            add_below(&entry.path(), &format!("{name}/"), snapshot);
        } else {
            bytes = fs::read(entry.path()).unwrap();
        }
        snapshot.insert(name, (metadata.permissions().mode() & 0o7777, bytes));
    }
}

/// Every file and folder below one by its identity, which changes where a new file takes the place of an old one. What
/// goes in the meantime is no fault.
pub(super) fn entries(folder: &Path) -> BTreeSet<(PathBuf, u64)> {
    let mut entries = BTreeSet::new();
    for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        entries.extend(self::entries(&entry.path()));
        entries.insert((entry.path(), entry.ino()));
    }
    entries
}

pub(super) fn bytes<'s>(snapshot: &'s Snapshot, name: &str) -> Option<&'s [u8]> {
    snapshot.get(name).map(|(_, bytes)| bytes.as_slice())
}

pub(super) fn text<'s>(snapshot: &'s Snapshot, name: &str) -> Option<&'s str> {
    bytes(snapshot, name).map(|bytes| std::str::from_utf8(bytes).unwrap())
}

/// The longest run of letters and digits, which neither quotes nor a URL change: by it a password is recognized.
pub(super) fn longest_word(text: &str) -> &str {
    text.split(|c: char| !c.is_ascii_alphanumeric()).max_by_key(|word| word.len()).unwrap_or_default()
}

/// What passwords are recognized by.
pub(super) fn secrets(snapshot: &Snapshot) -> BTreeSet<&str> {
    let lines = text(snapshot, ".env").unwrap_or_default().lines();
    let of_dotenv = lines.filter_map(|line| line.split_once("PASSWORD=").map(|(_, value)| value));
    let is_secret = |name: &&String| name.starts_with("secrets/") && !name.ends_with(TEMPORARY);
    let of_files = snapshot.keys().filter(is_secret).filter_map(|name| text(snapshot, name));
    // a shorter one may occur by chance
    of_dotenv.chain(of_files).map(longest_word).filter(|word| word.len() >= 8).collect()
}

/// An empty project but for the file of one profile.
pub(super) fn new_root() -> tempfile::TempDir {
    let root = folder_in_memory();
    let profile = "format: 1\nextends: builtin:prod\npostgres: { access: per_service }\n";
    fs::write(root.path().join(PROFILE_FILE), profile).unwrap();
    root
}

/// What each profile makes of an empty folder.
pub(super) struct References(Vec<(Profile, Snapshot)>);

impl References {
    pub(super) fn new() -> Self {
        let made = Profile::ALL.map(|profile| {
            let root = new_root();
            let run = codelab_gen(root.path()).args(arguments(Some(profile))).finish();
            assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
            (profile, snapshot(root.path()))
        });
        Self(made.into())
    }

    /// What a profile makes of an output, where it has it.
    pub(super) fn of(&self, profile: Profile, name: &str) -> Option<&[u8]> {
        self.0.iter().find(|(known, _)| *known == profile).and_then(|(_, snapshot)| bytes(snapshot, name))
    }

    /// The profile that an output is of.
    pub(super) fn profile(&self, name: &str, text: &[u8]) -> Option<Profile> {
        self.0.iter().find(|(_, snapshot)| bytes(snapshot, name) == Some(text)).map(|(profile, _)| *profile)
    }

    /// Whether codelab-gen did not write this; line ends of Windows are no edit.
    pub(super) fn is_foreign(&self, name: &str, text: &[u8]) -> bool {
        let unix: Vec<u8> = text.iter().copied().filter(|byte| *byte != b'\r').collect();
        self.profile(name, &unix).is_none()
    }
}
