//! What `--check` says of a folder whose files somebody else changed.

use std::fs;

use super::{ends, generated, names};
use crate::support::read;

/// Every file of ours, each of another kind.
const FILES: [(&str, &str); 5] = [
    ("kubernetes/api.yaml", "a service"),
    ("kubernetes/postgres.yaml", "the server"),
    ("kubernetes/kustomization.yaml", "what belongs together"),
    ("kubernetes/init-postgres.sh", "the script"),
    ("scripts/db/backup.sh", "a program"),
];

#[test]
fn an_edit_of_any_file_is_drift_and_another_run_does_not_write_over_it() {
    let folder = generated();
    for (file, what) in FILES {
        let path = folder.path().join(file);
        let text = fs::read_to_string(&path).unwrap();
        let edits = [
            text.clone() + "# mine\n",
            text.replacen('\n', "\n\n", 1),
            text.split_inclusive('\n').take(text.lines().count() / 2).collect(),
        ];
        for edited in edits.into_iter().filter(|edited| *edited != text) {
            fs::write(&path, &edited).unwrap();
            let (told, _) = ends(folder.path(), &["--check"], 1);
            assert!(told.contains(file) || told.contains("scripts/db"), "{what}: {told}");
            assert_eq!(fs::read_to_string(&path).unwrap(), edited, "a check writes nothing");
            let (_, refused) = ends(folder.path(), &[], 4);
            assert!(refused.contains("was edited since codelab-gen wrote it"), "{what}: {refused}");
        }
        fs::write(&path, text).unwrap();
        let aside = folder.path().join("aside");
        fs::rename(&path, &aside).unwrap();
        ends(folder.path(), &["--check"], 1);
        fs::rename(&aside, &path).unwrap();
        ends(folder.path(), &["--check"], 0);
    }
}

#[test]
fn a_check_asks_for_no_secret_and_says_nothing_of_one() {
    let folder = generated();
    let secrets = folder.path().join("kubernetes/secrets");
    let key = read(&secrets, "api_key");
    fs::write(secrets.join("api_key"), "another-value-of-somebody").unwrap();
    let (told, notes) = ends(folder.path(), &["--check"], 0);
    assert!(!told.contains("another-value") && !notes.contains("another-value"), "{told}{notes}");
    for name in names(&secrets) {
        fs::remove_file(secrets.join(name)).unwrap();
    }
    // as in a clone, where nobody has them
    let (told, _) = ends(folder.path(), &["--check"], 0);
    assert_eq!(told.lines().last(), Some("as the profile says"));
    assert!(!told.contains(&key) && names(&secrets).is_empty());
}
