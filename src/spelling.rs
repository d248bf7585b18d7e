//! Knows how a user's text is shown in a message, and which known word it comes nearest to.
//! Must not know which message.

/// Longer texts are cut: a message must stay readable.
const SHOWN: usize = 60;

/// So many known words are looked at: each of many unknown ones is compared with all of them.
const CANDIDATES: usize = 200;

/// Longer words are not compared: it takes their lengths multiplied.
const COMPARED: usize = 256;

/// The text in backticks; control characters and characters that reorder a line are shown as escapes.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN).map(visible).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}

/// A text of several lines without characters that steer a terminal or reorder a line.
#[must_use]
pub fn harmless(text: &str) -> String {
    text.chars().map(|c| if matches!(c, '\n' | '\t') { c.to_string() } else { visible(c) }).collect()
}

/// A text as one line: without line ends and other characters that steer a terminal or reorder a line.
#[must_use]
pub fn on_one_line(text: &str) -> String {
    text.chars().map(visible).collect()
}

fn visible(character: char) -> String {
    if character.is_control() || is_bidirectional(character) {
        character.escape_unicode().to_string()
    } else {
        character.to_string()
    }
}

/// The characters of <https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters>.
fn is_bidirectional(character: char) -> bool {
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
        .filter(|(distance, candidate)| *distance <= 1 + text.len().min(candidate.len()) / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate);
    by_edits.or_else(|| abbreviated(text, candidates))
}

/// The one candidate that `text` begins, as `prod` begins `production`.
fn abbreviated<'a>(text: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut longer = candidates.into_iter().filter(|candidate| text.len() >= 3 && candidate.starts_with(text));
    let first = longer.next();
    if longer.next().is_none() { first } else { None }
}

/// A word that can be pasted into a shell.
#[must_use]
pub fn shell_word(text: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || "_-./@%+=,:".contains(c);
    if text.starts_with('-') {
        // as it stands it would be an option
        shell_word(&format!("./{text}"))
    } else if !text.is_empty() && text.chars().all(bare) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
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
        assert_eq!(nearest("prod", ["development", "production"]), Some("production"));
        assert_eq!(nearest("post", ["postgres", "postmaster"]), None);
    }

    #[test]
    fn what_could_disturb_a_terminal_is_escaped() {
        assert_eq!(quoted("a\u{1b}[31m\u{202e}b"), r"`a\u{1b}[31m\u{202e}b`");
        assert_eq!(quoted(&"x".repeat(61)), format!("`{}…`", "x".repeat(60)));
    }
}
