//! Knows in which form each driver wants to be told where its database is: a URL, or words with values.
//! Must not know a deployment, nor which options a driver takes.

use crate::value::{Choice as _, Driver, Engine, SqliteDriver, Tls};

/// The grammar of a text that leads to PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grammar {
    /// `SCHEME://ROLE:PASSWORD@HOST:PORT/DATABASE?NAME=VALUE`.
    Url(&'static str),
    /// `jdbc:postgresql://HOST:PORT/DATABASE?user=ROLE&password=PASSWORD`.
    Jdbc,
    /// `Host=HOST;Username=ROLE;Password=PASSWORD`.
    Pairs,
    /// `host=HOST user=ROLE password=PASSWORD`.
    Words,
}

/// The grammar that a driver reads.
#[must_use]
pub fn grammar(driver: Driver) -> Grammar {
    match driver {
        Driver::Asyncpg => Grammar::Url("postgresql+asyncpg"),
        Driver::Psycopg => Grammar::Url("postgresql+psycopg"),
        Driver::Psycopg2 => Grammar::Url("postgresql+psycopg2"),
        Driver::Plain | Driver::Django | Driver::Node | Driver::Prisma | Driver::Rails | Driver::Laravel => {
            Grammar::Url("postgresql")
        }
        Driver::Postgres | Driver::Pq | Driver::Pgx | Driver::Sqlx | Driver::TokioPostgres => Grammar::Url("postgres"),
        Driver::Jdbc => Grammar::Jdbc,
        Driver::Npgsql => Grammar::Pairs,
        Driver::Dsn => Grammar::Words,
    }
}

/// The driver of no particular application whose URLs begin so.
#[must_use]
pub fn driver_of(written: &str) -> Option<Driver> {
    let named = [Driver::Asyncpg, Driver::Psycopg, Driver::Psycopg2, Driver::Plain, Driver::Postgres];
    named.into_iter().find(|driver| matches!(grammar(*driver), Grammar::Url(scheme) if scheme == written))
}

/// What the same application opens a file by; nothing where it can open none.
#[must_use]
pub fn sqlite_side(driver: Driver) -> Option<SqliteDriver> {
    match driver {
        Driver::Asyncpg | Driver::Psycopg | Driver::Psycopg2 | Driver::Django | Driver::Laravel => {
            Some(SqliteDriver::Sqlite)
        }
        Driver::Plain | Driver::Postgres => Some(SqliteDriver::Sqlite),
        Driver::Jdbc => Some(SqliteDriver::Jdbc),
        Driver::Npgsql => Some(SqliteDriver::Dotnet),
        Driver::Pq | Driver::Pgx => Some(SqliteDriver::GoSqlite3),
        Driver::Node => Some(SqliteDriver::Path),
        Driver::Prisma => Some(SqliteDriver::Prisma),
        Driver::Rails => Some(SqliteDriver::Rails),
        Driver::Sqlx => Some(SqliteDriver::Sqlx),
        Driver::Dsn | Driver::TokioPostgres => None,
    }
}

/// The word by which an application of this driver knows PostgreSQL.
#[must_use]
pub fn postgres_word(driver: Driver) -> &'static str {
    match driver {
        Driver::Asyncpg => "postgresql+asyncpg",
        Driver::Psycopg => "postgresql+psycopg",
        Driver::Psycopg2 => "postgresql+psycopg2",
        Driver::Django => "django.db.backends.postgresql",
        Driver::Jdbc => "org.postgresql.Driver",
        Driver::Npgsql => "Npgsql",
        Driver::Pgx => "pgx",
        Driver::Node => "pg",
        Driver::Laravel => "pgsql",
        Driver::Plain | Driver::Prisma | Driver::Rails => "postgresql",
        Driver::Postgres | Driver::Pq | Driver::Dsn | Driver::Sqlx | Driver::TokioPostgres => "postgres",
    }
}

/// The word by which such an application knows SQLite.
#[must_use]
pub fn sqlite_word(driver: Driver, sqlite: SqliteDriver) -> &'static str {
    match (driver, sqlite) {
        (Driver::Django, _) => "django.db.backends.sqlite3",
        (_, SqliteDriver::Aiosqlite) => "sqlite+aiosqlite",
        (_, SqliteDriver::Jdbc) => "org.sqlite.JDBC",
        (_, SqliteDriver::Dotnet) => "Microsoft.Data.Sqlite",
        (_, SqliteDriver::GoSqlite3 | SqliteDriver::Rails | SqliteDriver::Path) => "sqlite3",
        (_, SqliteDriver::Sqlite | SqliteDriver::Prisma | SqliteDriver::Sqlx) => "sqlite",
    }
}

/// Which engine an application means by a word; nothing for any other word.
#[must_use]
pub fn engine_of_word(word: &str) -> Option<Engine> {
    let is_postgres = Driver::ALL.iter().any(|driver| postgres_word(*driver) == word);
    let is_sqlite = || Driver::ALL.iter().any(|d| SqliteDriver::ALL.iter().any(|s| sqlite_word(*d, *s) == word));
    if is_postgres {
        return Some(Engine::Postgres);
    }
    is_sqlite().then_some(Engine::Sqlite)
}

/// The options by which a driver is told how to protect a connection to a server elsewhere. The mode is always written: a
/// driver that finds none obeys `PGSSLMODE`, or falls back to no encryption in silence. asyncpg takes `ssl` and refuses
/// `sslmode`; `require` means to Node.js's pg what `verify-full` means to others; and who does not read `PGSSLROOTCERT` is
/// told the file of certificates here.
pub(super) fn tls_options(driver: Driver, tls: Tls, certificates: &str) -> Vec<(&'static str, String)> {
    let mode = tls.as_str().to_owned();
    let verifies = tls == Tls::VerifyFull && !certificates.is_empty();
    let with_file = |name| verifies.then(|| (name, certificates.to_owned()));
    let strict = match tls {
        Tls::VerifyFull => Some(("sslaccept", "strict".to_owned())),
        Tls::Require => Some(("sslaccept", "accept_invalid_certs".to_owned())),
        Tls::Disable => None,
    };
    match (driver, tls) {
        (Driver::Asyncpg, _) => vec![("ssl", mode)],
        (Driver::Node, Tls::Require) => vec![("sslmode", "no-verify".to_owned())],
        (Driver::Jdbc | Driver::Node, _) => [("sslmode", mode)].into_iter().chain(with_file("sslrootcert")).collect(),
        (Driver::Prisma, Tls::Disable) => vec![("sslmode", mode)],
        (Driver::Prisma, _) => {
            let encrypted = ("sslmode", Tls::Require.as_str().to_owned());
            [encrypted].into_iter().chain(strict).chain(with_file("sslcert")).collect()
        }
        // the program's own connector verifies, or does not
        (Driver::TokioPostgres, Tls::VerifyFull) => vec![("sslmode", Tls::Require.as_str().to_owned())],
        (Driver::Npgsql, _) => {
            let mode = match tls {
                Tls::VerifyFull => "VerifyFull",
                Tls::Require => "Require",
                Tls::Disable => "Disable",
            };
            vec![("SSL Mode", mode.to_owned())]
        }
        (_, _) => vec![("sslmode", mode)],
    }
}

/// What a driver must be told inside of the deployment's own network, where the server speaks no TLS: Go's lib/pq asks
/// for it unless it is told otherwise, and it reads words as well.
pub(super) fn inside_options(driver: Driver) -> Option<(&'static str, String)> {
    matches!(driver, Driver::Pq | Driver::Dsn).then(|| ("sslmode", Tls::Disable.as_str().to_owned()))
}

/// Whether the profile's `tls` decides an option; .NET reads its names with blanks and without, in any letters.
pub(super) fn is_about_tls(name: &str) -> bool {
    const NAMES: [&str; 12] = [
        "ssl",
        "sslmode",
        "ssl-mode",
        "sslaccept",
        "sslrootcert",
        "ssl-root-cert",
        "ssl-ca",
        "sslcert",
        "ssl-cert",
        "rootcertificate",
        "sslcertificate",
        "trustservercertificate",
    ];
    let bare: String = name.chars().filter(|c| *c != ' ').map(|c| c.to_ascii_lowercase()).collect();
    NAMES.contains(&bare.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_means_one_engine() {
        for driver in Driver::ALL {
            assert_eq!(engine_of_word(postgres_word(*driver)), Some(Engine::Postgres), "{driver}");
            for sqlite in SqliteDriver::ALL {
                assert_eq!(engine_of_word(sqlite_word(*driver, *sqlite)), Some(Engine::Sqlite), "{driver} {sqlite}");
            }
        }
        assert_eq!(engine_of_word("mysql"), None);
    }

    #[test]
    fn who_reads_no_variable_is_told_the_file_of_certificates() {
        let told = |driver, tls| {
            let options = tls_options(driver, tls, "/ca.pem");
            options.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
        };
        for (driver, verified, encrypted) in [
            (Driver::Asyncpg, "ssl=verify-full", "ssl=require"),
            (Driver::Plain, "sslmode=verify-full", "sslmode=require"),
            (Driver::Jdbc, "sslmode=verify-full&sslrootcert=/ca.pem", "sslmode=require"),
            (Driver::Node, "sslmode=verify-full&sslrootcert=/ca.pem", "sslmode=no-verify"),
            (
                Driver::Prisma,
                "sslmode=require&sslaccept=strict&sslcert=/ca.pem",
                "sslmode=require&sslaccept=accept_invalid_certs",
            ),
            (Driver::TokioPostgres, "sslmode=require", "sslmode=require"),
            (Driver::Npgsql, "SSL Mode=VerifyFull", "SSL Mode=Require"),
        ] {
            assert_eq!(told(driver, Tls::VerifyFull), verified, "{driver}");
            assert_eq!(told(driver, Tls::Require), encrypted, "{driver}");
        }
        assert_eq!(told(Driver::Prisma, Tls::Disable), "sslmode=disable");
        assert_eq!(tls_options(Driver::Jdbc, Tls::VerifyFull, ""), [("sslmode", "verify-full".to_owned())]);
    }
}
