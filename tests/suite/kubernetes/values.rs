//! Values of `{ env: … }`, which come from the environment or the profile: a `.env` beside is no place for them any more.

use std::fs;

use super::write_profile;
use crate::support::{Finish as _, codelab_gen, read, stderr, stdout};

/// A profile with variables of a service and of the server.
const PROFILE: &str = "format: 1
project: shop
stage: development
target: kubernetes
services:
  api: { image: 'a:1', environment: { A: { env: MODE }, B: { env: LEVEL, default: info } }, database: { postgres: api } }
postgres: { image: 'postgres:17', user: shop, storage: 1Gi, environment: { TZ: { env: ZONE, default: UTC } } }
";

#[test]
fn what_stands_in_a_dotenv_only_is_told_and_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    write_profile(folder.path(), PROFILE);
    fs::write(folder.path().join(".env"), "MODE=from-dotenv\nLEVEL=debug-of-dotenv\nZONE=UTC\n").unwrap();
    let run = |mode: Option<&str>, level: Option<&str>| {
        let mut run = codelab_gen(folder.path());
        run.args(["-p", "shop"]);
        for (name, value) in [("MODE", mode), ("LEVEL", level)] {
            if let Some(value) = value {
                run.env(name, value);
            }
        }
        let done = run.finish();
        (done.status.code(), stdout(&done) + &stderr(&done))
    };
    let (code, told) = run(None, None);
    assert_eq!(code, Some(5), "{told}");
    assert!(told.contains("`MODE` is in `.env`, which nothing reads on this target"), "{told}");
    assert!(!folder.path().join("kubernetes").exists());

    let (code, told) = run(Some("whole"), None);
    assert_eq!(code, Some(0), "{told}");
    let note = "note: `LEVEL` of api got the profile's default; `.env` says another value, and nothing reads it on Kubernetes\n";
    assert!(told.contains(note) && told.contains("`LEVEL=… codelab-gen`"), "{told}");
    assert!(
        !told.contains("dotenv\n") && !told.contains("`ZONE`"),
        "no value, and nothing of what is the same: {told}"
    );
    let manifest = read(folder.path(), "kubernetes/api.yaml");
    assert!(manifest.contains("value: whole\n") && manifest.contains("value: info\n"), "{manifest}");
    assert!(read(folder.path(), ".env").contains("MODE=from-dotenv"), "it stays");

    let (code, told) = run(Some("whole"), Some("debug"));
    assert_eq!((code, told.contains("got the profile's default")), (Some(0), false), "{told}");
}

#[test]
fn a_variable_that_is_a_secret_by_its_name_is_a_fault_of_the_profile_wherever_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    for (from, to) in [("A: { env: MODE }", "A: { env: MY_TOKEN }"), ("TZ: { env: ZONE", "TZ: { env: MY_TOKEN")] {
        for (from, to) in [
            (from, to.to_owned()),
            (from, to.replace("MY_TOKEN", "X").replace("A:", "MY_TOKEN:").replace("TZ:", "MY_TOKEN:")),
        ] {
            write_profile(folder.path(), &PROFILE.replace(from, &to));
            for arguments in [&["-p", "shop"][..], &["-p", "shop", "--check"], &["validate", "profiles/shop.yaml"]] {
                let run = codelab_gen(folder.path())
                    .args(arguments)
                    .env("MY_TOKEN", "x")
                    .env("X", "x")
                    .env("MODE", "m")
                    .finish();
                assert_eq!(run.status.code(), Some(3), "{to} {arguments:?}: {}", stderr(&run));
                assert!(stderr(&run).contains("is a secret by its name"), "{to}: {}", stderr(&run));
            }
        }
    }
}
