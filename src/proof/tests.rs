//! What is the same, what is meant to change, and what must not.

use std::collections::BTreeSet;

use super::*;
use crate::resolve::resolved;
use crate::yaml;

mod compared;
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
