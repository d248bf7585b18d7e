//! Knows how a stranger's text is put into Markdown, so that it stays a text. Must not know what it says.

/// So much of a value is told, in characters.
const SHOWN: usize = 200;

/// A text between backticks: a stranger's must not become anything else.
pub(super) fn code(text: &str) -> String {
    let plain: String = crate::spelling::on_one_line(text).replace('`', "'");
    match plain.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", plain.get(..end).unwrap_or_default()),
        None => plain,
    }
}
