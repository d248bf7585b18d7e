//! What is the same, what is meant to change, and what must not.

use std::collections::BTreeSet;

use super::*;
use crate::resolve::resolved;
use crate::yaml;

mod server;

const PLAIN: &str =
    "format: 1\nproject: shop\nstage: development\nservices: { api: { image: 'api:1' }, web: { image: 'web:1' } }\n";

const SERVER: &str = "format: 1\nproject: shop\nstage: development\npostgres: { user: shop, image: 'postgres:16', access: shared \
                      }\nservices: { api: { image: 'api:1', data: './data:/app/data', database: { postgres: shop, sqlite: \
                      data/x.db } }, web: { image: 'web:1' } }\nengine: postgres\n";

/// Other files of the folder.
const FILES: [(&str, &str); 4] = [
    ("shop.env", "POSTGRES_USER=shop\nPOSTGRES_DB=shop\n"),
    ("late.env", "POSTGRES_DB=late\n"),
    ("refers.env", "B=${A}\n"),
    ("pw.txt", "pw\n"),
];

fn judged(profile: &str, server: Option<&str>, before: (&str, &str), after: (&str, &str)) -> Verdict {
    let deployment = resolved(profile);
    let keys: BTreeSet<String> = deployment.dotenv_keys().names().into_iter().map(str::to_owned).collect();
    let roots = [before.0, after.0].map(|text| yaml::read(text).unwrap());
    let [today, later] = [(before.0, &roots[0]), (after.0, &roots[1])].map(|(text, root)| [Layer { text, root }]);
    let proof = Proof {
        before: Side { layers: &today, dotenv: before.1 },
        after: Side { layers: &later, dotenv: after.1 },
        folder: "shop",
        home: "deploy/live",
        files: &|path| FILES.iter().find(|(known, _)| *known == path).map(|(_, text)| (*text).to_owned()),
        server,
        deployment: &deployment,
        keys: &keys,
        unset: &BTreeSet::new(),
    };
    proof.verdict().unwrap()
}

/// The verdict on one service, `api`, of which the keys differ.
fn of_keys(before: &str, after: &str, dotenv: &str) -> Verdict {
    let file = |keys: &str| {
        format!("services: {{ api: {{ image: 'api:1', {keys} }}, web: {{ image: 'web:1' }} }}\nvolumes: {{ v: }}\n")
    };
    judged(PLAIN, None, (&file(before), dotenv), (&file(after), dotenv))
}

fn faults(verdict: &Verdict) -> Vec<String> {
    verdict.faults.iter().map(|fault| format!("{} {}", fault.service().unwrap_or_default(), fault.key())).collect()
}

#[test]
fn two_spellings_are_no_difference() {
    for (before, after) in [
        ("environment: [A=1, 'B=${HOME}']", "environment: { A: 1, B: '$HOME' }"),
        ("ports: ['80:80']", "ports: [{ target: 80, published: '80' }]"),
        ("environment: { A: '${A}' }", "environment: { A: '${A:-}' }"),
        ("environment: { A: '${A:?x}' }", "environment: { A: '${A:?y}' }"),
        ("command: 'run ${SET}'", "command: [run, '${SET}']"),
        ("environment: [SET]", "environment: { SET: '${SET:?x}' }"),
        ("volumes: ['${HOME}/a:/a']", "volumes: ['${HOME}/a/:/a']"),
        ("volumes: ['../a:/a']", "volumes: ['../../deploy/a:/a']"),
        ("build: ../a", "build: ../../deploy/a"),
        ("build: 'https://a/b.git'", "build: { context: 'https://a/b.git' }"),
    ] {
        assert_eq!(of_keys(before, after, "SET=1\n"), Verdict::default(), "{before} {after}");
    }
}

#[test]
fn a_value_that_stands_there_now_is_told_and_what_only_the_shell_knows_is_a_fault() {
    for (before, after) in [
        ("command: 'run ${SET}'", "command: run 1"),
        ("command: 'run ${NONE:-d}'", "command: run d"),
        ("command: 'run ${SET:-d}'", "command: run 1"),
    ] {
        let verdict = of_keys(before, after, "SET=1\n");
        assert_eq!(faults(&verdict), [""; 0], "{before}");
        let frozen: Vec<_> = verdict.frozen.iter().map(|it| (it.service.as_str(), it.key.as_str())).collect();
        assert_eq!(frozen, [("api", "command")], "{before}");
    }
    for (before, after, fault) in [
        ("volumes: ['${HOME}/a:/a']", "volumes: ['/a:/a']", "api volumes"),
        ("command: 'run ${USER}'", "command: run", "api command"),
        ("command: 'run ${USER:+x}'", "command: run", "api command"),
        ("environment: { A: '${USER}' }", "environment: { A: '' }", "api environment.A"),
        ("environment: { A: '${USER?no}' }", "environment: { A: '' }", "api environment.A"),
        ("environment: [USER]", "{}", "api environment.USER"),
        ("environment: { A: x }", "environment: { A: '${A:-x}' }", "api environment.A"),
        ("environment: { A: '${A-x}' }", "environment: { A: '${B-x}' }", "api environment.A"),
    ] {
        let after = after.trim_start_matches("{}");
        assert_eq!(faults(&of_keys(before, after, "SET=1\n")), [fault], "{before}");
    }
}

#[test]
fn whatever_else_differs_is_a_fault() {
    for (before, after, expected) in [
        ("command: a", "command: b", "api command"),
        ("restart: always", "x-a: 1", "api restart"),
        ("ports: ['80:80']", "ports: ['127.0.0.1:80:80']", "api ports.all:80:80/tcp"),
        ("ports: ['80:80']", "ports: ['0.0.0.0:80:80']", "api ports.all:80:80/tcp"),
        ("labels: { a: 1 }", "labels: {}", "api labels.a"),
        ("networks: { default: { aliases: [x] } }", "x-a: 1", "api networks.default.aliases"),
        (
            "depends_on: { web: { condition: service_started, restart: true } }",
            "depends_on: [web]",
            "api depends_on.web.restart",
        ),
        ("volumes: ['v:/v']", "volumes: ['v:/v:ro']", "api volumes./v.read_only"),
        ("profiles: [p]", "x-a: 1", "api profiles"),
        ("anything: { a: [1] }", "anything: { a: [2] }", "api anything.a"),
        ("working_dir: /a", "working_dir: /b", "api working_dir"),
        ("x-a: 1", "working_dir: /b", "api working_dir"),
        ("x-a: 1", "stop_grace_period: 2m", "api stop_grace_period"),
        ("x-a: 1", "environment: { A__DB_URL: x }", "api environment.A__DB_URL"),
        ("x-a: 1", "depends_on: [postgres-ensure]", "api depends_on.postgres-ensure"),
    ] {
        let verdict = of_keys(before, after, "");
        assert!(faults(&verdict).iter().any(|fault| fault == expected), "{before}: {:?}", faults(&verdict));
        assert!(verdict.improvements.is_empty() && verdict.frozen.is_empty(), "{before}");
    }
    let named = |name: &str| format!("name: {name}\nservices: {{ api: {{ image: a }} }}\n");
    let verdict = judged(PLAIN, None, (&named("a"), ""), (&named("b"), ""));
    assert!(faults(&verdict).contains(&" project".to_owned()), "{:?}", faults(&verdict));
}

/// Each key of a service that is compared, as it may differ alone, and where. Nothing else finds it: a key that were dropped
/// from the comparison would change untold.
const COMPARED: [(&str, &str, &str); 43] = [
    ("annotations: { a: 1 }", "annotations: { a: 2 }", "annotations.a"),
    ("build: ./a", "build: ./b", "build.context"),
    ("build: { context: ., args: { A: 1 } }", "build: { context: ., args: { A: 2 } }", "build.args.A"),
    ("build: { context: ., target: a }", "build: { context: . }", "build.target"),
    ("cap_add: [A]", "cap_add: [B]", "cap_add"),
    ("cap_drop: [ALL]", "x-a: 1", "cap_drop"),
    ("command: [a, b]", "command: [a, c]", "command"),
    ("configs: [c]", "configs: [{ source: c, target: /d }]", "configs./c"),
    ("container_name: a", "container_name: b", "container_name"),
    ("cpus: 1", "cpus: 2", "cpus"),
    (
        "deploy: { placement: { constraints: [a] } }",
        "deploy: { placement: { constraints: [b] } }",
        "deploy.placement.constraints",
    ),
    ("depends_on: [web]", "x-a: 1", "depends_on.web"),
    ("depends_on: { web: { condition: service_healthy } }", "depends_on: [web]", "depends_on.web.condition"),
    ("devices: ['/dev/a:/dev/a']", "devices: ['/dev/b:/dev/b']", "devices"),
    ("dns: 1.1.1.1", "dns: 1.1.1.2", "dns"),
    ("entrypoint: [a]", "entrypoint: [b]", "entrypoint"),
    ("env_file: late.env", "x-a: 1", "env_file"),
    ("environment: { A: 1 }", "environment: { A: 2 }", "environment.A"),
    ("environment: { A: }", "environment: { A: '' }", "environment.A"),
    ("expose: [80]", "expose: [81]", "expose"),
    ("extra_hosts: ['a:1.1.1.1']", "extra_hosts: ['a:1.1.1.2']", "extra_hosts"),
    ("healthcheck: { test: a }", "healthcheck: { test: b }", "healthcheck.test"),
    ("healthcheck: { test: a, interval: 5s }", "healthcheck: { test: a }", "healthcheck.interval"),
    ("hostname: a", "hostname: b", "hostname"),
    ("image: 'api:1'", "image: 'api:2'", "image"),
    ("labels: { a: 1 }", "labels: { a: 2 }", "labels.a"),
    ("links: [web]", "x-a: 1", "links"),
    ("logging: { driver: none }", "x-a: 1", "logging.driver"),
    ("mem_limit: 1g", "mem_limit: 2g", "mem_limit"),
    ("networks: { default: { aliases: [x] } }", "networks: { default: { aliases: [y] } }", "networks.default.aliases"),
    ("pids_limit: 1", "pids_limit: 2", "pids_limit"),
    ("ports: ['80:80']", "ports: ['80:80', '81:81']", "ports.all:81:81/tcp"),
    ("privileged: true", "x-a: 1", "privileged"),
    ("profiles: [a]", "profiles: [b]", "profiles"),
    ("read_only: true", "x-a: 1", "read_only"),
    ("restart: always", "restart: unless-stopped", "restart"),
    ("secrets: [s]", "secrets: [{ source: s, mode: 256 }]", "secrets./run/secrets/s.mode"),
    ("stop_grace_period: 1m", "stop_grace_period: 2m", "stop_grace_period"),
    ("tmpfs: /a", "tmpfs: /b", "tmpfs"),
    ("ulimits: { nofile: 1 }", "ulimits: { nofile: 2 }", "ulimits.nofile.hard"),
    ("user: a", "user: b", "user"),
    ("volumes: ['v:/a']", "volumes: ['w:/a']", "volumes./a.source"),
    ("working_dir: /a", "working_dir: /b", "working_dir"),
];

#[test]
fn every_key_of_a_service_is_compared() {
    let file = |keys: &str| {
        let image = if keys.starts_with("image") { "" } else { "image: 'api:1', " };
        format!(
            "services: {{ api: {{ {image}{keys} }}, web: {{ image: 'web:1', volumes: ['v:/v', 'w:/w'], secrets: [s], configs: [c], \
             healthcheck: {{ test: x }} }} }}\nvolumes: {{ v: , w: }}\nsecrets: {{ s: {{ file: ./s }} }}\nconfigs: {{ c: {{ file: \
             ./c }} }}\n"
        )
    };
    for (one, other, expected) in COMPARED {
        for (before, after) in [(one, other), (other, one)] {
            let verdict = judged(PLAIN, None, (&file(before), ""), (&file(after), ""));
            let found = faults(&verdict);
            assert!(found.contains(&format!("api {expected}")), "{before} {after}: {found:?}");
            assert!(found.iter().all(|found| found.starts_with("api ")), "{before} {after}: {found:?}");
            assert_eq!((verdict.improvements.len(), verdict.frozen.len()), (0, 0), "{before} {after}");
        }
        assert_eq!(judged(PLAIN, None, (&file(one), ""), (&file(one), "")), Verdict::default(), "{one}");
    }
}

#[test]
fn every_part_of_a_file_is_compared() {
    const SERVICES: &str = "services: { api: { image: a, volumes: ['v:/v'], networks: [n], secrets: [s], configs: [c] }, web: { image: \
                            w } }\nnetworks: { n: NETWORK }\nvolumes: { v: VOLUME }\nsecrets: { s: SECRET }\nconfigs: { c: CONFIG }\n";
    let usual = [("NETWORK", "{}"), ("VOLUME", "{}"), ("SECRET", "{ file: ./s }"), ("CONFIG", "{ file: ./c }")];
    let file = |part: &str, text: &str| {
        let changed = usual.map(|(name, usual)| (name, if name == part { text } else { usual }));
        changed.iter().fold(SERVICES.to_owned(), |file, (name, text)| file.replace(name, text))
    };
    for (part, text, expected) in [
        ("NETWORK", "{ internal: true }", "networks.n.internal"),
        ("NETWORK", "{ name: other }", "networks.n.name"),
        ("NETWORK", "{ driver: overlay }", "networks.n.driver"),
        ("VOLUME", "{ driver_opts: { type: nfs } }", "volumes.shop_v.driver_opts"),
        ("SECRET", "{ file: ./t }", "secrets.s.file"),
        ("SECRET", "{ environment: S }", "secrets.s.environment"),
        ("CONFIG", "{ content: text }", "configs.c.content"),
    ] {
        let (one, other) = (file("", ""), file(part, text));
        for (before, after) in [(&one, &other), (&other, &one)] {
            let found = faults(&judged(PLAIN, None, (before, ""), (after, "")));
            assert!(found.contains(&format!(" {expected}")), "{part} {text}: {found:?}");
        }
    }
    let (one, other) = (file("", ""), file("VOLUME", "{ name: other }"));
    let found = faults(&judged(PLAIN, None, (&one, ""), (&other, "")));
    for expected in [" volumes.shop_v", " volumes.other", "api volumes./v.source"] {
        assert!(found.contains(&expected.to_owned()), "{expected}: {found:?}");
    }
    let (one, other) = ("services: { api: { image: a }, web: { image: w } }", "services: { api: { image: a } }");
    assert_eq!(faults(&judged(PLAIN, None, (one, ""), (other, ""))), ["web "]);
    assert_eq!(faults(&judged(PLAIN, None, (other, ""), (one, ""))), ["web "]);
}

/// What files give counts as what stands there: another value of a file, or another file, is a difference.
#[test]
fn what_files_of_variables_give_is_compared() {
    let with = |keys: &str| format!("services: {{ api: {{ image: 'api:1', {keys} }}, web: {{ image: 'web:1' }} }}\n");
    let judged = |before: &str, after: &str, [today, later]: [&str; 2]| {
        faults(&judged(PLAIN, None, (&with(before), today), (&with(after), later)))
    };
    let both = "env_file: [shop.env, late.env]";
    let same = "environment: { POSTGRES_USER: shop, POSTGRES_DB: late }, ";
    assert_eq!(judged(both, &format!("{same}{both}"), ["", ""]), [""; 0]);
    let other = both.replace("late.env", "refers.env");
    assert_eq!(judged(both, &other, ["A=1\n", "A=1\n"]), ["api env_file"], "another file");
    let refers = "environment: { B: '' }, env_file: '${FILE:-refers.env}'";
    assert_eq!(judged(refers, refers, ["A=1\n", "A=1\n"]), [""; 0]);
    let refers = refers.replace("environment: { B: '' }, ", "");
    assert_eq!(judged(&refers, &refers, ["A=1\n", "A=2\n"]), ["api environment.B"], "its lines refer to .env");
}

const BEFORE: &str = "services:\n  api:\n    image: api:1\n    environment: { API__DB_URL: 'postgresql+asyncpg://shop:pw@db/shop', HOST: db \
                      }\n    volumes: ['./data:/app/data']\n    depends_on: [db]\n  web: { image: 'web:1' }\n  db:\n    image: \
                      postgres:16\n    environment: { POSTGRES_USER: shop, POSTGRES_PASSWORD: '${POSTGRES_PASSWORD}' }\n    volumes: \
                      ['pg:/var/lib/postgresql/data']\nvolumes: { pg: { name: shop_data } }\n";

const AFTER: &str = "name: shop\nservices:\n  api:\n    image: api:1\n    working_dir: /app\n    environment: { API__DB_URL: \
                     '${API__DB_URL:-x}', HOST: postgres }\n    volumes: ['./data:/app/data']\n    depends_on: { postgres-ensure: { \
                     condition: service_completed_successfully } }\n    networks: [default, database]\n  web: { image: 'web:1' }\n  \
                     postgres:\n    image: postgres:16\n    environment: { POSTGRES_USER: shop, POSTGRES_PASSWORD: \
                     '${POSTGRES_PASSWORD:?x}', POSTGRES_DB: shop }\n    volumes: ['data:/var/lib/postgresql/data', \
                     'postgres-socket:/var/run/postgresql']\n    healthcheck: { test: x }\n    stop_grace_period: 2m\n    shm_size: \
                     256mb\n    networks: { default: { aliases: [db] }, database: { aliases: [db] } }\n  postgres-ensure: { image: \
                     'postgres:16', network_mode: none }\nvolumes: { data: , postgres-socket: }\nnetworks: { database: { internal: \
                     true } }\n";

const DOTENV: (&str, &str) =
    ("POSTGRES_PASSWORD=pw\n", "POSTGRES_PASSWORD=pw\nAPI__DB_URL=postgresql+asyncpg://shop:pw@postgres:5432/shop\n");

#[test]
fn a_server_that_becomes_the_profiles_is_a_listed_improvement() {
    let verdict = judged(SERVER, Some("db"), (BEFORE, DOTENV.0), (AFTER, DOTENV.1));
    assert_eq!(faults(&verdict), [""; 0]);
    let told: Vec<_> = verdict.improvements.keys().copied().collect();
    let expected =
        [Improvement::Server, Improvement::Ensure, Improvement::Url, Improvement::Connection, Improvement::Folder];
    assert_eq!(told, expected);
    assert_eq!(verdict.frozen, BTreeSet::new());
}

#[test]
fn what_a_server_loses_on_the_way_is_a_fault() {
    for (text, other, fault) in [
        ("default: { aliases: [db] }, ", "", "postgres networks"),
        ("POSTGRES_DB: shop", "POSTGRES_DB: other", "postgres environment.POSTGRES_DB"),
        ("POSTGRES_USER: shop", "POSTGRES_USER: other", "postgres environment.POSTGRES_USER"),
        ("image: postgres:16\n", "image: postgres:17\n", "postgres image"),
        ("volumes: { data: ,", "volumes: { data: { name: other },", "postgres volumes./var/lib/postgresql/data.source"),
        ("HOST: postgres", "HOST: other", "api environment.HOST"),
        ("default, database]", "database]", "api networks"),
        ("web: { image: 'web:1' }", "web: { image: 'web:1', depends_on: [postgres] }", "web depends_on.postgres"),
        ("shm_size", "restart: always\n    shm_size", "postgres restart"),
    ] {
        let after = AFTER.replace(text, other);
        assert_ne!(after, AFTER, "{text}");
        let found = faults(&judged(SERVER, Some("db"), (BEFORE, DOTENV.0), (&after, DOTENV.1)));
        assert!(
            found.iter().any(|found| found == fault || found.starts_with(&format!("{fault}."))),
            "{text}: {found:?}"
        );
    }
    for dotenv in [DOTENV.1.replace(":pw@", ":other@"), DOTENV.1.replace("5432/shop", "5432/other"), String::new()] {
        let found = faults(&judged(SERVER, Some("db"), (BEFORE, DOTENV.0), (AFTER, &dotenv)));
        assert!(found.contains(&"api environment.API__DB_URL".to_owned()), "{dotenv}: {found:?}");
    }
    let restarted =
        BEFORE.replace("depends_on: [db]", "depends_on: { db: { condition: service_started, restart: true } }");
    let found = faults(&judged(SERVER, Some("db"), (&restarted, DOTENV.0), (AFTER, DOTENV.1)));
    assert_eq!(found, ["api depends_on.postgres"]);
    let named = AFTER.replace("HOST: postgres", "HOST: db").replace("{ aliases: [db] }", "{}");
    let found = faults(&judged(SERVER, Some("db"), (BEFORE, DOTENV.0), (&named, DOTENV.1)));
    assert_eq!(found, ["api networks"], "the server is no longer found by its name");
}

#[test]
fn who_gets_all_of_dotenv_gets_what_is_written_there_and_nothing_else() {
    let file = |more: &str| {
        format!("services: {{ api: {{ image: 'api:1', env_file: .env{more} }}, web: {{ image: 'web:1' }} }}\n")
    };
    let server = SERVER.replace("postgres: shop, ", "").replace("engine: postgres", "engine: sqlite");
    let dotenv = |more: &str| format!("A=1\nAPI__DB_URL=sqlite:///data/x.db\n{more}");
    let judged = |before: &str, after: &str| judged(&server, None, (&file(""), before), (&file(""), after));
    let verdict = judged("A=1\n", &dotenv(""));
    assert_eq!(faults(&verdict), [""; 0]);
    assert!(verdict.improvements.contains_key(&Improvement::Dotenv));
    assert_eq!(faults(&judged(&dotenv(""), &dotenv("OTHER=1\n"))), ["api environment.OTHER"]);
    assert_eq!(faults(&judged(&dotenv(""), &dotenv("").replace("A=1", "A=2"))), ["api environment.A"]);
}

#[test]
fn a_reference_may_stand_for_the_value_of_a_secret_and_for_nothing_else() {
    let said = |dotenv: &str, after: &str| {
        let text = |word: &str| format!("command: [run, 'a {word} b', $$x]");
        of_keys(&text("s3cret-value"), &text(after), dotenv)
    };
    let verdict = said("R_PASSWORD=s3cret-value\n", "${R_PASSWORD}");
    assert_eq!(faults(&verdict), [""; 0]);
    assert!(verdict.improvements.contains_key(&Improvement::Reference));
    for (dotenv, after) in [
        ("R_NAME=s3cret-value\n", "${R_NAME}"),
        ("R_PASSWORD=another-value\n", "${R_PASSWORD}"),
        ("R_PASSWORD=s3cret-value\n", "${OTHER-${R_PASSWORD}}"),
        ("R_PASSWORD=s3cret\n", "${R_PASSWORD}-value"),
    ] {
        assert_eq!(faults(&said(dotenv, after)), ["api command"], "{dotenv} {after}");
    }
}
