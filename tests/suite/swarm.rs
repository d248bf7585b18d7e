//! Deployments on Docker Swarm, as far as their folder is concerned: the stack, `.env`, and what parts a task from its data.

use std::fs;
use std::path::Path;

use crate::support::{Finish as _, codelab_gen, read, stderr, stdout, tree};

/// A profile that both targets can run.
const PROFILE: &str = "format: 1
project: shop
stage: staging
target: swarm
engine: postgres
services:
  api:
    image: registry.example.com/api:1
    port: 8000
    data: api-data:/data
    environment: { KEY: { secret: API_KEY } }
    database: { postgres: api, sqlite: /data/api.db }
  web: { image: registry.example.com/web:1, port: 8080, publish: 'all:8080', replicas: 3 }
postgres: { image: 'postgres:17.2', user: shop, access: per_service }
secrets: { API_KEY: generate }
";

/// A project with that profile, and what it generates.
fn generated() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_profile(folder.path(), PROFILE);
    ends(folder.path(), &[], 0);
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

/// What is said of that profile with one text of it replaced.
fn said_with(from: &str, to: &str, code: i32) -> String {
    let folder = tempfile::tempdir().unwrap();
    assert!(PROFILE.contains(from), "{from}");
    write_profile(folder.path(), &PROFILE.replace(from, to));
    let (told, said) = ends(folder.path(), &[], code);
    told + &said
}

#[test]
fn a_second_run_changes_nothing_and_the_command_is_told() {
    let folder = generated();
    let before = tree(folder.path());
    let (told, said) = ends(folder.path(), &[], 0);
    assert!(told.starts_with("profile shop (profiles/shop.yaml), recorded in stack.yml\n"), "{told}");
    assert!(told.ends_with("next: bash scripts/deploy.sh\n"), "{told}");
    assert_eq!(said.matches("warning[left-out]").count(), 1, "{said}");
    assert_eq!(tree(folder.path()), before);
    assert_eq!(ends(folder.path(), &["--check"], 0).0.lines().last(), Some("as the profile says"));
    assert!(ends(folder.path(), &["--set", "services.web.replicas=2", "--check"], 1).0.contains("stack.yml"));
}

#[test]
fn a_port_is_open_to_everybody_only_where_the_profile_says_so() {
    for (publish, address) in [("8080", "127.0.0.1"), ("'10.0.0.1:8080'", "10.0.0.1"), ("'0.0.0.0:8080'", "0.0.0.0")] {
        let said = said_with("publish: 'all:8080'", &format!("publish: {publish}"), 3);
        assert!(said.contains(&format!("`{address}` is one address")), "{said}");
        assert!(said.contains("write `publish: \"all:8080\"`"), "{said}");
    }
    let said = said_with("user: shop,", "user: shop, publish: 5432,", 3);
    assert!(said.contains("`127.0.0.1` is one address"), "{said}");
    let stack = |folder: &Path| read(folder, "stack.yml");
    let folder = generated();
    assert!(stack(folder.path()).contains("        published: 8080\n        mode: ingress\n"));
    ends(folder.path(), &["--set", "swarm.ports=host"], 0);
    let text = stack(folder.path());
    assert!(text.contains("        published: 8080\n        mode: host\n"), "{text}");
    assert!(!text.contains("start-first"), "two tasks would want one port of a node: {text}");
}

#[test]
fn only_what_may_run_twice_starts_beside_the_former() {
    let folder = generated();
    let text = read(folder.path(), "stack.yml");
    let of = |service: &str| {
        let from = text.find(&format!("\n  {service}:\n")).unwrap();
        let rest = &text[from + 1..];
        rest.split("\n\n").next().unwrap().to_owned()
    };
    assert!(of("web").contains("order: start-first"));
    for service in ["api", "postgres"] {
        assert!(of(service).contains("order: stop-first") && !of(service).contains("start-first"), "{service}");
        assert!(of(service).contains("\"node.labels.shop."), "{service}");
    }
    assert!(of("api").contains("node.labels.shop.api-data == true"));
    assert!(of("postgres").contains("node.labels.shop.postgres-data == true"));
    assert!(of("postgres-ensure").contains("node.labels.shop.postgres-data == true"));
    assert!(!of("web").contains("node.labels"));
}

#[test]
fn what_parts_a_task_from_its_data_needs_consent() {
    for (from, to, kind, steps) in [
        ("project: shop", "project: other", "project", "`docker stack rm shop`"),
        ("api-data:/data", "new-data:/data", "volume", "keep `api-data` in the profile"),
        ("postgres:17.2", "postgres:18", "major", "another `postgres.volume` with `--accept volume`"),
        ("postgres:17.2", "postgres:17.2-alpine", "flavour", "`scripts/db/reindex.sh --all`"),
        ("user: shop,", "user: shop, volume: pg,", "volume", "`scripts/db/restore.sh BACKUP` on the new one"),
    ] {
        let folder = generated();
        let before = tree(&folder.path().join("scripts"));
        write_profile(folder.path(), &PROFILE.replace(from, to));
        let (told, said) = ends(folder.path(), &[], 4);
        let said = told + &said;
        assert!(said.contains(&format!("--accept {kind}")), "{to}: {said}");
        assert!(said.contains(steps), "{to}: {said}");
        assert!(!said.contains("codelab-gen upgrade") && !said.contains("docker compose"), "{to}: {said}");
        assert_eq!(tree(&folder.path().join("scripts")), before);
        ends(folder.path(), &["--accept", kind], 0);
    }
}

#[test]
fn secrets_come_along_from_compose_and_go_on_to_kubernetes() {
    let folder = tempfile::tempdir().unwrap();
    write_profile(folder.path(), PROFILE);
    ends(folder.path(), &["--set", "target=compose", "--set", "services.web.replicas=1"], 0);
    let dotenv =
        |text: String| text.lines().filter(|line| line.contains("PASSWORD=")).map(str::to_owned).collect::<Vec<_>>();
    let kept = dotenv(read(folder.path(), ".env"));
    let (told, said) = ends(folder.path(), &[], 4);
    assert!((told + &said).contains("--accept target"));
    ends(folder.path(), &["--accept", "target"], 0);
    assert_eq!(dotenv(read(folder.path(), ".env")), kept);
    assert!(folder.path().join("stack.yml").exists() && !folder.path().join("docker-compose.yml").exists());
    let (told, said) = ends(folder.path(), &["--set", "target=compose", "--set", "services.web.replicas=1"], 4);
    let said = told + &said;
    assert!(said.contains("instead of Docker Swarm") && said.contains("docker stack rm shop"), "{said}");
    let on_kubernetes =
        ["--set", "target=kubernetes", "--set", "services.api.storage=1Gi", "--set", "services.api.user='1:1'"];
    let and =
        ["--set", "services.web.user='1:1'", "--set", "services.web.publish=8080", "--set", "postgres.storage=1Gi"];
    ends(folder.path(), &[&on_kubernetes[..], &and, &["--accept", "target"]].concat(), 0);
    let password = kept.iter().find_map(|line| line.strip_prefix("POSTGRES_PASSWORD=")).unwrap();
    assert_eq!(read(folder.path(), "kubernetes/secrets/postgres_password").trim_end(), password);
}

#[test]
fn a_first_profile_is_valid_and_upgrade_names_the_way_that_there_is() {
    let folder = tempfile::tempdir().unwrap();
    ends(folder.path(), &["new", "first", "--target", "swarm"], 0);
    ends(folder.path(), &["validate", "first"], 0);
    ends(folder.path(), &["-p", "first", "--set", "engine=postgres"], 0);
    let (told, said) = ends(folder.path(), &["upgrade", "-p", "first", "--set", "engine=postgres", "--to", "18"], 2);
    let said = told + &said;
    assert!(said.contains("`target: swarm`") && said.contains("`scripts/deploy.sh`"), "{said}");
}
