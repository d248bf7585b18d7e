//! Knows how a text that somebody else wrote is shown: in a message, on a line, to a shell, to a program that reads
//! JSON; and which known word it comes nearest to. Must not know which message.

mod word;

use std::path::Path;

pub use word::{escaped_word, shell_word};

/// Longer texts are cut: a message must stay readable.
const SHOWN: usize = 60;

/// So many known words are looked at: each of many unknown ones is compared with all of them.
const CANDIDATES: usize = 200;

/// Longer words are not compared: it takes their lengths multiplied.
const COMPARED: usize = 256;

/// The text in backticks; control characters and characters that are not seen are shown as escapes.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN).map(visible).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}

/// A path for people. What a shell is to take goes through [`shell_word`] instead.
#[must_use]
pub fn path(path: &Path) -> String {
    on_one_line(&raw_path(path))
}

/// A path as a text, as it is: to be compared, recorded or given to a program.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "here every other path goes through")]
pub fn raw_path(path: impl AsRef<Path>) -> String {
    path.as_ref().to_string_lossy().into_owned()
}

/// A text of several lines without characters that steer a terminal, reorder a line or are not seen.
#[must_use]
pub fn harmless(text: &str) -> String {
    text.chars().map(|c| if matches!(c, '\n' | '\t') { c.to_string() } else { visible(c) }).collect()
}

/// A text as one line: without line ends and the other characters that [`harmless`] shows as escapes.
#[must_use]
pub fn on_one_line(text: &str) -> String {
    text.chars().map(visible).collect()
}

/// A text as words of a comment in a file: on one line, and a `?` in place of each character that is not seen.
#[must_use]
pub fn comment(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || is_hidden(c) { '?' } else { c }).collect()
}

/// A text without what the runner of GitHub Actions takes for a command in any line of any program: `::` and a name behind
/// nothing but blanks, and `##[` anywhere
/// (<https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs>).
#[must_use]
pub fn without_commands(text: &str) -> String {
    let inert = |line: &str| match line.trim_start().strip_prefix("::") {
        // a drawing of faults has `:::` before a second file
        Some(behind) if !behind.starts_with(':') => {
            let blanks = line.len() - line.trim_start().len();
            format!("{}\\u{{3a}}:{behind}", line.get(..blanks).unwrap_or_default())
        }
        Some(_) | None => line.to_owned(),
    };
    text.split_inclusive('\n').map(inert).collect::<String>().replace("##[", "##\\u{5b}")
}

/// The text of a JSON document, whose texts hold nothing that is not seen or that the runner of GitHub Actions takes for a
/// command: JSON has an escape for every character.
#[must_use]
pub fn visible_json(json: &str) -> String {
    let mut visible = String::with_capacity(json.len());
    for character in json.chars() {
        if character != '\n' && (character.is_control() || is_hidden(character)) {
            let mut units = [0; 2];
            visible.extend(character.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            visible.push(character);
        }
    }
    visible.replace("##[", "##\\u005b")
}

fn visible(character: char) -> String {
    if character.is_control() || is_hidden(character) {
        character.escape_unicode().to_string()
    } else {
        character.to_string()
    }
}

/// Whether a character is not seen, or changes the order in which others are: what Unicode ignores where it can't show
/// it (`Default_Ignorable_Code_Point`), separators of lines, and marks of annotations. The two selectors that choose between
/// the looks of an emoji are not among them.
#[must_use]
pub fn is_hidden(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0d}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether a character reorders a line
/// (<https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters>).
#[must_use]
pub fn is_bidirectional(character: char) -> bool {
    matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The candidate that is most likely meant by `text`, if one is near enough.
#[must_use]
pub fn nearest<'a>(text: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let candidates: Vec<&str> = candidates.into_iter().take(CANDIDATES).collect();
    let by_edits = candidates
        .iter()
        .copied()
        .filter(|candidate| text.len().max(candidate.len()) <= COMPARED)
        .map(|candidate| (strsim::damerau_levenshtein(text, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= differing(text.len().min(candidate.len())))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate);
    by_edits.or_else(|| abbreviated(text, candidates))
}

/// How many letters of a word may be wrong: two of four make another word.
fn differing(length: usize) -> usize {
    if length <= 4 { 1 } else { 1 + length / 4 }
}

/// The one candidate that `text` begins, as `prod` begins `production`.
fn abbreviated<'a>(text: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut longer = candidates.into_iter().filter(|candidate| text.len() >= 3 && candidate.starts_with(text));
    let first = longer.next();
    if longer.next().is_none() { first } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_and_far_ones_are_not() {
        assert_eq!(nearest("prot", ["port", "publish"]), Some("port"));
        assert_eq!(nearest("postgress", ["sqlite", "postgres"]), Some("postgres"));
        assert_eq!(nearest("mysql", ["sqlite", "postgres"]), None);
        assert_eq!(nearest("x", ["port"]), None);
        assert_eq!(nearest("nope", ["topn", "rope"]), Some("rope"));
        assert_eq!(nearest("nope", ["topn"]), None);
        assert_eq!(nearest("prod", ["development", "production"]), Some("production"));
        assert_eq!(nearest("post", ["postgres", "postmaster"]), None);
    }

    #[test]
    fn what_could_disturb_a_terminal_is_escaped() {
        assert_eq!(quoted("a\u{1b}[31m\u{202e}b"), r"`a\u{1b}[31m\u{202e}b`");
        assert_eq!(quoted(&"x".repeat(61)), format!("`{}…`", "x".repeat(60)));
        assert_eq!(path(Path::new("a\n\u{200b}\u{e0041}b")), r"a\u{a}\u{200b}\u{e0041}b");
        assert_eq!(harmless("a\n\tb\r\u{feff}⚠\u{fe0f}"), "a\n\tb\\u{d}\\u{feff}⚠\u{fe0f}");
    }

    #[test]
    fn no_line_is_a_command_of_github_actions() {
        assert_eq!(without_commands("a::b\n::error::x\n"), "a::b\n\\u{3a}:error::x\n");
        assert_eq!(without_commands("\t\u{2003}::x"), "\t\u{2003}\\u{3a}:x");
        assert_eq!(without_commands(" ::: a.yaml:1:1\n"), " ::: a.yaml:1:1\n");
        assert_eq!(without_commands("3 | ##[group]x ###[x"), "3 | ##\\u{5b}group]x ###\\u{5b}x");
    }

    #[test]
    fn json_says_the_same_without_a_hidden_character() {
        let json = serde_json::json!(["a\u{7f}\u{9b}\u{202e}\u{e0041}\\\u{200b}", "\\##[error]x"]);
        let text = visible_json(&json.to_string());
        assert!(!text.contains(|c: char| c.is_control() || is_hidden(c)) && !text.contains("##["), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), json);
    }
}
