//! Knows where a text gives a secret to a program: behind a flag or before it, as `--token=X` and `PGPASSWORD=X`, and in a
//! header, as `Authorization: Bearer X`.
//! Must not know what becomes of it.

use std::ops::Range;

use super::variables::is_telling_value;
use crate::secret::names_secret;

/// A secret in a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) range: Range<usize>,
    /// What it is called, in the letters of a variable.
    pub(super) name: String,
}

/// What the words so far say of the next ones.
#[derive(Default)]
pub(super) struct Line {
    program: Option<Program>,
    /// The flag that the next word belongs to.
    flag: Option<Flag>,
}

/// What says that a secret follows.
#[derive(Clone)]
struct Flag {
    /// What it is called, in the letters of a variable.
    name: String,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The next word is the secret.
    Word,
    /// Behind a colon the next word has the secret.
    Login,
    /// The next word is the secret, or says how it is written.
    Header,
}

/// Words before the secret of a header.
const SCHEMES: [&str; 6] = ["bearer", "basic", "token", "apikey", "api-key", "digest"];

/// Programs that take a password behind one letter.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Program {
    Redis,
    Mysql,
    Mongo,
    Sqlcmd,
    Curl,
}

/// What they call it.
const PASSWORD: &str = "PASSWORD";

impl Line {
    /// The secrets in a text: a whole line, or the next word of a list of words, which may be a line itself.
    pub(super) fn read(&mut self, text: &str, is_word: bool) -> Vec<Shown> {
        let mut shown = Vec::new();
        if is_word && let Some(flag) = self.flag.take_if(|flag| flag.kind != Kind::Header) {
            let is_flag = text.starts_with('-');
            take(&mut shown, text, 0..text.len(), flag);
            if !is_flag {
                return shown;
            }
        }
        let mut at = 0;
        while let Some(start) = text.get(at..).and_then(|rest| rest.find(|c| !is_end(c))).map(|skipped| at + skipped) {
            let end = end_of(text, start);
            at = end;
            let Some(word) = text.get(start..end) else { break };
            if let Some(flag) = self.flag.take().filter(|_| !word.starts_with('-')) {
                if flag.kind == Kind::Header && SCHEMES.iter().any(|scheme| word.eq_ignore_ascii_case(scheme)) {
                    self.flag = Some(flag);
                    continue;
                }
                let is_on_its_line = flag.kind != Kind::Header || !is_new_line(text, start);
                if is_on_its_line {
                    let range = start..unquoted_end(text, start, end);
                    at = range.end;
                    take(&mut shown, text, range, flag);
                    continue;
                }
            }
            if let Some((name, value)) = word.split_once('=') {
                let from = start + name.len() + 1;
                let range = value_at(text, from, end);
                let of_curl = (self.program == Some(Program::Curl) && name == "--user").then(login);
                if let Some(flag) = of_curl.or_else(|| secret_name(name).map(Flag::word)) {
                    at = range.end.max(end);
                    if SCHEMES.iter().any(|scheme| value.eq_ignore_ascii_case(scheme)) {
                        self.flag = Some(Flag { kind: Kind::Header, ..flag });
                    } else {
                        let range = if is_header(&flag.name) { behind_scheme(text, range) } else { range };
                        take(&mut shown, text, range, flag);
                    }
                }
                continue;
            }
            self.flag = self.flag_of(word).or_else(|| header(word));
            let glued = match self.program {
                Some(Program::Mysql) if word.len() > 2 && word.starts_with("-p") => {
                    Some(Flag::word(PASSWORD.to_owned()))
                }
                Some(Program::Curl) if word.len() > 2 && word.starts_with("-u") => Some(login()),
                Some(_) | None => None,
            };
            if let Some(flag) = glued {
                take(&mut shown, text, start + 2..end, flag);
            }
            self.program = program(word).or(self.program);
        }
        // a header stands in one word
        if !is_word || self.flag.as_ref().is_some_and(|flag| flag.kind == Kind::Header) {
            self.flag = None;
        }
        shown
    }

    /// What the word behind a flag is.
    fn flag_of(&self, word: &str) -> Option<Flag> {
        if self.program == Some(Program::Curl) && ["-u", "--user", "-U", "--proxy-user"].contains(&word) {
            return Some(login());
        }
        let is_password = matches!(
            (self.program, word),
            (Some(Program::Redis), "-a") | (Some(Program::Mongo), "-p") | (Some(Program::Sqlcmd), "-P")
        );
        if is_password {
            return Some(Flag::word(PASSWORD.to_owned()));
        }
        secret_name(word).filter(|_| word.starts_with('-')).map(Flag::word)
    }
}

impl Flag {
    fn word(name: String) -> Self {
        Self { name, kind: Kind::Word }
    }
}

/// `USER:PASSWORD` follows.
fn login() -> Flag {
    Flag { name: PASSWORD.to_owned(), kind: Kind::Login }
}

/// A word that is the name of a header, or a key of a file of settings, which names a secret.
fn header(word: &str) -> Option<Flag> {
    let name = word.strip_suffix(':').filter(|name| !name.starts_with('-'))?;
    Some(Flag { name: secret_name(name)?, kind: Kind::Header })
}

/// Whether a name is that of the header that logs in.
fn is_header(name: &str) -> bool {
    name.ends_with("AUTHORIZATION")
}

/// Of `Bearer%20X` what stands behind the scheme.
fn behind_scheme(text: &str, range: Range<usize>) -> Range<usize> {
    let value = text.get(range.clone()).unwrap_or_default();
    let scheme = value.split_once("%20").filter(|(scheme, _)| SCHEMES.iter().any(|it| scheme.eq_ignore_ascii_case(it)));
    range.start + scheme.map_or(0, |(scheme, _)| scheme.len() + 3)..range.end
}

/// Whether a word is the first one of its line, and not the first line.
fn is_new_line(text: &str, start: usize) -> bool {
    let before = text.get(..start).unwrap_or_default();
    before.trim_end_matches(['"', '\'', ' ', '\t']).ends_with('\n')
}

/// Programs by their names, wherever they stand.
fn program(word: &str) -> Option<Program> {
    let name = word.rsplit('/').next().unwrap_or(word);
    match name {
        "redis-cli" | "valkey-cli" => Some(Program::Redis),
        "sqlcmd" => Some(Program::Sqlcmd),
        "curl" => Some(Program::Curl),
        "mysqld" | "mariadbd" => None,
        _ if name.starts_with("mysql") || name.starts_with("mariadb") => Some(Program::Mysql),
        _ if name.starts_with("mongo") => Some(Program::Mongo),
        _ => None,
    }
}

/// What a flag or a variable names, where that is a secret.
fn secret_name(word: &str) -> Option<String> {
    let name = word.trim_start_matches('-').replace(['-', '.'], "_");
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return None;
    }
    let lower = name.to_ascii_lowercase();
    // `--auth scram` and the like say how, not what; of Redis this one is a password
    let is_how = lower.ends_with("auth") && lower != "masterauth";
    let is_pass = lower.ends_with("pass") && !lower.ends_with("bypass") && !lower.ends_with("compass");
    match names_secret(&name) {
        _ if is_how => None,
        _ if lower.ends_with("authorization") => Some(name.to_ascii_uppercase()),
        true if lower != "masterauth" => Some(name.to_ascii_uppercase()),
        false if !is_pass && lower != "masterauth" => None,
        true | false => Some(PASSWORD.to_owned()),
    }
}

fn take(shown: &mut Vec<Shown>, text: &str, range: Range<usize>, flag: Flag) {
    let Flag { name, kind } = flag;
    // the header's own name names no secret
    let name = if is_header(&name) { "TOKEN".to_owned() } else { name };
    let range = match text.get(range.clone()).and_then(|login| login.split_once(':')) {
        Some((user, _)) if kind == Kind::Login => range.start + user.len() + 1..range.end,
        None if kind == Kind::Login => return,
        Some(_) | None => range,
    };
    let is_secret = text.get(range.clone()).is_some_and(|value| is_literal(value) && is_telling_value(&name, value));
    if is_secret {
        shown.push(Shown { range, name });
    }
}

/// Whether a word is what it says: nothing that Compose or a shell replaces, nor another flag.
fn is_literal(value: &str) -> bool {
    !value.starts_with('-') && !value.contains(['$', '`', '\\', '<', '>']) && !value.contains(char::is_control)
}

/// What a word ends at. Quotes are among them: what a shell is given is a line again.
fn is_end(c: char) -> bool {
    c.is_whitespace() || "\"';|&()".contains(c)
}

fn end_of(text: &str, start: usize) -> usize {
    text.get(start..).and_then(|rest| rest.find(is_end)).map_or(text.len(), |length| start + length)
}

/// The value behind `=`, which may stand in quotes.
fn value_at(text: &str, from: usize, end: usize) -> Range<usize> {
    match text.get(from..).and_then(|rest| rest.chars().next()).filter(|c| from == end && "\"'".contains(*c)) {
        Some(_) => from + 1..unquoted_end(text, from + 1, end_of(text, from + 1)),
        None => from..end,
    }
}

/// Where a word ends that may have a quote before it.
fn unquoted_end(text: &str, start: usize, end: usize) -> usize {
    let quote = text.get(..start).and_then(|before| before.chars().next_back()).filter(|c| "\"'".contains(*c));
    let closed = quote.and_then(|quote| text.get(start..)?.find(quote)).map(|length| start + length);
    closed.unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(words: &[&str], is_word: bool) -> Vec<(String, String)> {
        let mut line = Line::default();
        let of_word = |word: &&str| {
            let shown = line.read(word, is_word).into_iter();
            shown.map(|shown| (shown.name, word[shown.range].to_owned())).collect::<Vec<_>>()
        };
        words.iter().flat_map(of_word).collect()
    }

    #[test]
    fn what_a_flag_or_a_variable_names_a_secret_is_one() {
        for (text, name, value) in [
            ("redis-server --requirepass onlyHere4455", "PASSWORD", "onlyHere4455"),
            ("redis-server --masterauth 'only here' --save 60", "PASSWORD", "only here"),
            ("sh -c \"redis-server --requirepass nxtPw --save 60 1 && echo done\"", "PASSWORD", "nxtPw"),
            ("meilisearch --master-key=mastKey99", "MASTER_KEY", "mastKey99"),
            ("x --admin_password=s3cret --skip", "ADMIN_PASSWORD", "s3cret"),
            ("x --a.b.password=\"one two\" c", "A_B_PASSWORD", "one two"),
            ("x --api-key sk-live-99", "API_KEY", "sk-live-99"),
            ("exec work --token=tok_99;", "TOKEN", "tok_99"),
            ("PGPASSWORD=Wq81 psql -h db", "PGPASSWORD", "Wq81"),
            ("redis-cli -a r3d1s ping", "PASSWORD", "r3d1s"),
            ("mysqladmin ping -h db -pr00t", "PASSWORD", "r00t"),
            ("mongosh -u a -p m0ngo", "PASSWORD", "m0ngo"),
            ("/opt/x/sqlcmd -U sa -P Str0ng", "PASSWORD", "Str0ng"),
            ("curl -fsS -u admin:s3cr3t http://h/a", "PASSWORD", "s3cr3t"),
            ("curl --user admin:s3cr3t http://h/a", "PASSWORD", "s3cr3t"),
            ("curl --user=admin:s3cr3t http://h/a", "PASSWORD", "s3cr3t"),
            ("curl -uadmin:s3cr3t http://h/a", "PASSWORD", "s3cr3t"),
            ("curl -H \"Authorization: Bearer tok_99\" http://h/a", "TOKEN", "tok_99"),
            ("wget --header='authorization: Basic YTpi' http://h", "TOKEN", "YTpi"),
            ("curl -H 'X-Api-Key: ak_99' http://h/a", "X_API_KEY", "ak_99"),
            ("Authorization=Bearer%20tok_99,x=1", "TOKEN", "tok_99,x=1"),
            ("authorization=Bearer tok_99", "TOKEN", "tok_99"),
            ("db:\n  user: u\n  password: \"k3mal\"\n  host: h\n", "PASSWORD", "k3mal"),
        ] {
            let expected = vec![(name.to_owned(), value.to_owned())];
            assert_eq!(shown(&[text], false), expected, "{text}");
            if !text.contains(['"', '\'', ';', '\n']) && !text.contains("Bearer ") {
                let words: Vec<_> = text.split(' ').collect();
                assert_eq!(shown(&words, true), expected, "{words:?}");
            }
        }
        assert_eq!(shown(&["sh", "-c", "work --token=tok_99"], true), [("TOKEN".to_owned(), "tok_99".to_owned())]);
    }

    #[test]
    fn what_only_looks_so_is_none() {
        for text in [
            "x --password-file /run/secrets/p",
            "x --tls-key /certs/a.pem --key=server.key",
            "x --max-tokens 4096 --token-expiry=3600",
            "x --sort-key name --key=id",
            "x --password=${PASSWORD} --token $TOKEN --api-key=$$KEY",
            "x --password --other",
            "x --no-password yes --use-token=true",
            "x --bypass 12a4 --auth scram --default-auth=native_password",
            "mysqld -p3306",
            "ls -a r3d1s -psame",
            "redis-server --requirepass",
            "curl -u admin http://h/a",
            "curl -H 'Content-Type: text/plain' -H 'Authorization: Bearer $TOKEN' http://h",
            "password:\n  other: x",
            "id -u admin:s3cr3t",
            "postgres -c password_encryption=scram",
        ] {
            assert_eq!(shown(&[text], false), [], "{text}");
            assert_eq!(shown(&text.split(' ').collect::<Vec<_>>(), true), [], "{text}");
        }
    }
}
