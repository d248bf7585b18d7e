//! All that is compared, each alone: what were dropped from the comparison would change untold, and nothing else finds it.

use super::*;

/// Each key of a service, as it may differ alone, and where that is found.
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
