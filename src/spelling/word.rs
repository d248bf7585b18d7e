//! Knows how a word is written for the shell that a user pastes it into. Must not know the command around it.

use std::ffi::OsStr;

use super::is_hidden;

/// A word that can be pasted into a shell, and means the same bytes there. One with characters that steer a terminal, are
/// not seen, or begin a command of GitHub Actions, is written in the quotes of bash and zsh that have escapes for them.
#[must_use]
pub fn shell_word(word: impl AsRef<OsStr>) -> String {
    let word = word.as_ref();
    let Some(text) = word.to_str() else { return escaped_word(word.as_encoded_bytes()) };
    let bare = |c: char| c.is_ascii_alphanumeric() || "_-./@%+=,:".contains(c);
    if text.starts_with('-') {
        // as it stands it would be an option
        shell_word(format!("./{text}"))
    } else if text.contains(|c: char| c.is_control() || is_hidden(c)) || text.contains("##[") {
        escaped_word(text.as_bytes())
    } else if !text.is_empty() && text.chars().all(bare) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// A word as `$'…'`, byte by byte: an escape for a character would depend on the locale.
#[must_use]
pub fn escaped_word(bytes: &[u8]) -> String {
    let byte = |byte: &u8| match byte {
        b'\\' | b'\'' => format!("\\{}", char::from(*byte)),
        b' '..=b'~' => char::from(*byte).to_string(),
        _ => format!("\\{byte:03o}"),
    };
    format!("$'{}'", bytes.iter().map(byte).collect::<String>().replace("##[", r"##\133"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_the_word_that_was_meant() {
        for word in
            ["", "a b", "it's", "a\n::error::x", "\u{1b}[8m\u{202e}1\\'$(id)`id`!", "é\u{200b}9", "$'x'", "\r", "##[x]"]
        {
            let said = std::process::Command::new("bash")
                .args(["-c", &format!("printf '%s|' {}", shell_word(word))])
                .output()
                .unwrap();
            assert_eq!(String::from_utf8(said.stdout).unwrap(), format!("{word}|"));
            let written = shell_word(word);
            assert!(
                !written.contains(|c: char| c.is_control() || is_hidden(c)) && !written.contains("##["),
                "{written}"
            );
        }
        assert_eq!(shell_word("-rf"), "./-rf");
    }
}
