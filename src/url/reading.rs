//! Knows how the text is read that leads to a database, in any of the grammars in which one is written here.
//! Must not know which of them a service should have.

use std::borrow::Cow;

use super::{WrittenUrl, password_of, percent_decode};
use crate::value::Engine;

/// What a text says, each part as it stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading<'t> {
    /// What it opens.
    pub engine: Engine,
    /// The database, or the file.
    pub opened: &'t str,
    /// The server; empty for a file.
    pub host: &'t str,
    /// Who logs in, where it says so.
    pub user: Option<&'t str>,
    /// By which password; without quotes around it.
    pub password: Option<&'t str>,
    quoting: Quoting,
}

/// How a value is told from what stands around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quoting {
    Percent,
    Doubled,
    Backslash,
    Nothing,
}

/// Names of a value by which drivers know the same thing, in small letters.
const HOSTS: [&str; 4] = ["host", "server", "hostaddr", "data source"];
const DATABASES: [&str; 3] = ["database", "dbname", "initial catalog"];
const USERS: [&str; 4] = ["username", "user name", "user id", "user"];
const PASSWORDS: [&str; 3] = ["password", "pwd", "psw"];

impl<'t> Reading<'t> {
    /// Reads a text; nothing where it leads to neither engine.
    #[must_use]
    pub fn read(text: &'t str) -> Option<Self> {
        if let Some(jdbc) = text.strip_prefix("jdbc:") {
            return match jdbc.strip_prefix("sqlite:") {
                Some(file) => Some(file_of(file)),
                None => of_url(jdbc),
            };
        }
        if let Some(file) = text.strip_prefix("file:").or_else(|| text.strip_prefix("sqlite3:")) {
            return Some(file_of(file.trim_start_matches("./")));
        }
        if text.split_once("://").is_some_and(|(scheme, _)| !scheme.contains(['=', ' '])) {
            return of_url(text);
        }
        if text.starts_with('/') {
            return Some(file_of(text));
        }
        let is_pairs =
            text.split(' ').next().is_some_and(|first| first.contains(';')) || text.starts_with("Data Source=");
        if is_pairs { of_pairs(&pairs(text), None) } else { of_pairs(&words(text), Some(Quoting::Backslash)) }
    }

    /// A part as it was meant; nothing where it can't be read.
    #[must_use]
    pub fn decoded(&self, part: &'t str) -> Option<Cow<'t, str>> {
        match self.quoting {
            Quoting::Percent => percent_decode(part).map(Cow::Owned),
            Quoting::Nothing => Some(Cow::Borrowed(part)),
            Quoting::Doubled => Some(Cow::Owned(part.replace("\"\"", "\""))),
            Quoting::Backslash => {
                let mut meant = String::with_capacity(part.len());
                let mut characters = part.chars();
                while let Some(character) = characters.next() {
                    meant.extend(if character == '\\' { characters.next() } else { Some(character) });
                }
                Some(Cow::Owned(meant))
            }
        }
    }
}

/// The password that stands in a text, as it stands there: in a URL of whatever kind, or among words with values.
#[must_use]
pub fn secret_of(text: &str) -> Option<&str> {
    Reading::read(text).and_then(|reading| reading.password).or_else(|| password_of(text))
}

/// A text without its password, whatever stood around that to set it off.
#[must_use]
pub fn without_password(text: &str) -> String {
    if let Some(WrittenUrl { scheme, login: Some(login), place }) = WrittenUrl::read(text)
        && !scheme.contains(['=', ' '])
    {
        return format!("{scheme}://{}@{place}", login.user);
    }
    let Some(password) = Reading::read(text).and_then(|reading| reading.password) else { return text.to_owned() };
    // it is a part of the text
    let start = password.as_ptr() as usize - text.as_ptr() as usize;
    let before = text.get(..start).unwrap_or_default();
    let behind = text.get(start + password.len()..).unwrap_or_default();
    let is_quoted = ['"', '\''].into_iter().find(|quote| before.ends_with(*quote) && behind.starts_with(*quote));
    match is_quoted {
        Some(quote) => {
            let before = before.strip_suffix(quote).unwrap_or(before);
            [before, behind.strip_prefix(quote).unwrap_or(behind)].concat()
        }
        None => [before, behind].concat(),
    }
}

fn file_of(text: &str) -> Reading<'_> {
    let opened = text.split('?').next().unwrap_or_default();
    Reading { engine: Engine::Sqlite, opened, host: "", user: None, password: None, quoting: Quoting::Percent }
}

fn of_url(text: &str) -> Option<Reading<'_>> {
    let WrittenUrl { scheme, login, place } = WrittenUrl::read(text)?;
    if scheme == "sqlite" || scheme.starts_with("sqlite+") {
        let file = place.strip_prefix('/')?;
        return Some(file_of(file.trim_start_matches("./")));
    }
    if !matches!(scheme.split('+').next(), Some("postgresql" | "postgres")) {
        return None;
    }
    // what stands in a query may have slashes, such as the path of certificates
    let (host, behind) = place.split_once('/')?;
    let (opened, query) = behind.split_once('?').unwrap_or((behind, ""));
    let of_query = |name: &str| query.split('&').find_map(|option| option.strip_prefix(name)?.strip_prefix('='));
    Some(Reading {
        engine: Engine::Postgres,
        opened,
        host: host.split(':').next().unwrap_or_default(),
        user: login.map(|login| login.user).or_else(|| of_query("user")),
        password: login.and_then(|login| login.password).or_else(|| of_query("password")),
        quoting: Quoting::Percent,
    })
}

fn of_pairs<'t>(pairs: &[Pair<'t>], quoting: Option<Quoting>) -> Option<Reading<'t>> {
    let pair = |names: &[&str]| pairs.iter().find(|pair| names.contains(&pair.name.to_ascii_lowercase().as_str()));
    let value = |names: &[&str]| pair(names).map(|pair| pair.value);
    let of_quotes =
        || if pair(&PASSWORDS).is_some_and(|pair| pair.is_quoted) { Quoting::Doubled } else { Quoting::Nothing };
    let quoting = quoting.unwrap_or_else(of_quotes);
    let host = value(&HOSTS)?;
    let (user, password) = (value(&USERS), value(&PASSWORDS));
    match value(&DATABASES) {
        Some(opened) => Some(Reading { engine: Engine::Postgres, opened, host, user, password, quoting }),
        None if host.contains('/') => {
            Some(Reading { engine: Engine::Sqlite, opened: host, host: "", user, password, quoting })
        }
        None => None,
    }
}

/// A name with its value as it stands there, without the quotes around it.
struct Pair<'t> {
    name: &'t str,
    value: &'t str,
    is_quoted: bool,
}

/// `Name=Value;Name="Va""lue"`.
fn pairs(text: &str) -> Vec<Pair<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((name, behind)) = rest.split_once('=') {
        let behind = behind.trim_start_matches(' ');
        let quote = behind.chars().next().filter(|first| matches!(first, '"' | '\''));
        let (value, after) = if let Some(quote) = quote {
            quoted_value(behind, quote)
        } else {
            let (value, after) = behind.split_once(';').unwrap_or((behind, ""));
            (value.trim_end_matches(' '), after)
        };
        found.push(Pair { name: name.trim_matches([' ', ';']), value, is_quoted: quote.is_some() });
        rest = after;
    }
    found
}

/// What stands in quotes, of which one of the same kind is doubled, and what stands behind the next `;`.
fn quoted_value(text: &str, quote: char) -> (&str, &str) {
    let inner = text.get(1..).unwrap_or_default();
    let mut at = 0;
    while let Some(next) = inner.get(at..).and_then(|rest| rest.find(quote)) {
        let end = at + next;
        if !inner.get(end + 1..).is_some_and(|behind| behind.starts_with(quote)) {
            let after = inner.get(end + 1..).unwrap_or_default();
            return (inner.get(..end).unwrap_or_default(), after.split_once(';').map_or("", |(_, after)| after));
        }
        at = end + 2;
    }
    (inner, "")
}

/// `name=value name='va\'lue'`.
fn words(text: &str) -> Vec<Pair<'_>> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some((name, behind)) = rest.split_once('=') {
        let behind = behind.trim_start();
        let is_quoted = behind.starts_with('\'');
        let inner = if is_quoted { behind.get(1..).unwrap_or_default() } else { behind };
        let ends = |character: char| if is_quoted { character == '\'' } else { character.is_whitespace() };
        let mut is_escaped = false;
        let end = inner.char_indices().find(|(_, character)| {
            let is_end = !is_escaped && ends(*character);
            is_escaped = !is_escaped && *character == '\\';
            is_end
        });
        let (value, after) = inner.split_at(end.map_or(inner.len(), |(at, _)| at));
        found.push(Pair { name: name.trim(), value, is_quoted });
        rest = after.trim_start_matches('\'').trim_start();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    type Read<'t> = (Engine, &'t str, &'t str, Option<&'t str>, Option<String>);

    fn read(text: &str) -> Option<Read<'_>> {
        let reading = Reading::read(text)?;
        let password = reading.password.and_then(|password| reading.decoded(password)).map(Cow::into_owned);
        Some((reading.engine, reading.opened, reading.host, reading.user, password))
    }

    #[test]
    fn each_grammar_is_read() {
        let postgres = |password: &str| Some((Engine::Postgres, "shop", "db", Some("api"), Some(password.to_owned())));
        for (text, expected) in [
            ("postgresql+asyncpg://api:p%40@db:5432/shop?ssl=require", postgres("p@")),
            ("postgres://api:p@db/shop", postgres("p")),
            ("jdbc:postgresql://db:5432/shop?user=api&password=p%26&sslrootcert=/a/b", postgres("p&")),
            ("Host=db;Port=5432;Database=shop;Username=api;Password=p", postgres("p")),
            ("Host=db;Database=shop;Username=api;Password=\"p;\"\"'\";SSL Mode=Disable", postgres("p;\"'")),
            ("Host=db;Database=shop;Username=api;Password='p;\"'", postgres("p;\"")),
            ("Host=db;Database=shop;Username=api;Password=a://b", postgres("a://b")),
            (r"host=db port=5432 dbname=shop user=api password=p\\\'", postgres(r"p\'")),
            (r"host=db dbname=shop user=api password='p \' \\' sslmode=disable", postgres(r"p ' \")),
            ("host=db dbname=shop user=api password=p;q", postgres("p;q")),
            ("host=db dbname=shop user=api password=a://b:c@d", postgres("a://b:c@d")),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
        for (text, opened) in [
            ("sqlite:///data/a.db", "data/a.db"),
            ("sqlite+aiosqlite:////data/a.db?timeout=5", "/data/a.db"),
            ("jdbc:sqlite:/data/a.db?journal_mode=WAL", "/data/a.db"),
            ("file:/data/a.db?_busy_timeout=1", "/data/a.db"),
            ("sqlite3:/data/a.db", "/data/a.db"),
            ("sqlite:///data/a.db?mode=rwc", "data/a.db"),
            ("Data Source=/data/a.db;Foreign Keys=True", "/data/a.db"),
            ("/data/a.db", "/data/a.db"),
        ] {
            assert_eq!(read(text), Some((Engine::Sqlite, opened, "", None, None)), "{text}");
        }
        for text in ["", "shop", "http://db/shop", "mysql://u:p@db/shop", "a=b c=d", "Data Source=db", "host=db"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_text_without_its_password_is_the_same_whatever_that_is() {
        for (with, without) in [
            ("postgresql://u:p@h/d?a=b", "postgresql://u@h/d?a=b"),
            ("jdbc:postgresql://h/d?user=u&password=p&a=b", "jdbc:postgresql://h/d?user=u&password=&a=b"),
            ("Host=h;Database=d;Password=p;A=b", "Host=h;Database=d;Password=;A=b"),
            ("Host=h;Database=d;Password=\"p;\"\"\";A=b", "Host=h;Database=d;Password=;A=b"),
            ("host=h dbname=d password=p a=b", "host=h dbname=d password= a=b"),
            (r"host=h dbname=d password='p \' ' a=b", "host=h dbname=d password= a=b"),
            ("host=h dbname=d password=a://b:c@d a=b", "host=h dbname=d password= a=b"),
            ("sqlite:///a.db", "sqlite:///a.db"),
            ("text", "text"),
        ] {
            assert_eq!(without_password(with), without, "{with}");
        }
    }

    #[test]
    fn a_password_is_found_in_whatever_says_one() {
        for (text, password) in [
            ("redis://:p@cache", Some("p")),
            ("jdbc:postgresql://db/shop?user=a&password=p", Some("p")),
            ("Host=db;Database=shop;Password='p'", Some("p")),
            ("host=db dbname=shop password=p", Some("p")),
            ("jdbc:postgresql://db/shop", None),
            ("words", None),
        ] {
            assert_eq!(secret_of(text), password, "{text}");
        }
    }
}
