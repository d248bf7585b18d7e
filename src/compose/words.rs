//! Knows how Compose splits the text of a command into words: as
//! [go-shellwords](https://github.com/mattn/go-shellwords) does, which is not as a shell does. Must not know what is run.

/// What Compose makes of a text.
#[derive(Debug, PartialEq, Eq)]
pub struct Understood<'t> {
    /// The words.
    pub words: Vec<String>,
    /// The rest of the text, from an operator on, which it drops without a word.
    pub dropped: Option<&'t str>,
}

/// What surrounds a character.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Nothing,
    Single,
    Double,
    Backticks,
    Dollar,
}

/// The word that is being read.
#[derive(Default)]
struct Word {
    text: String,
    is_quoted: bool,
}

impl Word {
    fn push(&mut self, character: char) {
        self.text.push(character);
        self.is_quoted = false;
    }

    fn end(&mut self, words: &mut Vec<String>) {
        let word = std::mem::take(self);
        if word.is_quoted || !word.text.is_empty() {
            words.push(word.text);
        }
    }
}

/// Reads a text, its variables filled in; nothing where Compose does not load it.
#[must_use]
pub fn split(text: &str) -> Option<Understood<'_>> {
    let mut words = Vec::new();
    let mut word = Word::default();
    let mut within = Within::Nothing;
    let mut dropped = None;
    let mut rest = text.char_indices();
    while let Some((at, character)) = rest.next() {
        match (character, within) {
            ('\\', Within::Nothing | Within::Double) => word.push(match rest.next()?.1 {
                't' => '\t',
                'n' => '\n',
                other => other,
            }),
            ('\\', Within::Backticks | Within::Dollar) => {
                word.push('\\');
                word.push(rest.next()?.1);
            }
            (' ' | '\t' | '\r' | '\n', Within::Nothing) => word.end(&mut words),
            ('`', Within::Nothing | Within::Backticks) => {
                within = toggled(within, Within::Backticks);
                word.push('`');
            }
            ('(', Within::Nothing) if word.text.ends_with('$') && !word.text.ends_with("\\$") => {
                within = Within::Dollar;
                word.push('(');
            }
            (')', Within::Dollar) => {
                within = Within::Nothing;
                word.push(')');
            }
            ('(', Within::Nothing | Within::Dollar) | (')', Within::Nothing) => return None,
            ('"', Within::Nothing | Within::Double) => {
                word.is_quoted |= within == Within::Double;
                within = toggled(within, Within::Double);
            }
            ('\'', Within::Nothing | Within::Single) => {
                word.is_quoted |= within == Within::Single;
                within = toggled(within, Within::Single);
            }
            (';' | '&' | '|' | '<' | '>', Within::Nothing) => {
                if character == '>' && !word.text.is_empty() && word.text.bytes().all(|byte| byte.is_ascii_digit()) {
                    word = Word::default();
                }
                dropped = text.get(at..);
                break;
            }
            (other, _) => word.push(other),
        }
    }
    word.end(&mut words);
    (within == Within::Nothing).then_some(Understood { words, dropped })
}

fn toggled(within: Within, quote: Within) -> Within {
    if within == quote { Within::Nothing } else { quote }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_and_unescaped_as_compose_does() {
        let words = |text: &str| split(text).map(|understood| understood.words);
        let some = |words: &[&str]| Some(words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        assert_eq!(words("a && b"), some(&["a"]));
        assert_eq!(words("a 2>b"), some(&["a"]));
        assert_eq!(words("a x2>b"), some(&["a", "x2"]));
        assert_eq!(words(r#""a\tb" c\nd 'e\n' \x"#), some(&["a\tb", "c\nd", r"e\n", "x"]));
        assert_eq!(words("a\nb '' \"c d\"e"), some(&["a", "b", "", "c de"]));
        assert_eq!(words("`a b` $(c 'd) e"), some(&["`a b`", "$(c 'd)", "e"]));
        assert_eq!(words("a # b"), some(&["a", "#", "b"]));
        for text in ["it's", "a\\", "(a)", "a)", "`a", "$(a", "\"a"] {
            assert_eq!(words(text), None, "{text}");
        }
        assert_eq!(split("a; b").unwrap().dropped, Some("; b"));
    }
}
