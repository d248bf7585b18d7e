//! Knows which options each driver takes where it is told its database, and what may be their values: data, each list with
//! its source. Must not know a profile, nor how an option is written.
//!
//! What says who logs in, and where, stands in no list: the profile says it. Nor does a secret.

mod postgres;
mod sqlite;

pub use self::postgres::{hands_on_settings, of_postgres};
pub use self::sqlite::of_sqlite;
use crate::value::Driver;

/// What an option takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// A whole number, at least so much.
    Integer(i64),
    /// A number, also one with a fraction, not below nothing.
    Number,
    /// `true` or `false`.
    Flag,
    /// One of these words.
    Words(&'static [&'static str]),
    /// One of these words, in capitals or in small letters.
    AnyCase(&'static [&'static str]),
    /// Any text.
    Text,
}

/// An option by its name, with what it takes.
pub type Known = (&'static str, Takes);

use Takes::{AnyCase, Flag, Integer, Number, Text, Words};

const ZERO_ONE: Takes = Words(&["0", "1"]);
const SWITCH: Takes = Words(&["true", "false", "on", "off", "yes", "no", "1", "0"]);

/// What SQLite itself takes in another way, by names without `_` before them.
pub const PRAGMAS: [&str; 6] =
    ["journal_mode", "busy_timeout", "foreign_keys", "synchronous", "cache_size", "temp_store"];

/// What people look for that a driver takes elsewhere, with the place.
const HINTS: &[(&[Driver], &[&str], &str)] = &[
    (
        &[Driver::Asyncpg],
        &["application_name", "search_path", "timezone", "options"],
        "asyncpg takes settings of the server from the program: `connect_args={\"server_settings\": {...}}`",
    ),
    (&[Driver::Asyncpg], &["sslmode"], "asyncpg calls it `ssl`"),
    (
        &[Driver::Asyncpg],
        &["timeout", "connect_timeout", "statement_cache_size"],
        "asyncpg takes it as a number, which no URL holds, from the program: `connect_args={...}`",
    ),
    (
        &[Driver::Psycopg, Driver::Psycopg2],
        &["search_path", "timezone", "TimeZone", "lock_timeout"],
        "libpq takes settings of the server by `options: -c NAME=VALUE`",
    ),
    (&[Driver::Psycopg, Driver::Psycopg2], &["ssl"], "libpq calls it `sslmode`"),
    (&[Driver::Jdbc], &["search_path", "schema"], "pgjdbc calls it `currentSchema`"),
    (&[Driver::Django], &["search_path", "schema"], "dj-database-url calls it `currentSchema`"),
    (&[Driver::Rails], &["search_path", "schema"], "Rails calls it `schema_search_path`"),
    (&[Driver::Prisma], &["search_path"], "Prisma calls it `schema`"),
    (
        &[Driver::Node, Driver::Sqlx, Driver::TokioPostgres],
        &["search_path", "schema"],
        "write `options: -c search_path=NAME`",
    ),
];

/// Where a driver takes what it does not take as an option.
#[must_use]
pub fn hint(driver: Driver, name: &str) -> Option<&'static str> {
    let fits = |(drivers, names, _): &&(&[Driver], &[&str], &str)| drivers.contains(&driver) && names.contains(&name);
    HINTS.iter().find(fits).map(|(_, _, help)| *help)
}

/// What an option of a list takes; .NET reads a name in capitals and in small letters, and Npgsql also without blanks.
#[must_use]
pub fn takes(known: &[Known], name: &str) -> Option<Takes> {
    let is_in = |name: &str| known.iter().find(|(own, _)| *own == name);
    let is_npgsql = || is_in("No Reset On Close").is_some();
    let documented = || is_npgsql().then(|| postgres::documented(name)).flatten().and_then(is_in);
    let is_dotnet = || is_in("Pooling").is_some();
    let alike = || known.iter().find(|(own, _)| is_dotnet() && own.eq_ignore_ascii_case(name));
    is_in(name).or_else(documented).or_else(alike).map(|(_, takes)| *takes)
}

/// What is no option of a URL, but a setting of the role. Drivers that could take it in a roundabout way agree on none.
pub const OF_THE_ROLE: [&str; 1] = ["statement_timeout"];

/// Names that say who logs in, or where, in small letters and without blanks.
const OF_THE_PROFILE: [&str; 19] = [
    "user",
    "username",
    "userid",
    "uid",
    "pwd",
    "psw",
    "db",
    "password",
    "passfile",
    "host",
    "hostaddr",
    "server",
    "port",
    "dbname",
    "database",
    "service",
    "servicefile",
    "sslpassword",
    "datasource",
];

/// Whether a name says who logs in, or where.
#[must_use]
pub fn is_of_the_profile(name: &str) -> bool {
    let bare: String = name.chars().filter(|c| *c != ' ').map(|c| c.to_ascii_lowercase()).collect();
    OF_THE_PROFILE.contains(&bare.as_str())
}

impl Takes {
    /// Whether it takes this text.
    #[must_use]
    pub fn accepts(self, text: &str) -> bool {
        match self {
            Integer(least) => text.parse::<i64>().is_ok_and(|number| number >= least && !text.starts_with('+')),
            Number => text.parse::<f64>().is_ok_and(|number| number >= 0.0 && number.is_finite()),
            Flag => matches!(text, "true" | "false"),
            Words(words) => words.contains(&text),
            AnyCase(words) => words.iter().any(|word| word.eq_ignore_ascii_case(text)),
            Text => true,
        }
    }

    /// What it takes, behind the word 'expected'.
    #[must_use]
    pub fn expected(self) -> String {
        match self {
            Integer(i64::MIN) => "a whole number".to_owned(),
            Integer(least) => format!("a whole number from {least} on"),
            Number => "a number".to_owned(),
            Flag => "`true` or `false`".to_owned(),
            Words(words) | AnyCase(words) => {
                let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
                format!("one of {}", words.join(", "))
            }
            Text => "a text".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Choice as _, OptionName, SqliteDriver, TextValue as _};

    #[test]
    fn no_list_has_a_name_twice_or_one_that_is_the_profiles() {
        let of_postgres = Driver::ALL.iter().filter_map(|driver| of_postgres(*driver));
        let of_sqlite = SqliteDriver::ALL.iter().map(|driver| of_sqlite(*driver).to_vec());
        for list in of_postgres.chain(of_sqlite) {
            assert!(list.iter().all(|(name, _)| takes(&list, name).is_some()));
            let mut names: Vec<_> = list.iter().map(|(name, _)| *name).collect();
            for name in &names {
                assert!(OptionName::parse(name).is_ok(), "{name}");
                let is_of_the_role = OF_THE_ROLE.contains(&name.to_ascii_lowercase().as_str());
                assert!(!is_of_the_profile(name) && !is_of_the_role, "{name}");
            }
            let count = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), count);
        }
    }

    #[test]
    fn npgsql_knows_an_option_by_the_name_that_it_has_in_the_program() {
        let known = of_postgres(Driver::Npgsql).unwrap();
        for name in [
            "MaxPoolSize",
            "minpoolsize",
            "Maximum Pool Size",
            "maximumpoolsize",
            "CommandTimeout",
            "sslmode",
            "SearchPath",
        ] {
            assert!(takes(&known, name).is_some(), "{name}");
        }
        assert!(takes(&known, "SslMode").unwrap().accepts("require"));
        assert_eq!(takes(&known, "Max_Pool_Size"), None);
        assert_eq!(takes(&of_postgres(Driver::Jdbc).unwrap(), "applicationname"), None);
        for name in ["UID", "User Id", "UserId", "Data Source", "SSL Password"] {
            assert!(is_of_the_profile(name), "{name}");
        }
    }

    #[test]
    fn each_kind_takes_its_own() {
        for (takes, good, bad) in [
            (Integer(0), &["0", "10"][..], &["-1", "+1", "1.5", "", "x", "0x1"][..]),
            (Integer(-1), &["-1", "0"], &["-2"]),
            (Number, &["0", "1.5", "30"], &["-1", "NaN", "inf", "x", ""]),
            (Flag, &["true", "false"], &["yes", "1", "TRUE", ""]),
            (AnyCase(&["Require"]), &["Require", "require"], &["Req", ""]),
            (ZERO_ONE, &["0", "1"], &["2", "true"]),
            (Text, &["", "a b"], &[]),
        ] {
            for text in good {
                assert!(takes.accepts(text), "{takes:?} {text}");
            }
            for text in bad {
                assert!(!takes.accepts(text), "{takes:?} {text}");
            }
        }
    }
}
