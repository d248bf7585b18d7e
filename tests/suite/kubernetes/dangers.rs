//! Changes of manifests that part pods from their data, or that a cluster refuses: refused, or told with what to do.

use super::{PROFILE, ends, generated, write_profile};
use crate::support::tree;

/// The image of the profile, and the same server on another system.
const IMAGE: &str = "postgres:17.2";

#[test]
fn the_same_profile_may_open_another_database_and_is_told_where_the_data_stays() {
    for (from, to, line) in [
        (
            "engine: postgres",
            "engine: sqlite",
            "engine    api: sqlite instead of postgres; its data stays in the database `api` of the claim \
             `postgres-data-postgres-0`\n",
        ),
        (
            "{ postgres: api,",
            "{ postgres: store,",
            "database  api: another one of postgres; its data stays in the database `api` of the claim \
             `postgres-data-postgres-0`\n",
        ),
    ] {
        let folder = generated();
        write_profile(folder.path(), &PROFILE.replace(from, to));
        let (told, _) = ends(folder.path(), &[], 0);
        assert!(told.contains(line), "{told}");
        assert!(!ends(folder.path(), &[], 0).0.contains("its data stays"), "told once");
    }
    let folder = generated();
    let sqlite = PROFILE.replace("engine: postgres", "engine: sqlite");
    write_profile(folder.path(), &sqlite);
    ends(folder.path(), &[], 0);
    for (profile, line) in [
        (sqlite.replace("/data/api.db", "/data/b.db"), "database  api: another one of sqlite; its"),
        (PROFILE.to_owned(), "engine    api: postgres instead of sqlite; its"),
    ] {
        let folder = generated();
        write_profile(folder.path(), &sqlite);
        ends(folder.path(), &[], 0);
        write_profile(folder.path(), &profile);
        let (told, _) = ends(folder.path(), &[], 0);
        assert!(told.contains(&format!("{line} data stays in `/data/api.db` of the claim `api-data`\n")), "{told}");
    }
}

#[test]
fn a_job_that_opens_another_database_is_told_though_its_name_changes() {
    for runs in ["once", "'0 3 * * *'"] {
        let load =
            format!("  load: {{ image: 'l:1', user: '1', runs: {runs}, database: {{ postgres: load }} }}\n  web:");
        let job = PROFILE.replace("  web:", &load);
        let folder = generated();
        write_profile(folder.path(), &job);
        ends(folder.path(), &[], 0);
        write_profile(folder.path(), &job.replace("postgres: load", "postgres: other"));
        let (told, _) = ends(folder.path(), &[], 0);
        let line = "database  load: another one of postgres; its data stays in the database `load`";
        assert!(told.contains(line), "{runs}: {told}");
    }
}

#[test]
fn another_profile_with_another_engine_needs_consent() {
    let folder = generated();
    std::fs::write(folder.path().join("profiles/dev.yaml"), PROFILE.replace("engine: postgres", "engine: sqlite"))
        .unwrap();
    let before = tree(folder.path());
    let (_, refused) = ends(folder.path(), &["-p", "dev"], 4);
    for words in [
        "this folder is a production deployment of another profile, and `api` would start on an empty sqlite database",
        "that kustomization.yaml records",
        "in the database `api` of the claim `postgres-data-postgres-0`",
        "`--accept engine`",
    ] {
        assert!(refused.contains(words), "{refused}");
    }
    assert_eq!(tree(folder.path()), before);
    ends(folder.path(), &["-p", "dev", "--accept", "engine"], 0);
}

#[test]
fn what_the_data_was_not_made_for_needs_consent_and_names_the_way() {
    for (profile, kind, words) in [
        (
            PROFILE.replace("user: shop", "user: owner"),
            "volume",
            vec!["was made with the role `shop`, and has no role `owner`", "`CREATE ROLE owner SUPERUSER LOGIN`"],
        ),
        (
            PROFILE.replace("project: shop", "project: store"),
            "project",
            vec![
                "the objects would belong to `store` instead of `shop`",
                "`project: shop`",
                "-l app.kubernetes.io/part-of=shop,app.kubernetes.io/managed-by=codelab-gen --cascade=foreground`",
            ],
        ),
        (
            PROFILE.replace(IMAGE, "postgres:17.2-alpine"),
            "flavour",
            vec!["`postgres:17.2-alpine` instead of `postgres:17.2`", "another user", "scripts/db/backup.sh"],
        ),
        (
            PROFILE.replace("storage: 1Gi", "storage: 512Mi"),
            "volume",
            vec!["the claim `api-data` would have 512Mi instead of 1Gi", "keep `storage` as it is"],
        ),
        (
            PROFILE.replace("storage: 1Gi", "storage: { size: 1Gi, class: fast }"),
            "volume",
            vec!["would have the class `fast` instead of the class of the cluster's choice"],
        ),
        (
            PROFILE.replace("storage: 1Gi", "storage: { size: 1Gi, shared: true }"),
            "volume",
            vec!["would have ReadWriteMany instead of ReadWriteOnce"],
        ),
    ] {
        let folder = generated();
        let before = tree(&folder.path().join("kubernetes"));
        write_profile(folder.path(), &profile);
        let (_, refused) = ends(folder.path(), &[], 4);
        for word in words.into_iter().chain([format!("`--accept {kind}`").as_str()]) {
            assert!(refused.contains(word), "{word}: {refused}");
        }
        assert_eq!(refused.matches("`--accept ").count(), 1, "{refused}");
        assert_eq!(tree(&folder.path().join("kubernetes")), before);
        ends(folder.path(), &["--accept", kind], 0);
        assert!(!ends(folder.path(), &[], 0).1.contains("--accept"), "once");
    }
}

#[test]
fn another_system_of_the_same_user_makes_its_indexes_anew_before_services_start() {
    let debian = |name: &str| PROFILE.replace(IMAGE, &format!("postgres:17.2-{name}"));
    let folder = generated();
    write_profile(folder.path(), &debian("bookworm"));
    ends(folder.path(), &["--accept", "flavour"], 0);
    write_profile(folder.path(), &debian("trixie"));
    let (_, refused) = ends(folder.path(), &[], 4);
    for words in [
        "kubectl delete deployment -l app.kubernetes.io/part-of=shop,app.kubernetes.io/component=service",
        "kubectl set image statefulset/postgres '*=postgres:17.2-trixie'",
        "reindexdb -U shop --all`",
        "`--accept flavour`",
    ] {
        assert!(refused.contains(words), "{refused}");
    }
    assert!(!refused.contains("scripts/db/backup.sh"), "{refused}");
    // a new volume has no old indexes
    write_profile(folder.path(), &debian("trixie").replace("access: per_service", "access: per_service, volume: new"));
    let (_, refused) = ends(folder.path(), &[], 4);
    assert!(!refused.contains("reindexdb") && refused.contains("`--accept volume`"), "{refused}");
}

#[test]
fn what_a_cluster_refuses_is_told_with_the_commands_that_make_it_work() {
    for (profile, message, help) in [
        (
            PROFILE.replace("    port: 8000\n", ""),
            "note: without `port` the Service `api` would have no address, which a cluster refuses\n",
            "`kubectl delete service/api`",
        ),
        (
            PROFILE.replace("storage: 2Gi", "storage: 3Gi"),
            "note: a cluster refuses another `storage` or volume for the StatefulSet `postgres` that it has\n",
            "`kubectl patch pvc postgres-data-postgres-0 -p '{\"spec\":{\"resources\":{\"requests\":{\"storage\":\"3Gi\"}}}}' && \
             kubectl delete statefulset/postgres --cascade=orphan`",
        ),
        (
            PROFILE.replace("storage: 2Gi", "storage: 1536Mi"),
            "that it has, and the volume that is there stays as it is\n",
            "command: `kubectl delete statefulset/postgres --cascade=orphan`",
        ),
        (
            PROFILE.replace("access: per_service", "access: per_service, local_auth: password"),
            "note: the volume `postgres-data` was made ",
            "to have it, with `--accept volume`: `scripts/db/backup.sh` while the old server still runs",
        ),
    ] {
        let folder = generated();
        write_profile(folder.path(), &profile);
        let (_, notes) = ends(folder.path(), &[], 0);
        assert!(notes.contains(message) && notes.contains(help), "{notes}");
        assert_eq!(ends(folder.path(), &[], 0).1.matches("note: ").count(), 0, "once");
    }
    // more room for a claim, and a port, are taken
    let folder = generated();
    write_profile(folder.path(), &PROFILE.replace("storage: 1Gi", "storage: 1Ti").replace("port: 8000", "port: 8001"));
    assert!(!ends(folder.path(), &[], 0).1.contains("refuses"));
    // another volume of the server
    let folder = generated();
    write_profile(folder.path(), &PROFILE.replace("access: per_service", "access: per_service, volume: new"));
    let (_, notes) = ends(folder.path(), &["--accept", "volume"], 0);
    assert!(notes.contains("`kubectl delete statefulset/postgres --cascade=foreground`"), "{notes}");
}

#[test]
fn a_server_of_an_operator_is_not_left_unasked() {
    let folder = generated();
    let operated =
        PROFILE.replace("storage: 2Gi", "storage: 2Gi, operator: cloudnative-pg").replace("user: shop", "user: app");
    write_profile(folder.path(), &operated);
    ends(folder.path(), &["--accept", "volume"], 0);
    write_profile(folder.path(), PROFILE);
    let (_, refused) = ends(folder.path(), &[], 4);
    assert!(refused.contains("not see the data of the Cluster `postgres`"), "{refused}");
}
