//! Deployments on Kubernetes, as far as their folder is concerned: manifests and secrets.

mod committed;
mod dangers;
mod doctor;
mod edited;
mod secrets;
mod servers;
mod switched;
mod values;

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use serde_json::Value;

use crate::support::{Finish as _, codelab_gen, read, stderr, stdout, tree};

/// A profile that both targets can run.
const PROFILE: &str = "format: 1
project: shop
stage: production
target: kubernetes
engine: postgres
services:
  api:
    image: registry.example.com/api:1
    user: 1000:1000
    port: 8000
    data: api-data:/data
    storage: 1Gi
    environment: { KEY: { secret: API_KEY } }
    database: { postgres: api, sqlite: /data/api.db }
  web: { image: registry.example.com/web:1, user: 1000:1000, port: 8080 }
postgres: { image: 'postgres:17.2', user: shop, access: per_service, storage: 2Gi }
secrets: { API_KEY: generate }
";

/// The other target.
const COMPOSE: [&str; 2] = ["--set", "target=compose"];

/// A project with that profile, and nothing generated.
fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_profile(folder.path(), PROFILE);
    folder
}

fn write_profile(folder: &Path, text: &str) {
    fs::create_dir_all(folder.join("profiles")).unwrap();
    fs::write(folder.join("profiles/shop.yaml"), text).unwrap();
}

/// Runs the program, which must end so.
fn ends(folder: &Path, arguments: &[&str], code: i32) -> (String, String) {
    let run = codelab_gen(folder).args(arguments).finish();
    assert_eq!(run.status.code(), Some(code), "{arguments:?}: {}{}", stdout(&run), stderr(&run));
    (stdout(&run), stderr(&run))
}

/// A project whose deployment is generated.
fn generated() -> tempfile::TempDir {
    let folder = project();
    ends(folder.path(), &[], 0);
    folder
}

/// The names below a folder.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .map(|entries| entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect())
        .unwrap_or_default();
    names.sort();
    names
}

#[test]
fn all_lies_below_one_folder_and_a_second_run_changes_nothing() {
    let folder = generated();
    assert_eq!(names(folder.path()), ["kubernetes", "profiles", "scripts"]);
    let manifests = ["api.yaml", "init-postgres.sh", "kustomization.yaml", "postgres.yaml", "secrets", "web.yaml"];
    assert_eq!(names(&folder.path().join("kubernetes")), manifests);
    let before = tree(folder.path());
    let (told, _) = ends(folder.path(), &[], 0);
    assert!(
        told.starts_with("profile shop (profiles/shop.yaml), recorded in kubernetes/kustomization.yaml\n"),
        "{told}"
    );
    assert!(told.contains("\nnext: kubectl apply -k kubernetes && kubectl rollout status "), "{told}");
    assert!(!told.contains("created") && !told.contains("updated"), "{told}");
    assert_eq!(tree(folder.path()), before);
    assert_eq!(ends(folder.path(), &["--check"], 0).0.lines().last(), Some("as the profile says"));
}

#[test]
fn a_manifest_goes_with_its_service_and_what_it_made_is_named() {
    let folder = generated();
    for name in ["mine.yaml", "kustomization.yaml.bak"] {
        fs::write(folder.path().join("kubernetes").join(name), "kind: Ingress\n").unwrap();
    }
    symlink("nowhere", folder.path().join("kubernetes/link.yaml")).unwrap();
    fs::create_dir(folder.path().join("kubernetes/folder.yaml")).unwrap();
    let without = PROFILE.lines().filter(|line| !line.starts_with("  web:")).map(|line| format!("{line}\n"));
    write_profile(folder.path(), &without.collect::<String>());
    let check = ends(folder.path(), &["--check"], 1).0;
    assert!(check.contains("removed   kubernetes/web.yaml\n"), "{check}");
    let (told, notes) = ends(folder.path(), &[], 0);
    assert!(
        told.contains("removed   kubernetes/web.yaml\n") && told.contains("updated   kubernetes/kustomization.yaml\n")
    );
    assert!(notes.contains("no file makes `deployment/web`"), "{notes}");
    assert!(notes.contains("`kubectl delete deployment/web "), "{notes}");
    let left = names(&folder.path().join("kubernetes"));
    let mine = ["folder.yaml", "kustomization.yaml.bak", "link.yaml", "mine.yaml"];
    assert!(mine.iter().all(|name| left.iter().any(|known| known == name)), "{left:?}");
    assert!(!left.contains(&"web.yaml".to_owned()), "{left:?}");
}

#[test]
fn a_copy_of_a_manifest_is_nobodys_but_its_makers() {
    let folder = generated();
    let manifests = folder.path().join("kubernetes");
    let copies = [("api.yaml", "api-v1.yaml"), ("web.yaml", "old.yaml"), ("kustomization.yaml", "mine.yaml")];
    for (from, to) in copies {
        fs::copy(manifests.join(from), manifests.join(to)).unwrap();
    }
    let texts = copies.map(|(_, to)| read(&manifests, to));
    ends(folder.path(), &["--check"], 0);
    let without = PROFILE.lines().filter(|line| !line.starts_with("  web:")).map(|line| format!("{line}\n"));
    write_profile(folder.path(), &without.collect::<String>());
    let left = read(&manifests, "web.yaml");
    let (told, _) = ends(folder.path(), &[], 0);
    assert!(told.contains("removed   kubernetes/web.yaml\n"), "{told}");
    assert_eq!(told.matches("removed").count(), 1, "{told}");
    assert_eq!(copies.map(|(_, to)| read(&manifests, to)), texts);
    // as a run leaves it that was killed before it removed anything
    fs::write(manifests.join("web.yaml"), left).unwrap();
    let (told, _) = ends(folder.path(), &[], 0);
    assert_eq!(told.matches("removed   kubernetes/web.yaml\n").count(), 1, "{told}");

    ends(folder.path(), &[&COMPOSE[..], &["--accept", "target"]].concat(), 0);
    assert_eq!(names(&manifests), ["api-v1.yaml", "mine.yaml", "old.yaml", "secrets"]);
}

#[test]
fn an_edited_manifest_and_a_foreign_one_are_not_touched() {
    let folder = generated();
    let api = folder.path().join("kubernetes/api.yaml");
    let text = fs::read_to_string(&api).unwrap();
    fs::write(&api, text.replace("replicas: 1", "replicas: 5") + "# mine\n").unwrap();
    let edited = fs::read_to_string(&api).unwrap();
    ends(folder.path(), &["--check"], 1);
    let (_, refused) = ends(folder.path(), &[], 4);
    assert!(refused.contains("api.yaml` was edited since codelab-gen wrote it"), "{refused}");
    assert!(refused.contains("a kustomization.yaml of your own"), "{refused}");
    // it stays, also where the service leaves
    let without = PROFILE.split("  api:\n").next().unwrap().to_owned()
        + "  web: { image: registry.example.com/web:1, user: 1000:1000, port: 8080 }\n";
    write_profile(folder.path(), &without);
    let (_, notes) = ends(folder.path(), &["--accept", "volume"], 0);
    assert!(notes.contains("`kubernetes/api.yaml` is not used by this profile, but was edited"), "{notes}");
    assert_eq!(fs::read_to_string(&api).unwrap(), edited);

    let folder = project();
    fs::create_dir(folder.path().join("kubernetes")).unwrap();
    fs::write(folder.path().join("kubernetes/api.yaml"), "kind: Pod\n").unwrap();
    let (_, refused) = ends(folder.path(), &[], 4);
    assert!(refused.contains("api.yaml` is there already, and codelab-gen did not write it"), "{refused}");
    assert_eq!(names(&folder.path().join("kubernetes")), ["api.yaml"]);
    ends(folder.path(), &["--force"], 0);
    assert_eq!(read(folder.path(), "kubernetes/api.yaml.orig"), "kind: Pod\n");
}

#[test]
fn a_change_that_parts_a_pod_from_its_data_needs_consent() {
    let folder = generated();
    let later = "PostgreSQL 18 does not start on the data of PostgreSQL 17";
    let earlier = "PostgreSQL 16 does not start on the data of PostgreSQL 17";
    for (from, to, kind, words, help) in [
        ("api-data:/data", "other:/data", "volume", "instead of `", "--accept volume"),
        (
            "postgres:17.2",
            "postgres:18.0",
            "major",
            later,
            "`scripts/db/backup.sh` while the old server still runs; then",
        ),
        ("postgres:17.2", "postgres:16.6", "major", earlier, "keep PostgreSQL 17: no older one restores its backups"),
    ] {
        write_profile(folder.path(), &PROFILE.replace(from, to));
        let (_, refused) = ends(folder.path(), &[], 4);
        assert!(refused.contains(words) && refused.contains(&format!("`--accept {kind}`")), "{refused}");
        assert!(refused.contains(help) && !refused.contains("dump"), "{refused}");
    }
}

#[test]
fn another_file_that_kustomize_finds_is_told_and_nothing_is_written() {
    let folder = project();
    fs::create_dir(folder.path().join("kubernetes")).unwrap();
    for name in ["kustomization.yml", "Kustomization"] {
        let rival = folder.path().join("kubernetes").join(name);
        fs::write(&rival, "resources: [mine.yaml]\n").unwrap();
        for arguments in [&[][..], &["--force"], &["--check"], &["--diff"]] {
            let (_, refused) = ends(folder.path(), &[&["-p", "shop"], arguments].concat(), 4);
            assert!(refused.contains(&format!("kustomize finds `{}`", rival.display())), "{refused}");
            assert!(refused.contains("nothing was written"), "{refused}");
            assert_eq!(names(&folder.path().join("kubernetes")), [name]);
        }
        // nothing of that matters to Compose
        ends(folder.path(), &[&["-p", "shop", "--diff"], &COMPOSE[..]].concat(), 1);
        fs::remove_file(&rival).unwrap();
    }
    ends(folder.path(), &["-p", "shop"], 0);
    fs::write(folder.path().join("kubernetes/Kustomization"), "").unwrap();
    ends(folder.path(), &[], 4);
}

#[test]
fn variables_of_what_runs_by_a_schedule_and_of_the_server_are_filled_and_listed() {
    let folder = project();
    let server = "postgres: { environment: { TZ: { env: ZONE, default: UTC } }, ";
    let report =
        "services:\n  report: { image: 'r:1', user: '1:1', runs: '0 3 * * *', environment: { A: { env: MODE } } }\n";
    write_profile(folder.path(), &PROFILE.replace("services:\n", report).replace("postgres: { ", server));
    let filled = |set: bool, arguments: &[&str]| {
        let mut run = codelab_gen(folder.path());
        run.args(arguments).args(["--format", "json"]);
        if set {
            run.env("MODE", "whole");
        }
        let document = crate::report::document(&run.finish());
        let of = |each: &Value| ["name", "service", "from"].map(|key| each[key].as_str().unwrap().to_owned()).join(" ");
        document["filled"].as_array().unwrap().iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(filled(true, &["-p", "shop"]), ["ZONE postgres default", "MODE report environment"]);
    assert!(read(folder.path(), "kubernetes/report.yaml").contains("value: whole\n"));
    assert!(read(folder.path(), "kubernetes/postgres.yaml").contains("value: UTC\n"));
    assert_eq!(filled(false, &["--check"]), ["ZONE postgres default", "MODE report standing"]);
    ends(folder.path(), &["--check"], 0);
}

#[test]
fn a_first_profile_for_it_is_valid_and_generates() {
    let folder = tempfile::tempdir().unwrap();
    ends(folder.path(), &["new", "shop", "--target", "kubernetes"], 0);
    let (told, _) = ends(folder.path(), &["validate", "--deny-warnings"], 0);
    assert!(told.contains("valid     profiles/shop.yaml\n"), "{told}");
    ends(folder.path(), &[], 0);
    assert!(folder.path().join("kubernetes/app.yaml").exists());
    let (told, _) = ends(folder.path(), &["profiles"], 0);
    assert!(told.contains("development, on kubernetes"), "{told}");

    ends(folder.path(), &["new", "here", "--from", "shop", "--target", "compose"], 0);
    assert!(
        read(folder.path(), "profiles/here.yaml").contains("\nextends: ../profiles/shop.yaml\n")
            || read(folder.path(), "profiles/here.yaml").contains("\ntarget: compose\n")
    );
    let list = codelab_gen(folder.path()).args(["profiles", "--format", "json"]).finish();
    let list: Value = serde_json::from_slice(&list.stdout).unwrap();
    let targets: Vec<_> =
        list["profiles"].as_array().unwrap().iter().map(|profile| profile["target"].as_str()).collect();
    assert_eq!(targets, [Some("compose"), Some("kubernetes")]);
    let usage = codelab_gen(folder.path()).args(["new", "x", "--target", "nomad"]).finish();
    assert_eq!(usage.status.code(), Some(2));
}

#[test]
fn the_files_of_secrets_are_closed() {
    let folder = generated();
    let mode = |way: &str| fs::metadata(folder.path().join(way)).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode("kubernetes/secrets"), mode("kubernetes/secrets/api_key")), (0o700, 0o600));
    for (way, open) in [("kubernetes/secrets", 0o755), ("kubernetes/secrets/api__db_url", 0o644)] {
        fs::set_permissions(folder.path().join(way), fs::Permissions::from_mode(open)).unwrap();
        ends(folder.path(), &[], 0);
        assert_eq!((mode("kubernetes/secrets"), mode("kubernetes/secrets/api__db_url")), (0o700, 0o600), "{way}");
    }
}

#[test]
fn a_setting_that_was_forgotten_is_told_before_what_follows_from_that() {
    let folder = tempfile::tempdir().unwrap();
    write_profile(folder.path(), &PROFILE.replace("target: kubernetes\n", ""));
    ends(folder.path(), &["-p", "shop", "--set", "target=kubernetes"], 0);
    for arguments in [&[][..], &["rotate", "API_KEY"]] {
        let (_, refused) = ends(folder.path(), arguments, 4);
        let note =
            "note: the outputs were made with `--set target=kubernetes`, which this run has not\n  = help: repeat it";
        assert!(refused.starts_with(note), "{refused}");
        assert!(refused.contains("`--accept target` does it all the same"), "{refused}");
    }
    let json = codelab_gen(folder.path()).args(["--format", "json"]).finish();
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["made_with"][0], "target=kubernetes", "{json}");
    // another word about the same field is no forgotten one
    let (_, refused) = ends(folder.path(), &COMPOSE, 4);
    assert!(!refused.contains("were made with"), "{refused}");
}

#[test]
fn what_the_manifests_leave_out_is_told_by_the_run_that_writes_them() {
    let folder = tempfile::tempdir().unwrap();
    let more = "  late: { image: 'late:1', user: 1000:1000, depends_on: { web: started }, limits: { pids: 100 } }\n";
    write_profile(folder.path(), &PROFILE.replace("postgres: {", &format!("{more}postgres: {{")));
    let (_, notes) = ends(folder.path(), &["-p", "shop"], 0);
    for words in ["warning[left-out]: `late` starts without waiting for `web`", "a pod has no limit of its processes"] {
        assert!(notes.contains(words), "{notes}");
    }
    assert_eq!(ends(folder.path(), &["--check"], 0).1, "");
    let (_, notes) = ends(generated().path(), &[], 0);
    assert!(!notes.contains("warning[left-out]"), "{notes}");
}
