//! What `extends`, `null` and `--set` make of a profile.

use std::fs;
use std::path::Path;
use std::process::Output;

use crate::support::{Finish as _, codelab_gen, stderr};

const BASE: &str = "format: 1
project: app
services:
  api:
    image: app:1
    port: 8000
    environment: { A: base, B: base, C: { env: C, default: c } }
    volumes: [one:/one, two:/two]
    healthcheck: { http: /health, interval: 10s }
    labels: { team: base }
    data: ./data:/app/data
    database: { sqlite: data/api.db, postgres: { name: api, extensions: [citext] } }
  old: { image: 'old:1' }
postgres: { image: 'postgres:16', user: app }
";

const TOP: &str = "format: 1
extends: ./middle.yaml
stage: development
engine: postgres
services:
  api:
    environment: { A: top, B: null, C: plain }
    volumes: [three:/three]
    healthcheck: { command: ['true'] }
    database: { sqlite: data/other.db, postgres: api_two }
  old: null
  new: { image: 'new:1' }
";

fn generate(top: &str, arguments: &[&str]) -> (tempfile::TempDir, Output) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("base.yaml"), BASE).unwrap();
    fs::write(folder.path().join("middle.yaml"), "format: 1\nextends: base.yaml\nproject: renamed\n").unwrap();
    fs::write(folder.path().join("top.yaml"), top).unwrap();
    let run = codelab_gen(folder.path()).args(["-p", "./top.yaml"]).args(arguments).finish();
    (folder, run)
}

fn compose(folder: &Path) -> serde_yaml::Value {
    serde_yaml::from_str(&fs::read_to_string(folder.join("docker-compose.yml")).unwrap()).unwrap()
}

#[test]
fn maps_merge_by_key_and_single_choices_replace_whole() {
    let (folder, run) = generate(TOP, &[]);
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    let compose = compose(folder.path());
    assert_eq!(compose["name"], "renamed");
    let api = &compose["services"]["api"];
    assert_eq!(api["environment"]["A"], "top");
    assert_eq!(api["environment"]["C"], "plain");
    assert!(api["environment"].get("B").is_none());
    assert_eq!(api["labels"]["team"], "base");
    let volumes: Vec<_> = api["volumes"].as_sequence().unwrap().iter().map(|v| v.as_str().unwrap()).collect();
    assert_eq!(volumes, ["./data:/app/data", "three:/three"]);
    assert_eq!(api["healthcheck"]["test"][1], "true");
    assert_eq!(api["healthcheck"]["interval"], "30s");
    assert!(api["environment"]["API__DB_URL"].as_str().unwrap().ends_with("/api_two}"));
    assert!(compose["services"].get("old").is_none());
    assert_eq!(compose["services"]["new"]["image"], "new:1");
    let script = fs::read_to_string(folder.path().join("scripts/init-postgres.sh")).unwrap();
    let of_api = script.lines().find(|line| line.contains("ensure_database api_two ")).unwrap();
    assert!(of_api.contains(" citext "), "the short form keeps the other fields: {script}");
}

#[test]
fn raw_keys_merge_at_every_depth() {
    let raw = |keys: &str| format!("services:\n  api:\n    compose:\n{keys}");
    let folder = tempfile::tempdir().unwrap();
    let base = raw("      networks: { default: null, front: { aliases: [a, b] } }\n      \
         deploy: { labels: { x: '1', y: '1' }, update_config: { order: start-first } }\n      logging: { driver: json-file }\n");
    let base = format!("format: 1\nproject: app\ncompose: {{ networks: {{ front: {{}} }} }}\n{base}    image: app:1\n");
    let top = raw("      networks: { default: null, front: { aliases: [c] } }\n      \
         deploy: { labels: { x: null, z: '2' }, update_config: null }\n      logging: null\n");
    fs::write(folder.path().join("base.yaml"), base).unwrap();
    fs::write(folder.path().join("top.yaml"), format!("format: 1\nextends: base.yaml\nstage: ci\n{top}")).unwrap();
    let setting = "services.api.compose.deploy.labels.y=3";
    let run = codelab_gen(folder.path()).args(["-p", "./top.yaml", "--set", setting]).finish();
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    let api = &compose(folder.path())["services"]["api"];
    let expected = "{y: 3, z: '2'}";
    assert_eq!(api["deploy"], serde_yaml::from_str::<serde_yaml::Value>(&format!("labels: {expected}")).unwrap());
    let networks = "{ default: null, front: { aliases: [c] } }";
    assert_eq!(api["networks"], serde_yaml::from_str::<serde_yaml::Value>(networks).unwrap(), "lists replace whole");
    assert!(api.get("logging").is_none());

    let explained =
        codelab_gen(folder.path()).args(["explain", "-p", "./top.yaml", "services.api.compose.deploy"]).finish();
    let told = String::from_utf8(explained.stdout).unwrap();
    let origin =
        |path: &str| told.lines().find(|line| line.contains(path)).map(|line| line.rsplit("  ").next().unwrap());
    assert_eq!(origin("labels.y"), Some("base.yaml:8"), "{told}");
    assert_eq!(origin("labels.z"), Some("top.yaml:8"), "{told}");
}

#[test]
fn settings_are_typed_and_checked_like_the_file() {
    let settings = [
        "--set",
        "services.api.database.engine=sqlite",
        "--set",
        "services.api.environment.A=1.10",
        "--set",
        "services.api.labels.\"com.example.x\"=yes",
        "--set",
        "services.api.volumes=[four:/four]",
        "--set",
        "services.new=null",
        "--set",
        "services.api.port=9000",
        "--set",
        "services.api.port=9001",
        "--set",
        "services.api.publish=80",
    ];
    let (folder, run) = generate(TOP, &settings);
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    let compose = compose(folder.path());
    let api = &compose["services"]["api"];
    assert_eq!(api["environment"]["API__DB_URL"], "${API__DB_URL:-sqlite:///data/other.db}");
    assert_eq!(api["environment"]["A"], "1.10");
    assert_eq!(api["labels"]["com.example.x"], "yes");
    assert_eq!(api["ports"][0], "127.0.0.1:80:9001", "the last setting wins");
    assert!(compose["services"].get("new").is_none());
    assert!(compose["services"].get("postgres").is_none());
}

#[test]
fn faults_in_settings_are_shown_in_the_argument() {
    let (folder, run) = generate(TOP, &["--set", "services.api.port=99999", "--set", "services.api.prot=1"]);
    assert_eq!(run.status.code(), Some(3));
    let text = stderr(&run);
    assert!(text.contains(" --> --set:1:19\n") && text.contains("1 | services.api.port=99999\n"), "{text}");
    assert!(text.contains("unknown key `prot` in a service") && text.contains("did you mean `port`?"), "{text}");
    assert!(!folder.path().join("docker-compose.yml").exists());

    let (_, run) = generate(TOP, &["--set", "services.api.publish=80", "--set", "services.new.publish=80"]);
    let text = stderr(&run);
    assert!(text.contains("but the service has no `port` of its own") && text.contains("--> --set:1:"), "{text}");

    for argument in ["nonsense", "=x", "a..b=1"] {
        let (_, run) = generate(TOP, &["--set", argument]);
        assert_eq!(run.status.code(), Some(2), "{argument}");
        assert!(stderr(&run).contains("expected PATH=VALUE behind `--set`"), "{}", stderr(&run));
    }
    let (_, run) = generate(TOP, &["--set", "extends=./base.yaml"]);
    assert!(stderr(&run).contains("`--set` can't change what a profile extends"), "{}", stderr(&run));
}

#[test]
fn a_fault_is_shown_in_the_layer_that_wrote_it() {
    let (_, run) = generate(&TOP.replace("data/other.db", "other.db"), &[]);
    let text = stderr(&run);
    assert!(text.contains("--> top.yaml:10:25") && text.contains("::: base.yaml:11:11"), "{text}");
}
