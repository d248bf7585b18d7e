//! The files that Kubernetes' Secrets are made of: made once, kept, renewed, and never committed.

use std::fs;
use std::process::Command;

use super::{PROFILE, ends, generated, names, write_profile};
use crate::support::{Finish as _, codelab_gen, read, stderr};

#[test]
fn a_secret_is_made_once_and_no_manifest_holds_one() {
    let folder = generated();
    let secrets = names(&folder.path().join("kubernetes/secrets"));
    assert_eq!(secrets, ["api__db_password", "api__db_url", "api_key", "postgres_password"]);
    let password = read(folder.path(), "kubernetes/secrets/api__db_password");
    let url = read(folder.path(), "kubernetes/secrets/api__db_url");
    assert_eq!(url, format!("postgresql+asyncpg://api:{password}@postgres:5432/api"));
    for name in names(&folder.path().join("kubernetes")).iter().filter(|name| *name != "secrets") {
        let text = read(folder.path(), &format!("kubernetes/{name}"));
        for secret in ["api__db_password", "api_key", "postgres_password"] {
            assert!(!text.contains(&read(folder.path(), &format!("kubernetes/secrets/{secret}"))), "{name}: {secret}");
        }
    }
}

#[test]
fn a_new_password_reaches_the_url_whoever_gives_it() {
    let folder = generated();
    let others =
        ["api_key", "postgres_password"].map(|name| read(folder.path(), &format!("kubernetes/secrets/{name}")));
    let manifests =
        || read(folder.path(), "kubernetes/api.yaml") + &read(folder.path(), "kubernetes/kustomization.yaml");
    let before = manifests();
    let old = read(folder.path(), "kubernetes/secrets/api__db_password");
    let (told, _) = ends(folder.path(), &["rotate", "API__DB_PASSWORD"], 0);
    assert!(told.contains("updated   kubernetes/secrets/api__db_password\n"), "{told}");
    assert!(told.contains("updated   kubernetes/secrets/api__db_url\n"), "{told}");
    let new = read(folder.path(), "kubernetes/secrets/api__db_password");
    assert_ne!(new, old);
    assert!(read(folder.path(), "kubernetes/secrets/api__db_url").contains(&format!(":{new}@")));
    // the names that kustomize makes have a hash of what is in them: no manifest changes
    assert_eq!(manifests(), before);

    // by hand, with the line end of an editor
    fs::write(folder.path().join("kubernetes/secrets/api__db_password"), "p@ss/word of mine\n").unwrap();
    let (told, _) = ends(folder.path(), &["doctor"], 1);
    assert!(
        told.contains("`API__DB_PASSWORD` was edited in kubernetes/secrets, and the URLs there still have"),
        "{told}"
    );
    let (told, _) = ends(folder.path(), &[], 0);
    assert!(told.contains("API__DB_PASSWORD: edited in kubernetes/secrets, the URLs follow\n"), "{told}");
    assert_eq!(read(folder.path(), "kubernetes/secrets/api__db_password"), "p@ss/word of mine");
    assert!(read(folder.path(), "kubernetes/secrets/api__db_url").contains(":p%40ss%2Fword%20of%20mine@"));
    let kept = ["api_key", "postgres_password"].map(|name| read(folder.path(), &format!("kubernetes/secrets/{name}")));
    assert_eq!(kept, others);
}

#[test]
fn a_check_needs_no_secret_and_sees_what_of_a_url_is_none() {
    let folder = generated();
    let secrets = folder.path().join("kubernetes/secrets");
    fs::rename(&secrets, folder.path().join("elsewhere")).unwrap();
    let (told, _) = ends(folder.path(), &["--check"], 0);
    assert!(told.ends_with("as the profile says\n"), "{told}");
    let (told, _) = ends(folder.path(), &["--diff"], 1);
    assert!(told.contains("created   kubernetes/secrets/api_key\n"), "{told}");
    fs::rename(folder.path().join("elsewhere"), &secrets).unwrap();
    let url = secrets.join("api__db_url");
    let text = fs::read_to_string(&url).unwrap();
    fs::write(&url, text.replace("/api", "/other")).unwrap();
    let (told, _) = ends(folder.path(), &["--check"], 1);
    assert!(told.contains("updated   kubernetes/secrets/api__db_url\n"), "{told}");
    assert!(!told.contains(&text), "{told}");
    ends(folder.path(), &[], 0);
    assert_eq!(fs::read_to_string(&url).unwrap(), text);
}

#[test]
fn what_stands_in_the_place_of_a_secret_is_not_replaced() {
    let folder = generated();
    let secrets = folder.path().join("kubernetes/secrets");
    fs::remove_file(secrets.join("api_key")).unwrap();
    std::os::unix::fs::symlink("/etc/hostname", secrets.join("api_key")).unwrap();
    let (_, refused) = ends(folder.path(), &[], 4);
    assert!(refused.contains("kubernetes/secrets/api_key` is a symbolic link"), "{refused}");
    ends(folder.path(), &["--force"], 4);
    assert!(secrets.join("api_key").is_symlink());
}

#[test]
fn a_secret_of_the_environment_is_taken_once_and_an_other_one_is_told() {
    let folder = super::project();
    let with = |value: &str| codelab_gen(folder.path()).env("API_KEY", value).finish();
    assert_eq!(with("a-long-value-of-mine").status.code(), Some(0));
    assert_eq!(read(folder.path(), "kubernetes/secrets/api_key"), "a-long-value-of-mine");
    assert_eq!(with("a-long-value-of-mine").status.code(), Some(0));
    let refused = with("another-long-value");
    assert_eq!(refused.status.code(), Some(4));
    assert!(!stderr(&refused).contains("Docker Compose"), "{}", stderr(&refused));
    write_profile(folder.path(), &PROFILE.replace("API_KEY: generate", "API_KEY: generate, MORE: required"));
    let (_, missing) = ends(folder.path(), &[], 5);
    assert!(missing.contains("required secrets are missing: `MORE`"), "{missing}");
    assert!(missing.contains("kubernetes/secrets`"), "{missing}");
}

#[test]
fn a_folder_that_git_would_take_is_told() {
    let folder = super::project();
    let git = |arguments: &[&str]| {
        let run = Command::new("git").arg("-C").arg(folder.path()).args(arguments).output().unwrap();
        assert!(run.status.success(), "{arguments:?}");
    };
    git(&["init", "--quiet"]);
    let path = std::env::var_os("PATH").unwrap();
    let run = |arguments: &[&str]| codelab_gen(folder.path()).env("PATH", &path).args(arguments).finish();
    // of Compose's folder alone
    fs::write(
        folder.path().join(".gitignore"),
        "/secrets/\n.env\n.env.*\n!.env.example\n*.orig*\nbackups/\n.*.codelab-gen.tmp\n",
    )
    .unwrap();
    let first = run(&[]);
    assert!(stderr(&first).contains("add to .gitignore:\n      secrets/\n"), "{}", stderr(&first));
    let check = run(&["--check"]);
    assert_eq!(check.status.code(), Some(1), "{}", stderr(&check));
    assert!(
        stderr(&check).contains("git would take `kubernetes/secrets/api__db_password` and 3 other files"),
        "{}",
        stderr(&check)
    );
    fs::write(folder.path().join(".gitignore"), "secrets/\n").unwrap();
    assert_eq!(run(&["--check"]).status.code(), Some(0));
    git(&["add", "--force", "kubernetes/secrets/api_key"]);
    let check = run(&["--check"]);
    assert!(
        stderr(&check).contains("git tracks `kubernetes/secrets/api_key`, which holds secrets"),
        "{}",
        stderr(&check)
    );
    fs::write(folder.path().join("kubernetes/api.yaml.orig"), "API_TOKEN: hunter2-hunter2\n").unwrap();
    let check = run(&["--check"]);
    assert!(
        stderr(&check).contains("git would take `kubernetes/api.yaml.orig`, which holds secrets"),
        "{}",
        stderr(&check)
    );
}

#[test]
fn a_secret_of_the_environment_is_filled_into_no_manifest() {
    let folder = super::project();
    for (variable, name) in [("KEY", "AWS_SECRET_ACCESS_KEY"), ("DB_PASSWORD", "WHATEVER")] {
        let other = format!("environment: {{ {variable}: {{ env: {name}, default: x }} }}");
        write_profile(folder.path(), &PROFILE.replace("environment: { KEY: { secret: API_KEY } }", &other));
        let run = codelab_gen(folder.path()).env(name, "hunter2-hunter2").finish();
        assert_eq!(run.status.code(), Some(3), "{}", stderr(&run));
        assert!(stderr(&run).contains(&format!("the value of `{name}` is a secret by its name")), "{}", stderr(&run));
        assert!(stderr(&run).contains(&format!("write `{{ secret: {name} }}`")), "{}", stderr(&run));
        assert!(!folder.path().join("kubernetes").exists());
    }
}

#[test]
fn nothing_is_written_through_a_link_to_another_folder() {
    for way in ["kubernetes", "kubernetes/secrets"] {
        let folder = super::project();
        let elsewhere = tempfile::tempdir().unwrap();
        let link = folder.path().join(way);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), &link).unwrap();
        for arguments in [&[][..], &["--force"]] {
            let (_, refused) = ends(folder.path(), arguments, 4);
            assert!(refused.contains(&format!("{way}` is a symbolic link")), "{refused}");
        }
        assert_eq!(names(elsewhere.path()), [""; 0]);
    }
}

#[test]
fn a_password_that_the_operator_would_cut_is_refused_wherever_it_comes_from() {
    let folder = tempfile::tempdir().unwrap();
    let operated = PROFILE.replace("storage: 2Gi", "storage: 2Gi, operator: cloudnative-pg");
    let of_file =
        operated.replace("API_KEY: generate", "API_KEY: generate, API__DB_PASSWORD: { file: secrets/password.txt }");
    let whole = "long enough, with white space within";
    for value in [format!(" {whole}"), format!("{whole}\t"), format!("{whole} "), format!("{whole}\u{a0}")] {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("secrets")).unwrap();
        fs::write(folder.path().join("secrets/password.txt"), &value).unwrap();
        for (profile, is_given) in [(&operated, true), (&of_file, false)] {
            write_profile(folder.path(), profile);
            let mut command = codelab_gen(folder.path());
            if is_given {
                command.env("API__DB_PASSWORD", &value);
            }
            let run = command.finish();
            let told = stderr(&run);
            assert_eq!(run.status.code(), Some(5), "{value:?}: {told}");
            assert!(told.contains("`API__DB_PASSWORD` can't be written: it begins or ends with white space"), "{told}");
            assert!(!told.contains(whole), "{told}");
            assert!(!folder.path().join("kubernetes").exists());
        }
        // a server of its own takes it as it is, and no role has any other secret for its password
        write_profile(folder.path(), PROFILE);
        let run = codelab_gen(folder.path()).env("API__DB_PASSWORD", &value).env("API_KEY", &value).finish();
        assert_eq!(run.status.code(), Some(0), "{value:?}: {}", stderr(&run));
    }
    write_profile(folder.path(), &operated);
    let run = codelab_gen(folder.path()).env("API__DB_PASSWORD", whole).env("API_KEY", format!("{whole} ")).finish();
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
}
