//! Every kind of value in every kind of file, and the borders of what stands without quotes.

use super::*;

#[test]
fn a_shell_word_is_one_word() {
    let bare = "_-./:@%+=";
    for character in ' '..='~' {
        let text = format!("a{character}");
        let is_bare = character.is_ascii_alphanumeric() || bare.contains(character);
        assert_eq!(shell_word(&text).unwrap() == text, is_bare, "{text}");
    }
    assert_eq!(shell_word("it's $x").unwrap(), r"'it'\''s $x'");
    assert_eq!(shell_word("-x").unwrap(), "'-x'");
    assert_eq!(shell_word("").unwrap(), "''");
    assert_eq!(shell_word("é").unwrap(), "'é'");
    assert_eq!(shell_word("esac").unwrap(), "'esac'");
    assert_eq!(shell_word("a\u{2028}'b").unwrap(), r"$'a\342\200\250\'b'");
    assert!(shell_word("a\0b").is_err());
}

#[test]
fn every_kind_of_value_is_written_by_the_rules_of_its_file() {
    let text = || Value::from("it's $5");
    for (value, dotenv, shell) in [
        (text(), None, Some(r"'it'\''s $5'")),
        (Value::from("a b"), Some("'a b'"), Some("'a b'")),
        (Value::from(5432), Some("5432"), Some("5432")),
        (Value::from_iter(["a", "b"]), None, None),
        (Value::from(true), None, None),
        (Value::from(()), None, None),
        (verbatim("it's $5: x".to_owned()), Some("it's $5: x"), Some("it's $5: x")),
    ] {
        let written = |dialect| formatted(dialect, &value).ok();
        assert_eq!(written(Dialect::Dotenv).as_deref(), dotenv, "{value}");
        assert_eq!(written(Dialect::Shell).as_deref(), shell, "{value}");
    }
}

#[test]
fn the_template_engine_knows_each_kind_of_file_by_its_name() {
    let names = [Dialect::Dotenv, Dialect::Shell].map(Dialect::name);
    assert_eq!(names, ["dotenv", "shell"]);
}

#[test]
fn a_text_that_templates_test_for_counts_as_there() {
    assert!(verbatim(String::new()).is_true());
}

#[test]
fn words_of_a_comment_stay_on_its_line() {
    assert_eq!(formatted(Dialect::Dotenv, &comment("a\nB=1\r")).unwrap(), "a?B=1?");
}
