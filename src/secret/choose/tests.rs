//! Every place that a value comes from, and every reason to refuse it.

use super::*;
use crate::value::TextValue as _;

fn name(text: &str) -> EnvironmentKey {
    EnvironmentKey::parse(text).unwrap()
}

#[derive(Clone, Copy)]
struct World<'w> {
    dotenv: &'w [(&'w str, &'w str)],
    environment: &'w [(&'w str, &'w str)],
    /// What the file of a secret holds; nothing where it can't be read.
    file: Option<&'w str>,
    /// The byte that all random bytes are; nothing where there are none.
    random: Option<u8>,
    /// The secrets that get a new value, by a text of their names.
    rotated: &'w str,
    rotated_from_environment: bool,
    strict: bool,
    allow_weak: bool,
}

fn choose_in(world: &World<'_>, rules: &[(&str, SecretRule)]) -> Result<Secrets, Box<SecretFaults>> {
    let rules = rules.iter().map(|(key, rule)| (name(key), rule.clone())).collect();
    let dotenv = world.dotenv.iter();
    let dotenv = dotenv.filter_map(|(key, value)| Some(((*key).to_owned(), Secret::new((*value).into())?))).collect();
    let lookup = |key: &str| match world.environment.iter().find(|(known, _)| *known == key) {
        Some((_, NOT_UNICODE)) => Err(NotUnicode),
        found => Ok(found.map(|(_, value)| (*value).to_owned())),
    };
    let rotated: Vec<_> = world.rotated.split_whitespace().map(name).collect();
    let mut outside = Outside {
        stored: &dotenv,
        environment: &lookup,
        file: &|path| {
            assert_eq!(path, "./key");
            world.file.map(str::to_owned).ok_or_else(|| std::io::ErrorKind::NotFound.into())
        },
        random: &mut |bytes| {
            bytes.fill(world.random.ok_or(NoRandomness)?);
            Ok(())
        },
        rotated: &rotated,
        rotated_from_environment: world.rotated_from_environment,
        kept_in: KeptIn::Dotenv,
        judge_strength: world.strict,
        allow_weak: world.allow_weak,
    };
    choose(&rules, &mut outside)
}

/// Stands for a value that is no text.
const NOT_UNICODE: &str = "\u{fffd}";

const LENIENT: World<'_> = World {
    dotenv: &[],
    environment: &[],
    file: Some("from the file of mine\r\n"),
    random: Some(7),
    rotated: "",
    rotated_from_environment: false,
    strict: false,
    allow_weak: false,
};

fn from_file() -> SecretRule {
    SecretRule::File(crate::value::HostPath::parse("./key").unwrap())
}

/// The value of `A`, where it comes from, and otherwise the names of all faults.
fn outcome(world: &World<'_>, rule: SecretRule) -> String {
    match choose_in(world, &[("A", rule)]) {
        Ok(chosen) => {
            let ChosenSecret { secret, origin, weakness } = &chosen[&name("A")];
            format!("{origin:?} {}{}", secret.expose(), if weakness.is_some() { ", weak" } else { "" })
        }
        Err(faults) => {
            let faults = *faults;
            let refused = if faults.is_refusal() { "refused" } else { "failed" };
            let found = [
                ("disagreeing", faults.disagreeing == [name("A")]),
                ("exported", faults.exported == [name("A")]),
                ("not ours", faults.not_ours == [(name("A"), "./key".to_owned())]),
                ("only given", faults.only_given == [name("A")]),
                ("weak", faults.weak.iter().any(|(key, _)| *key == name("A"))),
                ("unwritable", faults.unwritable.iter().any(|(key, _)| *key == name("A"))),
                ("missing", faults.missing == [name("A")]),
                ("empty", faults.empty == [(name("A"), "./key".to_owned())]),
                ("unreadable", faults.unreadable.iter().any(|(key, path, _)| *key == name("A") && path == "./key")),
                ("no randomness", faults.no_randomness.is_some()),
            ];
            let found = found.into_iter().filter(|(_, is_found)| *is_found).map(|(fault, _)| fault);
            format!("{refused}: {}", found.collect::<Vec<_>>().join(", "))
        }
    }
}

#[test]
fn every_secret_has_one_value_or_one_fault() {
    const GENERATED: &str = "Generated HHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHH";
    use SecretRule::{Generate, Required};
    for (dotenv, environment, rule, expected) in [
        ("", "", Generate, GENERATED),
        ("", "", Required, "failed: missing"),
        ("", "", from_file(), "File(\"./key\") from the file of mine"),
        ("old", "", Generate, "Stored old"),
        ("old", "", Required, "Stored old"),
        ("old", "", from_file(), "File(\"./key\") from the file of mine"),
        ("", "env", Generate, "Environment env"),
        ("", "env", Required, "Environment env"),
        ("", "env", from_file(), "refused: disagreeing"),
        ("", "from the file of mine", from_file(), "File(\"./key\") from the file of mine"),
        ("old", "env", Generate, "refused: disagreeing"),
        ("old", "old", Generate, "Stored old"),
        ("old", NOT_UNICODE, Generate, "failed: unwritable"),
        ("a\rb", "", Generate, "failed: unwritable"),
        ("", "a\rb", Required, "failed: unwritable"),
    ] {
        let world = World { dotenv: &[("A", dotenv)], environment: &[("A", environment)], ..LENIENT };
        assert_eq!(outcome(&world, rule.clone()), expected, "{dotenv:?} {environment:?} {rule:?}");
    }
    assert_eq!(outcome(&World { random: None, ..LENIENT }, Generate), "failed: no randomness");
    assert_eq!(outcome(&World { file: None, ..LENIENT }, from_file()), "failed: unreadable");
    for file in ["", "\n", "\r\n"] {
        let world = World { file: Some(file), environment: &[("A", "env")], ..LENIENT };
        assert_eq!(outcome(&world, from_file()), "failed: empty", "{file:?}");
    }
}

#[test]
fn a_secret_that_is_rotated_gets_a_new_value_whatever_is_kept() {
    const GENERATED: &str = "Generated HHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHH";
    use SecretRule::{Generate, Required};
    for (environment, from_environment, rule, expected) in [
        ("", false, Generate, GENERATED),
        ("", false, Required, "refused: only given"),
        ("", true, Generate, "failed: missing"),
        ("", true, Required, "failed: missing"),
        ("env", false, Generate, "refused: exported"),
        ("env", false, Required, "refused: exported"),
        ("env", true, Generate, "Environment env"),
        ("env", true, Required, "Environment env"),
        ("env", true, from_file(), "refused: not ours"),
        ("", false, from_file(), "refused: not ours"),
    ] {
        let world = World {
            dotenv: &[("A", "old")],
            environment: &[("A", environment)],
            rotated: "A",
            rotated_from_environment: from_environment,
            ..LENIENT
        };
        assert_eq!(outcome(&world, rule.clone()), expected, "{environment:?} {from_environment} {rule:?}");
        let other = World { rotated: "B", environment: &[], ..world };
        assert_eq!(outcome(&other, Generate), "Stored old", "another one is rotated");
    }
}

#[test]
fn strength_is_judged_only_where_asked_for_and_only_of_what_somebody_gave() {
    const WEAK: &str = "password";
    let strict = World { strict: true, file: Some(WEAK), ..LENIENT };
    let stored = World { dotenv: &[("A", WEAK)], ..strict };
    let given = World { environment: &[("A", WEAK)], ..strict };
    for (world, rule, expected) in [
        (stored, SecretRule::Generate, "Stored password, weak"),
        (World { strict: false, ..stored }, SecretRule::Generate, "Stored password"),
        (World { allow_weak: true, ..stored }, SecretRule::Generate, "Stored password"),
        (given, SecretRule::Required, "refused: weak"),
        (World { strict: false, ..given }, SecretRule::Required, "Environment password"),
        (World { allow_weak: true, ..given }, SecretRule::Required, "Environment password"),
        (strict, from_file(), "refused: weak"),
        (strict, SecretRule::Generate, "Generated HHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHH"),
    ] {
        assert_eq!(outcome(&world, rule.clone()), expected, "{rule:?}");
    }
}

#[test]
fn two_values_are_refused_unless_they_are_the_same() {
    let rules = [("A", SecretRule::Generate), ("B", SecretRule::Required), ("C", SecretRule::Generate)];
    let dotenv = &[("A", "one"), ("B", "two"), ("C", "three")];
    let environment = &[("A", "other"), ("B", "two"), ("C", "another")];
    let faults = choose_in(&World { dotenv, environment, ..LENIENT }, &rules).unwrap_err();
    assert_eq!(faults.disagreeing, [name("A"), name("C")]);
}

#[test]
fn all_missing_secrets_are_named_at_once() {
    let rules = [("A", SecretRule::Required), ("B", SecretRule::Required), ("C", SecretRule::Required)];
    let world = World { dotenv: &[("B", "x")], environment: &[("A", "")], ..LENIENT };
    assert_eq!(choose_in(&world, &rules).unwrap_err().missing, [name("A"), name("C")]);
}

#[test]
fn a_weak_secret_is_refused_when_new_and_told_when_it_stands_there() {
    let rules = [("A", SecretRule::Generate), ("B", SecretRule::Generate)];
    let world = World { dotenv: &[("A", "password")], environment: &[("B", "password")], strict: true, ..LENIENT };
    let faults = choose_in(&world, &rules).unwrap_err();
    assert_eq!(faults.weak.len(), 1);
    assert_eq!(faults.weak[0].0, name("B"));
    let world = World { environment: &[], ..world };
    let chosen = choose_in(&world, &rules).unwrap();
    assert!(chosen[&name("A")].weakness.is_some());
    assert_eq!(chosen[&name("B")].weakness, None);
}

#[test]
fn a_file_loses_only_its_last_line_end() {
    for (content, value) in [("a", "a"), ("a\n", "a"), ("a\r\n", "a"), ("a\r", "a"), ("a\n\n", "a\n"), (" a \n", " a ")]
    {
        let chosen = choose_in(&World { file: Some(content), ..LENIENT }, &[("A", from_file())]).unwrap();
        assert_eq!(chosen[&name("A")].secret.expose(), value);
    }
}

#[test]
fn a_password_of_several_lines_is_refused_only_where_it_is_cut() {
    let rules = [("POSTGRES_PASSWORD", SecretRule::Generate), ("TEXT", SecretRule::Generate)];
    let world = World { environment: &[("POSTGRES_PASSWORD", "a\nb"), ("TEXT", "a\nb")], ..LENIENT };
    let faults = choose_in(&world, &rules).unwrap_err();
    assert_eq!(faults.unwritable.len(), 1);
    assert_eq!(faults.unwritable[0].0, name("POSTGRES_PASSWORD"));
}
