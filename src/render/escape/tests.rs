//! Every kind of value in every kind of file, and the borders of what stands without quotes.

use super::*;

const HOSTILE: [&str; 24] = [
    "",
    "a: b # c",
    "*x",
    "yes",
    "0777",
    "1e3",
    "$HOME",
    "`id`",
    "$(id)",
    "'",
    "\"",
    "\\",
    "a\nb",
    "\u{85}",
    "😀",
    "é",
    "~",
    "null",
    "- a",
    "1.10",
    "{a}",
    "..",
    "a:",
    "\u{feff}x",
];

#[test]
fn yaml_reads_every_literal_back() {
    for text in HOSTILE {
        let written = formatted(Dialect::Compose, &Value::from(text)).unwrap();
        let document = format!("key: {written}\n");
        let read: serde_yaml::Value = serde_yaml::from_str(&document).unwrap();
        assert_eq!(read["key"].as_str(), Some(text.replace('$', "$$").as_str()), "{document}");
    }
}

#[test]
fn no_character_that_some_reader_takes_for_a_line_end_stands_raw() {
    for character in ['\u{85}', '\u{2028}', '\u{2029}', '\u{feff}', '\u{7f}', '\u{fffe}', '\u{10ffff}', '\u{1}'] {
        let written = double_quoted(&format!("a{character}b"));
        assert!(written.is_ascii(), "{written}");
        let read: serde_yaml::Value = serde_yaml::from_str(&written).unwrap();
        assert_eq!(read.as_str(), Some(format!("a{character}b").as_str()));
    }
}

#[test]
fn references_are_read_back_whatever_their_default_holds() {
    for text in ["${A}", "${A:-x}", "${A:-a: b}", "${A:-a #b}", "${A:-a\"b}", "x${A}", "${A}:", "${A:-a}#b}"] {
        let written = formatted(Dialect::Compose, &interpolated(text.to_owned())).unwrap();
        let read: serde_yaml::Value = serde_yaml::from_str(&format!("key: {written}\n")).unwrap();
        assert_eq!(read["key"].as_str(), Some(text), "{written}");
    }
}

#[test]
fn words_that_need_no_quotes_have_none() {
    for text in [
        "codelab",
        "./data:/app/data",
        "../x",
        ".env",
        "postgres:16-alpine",
        "/app",
        "_",
        "a_-./:@+1",
        "z",
        "././a",
        "yess",
    ] {
        assert_eq!(yaml_scalar(text), text);
    }
    for text in
        ["..", "..x", ".5", "._", "._1", "12:30", "a:", "-a", "@a", "+a", ":a", "a b", "a,b", "a#b", "é", "~", "", "."]
    {
        assert!(yaml_scalar(text).starts_with('"'), "{text}");
    }
    for word in ["true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf"] {
        for text in [word.to_owned(), word.to_uppercase(), format!(".{word}")] {
            assert!(yaml_scalar(&text).starts_with('"'), "{text}");
        }
    }
}

#[test]
fn a_number_stands_bare_only_with_a_unit_of_compose() {
    for unit in ["us", "ms", "s", "m", "h", "k", "g", "kb", "mb", "gb", "b"] {
        let text = format!("30{unit}");
        assert_eq!(yaml_scalar(&text), text);
        assert!(yaml_scalar(&format!("0{text}")).starts_with('"'), "0{text}");
    }
    for text in ["30", "0b", "1e3", "0x1", "30d", "30 s", "1.5g"] {
        assert!(yaml_scalar(text).starts_with('"'), "{text}");
    }
    assert!(is_quantity("1s") && !is_quantity("s"));
}

#[test]
fn a_reference_stands_bare_where_nothing_in_it_is_special() {
    for text in ["${A}", "${A:-x}", "${A:?B is missing}", "${A:+./-@%= '}", "${A}/${B}"] {
        assert_eq!(yaml_reference(text), text);
    }
    for text in ["${A:-a: b}", "${A:-a#b}", "${A:-\"}", "x${A}", "${A}x", "${A:-é}", "${A:-\n}", "$A}"] {
        assert!(yaml_reference(text).starts_with('"'), "{text}");
    }
}

#[test]
fn what_yaml_calls_printable_stays_and_everything_else_is_written_by_its_number() {
    for (text, written) in [
        ("\"\\\n\t\r", r#""\"\\\n\t\r""#),
        ("\u{1}\u{7f}\u{85}", r#""\u0001\u007f\u0085""#),
        ("\u{fdcf}\u{fdd0}\u{fdef}\u{fdf0}", "\"\u{fdcf}\\ufdd0\\ufdef\u{fdf0}\""),
        ("\u{2027}\u{2028}\u{2029}\u{202a}", "\"\u{2027}\\u2028\\u2029\\u202a\""),
        ("\u{ad}\u{200b}\u{2010}⚠\u{fe0f}\u{e0041}", "\"\\u00ad\\u200b\u{2010}⚠\u{fe0f}\\U000e0041\""),
        ("\u{fefe}\u{feff}\u{ff00}", "\"\u{fefe}\\ufeff\u{ff00}\""),
        ("\u{fffd}\u{fffe}\u{ffff}\u{10000}", "\"\u{fffd}\\ufffe\\uffff\u{10000}\""),
        ("\u{1fffd}\u{1fffe}\u{1ffff}\u{20000}", "\"\u{1fffd}\\U0001fffe\\U0001ffff\u{20000}\""),
        ("é😀", "\"é😀\""),
    ] {
        assert_eq!(double_quoted(text), written);
    }
}

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
    let list = || Value::from_iter(["a", "$b"]);
    for (value, dotenv, compose, shell) in [
        (text(), None, Some("\"it's $$5\""), Some(r"'it'\''s $5'")),
        (Value::from("a b"), Some("'a b'"), Some("\"a b\""), Some("'a b'")),
        (Value::from(5432), Some("5432"), Some("5432"), Some("5432")),
        (list(), None, Some(r#"["a", "$$b"]"#), None),
        (Value::from_iter([1, 2]), None, None, None),
        (Value::from(true), None, None, None),
        (Value::from(()), None, None, None),
        (verbatim("it's $5: x".to_owned()), Some("it's $5: x"), Some("it's $5: x"), Some("it's $5: x")),
        (interpolated("${A:-b: c}".to_owned()), Some("${A:-b: c}"), Some("\"${A:-b: c}\""), None),
    ] {
        let written = |dialect| formatted(dialect, &value).ok();
        assert_eq!(written(Dialect::Dotenv).as_deref(), dotenv, "{value}");
        assert_eq!(written(Dialect::Compose).as_deref(), compose, "{value}");
        assert_eq!(written(Dialect::Shell).as_deref(), shell, "{value}");
    }
}

#[test]
fn the_template_engine_knows_each_kind_of_file_by_its_name() {
    let names = [Dialect::Dotenv, Dialect::Compose, Dialect::Shell].map(Dialect::name);
    assert_eq!(names, ["dotenv", "compose", "shell"]);
}

#[test]
fn a_text_that_templates_test_for_counts_as_there() {
    assert!(verbatim(String::new()).is_true() && interpolated("x".to_owned()).is_true());
}

#[test]
fn words_of_a_comment_stay_on_its_line() {
    assert_eq!(formatted(Dialect::Dotenv, &comment("a\nB=1\r")).unwrap(), "a?B=1?");
}
