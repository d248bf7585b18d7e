//! Every form of a line, and what is none of them.

use super::*;

fn read_back(value: &str) -> String {
    let written = format!("KEY={}\nNEXT=1\n", quote(value).unwrap());
    let entries = read(&written).unwrap_or_else(|line| panic!("{written}: {line:?}"));
    assert_eq!(entries.len(), 2, "{written}");
    entries.into_iter().next().unwrap().value
}

#[test]
fn each_value_gets_the_simplest_form() {
    for (value, form) in [
        ("", ""),
        ("aZ9!%*+,./:=?@^_{}[]-", "aZ9!%*+,./:=?@^_{}[]-"),
        ("a b", "'a b'"),
        ("a$b", "'a$b'"),
        ("a\\b", "'a\\b'"),
        ("~", "'~'"),
        ("two\nlines", "'two\nlines'"),
        ("é", "'é'"),
        ("it's", "\"it's\""),
        ("it's \"q\"", "\"it's \\\"q\\\"\""),
        ("a'b\\c", "\"a'b\\\\c\""),
    ] {
        assert_eq!(quote(value).as_deref(), Ok(form));
        assert_eq!(read_back(value), value);
    }
}

#[test]
fn only_characters_that_no_reader_treats_specially_stand_bare() {
    let special = " \t\n\"#$&'();<>\\`|~";
    for character in (' '..='~').chain(['\t', '\n', '\u{a0}', 'é']) {
        let value = character.to_string();
        let quoted = quote(&value).is_ok_and(|form| form != value);
        let refused = quote(&value).is_err();
        assert_eq!(quoted || refused, special.contains(character) || !character.is_ascii(), "{character:?}");
    }
}

#[test]
fn what_readers_disagree_on_is_refused_with_the_reason_and_without_showing_it() {
    let reference = "it holds `${`, which python-dotenv expands even in single quotes";
    let dollar = "it holds a single quote or double backslash together with `$`";
    let backtick = "it holds a single quote or double backslash together with a backtick";
    for (value, what) in [
        ("a\rb", "it holds a carriage return"),
        ("a\u{200b}b", "it holds a character that is not seen, such as U+200B"),
        ("\u{202e}", "it holds a character that is not seen, such as U+200B"),
        ("a⚠\u{fe0f}b", ""),
        ("a\0b", "it holds the character NUL"),
        ("a${X}b", reference),
        ("} ${", ""),
        ("} ${ }", reference),
        ("${X", ""),
        ("it's $5", dollar),
        ("a\\\\b$", dollar),
        ("it's `x`", backtick),
        ("a\\\\b`", backtick),
        ("`$'", dollar),
        ("a'b\\", "it ends with a backslash"),
        ("a\\\\b\\", "it ends with a backslash"),
        ("x\\", "it ends with a backslash"),
        ("x\\`", ""),
        ("it's \\", "it ends with a backslash"),
    ] {
        let refused = quote(value).err();
        assert_eq!(refused.as_ref().map_or("", |unwritable| unwritable.what), what, "{value:?}");
        if let Some(unwritable) = refused {
            assert!(!unwritable.to_string().contains(value), "{unwritable}");
        }
    }
}

#[test]
fn a_key_is_of_capital_letters_digits_and_underscores_with_no_digit_first() {
    for character in '!'..='~' {
        let is_first = read(&format!("{character}=1\n")).is_ok_and(|entries| !entries.is_empty());
        assert_eq!(is_first, character.is_ascii_uppercase() || character == '_', "{character} first");
        let is_next = read(&format!("A{character}=1\n")).is_ok_and(|entries| entries[0].key.len() == 2);
        let is_word = character.is_ascii_uppercase() || character.is_ascii_digit() || character == '_';
        assert_eq!(is_next, is_word, "{character} behind it");
    }
}

#[test]
fn every_form_of_a_value_is_read_with_the_line_that_it_starts_on() {
    let text = "A=1\n\n# B=2\nC='two\nlines'\nD=\"it's \\\"q\\\" \\\\\nand more\"\nE=\nF=\"\"\nG='last'";
    let read: Vec<_> =
        read(text).unwrap_or_default().into_iter().map(|entry| (entry.line, entry.key, entry.value)).collect();
    let expected = [
        (1, "A", "1"),
        (4, "C", "two\nlines"),
        (6, "D", "it's \"q\" \\\nand more"),
        (8, "E", ""),
        (9, "F", ""),
        (10, "G", "last"),
    ];
    assert_eq!(read, expected.map(|(line, key, value)| (line, key.to_owned(), value.to_owned())));
}

#[test]
fn what_is_none_of_the_forms_is_an_odd_line() {
    for value in
        ["'open", "'a'b", "'a' # b", "\"open", "\"a\"b", "\"\\n\"", "\"\\", "\"$a\"", "\"`a\"", "a b", "a'", "$a", "~"]
    {
        assert_eq!(read(&format!("A=1\nB={value}\n")).err(), Some(OddLine(2)), "{value}");
    }
}

#[test]
fn a_reference_of_the_example_is_no_odd_line() {
    let entries = read("A=x://u:${POSTGRES_PASSWORD}@h\n").unwrap_or_default();
    assert_eq!(entries[0].value, "x://u:${POSTGRES_PASSWORD}@h");
    assert!(read("A=${B}x${C_2}\n").is_ok());
    for odd in ["A=${x}\n", "A=${B\n", "A=$B\n", "A=${}\n", "A=${1}\n", "A=${B}${c}\n", "A=~${B}\n", "A=${B}~\n"] {
        assert!(read(odd).is_err(), "{odd}");
    }
}

#[test]
fn odd_lines_are_told_by_number() {
    for (text, line) in [("A=1\nexport B=2\n", 2), ("A='x\n\ny'\nB=a b\n", 4), ("# c\nA\n", 2), ("A=\"$x\"\n", 1)] {
        assert_eq!(read(text).err(), Some(OddLine(line)), "{text}");
    }
}

#[test]
fn a_block_is_found_between_its_marks() {
    let text = "MINE=1\n# >>> codelab-gen: x\nA=1\n# <<< codelab-gen\nALSO=2\n";
    let split = split(text).unwrap();
    assert_eq!(split.before, "MINE=1\n");
    assert_eq!(split.block, "# >>> codelab-gen: x\nA=1\n# <<< codelab-gen\n");
    assert_eq!(split.after, "ALSO=2\n");
    let text = "# >>> codelab-gen: x\nA='one\n# <<< codelab-gen\n# >>> codelab-gen: y\n'\n# <<< codelab-gen\nB=2\n";
    assert_eq!(super::split(text).map(|split| split.after), Some("B=2\n"), "marks in a value are no marks");
    let (start, end) = ("# >>> codelab-gen: x\n", "# <<< codelab-gen\n");
    for broken in [
        "A=1\n",
        start,
        end,
        &format!("{end}{start}"),
        &format!("{start}{start}{end}"),
        &format!("{start}{end}{end}"),
        &format!("{start}{end}{start}{end}"),
        &format!("{start} {end}"),
        &format!("A=1 {start}{end}"),
    ] {
        assert_eq!(super::split(broken), None, "{broken}");
    }
    let unfinished = format!("{start}A=1\n{}  ", end.trim_end());
    let whole = Split { before: "", block: &unfinished, after: "" };
    assert_eq!(super::split(&unfinished), Some(whole), "the last line may end anyhow");
}

#[test]
fn a_users_lines_are_taken_apart_without_a_loss() {
    let text = "# A=1\nB=1\n export C = 2\nD: 3\n\nno key\nE='two\nF=lines'\nG=\"x\\n\" # y\nlast";
    let parts = user_parts(text).unwrap_or_default();
    assert_eq!(parts.iter().map(|part| part.text).collect::<String>(), text);
    let keys: Vec<_> = parts.iter().filter_map(|part| Some((part.line, part.key?, part.value.as_deref()))).collect();
    let expected =
        [(2, "B", Some("1")), (3, "C", None), (4, "D", None), (7, "E", Some("two\nF=lines")), (9, "G", None)];
    assert_eq!(keys, expected);
    assert_eq!(user_parts("A=1\nB=\"it \\z\nC=2\n").err(), Some(OddLine(2)));
}

#[test]
fn the_key_of_a_users_line_is_what_any_reader_sees() {
    for (line, key) in [
        ("A=1", Some("A")),
        ("a.b-c=1", Some("a.b-c")),
        ("\u{feff} \tA=1", Some("A")),
        ("export A=1", Some("A")),
        ("export  A=1", Some("A")),
        ("exportA=1", Some("exportA")),
        ("A : 1", Some("A")),
        ("A: b=1", Some("A")),
        ("A=b: 1", Some("A")),
        ("#A=1", None),
        (" # A=1", None),
        ("=1", None),
        (" : 1", None),
        ("A", None),
        ("", None),
    ] {
        assert_eq!(key_of(line), key, "{line:?}");
    }
}

#[test]
fn a_quote_without_a_partner_on_its_line_is_refused_where_a_key_stands_before_it() {
    for (text, line) in [
        ("A=1\nb='open\n", Some(2)),
        ("A='x\ny'\nb=\"open\n", Some(3)),
        ("export B: \"open\n", Some(1)),
        ("A='o'p'en\n", None),
        ("b='closed'\n", None),
        ("b=\"a' b\" 'c\n", None),
        ("b=it's\n", None),
        ("# b='open\n", None),
        ("'open\n", None),
        ("b=\n", None),
    ] {
        assert_eq!(user_parts(text).err(), line.map(OddLine), "{text}");
    }
}
