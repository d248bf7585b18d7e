//! What `doctor` reports of the files where there is no cluster.

use std::fs;
use std::os::unix::fs::symlink;

use super::generated;
use crate::support::{Finish as _, codelab_gen, stderr, stdout};

#[test]
fn doctor_tells_another_file_that_kustomize_finds() {
    let folder = generated();
    for name in ["kustomization.yml", "Kustomization"] {
        symlink("nowhere", folder.path().join("kubernetes").join(name)).unwrap();
        let done = codelab_gen(folder.path()).arg("doctor").env("PATH", "/nonexistent").finish();
        let told = stdout(&done);
        assert!(told.contains(&format!("`kubernetes/{name}` is beside `kubernetes/kustomization.yaml`")), "{told}");
        fs::remove_file(folder.path().join("kubernetes").join(name)).unwrap();
    }
}

#[test]
fn doctor_looks_at_the_files_also_without_kubectl() {
    let folder = generated();
    let doctor = || {
        let done = codelab_gen(folder.path()).arg("doctor").env("PATH", "/nonexistent").finish();
        assert_eq!(done.status.code(), Some(1), "{}", stderr(&done));
        stdout(&done)
    };
    let told = doctor();
    assert!(told.contains("ok        the outputs are as the profile says\n"), "{told}");
    assert!(told.contains("ok        every secret has a value\n"), "{told}");
    assert!(
        told.contains("problem   [cluster] the program `kubectl` is not installed\n  = help: install it"),
        "{told}"
    );
    fs::write(folder.path().join("kubernetes/secrets/api_key"), "").unwrap();
    fs::remove_file(folder.path().join("kubernetes/web.yaml")).unwrap();
    let told = doctor();
    assert!(told.contains("[secrets] `kubernetes/secrets/api_key` is missing or empty\n"), "{told}");
    assert!(told.contains("[outputs] `kubernetes/web.yaml` is missing\n"), "{told}");
}
