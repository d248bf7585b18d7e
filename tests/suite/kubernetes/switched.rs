//! The way of a folder from Docker Compose to Kubernetes, and back.

use std::fs;

use super::{COMPOSE, PROFILE, ends, names, project, write_profile};
use crate::support::{read, tree, value};

#[test]
fn a_folder_changes_its_target_only_with_consent_and_keeps_its_secrets() {
    let folder = project();
    ends(folder.path(), &COMPOSE, 0);
    let before = tree(folder.path());
    let (_, refused) = ends(folder.path(), &["-p", "shop"], 4);
    for words in
        ["on Kubernetes instead of Docker Compose", "`api-data`, `postgres-data` stay", "`--accept target` does it"]
    {
        assert!(refused.contains(words), "{refused}");
    }
    assert_eq!(tree(folder.path()), before);
    let (told, _) = ends(folder.path(), &["-p", "shop", "--diff"], 1);
    assert!(told.contains("danger    ") && told.contains("(--accept target)"), "{told}");

    let dotenv = read(folder.path(), ".env");
    let (told, notes) = ends(folder.path(), &["-p", "shop", "--accept", "target"], 0);
    assert!(told.contains("secret    API_KEY: kept from .env\n"), "{told}");
    assert!(notes.contains("note: `.env` stays as it is, and nothing reads it on Kubernetes"), "{notes}");
    assert_eq!(names(folder.path()), [".env", "kubernetes", "profiles", "scripts"]);
    assert_eq!(read(folder.path(), ".env"), dotenv);
    let key = |name: &str| value(&dotenv, name).to_owned();
    for name in ["POSTGRES_PASSWORD", "API__DB_PASSWORD", "API__DB_URL", "API_KEY"] {
        assert_eq!(read(folder.path(), &format!("kubernetes/secrets/{}", name.to_lowercase())), key(name));
    }
    // another run is no other switch
    let (_, notes) = ends(folder.path(), &["-p", "shop"], 0);
    assert!(!notes.contains(".env"), "{notes}");
}

#[test]
fn nobody_is_told_to_remove_the_only_copy_of_a_secret() {
    let switch = ["-p", "shop", "--accept", "target"];
    let external = [&switch[..], &["--set", "secrets_in=external"]].concat();
    let folder = project();
    ends(folder.path(), &COMPOSE, 0);
    let (_, notes) = ends(folder.path(), &external, 0);
    let told =
        "nothing was written of `POSTGRES_PASSWORD`, `API__DB_PASSWORD`, `API_KEY`, which something else must bring";
    assert!(notes.contains(told) && notes.contains("by the names and keys of docs/kubernetes.md"), "{notes}");
    assert!(!notes.contains("rm .env") && !notes.contains("kubernetes/secrets"), "{notes}");
    assert!(!folder.path().join("kubernetes/secrets").exists());

    // a secret that the profile had before
    let folder = project();
    ends(folder.path(), &COMPOSE, 0);
    let less = PROFILE.replace("    environment: { KEY: { secret: API_KEY } }\n", "").replace("API_KEY: generate", "");
    write_profile(folder.path(), &less);
    let (_, notes) = ends(folder.path(), &switch, 0);
    assert!(notes.contains("what this profile does not use is nowhere else: `API_KEY`\n"), "{notes}");
    assert!(!notes.contains("rm .env"), "{notes}");
}

#[test]
fn the_way_back_takes_the_secrets_along_and_leaves_what_is_not_ours() {
    let folder = project();
    ends(folder.path(), &COMPOSE, 0);
    ends(folder.path(), &["-p", "shop", "--accept", "target"], 0);
    ends(folder.path(), &["rotate", "API_KEY"], 0);
    let key = read(folder.path(), "kubernetes/secrets/api_key");
    assert!(!read(folder.path(), ".env").contains(&key), "what stays is older");
    fs::write(folder.path().join("kubernetes/ingress.yaml"), "kind: Ingress\n").unwrap();

    let (_, refused) = ends(folder.path(), &COMPOSE, 4);
    assert!(refused.contains("on Docker Compose instead of Kubernetes"), "{refused}");
    ends(folder.path(), &[&COMPOSE[..], &["--accept", "target"]].concat(), 0);
    assert_eq!(value(&read(folder.path(), ".env"), "API_KEY"), key);
    assert_eq!(names(&folder.path().join("kubernetes")), ["ingress.yaml", "secrets"]);

    // and there again, after a change of what is read now
    ends(folder.path(), &[&["rotate", "API_KEY"], &COMPOSE[..]].concat(), 0);
    ends(folder.path(), &["-p", "shop", "--accept", "target"], 0);
    let key = read(folder.path(), "kubernetes/secrets/api_key");
    assert_eq!(value(&read(folder.path(), ".env"), "API_KEY"), key);
}
