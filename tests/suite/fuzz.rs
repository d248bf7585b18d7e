//! Anything at all as a profile: the program ends by itself, within its limits, with an exit code of its table.
//!
//! `CODELAB_GEN_FUZZ_CASES=20000 cargo test --release --test suite fuzz` runs long, and within one second a profile.

use std::io::Write as _;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError};
use serde_json::Value;

use crate::support::cases;

/// Seconds of processor time, after which a run is killed; a program that is not optimized is some thirty times slower.
const SECONDS: u32 = if cfg!(debug_assertions) { 20 } else { 1 };

/// Kibibytes of address space: beyond it an allocation fails, which ends the run by a signal.
const KIBIBYTES: u32 = 256 * 1024;

/// A profile of every section, to be changed at random.
const WHOLE: &str = include_str!("../golden/every-field.yaml");

fn config() -> Config {
    let cases = cases("CODELAB_GEN_FUZZ_CASES", 40, 5000);
    Config { cases, failure_persistence: None, ..Config::default() }
}

/// Runs parse, resolve, render and plan on a profile from standard input. Nothing is written.
fn run(profile: &[u8]) -> Result<(), TestCaseError> {
    let folder = tempfile::tempdir().unwrap();
    let limited = format!("ulimit -t {SECONDS}; ulimit -v {KIBIBYTES}; exec \"$0\" --profile - --check --out none");
    let mut child = Command::new("sh")
        .args(["-c", &limited, env!("CARGO_BIN_EXE_codelab-gen")])
        .current_dir(folder.path())
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // a program that does not read to the end closes the pipe
    let _ = child.stdin.take().unwrap().write_all(profile);
    let output = child.wait_with_output().unwrap();
    let code = output.status.code();
    let told = String::from_utf8_lossy(&output.stderr);
    prop_assert!(matches!(code, Some(1..=3)), "{}: {told}", output.status);
    prop_assert!(code != Some(2) || told.contains("the path of the profile"), "{told}");
    prop_assert!(!told.contains("panicked"), "{told}");
    prop_assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    Ok(())
}

/// Values that lie on the borders of what fields take.
fn odd_value() -> impl Strategy<Value = Value> {
    let texts = [
        "",
        " ",
        "a",
        "A",
        "0",
        "-1",
        "65536",
        "1.10",
        "0777",
        "yes",
        "null",
        "~",
        "x-",
        "a:b",
        "./a:/b",
        "${A}",
        "$",
        "\n",
        "\u{0}",
        "\u{1b}",
        "\u{202e}",
        "é",
        "a b",
        "..",
        "/",
        "127.0.0.1:80",
        "[::]:80",
        "postgres:16",
        "sqlite",
        "postgres",
        "production",
        "{ a: b }",
        "'",
        "\"",
        "\\",
        "#",
        "%",
        "@sha256:",
        "verify-full",
        "generate",
    ];
    prop_oneof![
        prop::sample::select(texts.to_vec()).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
        Just(serde_json::json!([])),
        Just(serde_json::json!({})),
        "\\PC{0,300}".prop_map(Value::from),
        (1..60_usize).prop_map(|depth| (0..depth).fold(Value::from("deep"), |inner, _| serde_json::json!([inner]))),
    ]
}

/// What is done to one place of a profile.
#[derive(Debug, Clone)]
enum Mutation {
    Replace(Value),
    Remove,
    Rename(String),
    Repeat(usize),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        4 => odd_value().prop_map(Mutation::Replace),
        2 => Just(Mutation::Remove),
        2 => prop_oneof![Just("x-mine".to_owned()), Just("engine".to_owned()), "[a-zA-Z_-]{0,70}"].prop_map(Mutation::Rename),
        1 => (1..200_usize).prop_map(Mutation::Repeat),
    ]
}

/// Changes the place that `pick` leads to, from the top down.
fn mutate(value: &mut Value, pick: &mut impl Iterator<Item = usize>, mutation: &Mutation) {
    let Value::Object(fields) = value else { return };
    let Some(index) = pick.next().filter(|_| !fields.is_empty()) else { return };
    let key = fields.keys().nth(index % fields.len()).unwrap().clone();
    let goes_on = pick.next().is_some_and(|step| step % 3 != 0);
    if goes_on && fields[&key].is_object() {
        return mutate(&mut fields[&key], pick, mutation);
    }
    match mutation {
        Mutation::Replace(with) => drop(fields.insert(key, with.clone())),
        Mutation::Remove => drop(fields.remove(&key)),
        Mutation::Rename(name) => {
            let moved = fields.remove(&key).unwrap();
            fields.insert(name.clone(), moved);
        }
        Mutation::Repeat(count) => {
            let copied = fields[&key].clone();
            fields.extend((0..*count).map(|index| (format!("{key}-{index}"), copied.clone())));
        }
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn arbitrary_bytes_are_judged(bytes in prop::collection::vec(any::<u8>(), 0..65_536)) {
        run(&bytes)?;
    }

    #[test]
    fn a_profile_with_wrong_bytes_is_judged(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..20),
    ) {
        let mut bytes = WHOLE.as_bytes().to_vec();
        for (at, byte, what) in changes {
            let at = at.index(bytes.len());
            match what {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => drop(bytes.drain(at..(at + usize::from(byte)).min(bytes.len() - 1).max(at))),
            }
        }
        run(&bytes)?;
    }

    #[test]
    fn a_profile_with_odd_values_is_judged(
        changes in prop::collection::vec((prop::collection::vec(any::<usize>(), 2..12), mutation()), 0..5),
    ) {
        let mut profile: Value = serde_yaml::from_str(WHOLE).unwrap();
        for (way, mutation) in &changes {
            mutate(&mut profile, &mut way.iter().copied(), mutation);
        }
        run(profile.to_string().as_bytes())?;
    }
}
