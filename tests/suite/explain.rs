//! `explain`: every value with where it comes from.

use std::fs;

use crate::report::document;
use crate::support::{Finish as _, codelab_gen, stderr, stdout};

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
}
