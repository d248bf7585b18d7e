//! `migrate` before it touches a database: whose rows it moves, and what it names where it moves none.

use std::fs;
use std::path::Path;
use std::process::Output;

use crate::support::{Finish as _, codelab_gen, run, stderr, stdout, tree};

const PROFILE: &str = "format: 1\nproject: shop\nstage: development\nengine: postgres\nservices:\n  api:\n    image: 'api:1'\n    \
                       data: ./data:/data\n    working_dir: /\n    database: { postgres: shop, sqlite: data/api.db }\n  web: { image: 'web:1' }\n\
                       postgres: { user: shop, image: 'postgres:16' }\n";

fn project(profile: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("profiles")).unwrap();
    fs::create_dir(folder.path().join("for a run")).unwrap();
    fs::write(folder.path().join("profiles/shop.yaml"), profile).unwrap();
    folder
}

fn generated(profile: &str) -> tempfile::TempDir {
    let folder = project(profile);
    let first = run(folder.path(), &["-p", "shop"]);
    assert_eq!(first.status.code(), Some(0), "{}", stderr(&first));
    folder
}

fn migrate(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = codelab_gen(folder);
    command.arg("migrate").args(arguments).env("TMPDIR", folder.join("for a run")).finish()
}

#[test]
fn what_can_not_be_moved_is_told_and_nothing_is_left() {
    let sqlite = PROFILE.replace("engine: postgres", "engine: sqlite");
    let only = PROFILE.replace(", sqlite: data/api.db", "");
    let cluster = "format: 1\ntarget: kubernetes\nproject: shop\nstage: development\nengine: postgres\nservices:\n  api:\n    \
                   image: 'api:1'\n    user: '10001:10001'\n    port: 80\n    database: { postgres: shop }\npostgres: { user: shop, \
                   image: 'postgres:18', storage: 1Gi }\n";
    for (profile, arguments, status, said) in [
        (
            PROFILE,
            &["web", "--to", "sqlite"][..],
            2,
            "migrate: web is no service with a database\n  help: name one of these: api\n",
        ),
        (PROFILE, &["api", "--to", "mysql"], 2, "[possible values: postgres, sqlite]"),
        (PROFILE, &["--to", "sqlite"], 2, "<SERVICE>"),
        (PROFILE, &["api"], 2, "--to"),
        (
            &sqlite,
            &["api", "--to", "postgres"],
            5,
            "first switch, without starting anything: codelab-gen --set services.api.database.engine=postgres",
        ),
        (
            &sqlite,
            &["api", "--to", "sqlite"],
            5,
            "first go back to it: codelab-gen --set services.api.database.engine=postgres",
        ),
        (&only, &["api", "--to", "sqlite"], 5, "the profile describes no SQLite file for api"),
        (cluster, &["api", "--to", "sqlite"], 2, "`migrate` moves rows on Docker Compose, and this is for Kubernetes"),
    ] {
        let folder = generated(profile);
        let before = tree(folder.path());
        let refused = migrate(folder.path(), arguments);
        assert_eq!(refused.status.code(), Some(status), "{profile}{arguments:?}: {}", stderr(&refused));
        assert!(stderr(&refused).contains(said), "{said}\n{}", stderr(&refused));
        assert_eq!(tree(folder.path()), before);
    }
}

#[test]
fn only_what_is_there_as_it_was_written_is_read() {
    let folder = project(PROFILE);
    let refused = migrate(folder.path(), &["api", "--to", "postgres", "-p", "shop"]);
    assert_eq!(refused.status.code(), Some(5), "{}", stderr(&refused));
    assert!(
        stderr(&refused).contains("no deployment of codelab-gen with a database stands in"),
        "{}",
        stderr(&refused)
    );

    let folder = generated(PROFILE);
    let names = folder.path().join("scripts/db/databases.sh");
    let text = fs::read_to_string(&names).unwrap();
    for edited in [format!("{text}touch edited\n"), "touch edited\n".to_owned()] {
        fs::write(&names, edited).unwrap();
        let refused = migrate(folder.path(), &["web", "--to", "sqlite"]);
        assert_eq!(refused.status.code(), Some(5), "{}", stderr(&refused));
        assert!(stderr(&refused).contains("`scripts/db/databases.sh` in"), "{}", stderr(&refused));
        assert!(!folder.path().join("edited").exists());
    }
}

#[test]
fn the_scripts_of_an_earlier_version_go_and_an_edited_one_stays() {
    let folder = generated(PROFILE);
    let scripts = folder.path().join("scripts/db");
    let ours = fs::read_to_string(scripts.join("psql.sh")).unwrap();
    fs::write(scripts.join("migrate.sh"), &ours).unwrap();
    fs::write(scripts.join("migrate.py"), format!("{ours}# mine\n")).unwrap();
    let next = run(folder.path(), &[]);
    assert_eq!(next.status.code(), Some(0), "{}", stderr(&next));
    assert!(stdout(&next).contains("removed   scripts/db/migrate.sh\n"), "{}", stdout(&next));
    let kept = "note: `scripts/db/migrate.py` is not used by this profile, but was edited; it stays as it is\n";
    assert!(stderr(&next).contains(kept), "{}", stderr(&next));
    assert!(!scripts.join("migrate.sh").exists() && scripts.join("migrate.py").exists());
}
