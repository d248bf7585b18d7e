//! `explain`: every value with where it comes from.

use std::fs;
use std::path::Path;

use crate::report::document;
use crate::support::{Finish as _, assert_matches_file, codelab_gen, run, stderr, stdout, tests};

const BASE: &str = "format: 1\nproject: shop\nservices:\n  api:\n    image: api:1\n    data: ./data:/srv/data\n    \
                    database: { sqlite: data/api.db, postgres: shop }\n    environment:\n      MODE: 0777\n      \
                    NOTE: |\n        two\n        lines\n  web: { image: \"nginx:1.27\" }\npostgres: { image: \
                    'postgres:16', user: shop, publish: 5433 }\n";

const PROD: &str = "format: 1\nextends: ./base.yaml\nstage: production\nengine: postgres\n";

fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("profiles")).unwrap();
    fs::write(folder.path().join("profiles/base.yaml"), BASE).unwrap();
    fs::write(folder.path().join("profiles/prod.yaml"), PROD).unwrap();
    folder
}

#[test]
fn each_value_is_told_with_its_place_default_flag_or_what_it_follows_from() {
    let folder = project();
    let mut command = codelab_gen(folder.path());
    command.args(["explain", "-p", "prod", "--set", "postgres.limits.memory=2g"]);
    let told = stdout(&command.finish());
    let lines: Vec<Vec<&str>> = told.lines().map(|line| line.split_whitespace().collect()).collect();
    for expected in [
        &["stage", "production", "profiles/prod.yaml:3"][..],
        &["project", "shop", "profiles/base.yaml:2"],
        &["services.api.database.sqlite.path", "data/api.db", "profiles/base.yaml:7"],
        &["services.api.database.driver", "asyncpg", "default"],
        &["services.api.database.engine", "postgres", "derived"],
        &["services.api.database.url", "postgresql+asyncpg://shop:…@postgres:5432/shop", "derived"],
        &["services.api.environment.MODE", "0777", "profiles/base.yaml:9"],
        &["services.api.environment.NOTE", "(several", "lines)", "profiles/base.yaml:10"],
        &["services.api.working_dir", "/srv", "derived"],
        &["postgres.publish.address", "127.0.0.1", "derived"],
        &["postgres.ensure", "true", "default"],
        &["postgres.limits.memory", "2g", "--set"],
        &["postgres.limits.cpus", "1", "derived"],
        &["postgres.url_on_the_host.shop", "postgresql://shop:…@127.0.0.1:5433/shop", "derived"],
    ] {
        assert!(lines.iter().any(|line| line == expected), "{expected:?}\n{told}");
    }
}

#[test]
fn a_path_narrows_it_and_a_wrong_one_is_told() {
    let folder = project();
    let explain =
        |arguments: &[&str]| codelab_gen(folder.path()).args(["explain", "-p", "prod"]).args(arguments).finish();
    let told = explain(&["services.api.database", "--format", "json"]);
    let report = document(&told);
    let values = report.pointer("/values").and_then(|values| values.as_array()).unwrap();
    assert!(values.len() > 5, "{report:#}");
    for value in values {
        assert!(value.pointer("/path").and_then(|path| path.as_str()).unwrap().starts_with("services.api.database."));
    }
    let wrong = explain(&["services.api.databse"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(stderr(&wrong).contains("nothing of the deployment is at `services.api.databse`"), "{}", stderr(&wrong));
    for (wrong, meant) in [
        ("services.api.databse", "services.api.database"),
        ("sevices", "services"),
        ("postgres.acess", "postgres.access"),
        ("services.api.environment.MOED", "services.api.environment.MODE"),
    ] {
        let told = stderr(&explain(&[wrong]));
        assert!(told.contains(&format!("did you mean `{meant}`?")), "{told}");
    }
    let far = stderr(&explain(&["nothing.like.it"]));
    assert!(far.contains("`codelab-gen explain` without a path prints all of them"), "{far}");
}

/// The values that are told, each with where it comes from.
fn told(folder: &Path, arguments: &[&str]) -> Vec<[String; 3]> {
    let run = codelab_gen(folder).args(["explain", "--format", "json"]).args(arguments).finish();
    let report = document(&run);
    let values = report.pointer("/values").and_then(|values| values.as_array()).unwrap_or_else(|| panic!("{report:#}"));
    let text = |value: &serde_json::Value, key| value[key].as_str().unwrap().to_owned();
    values.iter().map(|value| ["path", "value", "from"].map(|key| text(value, key))).collect()
}

fn assert_told(values: &[[String; 3]], expected: [&str; 3]) {
    assert!(values.iter().any(|value| value == &expected), "{expected:?}\n{values:#?}");
}

#[test]
fn every_value_of_these_profiles_is_told() {
    for name in ["every-field", "external", "strict", "kubernetes-server", "swarm-server"] {
        let mut command = codelab_gen(&tests());
        command.args(["explain", "-p", &format!("golden/{name}.yaml")]);
        assert_matches_file(&stdout(&command.finish()), &tests().join(format!("golden/explain/{name}.txt")));
    }
}

#[test]
fn the_strongest_layer_that_gives_a_value_is_told_also_where_it_says_it_shorter() {
    let folder = tempfile::tempdir().unwrap();
    let base = "format: 1\nproject: shop\nservices:\n  api:\n    build: { context: ./old, target: old }\n    \
                data: ./data:/srv/data\n    limits: { memory: 1g, cpus: '1' }\n    \
                database: { sqlite: { path: data/old.db }, postgres: { name: shop, extensions: [citext] } }\n    \
                healthcheck: { command: old, interval: 5s }\npostgres: { image: 'postgres:16', user: shop }\n";
    let prod = "format: 1\nextends: ./base.yaml\nstage: production\nengine: postgres\nservices:\n  api:\n    \
                build: ./new\n    database:\n      sqlite: data/new.db\n      postgres: { extensions: [] }\n    \
                healthcheck: { command: new }\n";
    fs::write(folder.path().join("base.yaml"), base).unwrap();
    fs::write(folder.path().join("prod.yaml"), prod).unwrap();
    let set = "services.api.limits={memory: 2g}";
    let values =
        told(folder.path(), &["-p", "./prod.yaml", "--set", set, "--set", "services.api.database.postgres=new"]);
    for expected in [
        ["services.api.build.context", "./new", "prod.yaml:7"],
        ["services.api.database.sqlite.path", "data/new.db", "prod.yaml:9"],
        ["services.api.database.postgres.extensions", "[]", "prod.yaml:10"],
        ["services.api.database.postgres.name", "new", "--set"],
        ["services.api.limits.memory", "2g", "--set"],
        ["services.api.limits.cpus", "'1'", "base.yaml:7"],
        ["services.api.healthcheck.command", "new", "prod.yaml:11"],
        ["services.api.healthcheck.interval", "30s", "default"],
    ] {
        assert_told(&values, expected);
    }
    assert!(values.iter().all(|[path, ..]| path != "services.api.build.target"), "a build replaces whole: {values:#?}");
}

#[test]
fn defaults_of_what_the_deployment_has_not_are_not_told() {
    let values = told(&tests(), &["-p", "builtin:dev"]);
    for absent in ["services.auth-service.database.driver", "postgres.volume", "postgres.ensure"] {
        assert!(values.iter().all(|[path, ..]| path != absent), "{absent}: {values:#?}");
    }
    let values = told(&tests(), &["-p", "builtin:prod", "--set", "secrets_in=environment"]);
    assert_told(&values, ["services.auth-service.database.driver", "asyncpg", "default"]);
    assert_told(&values, ["postgres.volume", "postgres-data", "default"]);
    assert_told(&values, ["secrets.POSTGRES_PASSWORD", "from the environment", "derived"]);
    assert_told(&values, ["postgres.limits.memory", "1g", "derived"]);
}

#[test]
fn settings_that_the_outputs_were_made_with_are_told_where_they_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let setting = "postgres.publish=5433";
    assert!(run(folder.path(), &["-p", "prod", "--set", setting]).status.success());
    for command in ["explain", "graph"] {
        let without = stderr(&codelab_gen(folder.path()).arg(command).finish());
        assert!(without.contains("note: the outputs were made with `--set postgres.publish=5433`"), "{without}");
        let with = stderr(&codelab_gen(folder.path()).args([command, "--set", setting]).finish());
        assert!(!with.contains("made with"), "{with}");
    }
}
