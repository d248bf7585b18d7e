//! Knows how the text is written that leads to a database, in the grammar of each driver, and how a password stands in it.
//! Must not know a password's value.

use super::form::{Grammar, grammar, inside_options, tls_options};
use super::{PostgresUrl, SqliteUrl, UrlOption, percent_encode};
use crate::value::SqliteDriver;

/// A name with its value, neither of them encoded, or encoded as in a URL.
enum Item<'i> {
    Named(&'i str, &'i str),
    Raw(&'i str),
}

impl PostgresUrl {
    /// The text; without a password nobody logs in by it.
    pub(super) fn text(&self, password: Option<&str>) -> String {
        let Self { driver, login, host, port, database, .. } = self;
        let role = login.role.as_str();
        let more = self.more();
        let items: Vec<_> = more.iter().map(item).collect();
        match grammar(*driver) {
            Grammar::Url(scheme) => {
                let login = password.map(|password| format!("{role}:{password}@")).unwrap_or_default();
                query(&format!("{scheme}://{login}{host}:{port}/{database}"), &[], &items)
            }
            Grammar::Jdbc => {
                let login = password.map(|password| [("user", role), ("password", password)]);
                query(
                    &format!("jdbc:postgresql://{host}:{port}/{database}"),
                    login.as_ref().map_or(&[], |all| all),
                    &items,
                )
            }
            Grammar::Pairs => {
                let place = format!("Host={host};Port={port};Database={database}");
                let login = password.map(|password| format!(";Username={role};Password={password}"));
                let items = items.iter().map(|item| format!(";{}", written(item, pair_value)));
                [place].into_iter().chain(login).chain(items).collect()
            }
            Grammar::Words => {
                let place = format!("host={host} port={port} dbname={database}");
                let login = password.map(|password| format!(" user={role} password={password}"));
                let items = items.iter().map(|item| format!(" {}", written(item, word_value)));
                [place].into_iter().chain(login).chain(items).collect()
            }
        }
    }

    /// A password as it stands in the text.
    pub(super) fn encoded(&self, password: &str) -> String {
        match grammar(self.driver) {
            Grammar::Url(_) | Grammar::Jdbc => percent_encode(password),
            Grammar::Pairs => pair_value(password),
            Grammar::Words => word_value(password),
        }
    }

    /// All that the driver is told beside the place and the login.
    fn more(&self) -> Vec<UrlOption> {
        let bare = |name: &str| name.replace(' ', "").to_ascii_lowercase();
        let is_written = |name: &str| self.options.iter().any(|option| bare(option.name()) == bare(name));
        let own = match self.tls {
            Some(tls) => tls_options(self.driver, tls, &self.certificates),
            None => inside_options(self.driver).into_iter().filter(|(name, _)| !is_written(name)).collect(),
        };
        let own = own.into_iter().map(|(name, value)| match grammar(self.driver) {
            // a mode and a path need no encoding, and are read best so
            Grammar::Url(_) | Grammar::Jdbc => UrlOption::Raw(format!("{name}={value}")),
            Grammar::Pairs | Grammar::Words => UrlOption::Named(name.to_owned(), value),
        });
        own.chain(self.options.iter().cloned()).collect()
    }
}

impl SqliteUrl {
    /// The text.
    pub(super) fn text(&self) -> String {
        let Self { driver, path, file, options } = self;
        let items: Vec<_> = options.iter().map(item).collect();
        let creates = || !options.iter().any(|option| option.name() == "mode");
        match driver {
            SqliteDriver::Sqlite => query(&format!("sqlite:///{path}"), &[], &items),
            SqliteDriver::Aiosqlite => query(&format!("sqlite+aiosqlite:///{path}"), &[], &items),
            SqliteDriver::Jdbc => query(&format!("jdbc:sqlite:{file}"), &[], &items),
            SqliteDriver::GoSqlite3 | SqliteDriver::Prisma => query(&format!("file:{file}"), &[], &items),
            // Ruby takes no URL with a blank in it
            SqliteDriver::Rails => query(&format!("sqlite3:{}", file.as_str().replace(' ', "%20")), &[], &items),
            // without a mode it opens only what is there
            SqliteDriver::Sqlx if creates() => query(&format!("sqlite://{file}"), &[("mode", "rwc")], &items),
            SqliteDriver::Sqlx => query(&format!("sqlite://{file}"), &[], &items),
            SqliteDriver::Dotnet => {
                let items = items.iter().map(|item| format!(";{}", written(item, pair_value)));
                [format!("Data Source={}", pair_value(file.as_str()))].into_iter().chain(items).collect()
            }
            SqliteDriver::Path => file.to_string(),
        }
    }
}

fn item(option: &UrlOption) -> Item<'_> {
    match option {
        UrlOption::Raw(text) => Item::Raw(text),
        UrlOption::Named(name, value) => Item::Named(name, value),
    }
}

/// A URL with what stands behind its `?`: what is finished, and what is to be encoded.
fn query(url: &str, finished: &[(&str, &str)], items: &[Item<'_>]) -> String {
    let finished = finished.iter().map(|(name, value)| format!("{name}={value}"));
    let query: Vec<_> = finished.chain(items.iter().map(|item| written(item, percent_encode))).collect();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{url}{mark}{}", query.join("&"))
}

fn written(item: &Item<'_>, encode: impl Fn(&str) -> String) -> String {
    match item {
        Item::Raw(text) => (*text).to_owned(),
        Item::Named(name, value) => format!("{name}={}", encode(value)),
    }
}

/// A value as .NET reads it
/// (<https://learn.microsoft.com/en-us/dotnet/api/system.data.common.dbconnectionstringbuilder>): in quotes where it holds
/// a semicolon, begins with a quote, or has blanks around it; a quote of the same kind is doubled.
fn pair_value(value: &str) -> String {
    let is_bare = !value.is_empty()
        && !value.contains([';', '\0'])
        && !value.starts_with(['"', '\''])
        && !value.contains(char::is_control)
        && value.trim() == value;
    if is_bare { value.to_owned() } else { format!("\"{}\"", value.replace('"', "\"\"")) }
}

/// A value as libpq reads it (<https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-KEYWORD-VALUE>).
/// Go's pgx knows a backslash before a quote and before another one only, so blanks need quotes.
fn word_value(value: &str) -> String {
    let escaped = value.replace('\\', r"\\").replace('\'', r"\'");
    if value.is_empty() || value.contains(char::is_whitespace) { format!("'{escaped}'") } else { escaped }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_pairs_is_quoted_where_it_would_be_read_otherwise() {
        for (value, written) in [
            ("plain", "plain"),
            ("a=b$c%", "a=b$c%"),
            ("it's", "it's"),
            ("a\"b", "a\"b"),
            ("", "\"\""),
            ("a;b", "\"a;b\""),
            (" a", "\" a\""),
            ("a ", "\"a \""),
            ("a b", "a b"),
            ("'a", "\"'a\""),
            ("\"a", "\"\"\"a\""),
            ("a;\"b", "\"a;\"\"b\""),
            ("a;\"'b", "\"a;\"\"'b\""),
            ("a\tb", "\"a\tb\""),
        ] {
            assert_eq!(pair_value(value), written, "{value}");
        }
    }

    #[test]
    fn a_value_of_words_is_escaped_and_quoted_for_blanks() {
        for (value, written) in [
            ("plain", "plain"),
            ("a=b$c%;\"", "a=b$c%;\""),
            ("it's", r"it\'s"),
            (r"a\b", r"a\\b"),
            ("", "''"),
            ("a b", "'a b'"),
            (r"a '\", r"'a \'\\'"),
            ("a\u{a0}b", "'a\u{a0}b'"),
        ] {
            assert_eq!(word_value(value), written, "{value}");
        }
    }
}
