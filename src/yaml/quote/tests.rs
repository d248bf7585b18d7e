//! The borders of what stands without quotes, and every kind of character within them.

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

fn double_quoted(text: &str) -> String {
    let mut quoted = String::new();
    in_quotes(text, &mut quoted);
    quoted
}

#[test]
fn yaml_reads_every_text_back() {
    for text in HOSTILE {
        let document = format!("key: {}\n", as_needed(text));
        let read: serde_yaml::Value = serde_yaml::from_str(&document).unwrap();
        assert_eq!(read["key"].as_str(), Some(text), "{document}");
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
        assert_eq!(as_needed(text), text);
    }
    for text in
        ["..", "..x", ".5", "._", "._1", "12:30", "a:", "-a", "@a", "+a", ":a", "a b", "a,b", "a#b", "é", "~", "", "."]
    {
        assert!(as_needed(text).starts_with('"'), "{text}");
    }
    for word in ["true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf"] {
        for text in [word.to_owned(), word.to_uppercase(), format!(".{word}")] {
            assert!(as_needed(&text).starts_with('"'), "{text}");
        }
    }
}

#[test]
fn a_number_stands_bare_only_with_a_unit_of_compose() {
    for unit in ["us", "ms", "s", "m", "h", "k", "g", "kb", "mb", "gb", "b"] {
        let text = format!("30{unit}");
        assert_eq!(as_needed(&text), text);
        assert!(as_needed(&format!("0{text}")).starts_with('"'), "0{text}");
    }
    for text in ["30", "0b", "1e3", "0x1", "30d", "30 s", "1.5g"] {
        assert!(as_needed(text).starts_with('"'), "{text}");
    }
    assert!(is_quantity("1s") && !is_quantity("s"));
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
