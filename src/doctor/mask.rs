//! Knows how a text of others is shown without the secrets in it. Must not know who said it.

use crate::secret::{Concealer, Secret, WORDS, may_name_secret};
use crate::url::{percent_decode, secret_of};

/// What stands in the place of something that looks like a secret.
const MASKED: &str = "[secret]";

/// What ends a URL in a line of a log.
const BEHIND_URLS: [char; 8] = [' ', '\t', '"', '\'', '`', '<', '>', '\\'];

/// What ends a value behind its name.
const BEHIND_VALUES: [char; 9] = [' ', '\t', '"', '\'', ',', ';', '&', ')', '}'];

/// The secrets that a text of others may hold.
pub(super) struct Mask(Concealer);

impl Mask {
    pub(super) fn new(secrets: &[Secret]) -> Self {
        Self(Concealer::new(secrets))
    }

    /// A line without known secrets, passwords of any URL, and values whose names say that they are secret.
    pub(super) fn line(&self, line: &str) -> String {
        values(&urls(&self.0.conceal(line)))
    }
}

/// What of a variable, such as a container has, may not show.
pub(super) fn secrets_of(name: &str, value: &str) -> Vec<Secret> {
    let of_url = secret_of(value);
    let decoded = of_url.and_then(percent_decode);
    let own = (may_name_secret(name) && of_url.is_none()).then(|| value.to_owned());
    of_url.map(str::to_owned).into_iter().chain(decoded).chain(own).filter_map(Secret::new).collect()
}

/// The passwords of all URLs: they begin behind the user and end at the last `@`, for they may hold one themselves.
fn urls(line: &str) -> String {
    let mut masked = String::new();
    let mut rest = line;
    while let Some((before, behind)) = rest.split_once("://") {
        let end = behind.find(BEHIND_URLS).unwrap_or(behind.len());
        let (url, after) = behind.split_at_checked(end).unwrap_or((behind, ""));
        masked.push_str(before);
        masked.push_str("://");
        match url.rsplit_once('@').and_then(|(login, place)| Some((login.split_once(':')?.0, place))) {
            Some((user, place)) => masked.extend([user, ":", MASKED, "@", place]),
            None => masked.push_str(url),
        }
        rest = after;
    }
    masked + rest
}

/// The values of `password=…`, `"api_key": "…"` and the like.
fn values(line: &str) -> String {
    let lower = line.to_ascii_lowercase();
    let named = |name: &&str| lower.match_indices(*name).map(|(at, name)| at + name.len()).collect::<Vec<_>>();
    let mut ends: Vec<usize> = WORDS.iter().flat_map(named).collect();
    ends.sort_unstable();
    let (mut masked, mut done) = (String::new(), 0);
    for end in ends {
        let value = line.get(end..).filter(|_| end >= done).and_then(value_behind);
        let Some((before, length)) = value else { continue };
        masked.push_str(line.get(done..end + before).unwrap_or_default());
        masked.push_str(MASKED);
        done = end + before + length;
    }
    masked + line.get(done..).unwrap_or_default()
}

/// Where behind a name its value begins, and how long it is. Every text that is looked through more than once is short: a
/// line has as many names as somebody likes to write.
fn value_behind(behind: &str) -> Option<(usize, usize)> {
    const BETWEEN: usize = 8;
    let blank = |text: &str, blanks: &[char]| text.chars().take(BETWEEN).take_while(|c| blanks.contains(c)).count();
    // `password_file=` and the key of a constraint are no secrets
    let sign = behind.get(blank(behind, &['"', '\'', ' '])..)?.strip_prefix(['=', ':'])?;
    if sign.starts_with("//") {
        return None;
    }
    let opened = sign.get(blank(sign, &[' '])..)?;
    let value = opened.get(blank(opened, &['"', '\''])..)?;
    let quote = (value.len() < opened.len()).then(|| opened.chars().next()).flatten();
    let length = quote.map_or_else(|| value.find(BEHIND_VALUES), |quote| value.find(quote)).unwrap_or(value.len());
    (length > 0).then_some((behind.len() - value.len(), length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_form_of_a_secret_shows() {
        let mask = Mask::new(&["kno wn@secret", "kno wn@secret/longer"].map(|it| Secret::new(it.into()).unwrap()));
        for (line, expected) in [
            ("said kno wn@secret here", "said [secret] here"),
            ("said kno%20wn%40secret", "said [secret]"),
            ("said kno wn@secret/longer", "said [secret]"),
            (
                "postgresql+asyncpg://codelab:other@postgres:5432/db",
                "postgresql+asyncpg://codelab:[secret]@postgres:5432/db",
            ),
            ("url='redis://:p@ss@h/0', next http://a:1/b", "url='redis://:[secret]@h/0', next http://a:1/b"),
            ("host=db password=hunter2 user=me", "host=db password=[secret] user=me"),
            (r#"{"api_key": "a b c", "x": 1}"#, r#"{"api_key": "[secret]", "x": 1}"#),
            ("PGPASSWORD='it is', TOKEN: abc", "PGPASSWORD='[secret]', TOKEN: [secret]"),
            (
                r#"password authentication failed for user "codelab""#,
                r#"password authentication failed for user "codelab""#,
            ),
            ("connected to postgresql://codelab@postgres/db", "connected to postgresql://codelab@postgres/db"),
            ("пароль password=секрет конец", "пароль password=[secret] конец"),
        ] {
            assert_eq!(mask.line(line), expected);
        }
    }

    #[test]
    fn a_long_line_of_names_alone_is_masked_in_one_pass() {
        let mask = Mask::new(&[]);
        for piece in ["key", "key=//", "key=,", "key \"'", "key=\"", "://a:", "key://@"] {
            let line = piece.repeat(1_000_000 / piece.len());
            assert!(mask.line(&line).len() < 2_000_000, "{piece}");
        }
    }

    #[test]
    fn variables_of_a_container_give_their_secrets() {
        let found = |name, value| secrets_of(name, value).iter().map(|it| it.lend(str::to_owned)).collect::<Vec<_>>();
        assert_eq!(found("X__DB_URL", "postgresql://codelab:a%40b@h/d"), ["a%40b", "a@b"]);
        assert_eq!(found("LLM_KEY", "sk-1"), ["sk-1"]);
        assert_eq!(found("PATH", "/bin"), [""; 0]);
    }
}
