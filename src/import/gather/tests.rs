//! What becomes of several files, as Compose reads them.

use super::*;
use crate::import::files::ComposeFile;
use crate::profile::Raw;

fn files(main: &[(&str, &str)], named: &[(&str, &str)]) -> Files {
    let file = |(way, text): &(&str, &str)| ComposeFile { way: (*way).to_owned(), text: (*text).to_owned() };
    Files::new(main.iter().map(file).collect(), named.iter().map(file).collect())
}

/// The files are the same as one that is written by hand.
fn assert_one(main: &[(&str, &str)], named: &[(&str, &str)], one: &str) {
    let files = files(main, named);
    let found = tree(&files).unwrap_or_else(|faults| panic!("{one}: {:?}", faults[0].message));
    let one = yaml::read(one).unwrap();
    assert_eq!(format!("{:?}", Raw::of(&found)), format!("{:?}", Raw::of(&one)));
}

fn refused(main: &[(&str, &str)], named: &[(&str, &str)]) -> String {
    let files = files(main, named);
    let faults = tree(&files).err().unwrap_or_default();
    assert_eq!(faults.len(), 1);
    assert_eq!(faults[0].help, WAY_OUT);
    faults[0].message.clone()
}

#[test]
fn one_file_comes_upon_the_other() {
    let base = "services:\n  a:\n    image: a:1\n    command: [x, y]\n    environment: [A=1, B]\n    ports: ['1:1']\n    volumes: \
                ['./x:/data', 'v:/w']\n    depends_on: [b]\n    build: .\n    env_file: a.env\n    healthcheck: { test: a, retries: 3 \
                }\n    logging: { driver: x, options: { o: 1 } }\n    networks: [n]\n";
    let over = "services:\n  a:\n    image: a:2\n    command: z\n    environment: { B: 2, C: 3 }\n    ports: ['2:2', '1:1']\n    \
                volumes: [{ type: volume, source: w, target: /data/ }]\n    depends_on: { c: { condition: service_healthy } }\n    \
                build: { target: t }\n    env_file: [b.env]\n    healthcheck: { test: [b] }\n    logging: { driver: y }\n    networks: \
                { n: { aliases: [m] } }\n    restart:\n  b: { image: b }\nvolumes: { v: }\n";
    let one = "services:\n  a:\n    image: a:2\n    command: z\n    environment: { A: '1', B: 2, C: 3 }\n    ports: ['1:1', \
               '2:2']\n    volumes: [{ type: volume, source: w, target: /data/ }, 'v:/w']\n    depends_on: { b: { condition: \
               service_started }, c: { condition: service_healthy } }\n    build: { context: ., target: t }\n    env_file: [a.env, \
               b.env]\n    healthcheck: { test: [b], retries: 3 }\n    logging: { driver: y }\n    networks: { n: { aliases: [m] } \
               }\n    restart:\n  b: { image: b }\nvolumes: { v: }\n";
    assert_one(&[("a.yml", base), ("b.yml", over)], &[], one);
    let message = refused(&[("a.yml", base), ("b.yml", "services: { a: { ports: { x: 1 } } }\n")], &[]);
    assert!(message.starts_with("`ports` is in two forms"), "{message}");
}

#[test]
fn services_extend_others_here_and_in_other_files() {
    let main = "services:\n  a: { extends: base, environment: { B: 2 } }\n  base: { image: b, environment: { A: 1 } }\n  c: { extends: { \
                file: deploy/common.yml, service: worker }, command: go }\n";
    let common = "services:\n  worker: { extends: root }\n  root: { build: ./app, volumes: ['./d:/d', 'v:/v', '/e:/e'], env_file: \
                  [w.env], restart: always }\n";
    let one = "services:\n  a: { image: b, environment: { A: 1, B: 2 } }\n  base: { image: b, environment: { A: 1 } }\n  c: { build: \
               ./deploy/app, volumes: ['./deploy/d:/d', 'v:/v', '/e:/e'], env_file: [./deploy/w.env], restart: always, command: go }\n";
    assert_one(&[("docker-compose.yml", main)], &[("deploy/common.yml", common)], one);
    for (service, told) in [
        ("extends: a", "by way of itself"),
        ("extends: none", "extends `none`, which is not known"),
        ("extends: { file: none.yml, service: x }", "extends `x`, which is not known"),
        ("extends: { file: '${X}.yml', service: x }", "extends `x`, which is not known"),
        ("extends: { file: deploy/common.yml, service: worker }", "whose paths follow variables"),
    ] {
        let main = format!("services: {{ a: {{ {service} }} }}\n");
        let named = common.replace("'./d:/d'", "'${D}:/d'");
        let message = refused(&[("docker-compose.yml", &main)], &[("deploy/common.yml", &named)]);
        assert!(message.contains(told), "{message}");
    }
}

#[test]
fn files_include_others() {
    let main = "include: [db/db.yml, { path: [x.yml] }]\nservices: { a: { image: a } }\n";
    let db = "name: other\ninclude: [./deep.yml]\nservices: { db: { image: d, volumes: ['./i:/i:ro'] } }\nvolumes: { pg: }\nsecrets: \
              { s: { file: s.txt } }\n";
    let named = [
        ("db/db.yml", db),
        ("db/deep.yml", "services: { deep: { build: . } }\n"),
        ("x.yml", "services: { x: { image: x } }\n"),
    ];
    let one = "services: { a: { image: a }, db: { image: d, volumes: ['./db/i:/i:ro'] }, deep: { build: ./db }, x: { image: x } \
               }\nvolumes: { pg: }\nsecrets: { s: { file: ./db/s.txt } }\n";
    assert_one(&[("docker-compose.yml", main)], &named, one);
    for (main, told) in [
        ("include: [none.yml]\nservices: {}\n", "includes `none.yml`, which is not known"),
        ("include: [{ path: x.yml, env_file: x.env }]\nservices: {}\n", "variables of its own"),
        ("include: [x.yml]\nservices: { x: { image: y } }\n", "includes `x`, which is in this file as well"),
        ("include: [docker-compose.yml]\nservices: {}\n", "includes itself"),
    ] {
        let message = refused(&[("docker-compose.yml", main)], &named);
        assert!(message.contains(told), "{message}");
    }
}

#[test]
fn a_fault_of_any_file_is_told_in_its_place() {
    let files = files(&[("a.yml", "services: {}\n"), ("b.yml", "services: [\n")], &[]);
    let faults = tree(&files).err().unwrap_or_default();
    let Place::Span(_, span) = &faults[0].primary.place else { panic!() };
    assert_eq!(files.locate(span).0, 1);
}
