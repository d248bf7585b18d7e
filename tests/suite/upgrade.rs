//! `upgrade` before it touches a server: which state of the profile it takes, and what it names where it takes none.

use std::fs;
use std::path::Path;

use std::process::Output;

use crate::support::{Finish as _, codelab_gen, run, stderr, tree};

const PROFILE: &str = "format: 1\nproject: shop\nstage: production\nengine: postgres\nservices:\n  api:\n    image: 'api:1'\n    \
                       data: api-data:/data\n    database: { postgres: shop }\n\
                       postgres: { user: shop, image: 'postgres:15-bookworm', volume: pg-data }\n";

fn write_profile(folder: &Path, text: &str) {
    fs::create_dir_all(folder.join("profiles")).unwrap();
    fs::write(folder.join("profiles/shop.yaml"), text).unwrap();
}

fn upgrade(folder: &Path, arguments: &[&str]) -> Output {
    codelab_gen(folder).arg("upgrade").args(arguments).finish()
}

fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_profile(folder.path(), PROFILE);
    let first = run(folder.path(), &["-p", "shop"]);
    assert_eq!(first.status.code(), Some(0), "{}", stderr(&first));
    folder
}

#[test]
fn a_profile_that_is_not_ready_is_told_what_to_write() {
    let newer = PROFILE.replace("15-bookworm", "18-bookworm");
    let ready = newer.replace("volume: pg-data", "volume: pg-data-18");
    for (profile, arguments, status, said) in [
        (
            PROFILE,
            &["--to", "18"][..],
            2,
            "`--to 18`, and the profile's image is `postgres:15-bookworm`, PostgreSQL 15",
        ),
        (&newer, &["--to", "18"], 5, "write `volume: pg-data-18` for `postgres` into the profile"),
        (&newer, &["--back"], 5, "the profile names the volume `pg-data`, which is the one of now"),
        (
            &newer.replace("volume: pg-data", "volume: ./pg"),
            &["--to", "18"],
            5,
            "`postgres.volume` is the folder `./pg`",
        ),
        (
            &ready.replace("api-data:", "other-data:"),
            &["--to", "18"],
            5,
            "the profile would do more than an upgrade: `api` would mount",
        ),
        (
            &ready.replace("project: shop", "project: store"),
            &["--to", "18"],
            5,
            "the profile would do more than an upgrade",
        ),
        (&ready, &["--to", "18", "--back"], 2, "cannot be used with"),
        (&ready, &[], 2, "--to"),
        (
            &PROFILE.replace("image: 'postgres:15-bookworm', volume: pg-data", "external: { host: db.example.com }"),
            &["--to", "18"],
            2,
            "this deployment has no server in a container",
        ),
        (
            &PROFILE
                .replace("format: 1\n", "format: 1\ntarget: kubernetes\n")
                .replace("15-", "18-")
                .replace("    data: api-data:/data\n", "    user: \"10001:10001\"\n    port: 80\n")
                .replace("volume: pg-data", "storage: 1Gi"),
            &["--to", "18"],
            2,
            "with CloudNativePG a new major version as `image` is all",
        ),
    ] {
        let folder = project();
        write_profile(folder.path(), profile);
        let before = tree(folder.path());
        let refused = upgrade(folder.path(), arguments);
        assert_eq!(refused.status.code(), Some(status), "{profile}{arguments:?}: {}", stderr(&refused));
        assert!(stderr(&refused).contains(said), "{said}\n{}", stderr(&refused));
        assert_eq!(tree(folder.path()), before);
    }
}

#[test]
fn files_that_somebody_has_edited_are_not_the_old_side() {
    let folder = project();
    write_profile(
        folder.path(),
        &PROFILE.replace("15-bookworm", "18-bookworm").replace("volume: pg-data", "volume: new"),
    );
    let file = folder.path().join("docker-compose.yml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("pg-data", "mine")).unwrap();
    let refused = upgrade(folder.path(), &["--to", "18"]);
    assert_eq!(refused.status.code(), Some(5), "{}", stderr(&refused));
    assert!(stderr(&refused).contains("were edited, or are not codelab-gen's"), "{}", stderr(&refused));
}

#[test]
fn a_folder_without_a_deployment_has_nothing_to_upgrade() {
    let folder = tempfile::tempdir().unwrap();
    write_profile(folder.path(), PROFILE);
    let refused = upgrade(folder.path(), &["--to", "15", "-p", "shop"]);
    assert_eq!(refused.status.code(), Some(5), "{}", stderr(&refused));
    assert!(stderr(&refused).contains("no deployment of codelab-gen with a server"), "{}", stderr(&refused));
}

#[test]
fn a_refused_run_names_the_upgrade_and_no_dump() {
    let newer = PROFILE.replace("15-bookworm", "18-bookworm");
    for profile in [
        newer.clone(),
        newer.replace("volume: pg-data", "volume: pg-data-18"),
        PROFILE.replace("15-bookworm", "15-alpine"),
    ] {
        let folder = project();
        write_profile(folder.path(), &profile);
        let refused = run(folder.path(), &[]);
        assert_eq!(refused.status.code(), Some(4), "{}", stderr(&refused));
        assert!(stderr(&refused).contains("codelab-gen upgrade --to "), "{}", stderr(&refused));
        assert!(!stderr(&refused).contains("dump"), "{}", stderr(&refused));
    }
}

#[test]
fn a_new_server_needs_another_place_for_its_backups() {
    let folder = tempfile::tempdir().unwrap();
    let backed_up = format!("{PROFILE}backups: {{ to: ./backups }}\n");
    write_profile(folder.path(), &backed_up);
    assert_eq!(run(folder.path(), &["-p", "shop"]).status.code(), Some(0));
    let newer = backed_up.replace("15-bookworm", "18-bookworm").replace("volume: pg-data", "volume: pg-data-18");
    write_profile(folder.path(), &newer);
    let refused = upgrade(folder.path(), &["--to", "18"]);
    assert_eq!(refused.status.code(), Some(5), "{}", stderr(&refused));
    assert!(
        stderr(&refused).contains("the backups in `./backups/pgbackrest` are of another server"),
        "{}",
        stderr(&refused)
    );
    write_profile(folder.path(), &newer.replace("to: ./backups", "to: ./backups-18"));
    let ready = codelab_gen(folder.path()).args(["upgrade", "--to", "18"]).env("PATH", "").finish();
    assert!(stderr(&ready).contains("the upgrade can't be started"), "{}", stderr(&ready));
}

#[test]
fn the_image_of_the_backups_is_built_anew_with_the_servers() {
    let folder = tempfile::tempdir().unwrap();
    let backed_up = format!("{PROFILE}backups: {{ to: store }}\n");
    write_profile(folder.path(), &backed_up);
    let build = "next: docker compose build postgres-backup && docker compose up -d --wait";
    let told = |told: &Output| String::from_utf8_lossy(&told.stdout).into_owned();
    let first = run(folder.path(), &["-p", "shop"]);
    assert!(!told(&first).contains("compose build"), "{}", told(&first));
    write_profile(folder.path(), &backed_up.replace("15-bookworm", "15.10-bookworm"));
    let second = run(folder.path(), &["-p", "shop"]);
    assert!(told(&second).contains(build), "{}{}", told(&second), stderr(&second));
}
