//! Knows the line by which codelab-gen recognizes its own outputs, and whether somebody edited one since.
//! Must not know what the outputs are for.

use super::Output;
use crate::deployment::{POSTGRES_DB, POSTGRES_USER};
use crate::dotenv;

/// What a template writes where the hash of the finished text goes.
const UNSEALED: &str = "body=unsealed";

/// What the line has before its fields.
const WORDS: &str = "codelab-gen: profile=";

/// The version of the outputs' layout.
const FORMAT: &str = "format=1";

/// Whether an output is as codelab-gen wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seal {
    /// Unchanged since.
    Intact,
    /// Edited since.
    Broken,
}

/// The line of an output that codelab-gen wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The profile, as `--profile` takes it.
    pub profile: String,
    /// Whether the rest is unchanged.
    pub seal: Seal,
}

/// Puts the hash of the text into its line.
pub(super) fn seal(text: &str, output: Output) -> String {
    text.replacen(UNSEALED, &format!("body={}", hash(text, output)), 1)
}

/// Reads the line of an output, in `.env` that of the block; nothing where codelab-gen did not write it.
#[must_use]
pub fn examine(text: &str, output: Output) -> Option<Mark> {
    let text = if output.is_block() { dotenv::split(text)?.block } else { text };
    let line = text.lines().find(|line| is_mark(line))?;
    let (_, fields) = line.split_once(WORDS)?;
    let (profile, rest) = fields.rsplit_once(&format!(" {FORMAT} body="))?;
    let seal = if rest.trim_end() == hash(text, output) { Seal::Intact } else { Seal::Broken };
    Some(Mark { profile: profile.to_owned(), seal })
}

fn is_mark(line: &str) -> bool {
    line.starts_with('#') && line.contains(WORDS) && line.contains(FORMAT)
}

/// A hash of everything but the line itself, and in `.env` of everything but the values of secrets. It tells an edit
/// from none; it is no protection against somebody who wants to deceive it.
fn hash(text: &str, output: Output) -> String {
    let mut hash = Fnv::default();
    for line in text.lines().filter(|line| !is_mark(line)) {
        hash.add(if output == Output::Dotenv { without_secret(line) } else { line.to_owned() }.as_bytes());
        hash.add(b"\n");
    }
    format!("{:016x}", hash.0)
}

/// A line of `.env` without what may be edited by hand: the password in a URL, the value of every other key.
fn without_secret(line: &str) -> String {
    let Some((key, value)) = line.split_once('=') else { return line.to_owned() };
    match value.split_once("://") {
        Some((scheme, rest)) if key.ends_with("__DB_URL") => match rest.split_once('@') {
            Some((login, place)) => {
                let user = login.split(':').next().unwrap_or_default();
                format!("{key}={scheme}://{user}@{place}")
            }
            None => line.to_owned(),
        },
        _ if matches!(key, POSTGRES_USER | POSTGRES_DB) => line.to_owned(),
        _ => format!("{key}="),
    }
}

/// FNV-1a, 64 bits (<http://www.isthe.com/chongo/tech/comp/fnv/>): small, and enough to notice an edit.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(text: &str, output: Output) -> String {
        seal(text, output)
    }

    #[test]
    fn an_edit_breaks_the_seal_and_nothing_else_does() {
        let text = sealed("# a\n# codelab-gen: profile=my prod format=1 body=unsealed\nb\n", Output::Compose);
        let mark = examine(&text, Output::Compose).unwrap();
        assert_eq!(mark, Mark { profile: "my prod".into(), seal: Seal::Intact });
        for edited in [text.replace("# a", "# A"), format!("{text}c\n"), text.replace("b\n", "")] {
            assert_eq!(examine(&edited, Output::Compose).unwrap().seal, Seal::Broken, "{edited}");
        }
        assert_eq!(examine("services: {}\n", Output::Compose), None);
    }

    #[test]
    fn a_changed_secret_does_not_break_the_seal_of_dotenv_but_a_changed_url_does() {
        let text = "# >>> codelab-gen: profile=p format=1 body=unsealed\nPOSTGRES_USER=u\nPOSTGRES_PASSWORD=old\n\
                    A__DB_URL=postgresql+asyncpg://u:old@postgres:5432/a\n# <<< codelab-gen\n";
        let text = sealed(text, Output::Dotenv);
        let seal_of = |text: &str| examine(text, Output::Dotenv).unwrap().seal;
        assert_eq!(seal_of(&text.replace("old", "new")), Seal::Intact);
        assert_eq!(seal_of(&text.replace("/a\n", "/b\n")), Seal::Broken);
        assert_eq!(seal_of(&text.replace("=u\n", "=v\n")), Seal::Broken);
        assert_eq!(seal_of(&text.replace("# <<<", "B=1\n# <<<")), Seal::Broken);
    }
}
