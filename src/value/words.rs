//! Knows how a text is split into the words of a command, as a POSIX shell splits it
//! (<https://pubs.opengroup.org/onlinepubs/9699919799/utilities/V3_chap02.html#tag_18_02>).
//! Must not know what the command is for.
//!
//! Crates that split texts (`shlex`, `shell-words`) take operators for letters and drop comments, so this is not theirs.
//! No shell sees the words. So a text in which a shell would do more than to split is either none of a command, or
//! one whose words are told to arrive as they are written.

use std::fmt;
use std::str::Chars;

/// A text as the words of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// The words, without their quotes.
    pub words: Vec<String>,
    /// The first thing in it that a shell would replace, and that arrives as it is written.
    pub unexpanded: Option<Unexpanded>,
}

/// Something that a shell would put another text in place of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unexpanded {
    /// `$NAME` and its like.
    Variable,
    /// `~` where a word begins.
    Home,
    /// `*`, `?` or `[`.
    Pattern,
    /// `NAME=value` before the program.
    Assignment,
}

/// Why a text is not the words of one command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotWords {
    /// An operator of the shell, outside of quotes.
    Operator(String),
    /// Another command whose output a shell would put there.
    Substitution(&'static str),
    /// More than one line.
    Lines,
    /// A word that begins with `#`: a shell would not read what is behind it.
    Comment,
    /// A quote that nothing closes.
    OpenQuote(char),
    /// A backslash with nothing behind it.
    Backslash,
}

/// The characters that operators of the shell consist of.
const OPERATORS: &str = ";&|<>()";

/// A quoted or escaped part of a word, as a part of a regular expression.
macro_rules! quoted {
    () => {
        r#"\\[^\x00]|'[^'\x00]*'|"(?:[^"\\`$\x00]|\\[^\x00]|\$(?!\())*""#
    };
}

/// The first part of a word.
macro_rules! first {
    () => {
        concat!("(?:", r##"[^ \t\r\n\\'"`$;&|<>()#\x00]|\$(?!\()|"##, quoted!(), ")")
    };
}

/// A further part of a word.
macro_rules! piece {
    () => {
        concat!("(?:", r#"[^ \t\r\n\\'"`$;&|<>()\x00]|\$(?!\()|"#, quoted!(), ")")
    };
}

/// The texts that are split, as a regular expression. One thing it can't say: that after a backslash at the end of a
/// line, `#` begins a word as it does after a space.
pub const WORDS_PATTERN: &str =
    concat!(r"^[ \t\r\n]*(?:", first!(), piece!(), r"*(?:[ \t]+", first!(), piece!(), r"*)*)?[ \t\r\n]*$");

/// Splits a text.
///
/// # Errors
/// Where a shell would do more than to split it, or could not read it.
pub fn split(text: &str) -> Result<Split, NotWords> {
    let mut splitter = Splitter { rest: text.chars(), words: Vec::new(), word: None, unexpanded: None };
    while let Some(character) = splitter.rest.next() {
        splitter.take(character)?;
    }
    splitter.end_word();
    Ok(Split { words: splitter.words, unexpanded: splitter.unexpanded })
}

struct Splitter<'t> {
    rest: Chars<'t>,
    words: Vec<String>,
    word: Option<String>,
    unexpanded: Option<Unexpanded>,
}

impl Splitter<'_> {
    fn take(&mut self, character: char) -> Result<(), NotWords> {
        match character {
            ' ' | '\t' => self.end_word(),
            '\n' | '\r' => return self.line_end(),
            '\\' => match self.rest.next() {
                None => return Err(NotWords::Backslash),
                Some('\n') => {}
                Some(escaped) => self.push(escaped),
            },
            '\'' => return self.single_quoted(),
            '"' => return self.double_quoted(),
            '`' => return Err(NotWords::Substitution("`")),
            '#' if self.word.is_none() => return Err(NotWords::Comment),
            operator if OPERATORS.contains(operator) => return Err(self.operator(operator)),
            '$' => return self.dollar(true),
            other => {
                self.look_for_expansion(other);
                self.push(other);
            }
        }
        Ok(())
    }

    fn push(&mut self, character: char) {
        self.word.get_or_insert_default().push(character);
    }

    fn end_word(&mut self) {
        self.words.extend(self.word.take());
    }

    /// Lines that hold nothing may stand before and behind.
    fn line_end(&mut self) -> Result<(), NotWords> {
        self.end_word();
        let is_last = self.rest.as_str().chars().all(|character| " \t\r\n".contains(character));
        if is_last || self.words.is_empty() { Ok(()) } else { Err(NotWords::Lines) }
    }

    fn single_quoted(&mut self) -> Result<(), NotWords> {
        let (quoted, behind) = self.rest.as_str().split_once('\'').ok_or(NotWords::OpenQuote('\''))?;
        self.word.get_or_insert_default().push_str(quoted);
        self.rest = behind.chars();
        Ok(())
    }

    fn double_quoted(&mut self) -> Result<(), NotWords> {
        self.word.get_or_insert_default();
        loop {
            match self.rest.next().ok_or(NotWords::OpenQuote('"'))? {
                '"' => return Ok(()),
                '`' => return Err(NotWords::Substitution("`")),
                '$' => self.dollar(false)?,
                '\\' => match self.rest.next().ok_or(NotWords::OpenQuote('"'))? {
                    '\n' => {}
                    special @ ('$' | '`' | '"' | '\\') => self.push(special),
                    other => {
                        self.push('\\');
                        self.push(other);
                    }
                },
                other => self.push(other),
            }
        }
    }

    fn dollar(&mut self, is_bare: bool) -> Result<(), NotWords> {
        let next = self.rest.as_str().chars().next();
        if next == Some('(') {
            return Err(NotWords::Substitution("$("));
        }
        let begins_quote = is_bare && matches!(next, Some('\'' | '"'));
        if begins_quote || next.is_some_and(|next| next.is_ascii_alphanumeric() || "_{@*#?-$!".contains(next)) {
            self.tell(Unexpanded::Variable);
        }
        self.push('$');
        Ok(())
    }

    fn operator(&self, first: char) -> NotWords {
        let more = self.rest.as_str().chars().take_while(|next| *next == first);
        NotWords::Operator(std::iter::once(first).chain(more.take(2)).collect())
    }

    fn look_for_expansion(&mut self, character: char) {
        match (character, &self.word) {
            ('~', None) => self.tell(Unexpanded::Home),
            ('*' | '?' | '[', _) => self.tell(Unexpanded::Pattern),
            ('=', Some(name)) if self.words.is_empty() && is_name(name) => self.tell(Unexpanded::Assignment),
            _ => {}
        }
    }

    fn tell(&mut self, unexpanded: Unexpanded) {
        self.unexpanded.get_or_insert(unexpanded);
    }
}

fn is_name(text: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphabetic() || c == '_';
    text.starts_with(is_letter) && text.chars().all(|c| is_letter(c) || c.is_ascii_digit())
}

impl fmt::Display for NotWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operator(operator) => write!(f, "`{operator}`, which only a shell understands"),
            Self::Substitution("$(") => f.write_str("`$(`, behind which a shell would run another command"),
            Self::Substitution(_) => f.write_str("a backtick, behind which a shell would run another command"),
            Self::Lines => f.write_str("several lines, which a shell would run one after the other"),
            Self::Comment => f.write_str("a word that begins with `#`, which a shell takes for a comment"),
            Self::OpenQuote(quote) => write!(f, "a quote {quote} that is not closed"),
            Self::Backslash => f.write_str("a backslash at the end"),
        }
    }
}

impl NotWords {
    /// The way out.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::Operator(_) | Self::Substitution(_) | Self::Comment => {
                "for a shell write `[sh, -c, \"TEXT\"]`; in single quotes it reaches the program as it is"
            }
            Self::Lines => "for a shell write `[sh, -c, \"TEXT\"]`; for one command write one line, or `>-` above them",
            Self::OpenQuote(_) => "close it, put a backslash before it, or write a list of words",
            Self::Backslash => "write two of them, or a list of words",
        }
    }
}

impl Unexpanded {
    /// What it is, and what is not done with it.
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::Variable => "`$` reaches the program as it is: no shell puts the value of a variable in its place",
            Self::Home => "`~` reaches the program as it is: no shell puts a folder in its place",
            Self::Pattern => {
                "`*`, `?` and `[` reach the program as they are: no shell puts names of files in their place"
            }
            Self::Assignment => "`NAME=value` is taken for the program: no shell makes a variable of it",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        split(text).unwrap().words
    }

    #[test]
    fn quotes_and_backslashes_are_those_of_a_shell() {
        assert_eq!(words("a  b\tc \n"), ["a", "b", "c"]);
        assert_eq!(words(r#"'a b'"c d"e\ f"#), ["a bc de f"]);
        assert_eq!(words(r#""\$\`\"\\\n" \n '\n'"#), ["$`\"\\\\n", "n", r"\n"]);
        assert_eq!(words("a '' \"\""), ["a", "", ""]);
        assert_eq!(words("a \\\n b\\\nc"), ["a", "bc"]);
        assert_eq!(words("a 'b\nc' \"d\ne\""), ["a", "b\nc", "d\ne"]);
        assert_eq!(
            words("a#b ';&|<>()' \\; \"&&\" '$(x)`' $ a$ \u{a0}"),
            ["a#b", ";&|<>()", ";", "&&", "$(x)`", "$", "a$", "\u{a0}"]
        );
        assert!(words(" \n\t").is_empty());
        assert_eq!(words("\n a"), ["a"]);
    }

    #[test]
    fn what_a_shell_would_do_more_is_refused() {
        let operator = |text: &str| Err(NotWords::Operator(text.to_owned()));
        for (text, found) in [("a && b", "&&"), ("a;b", ";"), ("a | b", "|"), ("a >> b", ">>"), ("a 2>&1", ">")] {
            assert_eq!(split(text), operator(found), "{text}");
        }
        for (text, found) in [("(a)", "("), ("a )", ")"), ("a <b", "<"), ("a &", "&"), ("a || b", "||")] {
            assert_eq!(split(text), operator(found), "{text}");
        }
        assert_eq!(split("a $(b)"), Err(NotWords::Substitution("$(")));
        assert_eq!(split("a \"$(b)\""), Err(NotWords::Substitution("$(")));
        assert_eq!(split("a `b`"), Err(NotWords::Substitution("`")));
        assert_eq!(split("a \"`b`\""), Err(NotWords::Substitution("`")));
        assert_eq!(split("a\nb"), Err(NotWords::Lines));
        assert_eq!(split("a # b"), Err(NotWords::Comment));
        assert_eq!(split("it's"), Err(NotWords::OpenQuote('\'')));
        assert_eq!(split("a \"b\\"), Err(NotWords::OpenQuote('"')));
        assert_eq!(split("a \\"), Err(NotWords::Backslash));
    }

    #[test]
    fn what_a_shell_would_replace_is_noticed() {
        let unexpanded = |text: &str| split(text).unwrap().unexpanded;
        for text in ["a $X", "a \"${X}\"", "a $1", "a $'x'"] {
            assert_eq!(unexpanded(text), Some(Unexpanded::Variable), "{text}");
        }
        assert_eq!(unexpanded("a ~/b"), Some(Unexpanded::Home));
        assert_eq!(unexpanded("a *.py"), Some(Unexpanded::Pattern));
        assert_eq!(unexpanded("A=b c"), Some(Unexpanded::Assignment));
        for text in ["a '$X' \\$X \"\\$X\" $ \"$\" a$ $.", "a b~ '~' \\*", "a B=c -A=b", "'*' \"?[\""] {
            assert_eq!(unexpanded(text), None, "{text}");
        }
    }
}
