//! `doctor` with what a real cluster said, recorded: every kind of trouble, and what a stranger may write into it. Clusters
//! that answer themselves are in tests/cluster.

use std::fs;
use std::path::Path;

use crate::support::{Finish as _, codelab_gen, stderr, stdout, tree};

const RECORDED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/suite/doctor_cluster");

const PROFILE: &str = "format: 1\nproject: shop\nstage: production\ntarget: kubernetes\nsecrets: { A_KEY: generate }\nservices:\n  \
    crash: { image: 'crash:1', user: '1000:1000' }\n  large: { image: 'large:1', user: '1000:1000' }\n  \
    lost: { image: 'lost:1', user: '1000:1000', environment: { A_KEY: { secret: A_KEY } } }\n  \
    migrate: { image: 'migrate:1', user: '1000:1000', runs: once }\n  oom: { image: 'oom:1', user: '1000:1000' }\n  \
    root: { image: 'root:1', user: '1000:1000' }\n  unready: { image: 'unready:1', user: '1000:1000' }\n";

const OPERATED: &str = "format: 1\nproject: shop\nstage: production\ntarget: kubernetes\nservices:\n  \
    api: { image: 'api:1', user: '1000:1000', database: { postgres: api } }\npostgres: { user: shop, image: 'postgres:17', \
    operator: cloudnative-pg, storage: 1Gi, instances: 1 }\n";

/// A deployment of a profile, and what doctor says of it in one of the recorded cases.
struct Look {
    told: String,
    asked: String,
}

fn generated(profile: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("profiles")).unwrap();
    fs::write(folder.path().join("profiles/shop.yaml"), profile).unwrap();
    let done = codelab_gen(folder.path()).args(["-p", "shop"]).finish();
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    folder
}

fn look(folder: &Path, case: &str, status: i32) -> Look {
    let before = tree(folder);
    let notes = tempfile::tempdir().unwrap();
    let asked = notes.path().join("asked");
    let mut command = codelab_gen(folder);
    command.arg("doctor").env("PATH", format!("{RECORDED}:/usr/bin:/bin")).env("RECORDED", RECORDED);
    let done = command.env("ASKED", &asked).env("CASE", case).finish();
    assert_eq!(done.status.code(), Some(status), "{}{}", stdout(&done), stderr(&done));
    assert_eq!(tree(folder), before, "doctor wrote");
    Look { told: stdout(&done), asked: fs::read_to_string(asked).unwrap() }
}

fn has(told: &str, all: &[&str]) {
    for expected in all {
        assert!(told.contains(expected), "{expected}\n{told}");
    }
}

#[test]
fn each_trouble_of_pods_is_told_with_its_reason_and_no_secret() {
    let folder = generated(PROFILE);
    let Look { told, asked } = look(folder.path(), "all", 1);
    let second = told.lines().nth(1).unwrap();
    assert_eq!(second, "ok        kubectl talks to the context `tests`, namespace `shop-1`", "the place is told first");
    has(
        &told,
        &[
            "[pods] `crash`: the pod `crash-67bfb6b75-r8c5d` ends and is started again and again: `crash` ended with exit code 7\n            | cannot reach postgresql://shop:[secret]@db/shop\n",
            "[pods] `large`: the pod `large-599f9596d9-nlvn5` finds no node (Unschedulable)\n            | 0/2 nodes are available: 2 Insufficient memory.",
            "[pods] `lost`: the pod `lost-5bdd5cd857-k6gzh` does not start (CreateContainerConfigError)\n            | secret \"no-such-secret\" not found\n",
            "[pods] `oom`: the pod `oom-fbbd6f85d-5mp5d` had `oom` ended, because it used more memory than it may (OOMKilled)\n",
            "[pods] the pods of `root` can't be made (FailedCreate)\n            | pods \"root-",
            "[pods] `unready`: the pod `unready-555ff9945c-g6q78` runs, but the probe of `unready` fails\n            | Unhealthy: Readiness probe failed: not yet",
            "[jobs] `migrate` has failed (BackoffLimitExceeded)\n            | Job has reached the specified backoff limit\n            | no table password=[secret]\n",
            "[claims] the claim `nowhere` gets no volume\n            | ProvisioningFailed: storageclass.storage.k8s.io \"no-such-class\" not found",
            "[references] `lost` names the Secret `no-such-secret`, which is not there\n",
            "[difference] `secret/lost-7k8tck67k8` of the files is not in the cluster\n",
            "[difference] `deployment/crash` is not in the cluster as the files say; `-` is what it has, `+` what the files say\n            | - value: [not shown]\n            | + value: [not shown]\n            | -        image: codelab-gen-test-nowhere:1\n            | +        image: codelab-gen-test-service:local\n",
        ],
    );
    assert!(!told.contains("hunter2") && !told.contains("'***'"), "{told}");
    let reads = ["config view ", "version ", "get ", "logs ", "exec ", "diff -k kubernetes"];
    for line in asked.lines().skip(1) {
        let question = line.strip_prefix("--context=tests --namespace=shop-1 ");
        let question = question.unwrap_or_else(|| panic!("{line}: the place that was told is asked"));
        assert!(reads.iter().any(|read| question.starts_with(read)), "{line}");
        let names_values = question.starts_with("get secrets") && !question.contains("--output=name");
        assert!(!names_values, "{line}: no value of a Secret is asked for");
    }
}

#[test]
fn what_is_in_the_way_is_told_with_the_way_out() {
    let folder = generated(PROFILE);
    for (case, expected) in [
        (
            "no-context",
            "[cluster] kubectl has no context, so no cluster is asked\n            | error: current-context must",
        ),
        (
            "silent",
            "[cluster] the cluster of the context `tests` does not answer\n            | The connection to the server",
        ),
        ("expired", "[cluster] the cluster of the context `tests` does not let you in\n"),
        (
            "bare",
            "[cluster] the namespace has nothing of the deployment\n  = help: `kubectl apply -k kubernetes` applies it",
        ),
    ] {
        let Look { told, .. } = look(folder.path(), case, 1);
        has(&told, &[expected, "1 problem, 0 warnings"]);
    }
    let Look { told, .. } = look(folder.path(), "forbidden", 0);
    has(
        &told,
        &["unseen    [cluster] the pods\n            | Error from server (Forbidden)", "the role `view` is enough"],
    );
}

#[test]
fn what_a_cluster_says_forges_no_finding_and_no_command() {
    let folder = generated(PROFILE);
    let Look { told, asked } = look(folder.path(), "hostile", 1);
    for line in told.lines() {
        let is_ours = !line.contains("curl evil") || line.starts_with("            | ");
        assert!(is_ours && !line.contains(['\u{1b}', '\u{202e}']), "{line}\n{told}");
    }
    has(
        &told,
        &["does not start (for an odd reason)", "unseen    [cluster] the Jobs\n            | unreadable answer"],
    );
    assert!(!asked.contains("kube-system") && !told.contains("kube-system"), "{asked}{told}");
}

#[test]
fn what_the_operator_says_of_servers_and_databases_is_told() {
    let folder = generated(OPERATED);
    let Look { told, .. } = look(folder.path(), "in-hands", 1);
    has(
        &told,
        &[
            "ok        1 of 1 servers are ready\n",
            "ok        the role of `postgres-role-agent-runtime` is in line\n",
            "[operator] the database of `postgres-auth-db` is not in line\n            | no such owner\n",
            "ok        the cluster is as the files say\n",
            "[pods] `api` is not in the cluster\n",
        ],
    );
}

#[test]
fn what_the_server_says_of_itself_is_asked_in_its_pod() {
    let per_service = OPERATED.replace("user: shop,", "user: shop, access: per_service,");
    for (profile, more) in
        [(OPERATED, ""), (per_service.as_str(), "[role-rights] `api` may do more than a service needs")]
    {
        let folder = generated(profile);
        let Look { told, asked } = look(folder.path(), "in-hands", 1);
        has(
            &told,
            &[
                "ok        the server answers\n",
                "warning   [server-version] the server is PostgreSQL 15, the profile says 17\n",
                "[database-owner] the database `api` belongs to `odd`owner`, not to `",
                "kubectl describe databases.postgresql.cnpg.io",
                "[collation] the indexes of `api` were sorted by version `2.36`",
                "[connections] 90 of 100 connections are used\n            | 90 by the role `shop`",
                "ok        the disk with the data of PostgreSQL has room\n",
                more,
            ],
        );
        assert!(asked.contains("default_transaction_read_only=on") && !told.contains("docker compose"), "{told}");
    }
}

#[test]
fn manifests_that_are_not_ours_are_not_given_to_kustomize() {
    let folder = generated(PROFILE);
    let file = folder.path().join("kubernetes/kustomization.yaml");
    let edited = fs::read_to_string(&file).unwrap() + "components: [https://evil.example/x]\n";
    fs::write(&file, edited).unwrap();
    let Look { told, asked } = look(folder.path(), "all", 1);
    has(&told, &["unseen    [difference] how the cluster differs from the files: these are not codelab-gen's own"]);
    assert!(!asked.contains(" diff "), "{asked}");
}
