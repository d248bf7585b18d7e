//! Knows how a value is written where Compose puts variables in the place of `${NAME}`, and takes `$$` for a dollar. Every
//! value of such a file is made here, so that none can forget it. Must not know which values there are.

use crate::profile::Raw;
use crate::yaml::document::Value;

/// A text that arrives as it is.
pub(super) fn literal(text: &str) -> Value {
    Value::text(text.replace('$', "$$"))
}

/// A word of ours, in which there is no dollar.
pub(super) fn word(word: &'static str) -> Value {
    Value::text(word)
}

/// A number.
pub(super) fn number(number: impl std::fmt::Display) -> Value {
    Value::number(number)
}

/// A word that is no text to Compose: a boolean.
pub(super) fn yes() -> Value {
    Value::bare("true")
}

/// The words of a command on one line, always as a list: Compose would split a text by rules of its own.
pub(super) fn command<'w>(words: impl IntoIterator<Item = &'w str>) -> Value {
    let words = words.into_iter().map(|word| Value::quoted(word.replace('$', "$$")));
    words.collect::<Value>().on_one_line()
}

/// A text in Compose's own notation. It stays without quotes where it is one reference and no more, which reads best.
pub(super) fn reference(text: String) -> Value {
    let is_reference = text.starts_with("${") && text.ends_with('}');
    let harmless = |c: char| c.is_ascii_alphanumeric() || "_${}:?+-./@%= '".contains(c);
    if is_reference && text.chars().all(harmless) && !text.contains(": ") {
        Value::bare(text)
    } else {
        Value::quoted(text)
    }
}

/// What the profile writes for Compose, where references are live.
pub(super) fn raw(raw: &Raw) -> Value {
    raw.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::document::Mapping;

    fn written(value: Value) -> String {
        Mapping::from_iter([("key", value)]).text(2).trim_end().replacen("key: ", "", 1)
    }

    #[test]
    fn a_dollar_of_a_text_is_no_reference() {
        assert_eq!(written(literal("it's $5")), "\"it's $$5\"");
        assert_eq!(written(literal("${HOME}")), "\"$${HOME}\"");
        assert_eq!(written(command(["a", "$b", "yes"])), r#"["a", "$$b", "yes"]"#);
        assert_eq!(written(raw(&Raw::text("${LOG_SIZE:-10m}"))), "\"${LOG_SIZE:-10m}\"");
    }

    #[test]
    fn references_are_read_back_whatever_their_default_holds() {
        for text in ["${A}", "${A:-x}", "${A:-a: b}", "${A:-a #b}", "${A:-a\"b}", "x${A}", "${A}:", "${A:-a}#b}"] {
            let written = written(reference(text.to_owned()));
            let read: serde_yaml::Value = serde_yaml::from_str(&format!("key: {written}\n")).unwrap();
            assert_eq!(read["key"].as_str(), Some(text), "{written}");
        }
    }

    #[test]
    fn a_reference_stands_bare_where_nothing_in_it_is_special() {
        for text in ["${A}", "${A:-x}", "${A:?B is missing}", "${A:+./-@%= '}", "${A}/${B}"] {
            assert_eq!(written(reference(text.to_owned())), text);
        }
        for text in ["${A:-a: b}", "${A:-a#b}", "${A:-\"}", "x${A}", "${A}x", "${A:-é}", "${A:-\n}", "$A}"] {
            assert!(written(reference(text.to_owned())).starts_with('"'), "{text}");
        }
    }
}
