//! What a profile gives to its services beyond the default: `explain --risks`, and the notices of pull requests.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Output;

use codelab_gen::risk::RiskKind;
use serde_json::Value;

use crate::report::document;
use crate::support::{Finish as _, assert_matches_file, codelab_gen, run, stderr, stdout};

/// A plain profile; what is put behind it is of its service where it is indented.
const PLAIN: &str = "format: 1\nproject: shop\nstage: development\nservices:\n  api:\n    image: 'shop/api:1.4'\n    \
                     port: 8000\n";

/// What a profile says at the line that ends in `# here`, or that ends the text, with what it gives.
const GIVING: &[(&str, &str)] = &[
    ("engine-socket", "    volumes: ['/var/run/docker.sock:/s']"),
    ("engine-socket", "    volumes: ['./data:/a', '/run/podman/podman.sock:/s:ro']"),
    ("engine-socket", "    volumes: ['/run/user/1000/docker.sock:/s:ro']"),
    ("engine-socket", "    volumes: ['/:/host:ro']"),
    ("engine-socket", "    volumes: ['/etc/../:/host:ro']"),
    ("engine-socket", "    data: '/var/run:/data'"),
    ("engine-socket", "    compose: { use_api_socket: true }"),
    ("privileged", "    compose: { privileged: true }"),
    ("privileged", "    compose: { privileged: '${YES:-true}' }"),
    ("privileged", "    compose: { post_start: [{ command: id, privileged: true }] }"),
    ("host-program", "    compose: { provider: { type: anything } }"),
    ("foreign-compose", "    compose: { extends: { file: other.yml, service: x } }"),
    ("foreign-compose", "compose: { include: [other.yml] }"),
    ("host-system", "    volumes: ['/etc:/host:ro']"),
    ("host-system", "    volumes: ['/root/.ssh:/host:ro']"),
    ("host-system", "    volumes: ['/var/lib:/host:ro']"),
    ("host-system", "    volumes: ['/usr/local/bin:/host']"),
    ("repository", "    volumes: ['.:/app']"),
    ("repository", "    volumes: ['./.git/hooks:/app']"),
    ("host-namespace", "    compose: { pid: host }"),
    ("host-namespace", "    compose: { network_mode: host }"),
    ("host-namespace", "    compose: { ipc: '${IPC:-host}' }"),
    ("host-namespace", "    compose: { userns_mode: host }"),
    ("host-namespace", "    compose: { cgroup: host }"),
    ("host-namespace", "    compose: { uts: host }"),
    ("unconfined", "    compose: { security_opt: ['seccomp=unconfined'] }"),
    ("unconfined", "    compose: { security_opt: ['no-new-privileges:false'] }"),
    ("device", "    compose: { devices: ['/dev/sda:/dev/sda'] }"),
    ("device", "    compose: { device_cgroup_rules: ['b 8:* rmw'] }"),
    ("host-capability", "    compose: { cap_add: [SYS_ADMIN] }"),
    ("host-capability", "    compose: { cap_add: [cap_dac_read_search] }"),
    ("host-path", "    volumes: ['/srv/other:/host']"),
    ("host-path", "    volumes: ['/etc/localtime:/etc/localtime:ro']"),
    ("host-path", "    compose: { env_file: ['/srv/other.env'] }"),
    ("host-path", "    compose: { env_file: [{ path: ~/other.env }] }"),
    ("host-system", "compose: { secrets: { a: { file: /etc/shadow } } }"),
    ("all-secrets", "    volumes: ['./.env:/e:ro']"),
    ("all-secrets", "    compose: { env_file: .env }"),
    ("build-outside", "  web: { build: ../beside }"),
    ("build-outside", "  web: { build: { context: ./web, dockerfile: ../../beside/Dockerfile } }"),
    ("environment", "    environment: { KEY: { env: AWS_SECRET_ACCESS_KEY } }"),
    ("environment", "    compose: { hostname: '${AWS_SECRET_ACCESS_KEY}' }"),
    ("environment", "compose: { configs: { a: { content: 'x $AWS_SECRET_ACCESS_KEY' } } }"),
    ("environment", "compose: { secrets: { a: { environment: AWS_SECRET_ACCESS_KEY } } }"),
    ("external-server", "postgres: { user: shop, external: { host: db.example.com } }"),
    ("logs-elsewhere", "    compose: { logging: { driver: syslog } }"),
    ("shared-namespace", "    compose: { pid: 'container:other' }"),
    ("shared-namespace", "    compose: { volumes_from: ['container:other'] }"),
    ("foreign-network", "compose: { networks: { a: { external: true } } }"),
    ("foreign-network", "compose: { networks: { a: { driver: macvlan } } }"),
    ("foreign-network", "    compose: { network_mode: bridge }"),
    ("published", "    publish: 80 # here\ntarget: kubernetes"),
    ("published", "    publish: '0.0.0.0:8000'"),
    ("published", "postgres: { image: 'postgres:16', user: shop, publish: '192.0.2.1:5433' }"),
    ("root-user", "    user: '0:0'"),
    ("root-user", "postgres: { image: 'postgres:16', user: shop, compose: { user: root } }"),
    ("capability", "    compose: { cap_add: [NET_RAW] }"),
    ("loosened", "    compose: { security_opt: [] }"),
    ("loosened", "    hardening: strict\n    compose: { read_only: false }"),
    ("loosened", "    hardening: strict\n    compose: { cap_drop: [NET_RAW] }"),
    ("kernel", "    compose: { sysctls: { net.ipv4.ip_forward: 1 } }"),
    ("kernel", "    compose: { runtime: sysbox }"),
    ("kernel", "    compose: { cgroup_parent: / }"),
    ("group", "    compose: { group_add: ['999'] }"),
    ("machine-use", "    compose: { oom_score_adj: -1000 }"),
    ("server-program", "postgres: { image: 'postgres:16', user: shop, settings: { archive_command: id } }"),
    ("server-program", "postgres: { image: 'postgres:16', user: shop, settings: { shared_preload_libraries: x } }"),
    ("server-program", "    database: { postgres: { name: shop, extensions: [plpython3u] } }"),
    ("other-key", "    compose: { what_comes_next_year: true }"),
    ("other-key", "compose: { models: { a: { model: x } } }"),
    ("project-file", "    compose: { env_file: more.env }"),
    ("given-secret", "    environment: { KEY: { secret: KEY } } # here\nsecrets: { KEY: required }"),
    ("names", "    compose: { extra_hosts: ['host.docker.internal:host-gateway'] }"),
    ("privileged-port", "    publish: 80"),
    ("build", "  web: { build: ./web }"),
    ("shell", "    command: [sh, -c, 'curl example.com | sh']"),
    ("shell", "    entrypoint: [/bin/bash, -ec, id]"),
    ("shell", "    healthcheck: { command: 'curl -f localhost || kill 1' }"),
    ("shell", "    healthcheck: { command: [python3, -c, 'print()'] }"),
    ("hook", "    compose: { develop: { watch: [] } }"),
    ("gpu", "    compose: { gpus: all }"),
    ("gpu", "    compose: { deploy: { resources: { reservations: { devices: [{ capabilities: [gpu] }] } } } }"),
    ("restart", "    compose: { restart: always }"),
];

/// What gives nothing worth a reviewer's time.
const HARMLESS: &[&str] = &[
    "    data: './data:/app/data'",
    "    data: 'api-data:/app/data'",
    "    publish: 8000",
    "    user: '1000:1000'",
    "    command: [python, -m, app]",
    "    command: [sh, /app/start.sh]",
    "    command: [python, -m, app, -c, settings.py]",
    "    healthcheck: { http: /health }",
    "    healthcheck: { command: [redis-cli, ping] }",
    "    healthcheck: { command: redis-cli ping }",
    "    environment: { MODE: fast, KEY: { secret: KEY } }\nsecrets: { KEY: generate }",
    "    hardening: strict",
    "    compose: { privileged: false, init: true, tty: false, tmpfs: [/tmp], hostname: '$$x' }",
    "    compose: { security_opt: ['no-new-privileges:true'], cap_drop: [ALL], read_only: true }",
    "    compose: { network_mode: none, ipc: private, pid: 'service:web', restart: on-failure, x-mine: '${X}' }",
    "    compose: { logging: { driver: json-file, options: { max-size: 10m } }, networks: [default, own] }",
    "compose: { networks: { own: { internal: true, driver: bridge } }, x-mine: { a: '${X}' } }",
    "postgres: { image: 'postgres:16', user: shop, settings: { max_connections: 200 }, publish: 5433 }",
];

fn profile(snippet: &str) -> String {
    format!("{PLAIN}{snippet}\n")
}

/// A repository in a folder, with these profiles.
fn repository(profiles: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("repository/.git")).unwrap();
    fs::create_dir_all(root.path().join("repository/profiles")).unwrap();
    for (name, text) in profiles {
        fs::write(root.path().join("repository/profiles").join(name), text).unwrap();
    }
    root
}

fn risks(root: &Path, arguments: &[&str]) -> Vec<Value> {
    let mut command = codelab_gen(&root.join("repository"));
    let run = command.args(["explain", "--risks", "--format", "json"]).args(arguments).finish();
    assert_eq!(run.status.code(), Some(0), "{arguments:?}: {}{}", stdout(&run), stderr(&run));
    document(&run).get("risks").and_then(Value::as_array).unwrap_or_else(|| panic!("{}", stdout(&run))).clone()
}

fn told(folder: &Path, arguments: &[&str]) -> Output {
    codelab_gen(folder).args(arguments).finish()
}

fn names(risks: &[Value]) -> Vec<&str> {
    risks.iter().map(|risk| risk["risk"].as_str().unwrap()).collect()
}

#[test]
fn each_kind_is_found_where_it_is_written() {
    let mut kinds: BTreeSet<&str> = RiskKind::ALL.iter().map(|kind| kind.as_str()).collect();
    for (kind, snippet) in GIVING {
        let text = profile(snippet);
        let root = repository(&[("a.yaml", &text)]);
        let risks = risks(root.path(), &["-p", "a"]);
        let line = text.lines().position(|line| line.ends_with("# here")).map_or(text.lines().count(), |at| at + 1);
        let is_meant = |risk: &&Value| risk["risk"] == *kind && risk["place"]["line"] == line;
        let risk = risks.iter().find(is_meant).unwrap_or_else(|| panic!("{kind} at {line}: {snippet}\n{risks:#?}"));
        assert_eq!(risk["place"]["file"], "profiles/a.yaml", "{snippet}");
        kinds.remove(kind);
    }
    assert!(kinds.is_empty(), "no profile shows {kinds:?}");
}

#[test]
fn a_plain_profile_gives_nothing() {
    for snippet in HARMLESS {
        let root = repository(&[("a.yaml", &profile(snippet))]);
        let risks = risks(root.path(), &["-p", "a"]);
        assert!(risks.is_empty(), "{snippet}\n{risks:#?}");
    }
    let root = repository(&[("a.yaml", PLAIN)]);
    let told = codelab_gen(&root.path().join("repository")).args(["explain", "--risks", "-p", "a"]).finish();
    assert_eq!(stdout(&told), "profile a (profiles/a.yaml)\nnothing beyond the default\n");
    for built_in in ["builtin:dev", "builtin:prod", "builtin:mixed"] {
        assert_eq!(names(&risks(root.path(), &["-p", built_in])), ["build", "build"], "{built_in}");
    }
}

#[test]
fn the_gravest_stands_first() {
    let text = "    build: ./api\n    user: root\n    compose: { cap_add: [NET_RAW, SYS_ADMIN], privileged: true }";
    let root = repository(&[("a.yaml", &profile(text))]);
    let risks = risks(root.path(), &["-p", "a"]);
    assert_eq!(names(&risks), ["privileged", "host-capability", "root-user", "capability", "build"]);
    let gravities: Vec<_> = risks.iter().map(|risk| risk["gravity"].as_str().unwrap()).collect();
    assert_eq!(gravities, ["high", "high", "medium", "medium", "low"]);
    assert!(RiskKind::ALL.is_sorted_by_key(|kind| kind.gravity()), "the table is in the order of gravity");
}

/// Docker follows links: a committed one is as good as the path that it leads to.
#[test]
fn links_are_followed() {
    let root = repository(&[("a.yaml", &profile("    data: './data:/app/data'"))]);
    // the folder of temporary files may be anybody's, or the system's
    let above = ["host-path", "host-system"];
    for (target, expected) in [
        ("/", &["engine-socket"][..]),
        ("/not/here/yet/docker.sock", &["engine-socket"]),
        ("/etc", &["host-system"]),
        ("..", &above),
        (".", &["repository"]),
        (".git", &["repository"]),
        (".env", &["all-secrets"]),
        ("more/data", &[]),
    ] {
        let link = root.path().join("repository/data");
        symlink(target, &link).unwrap();
        let risks = risks(root.path(), &["-p", "a"]);
        let is_expected = names(&risks).first().map_or(expected.is_empty(), |name| expected.contains(name));
        assert!(is_expected && risks.len() <= 1, "{target}: {risks:#?}");
        fs::remove_file(link).unwrap();
    }
}

#[test]
fn of_very_many_the_gravest_are_told() {
    let capabilities = vec!["NET_RAW"; 300].join(", ");
    let text = profile(&format!("    user: root\n    compose: {{ cap_add: [{capabilities}, SYS_ADMIN] }}"));
    let root = repository(&[("a.yaml", &text)]);
    let mut command = codelab_gen(&root.path().join("repository"));
    let told = document(&command.args(["explain", "--risks", "-p", "a", "--format", "json"]).finish());
    let risks = told["risks"].as_array().unwrap();
    assert_eq!((risks.len(), &told["left_out"]), (200, &102.into()));
    assert_eq!(names(risks)[..3], ["host-capability", "root-user", "capability"]);
}

#[test]
fn a_base_is_listed_and_a_setting_named() {
    let base =
        "format: 1\nproject: shop\nservices:\n  api: { image: 'a:1', port: 80, compose: { privileged: true } }\n";
    let root = repository(&[("base.yaml", base)]);
    assert_eq!(names(&risks(root.path(), &["-p", "base"])), ["privileged"]);
    let set = risks(root.path(), &["-p", "base", "--set", "services.api.compose.pid=host"]);
    assert_eq!((set[1]["risk"].as_str(), set[1]["place"]["file"].as_str()), (Some("host-namespace"), Some("--set")));
}

/// A repository whose outputs are as the profile says, which gives Docker's socket; the inherited builds are built in.
fn generated() -> tempfile::TempDir {
    let text = "format: 1\nextends: builtin:dev\nproject: shop\nout: ./deploy\nservices:\n  auth-service:\n    \
                volumes: ['/var/run/docker.sock:/s']\n    user: root\n";
    let root = repository(&[("a.yaml", text)]);
    assert_eq!(run(&root.path().join("repository"), &["-p", "a"]).status.code(), Some(0));
    root
}

#[test]
fn pull_requests_are_annotated_and_no_run_fails_for_it() {
    let root = generated();
    let repository = root.path().join("repository");
    let socket = "::notice file=profiles/a.yaml,line=7,endLine=7,col=15,endColumn=40,title=engine-socket::\
                  `services.auth-service` gets the socket of a container engine";
    for arguments in [
        &["validate", "--format", "github"][..],
        &["validate", "a", "--format", "github"],
        &["--check", "--all", "--format", "github"],
        &["--check", "-p", "a", "--format", "github"],
    ] {
        let told = told(&repository, arguments);
        let text = stdout(&told);
        assert_eq!(told.status.code(), Some(0), "{arguments:?}: {text}");
        let notices: Vec<_> = text.lines().filter(|line| line.starts_with("::notice ")).collect();
        assert_eq!(notices.len(), 2, "{arguments:?}: {text}");
        assert!(notices[0].starts_with(socket), "{arguments:?}: {text}");
        assert!(notices[1].contains("line=8,") && notices[1].contains("title=root-user::"), "{arguments:?}: {text}");
    }
    fs::write(repository.join("deploy/.env.example"), "").unwrap();
    let drifted = stdout(&told(&repository, &["--check", "--all", "--format", "github"]));
    assert!(drifted.starts_with(socket) && drifted.contains("\n::error file=deploy/.env.example"), "{drifted}");
}

#[test]
fn a_notice_is_no_warning() {
    let root = repository(&[("a.yaml", &profile("    user: root\n    compose: { env_file: more.env }"))]);
    let repository = root.path().join("repository");
    let denied = |format: &str| told(&repository, &["validate", "--deny-warnings", "--format", format]);
    for format in ["human", "json", "github", "sarif"] {
        assert_eq!(denied(format).status.code(), Some(0), "{format}");
    }
    assert_eq!(stdout(&denied("human")), "valid     profiles/a.yaml\n");
    let verdict = &document(&denied("json"))["profiles"][0];
    assert_eq!(verdict["valid"], true);
    assert_eq!(verdict["diagnostics"][0]["severity"], "notice");
    assert_eq!(verdict["diagnostics"][0]["code"], "root-user");
    let sarif: Value = serde_json::from_str(&stdout(&denied("sarif"))).unwrap();
    let run = &sarif["runs"][0];
    assert_eq!(run["results"].as_array().unwrap().len(), 2);
    for (result, kind) in run["results"].as_array().unwrap().iter().zip(["root-user", "project-file"]) {
        assert_eq!((&result["ruleId"], &result["level"]), (&kind.into(), &"note".into()));
        let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(run["tool"]["driver"]["rules"][rule]["id"], kind);
    }
}

#[test]
fn only_the_name_of_a_variable_is_told() {
    let text = "    compose: { hostname: 'a-${KEY:-hunter2}-$$B-$C' }";
    let root = repository(&[("a.yaml", &profile(text))]);
    let risks = risks(root.path(), &["-p", "a"]);
    let message = risks[0]["message"].as_str().unwrap();
    assert!(message.ends_with(": `KEY, C`"), "{message}");
}

#[test]
fn a_name_of_a_file_makes_no_line() {
    let name = "a\n::error::x\u{1b}\u{202e}.yaml";
    let root = repository(&[(name, &profile("    user: root"))]);
    let repository = root.path().join("repository");
    let path = format!("profiles/{name}");
    for (arguments, lines) in [
        (&["explain", "--risks", "-p", &path][..], 2),
        (&["validate", "--format", "github"], 1),
        (&["--check", "--format", "github", "-p", &path, "-o", "deploy"], 1),
    ] {
        let text = stdout(&told(&repository, arguments));
        let is_forged = text.lines().any(|line| line.starts_with("::error::"));
        assert!(!is_forged && !text.contains(['\u{1b}', '\u{202e}']), "{arguments:?}: {text}");
        let of_risks = text.lines().filter(|line| !line.starts_with("::error ")).count();
        assert_eq!(of_risks, lines, "{arguments:?}: {text}");
    }
}

#[test]
fn the_document_has_every_kind() {
    let mut page = "# Risks\n\nWhat a profile can give to its services beyond the default, the gravest first. \
                    `codelab-gen explain --risks` lists it, and so do\n`codelab-gen validate --format github`, `sarif` \
                    and `json`, as notices. None is a fault: the reviewer decides whether a service\nneeds it.\n\n\
                    `high`: whoever has it can take over the host. `medium`: it reaches beyond the deployment. `low`: \
                    it runs or reads what the\nproject says. Images, tags and labels are not judged: an image runs in \
                    its container.\n\n| risk | gravity | a service gets |\n|---|---|---|\n"
        .to_owned();
    for kind in RiskKind::ALL {
        writeln!(page, "| `{}` | {} | {} |", kind.as_str(), kind.gravity().as_str(), kind.gives()).unwrap();
    }
    assert_matches_file(&page, &Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/risks.md"));
}
