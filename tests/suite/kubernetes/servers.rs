//! Servers that an operator runs, and servers of images that are not official: who they run as, and what a change means.

use super::{ends, write_profile};
use crate::support::{read, tree};

/// A service with a database on servers of an operator.
const OPERATED: &str = "format: 1
project: shop
stage: development
target: kubernetes
services:
  api: { image: 'a:1', database: { postgres: api } }
postgres: { image: 'postgres:17', user: shop, operator: cloudnative-pg, instances: 3, storage: { size: 2Gi, class: fast } }
";

#[test]
fn what_the_operator_refuses_or_loses_needs_consent() {
    for (from, to, kind, words) in [
        ("size: 2Gi", "size: 1Gi", "volume", "the servers would have 1Gi instead of 2Gi, which the operator refuses"),
        ("user: shop", "user: owner", "volume", "log in as `owner` instead of `shop`, who owns the tables"),
        ("instances: 3", "instances: 3, user_id: 999", "volume", "run as user 999 instead of 26"),
        (
            "postgres:17",
            "postgres:18",
            "major",
            "would stop all servers to turn the data of PostgreSQL 17 into that of 18",
        ),
        ("postgres:17", "postgres:16", "major", "PostgreSQL 16 does not start on the data of PostgreSQL 17"),
        ("postgres:17", "ghcr.io/cloudnative-pg/postgresql:17-system-bookworm", "flavour", "another system"),
        ("operator: cloudnative-pg, instances: 3, ", "", "volume", "not see the data of the Cluster `postgres`"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        write_profile(folder.path(), OPERATED);
        ends(folder.path(), &["-p", "shop"], 0);
        let before = tree(folder.path().join("kubernetes").as_path());
        write_profile(folder.path(), &OPERATED.replace(from, to));
        let (_, refused) = ends(folder.path(), &[], 4);
        assert!(refused.contains(words) && refused.contains(&format!("`--accept {kind}`")), "{to}: {refused}");
        assert_eq!(tree(folder.path().join("kubernetes").as_path()), before);
        ends(folder.path(), &["--accept", kind], 0);
    }
}

#[test]
fn what_only_means_less_than_one_thinks_is_told() {
    for (from, to, words) in [
        (
            "instances: 3",
            "instances: 1",
            "the operator deletes the volumes of 2 servers, and what is acknowledged is on one",
        ),
        ("class: fast", "class: slow", "another storage class holds for new servers"),
        ("size: 2Gi", "size: 4Gi", ""),
        ("user: shop", "access: per_service, user: shop", ""),
        ("postgres:17", "ghcr.io/cloudnative-pg/postgresql:17-minimal-trixie", ""),
    ] {
        let folder = tempfile::tempdir().unwrap();
        write_profile(folder.path(), OPERATED);
        ends(folder.path(), &["-p", "shop"], 0);
        write_profile(folder.path(), &OPERATED.replace(from, to));
        let (_, notes) = ends(folder.path(), &[], 0);
        assert!(notes.contains(words) && (!words.is_empty() || !notes.contains("StatefulSet")), "{to}: {notes}");
    }
}

#[test]
fn servers_that_leave_the_profile_keep_their_data() {
    let folder = tempfile::tempdir().unwrap();
    write_profile(folder.path(), OPERATED);
    ends(folder.path(), &["-p", "shop"], 0);
    let manifest = read(folder.path(), "kubernetes/postgres.yaml");
    let (cluster, _) = manifest.split_once("\nspec:").unwrap();
    assert!(cluster.contains("Prune=false") && cluster.contains("prune: \"disabled\""), "{cluster}");
    let without = OPERATED.split("postgres: {").next().unwrap().replace(", database: { postgres: api }", "");
    write_profile(folder.path(), &without);
    let (_, notes) = ends(folder.path(), &[], 0);
    assert!(notes.contains("the servers of the Cluster `postgres` any more; they run on with their data"), "{notes}");
    assert!(!notes.contains("`kubectl delete networkpolicy") && !notes.contains("cluster/postgres`,"), "{notes}");
}

#[test]
fn a_server_of_any_image_runs_in_every_stage_as_the_user_that_the_profile_names() {
    const PROFILE: &str = "format: 1\nproject: shop\nstage: staging\ntarget: kubernetes\nservices:\n  api: { image: 'a:1', user: \
                           '1:1', database: { postgres: { name: api, extensions: [vector] } } }\npostgres: { image: \
                           'pgvector/pgvector:pg17', user: shop, storage: 1Gi }\n";
    let folder = tempfile::tempdir().unwrap();
    write_profile(folder.path(), PROFILE);
    let (_, refused) = ends(folder.path(), &["-p", "shop"], 3);
    assert!(refused.contains("write `user_id: \"UID:GID\"` beside it"), "{refused}");
    let known = PROFILE.replace("user: shop", "user: shop, user_id: '999:998'");
    write_profile(folder.path(), &known);
    ends(folder.path(), &["-p", "shop"], 0);
    let manifest = read(folder.path(), "kubernetes/postgres.yaml");
    for line in ["runAsUser: 999\n", "runAsGroup: 998\n", "fsGroup: 998 ", "runAsNonRoot: true\n"] {
        assert!(manifest.contains(line), "{line}");
    }
    write_profile(folder.path(), &known.replace("999:998", "1000:998"));
    let (_, refused) = ends(folder.path(), &[], 4);
    assert!(
        refused.contains("would run as user 1000 instead of 999") && refused.contains("`--accept volume`"),
        "{refused}"
    );

    // on Compose the server and what brings its databases in line
    ends(
        folder.path(),
        &["-p", "shop", "-o", "compose", "--set", "target=compose", "--set", "postgres.storage=null"],
        0,
    );
    let compose = read(folder.path(), "compose/docker-compose.yml");
    assert_eq!(compose.matches("user: \"1000:998\"\n").count(), 2, "{compose}");
    let server = compose.split("  postgres:\n").nth(1).unwrap();
    assert!(!server.contains("SETUID"), "who is no root steps down from nothing: {server}");
}
