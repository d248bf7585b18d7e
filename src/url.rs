//! Knows how a connection URL is written for each engine and driver. Must not know a password's value.
//!
//! The rules are those of SQLAlchemy (<https://docs.sqlalchemy.org/en/20/core/engines.html#database-urls>), kept to
//! what its versions from 2.0 on read the same.

mod written;

use crate::value::{
    Choice as _, ContainerPath, DatabaseName, Driver, Engine, EnvironmentKey, Port, RoleName, SqlitePath, Tls,
    UrlOptions,
};

pub use self::written::{WrittenUrl, password_of};

/// What a service opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConnectionUrl {
    /// A SQLite file.
    Sqlite {
        /// The path as the profile wrote it: three slashes and a relative path, four and an absolute one.
        path: SqlitePath,
        /// The same file as an absolute path in the container.
        file: ContainerPath,
    },
    /// A database on a PostgreSQL server.
    Postgres(PostgresUrl),
}

/// The parts of a URL that leads to PostgreSQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresUrl {
    /// The driver that opens it.
    pub driver: Driver,
    /// Who logs in.
    pub login: Login,
    /// The server.
    pub host: String,
    /// Its port.
    pub port: Port,
    /// The database.
    pub database: DatabaseName,
    /// How the connection is protected; nothing inside of the deployment's own network.
    pub tls: Option<Tls>,
    /// What the driver or the application wants to be told beside that.
    pub options: Option<UrlOptions>,
}

/// A role with the name of the secret that is its password.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Login {
    /// The role.
    pub role: RoleName,
    /// The secret.
    pub password: EnvironmentKey,
}

impl ConnectionUrl {
    /// The engine that it opens.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match self {
            Self::Sqlite { .. } => Engine::Sqlite,
            Self::Postgres(_) => Engine::Postgres,
        }
    }

    /// The secret that the URL contains, where it contains one.
    #[must_use]
    pub fn password(&self) -> Option<&EnvironmentKey> {
        self.login().map(|login| &login.password)
    }

    /// Who logs in by it; nobody where it opens a file.
    #[must_use]
    pub fn login(&self) -> Option<&Login> {
        match self {
            Self::Sqlite { .. } => None,
            Self::Postgres(url) => Some(&url.login),
        }
    }

    /// The URL with `password` standing where the password belongs: encoded by [`percent_encode`], or a reference that
    /// the reader of the file replaces.
    #[must_use]
    pub fn text(&self, password: &str) -> String {
        match self {
            Self::Sqlite { path, .. } => format!("sqlite:///{path}"),
            Self::Postgres(PostgresUrl { driver, login, host, port, database, tls, options }) => {
                let scheme = scheme(*driver);
                let tls = tls.map(|tls| format!("{}={}", tls_option(*driver), tls.as_str()));
                let query: Vec<_> = tls.into_iter().chain(options.as_ref().map(ToString::to_string)).collect();
                let mark = if query.is_empty() { "" } else { "?" };
                let query = query.join("&");
                format!("{scheme}://{}:{password}@{host}:{port}/{database}{mark}{query}", login.role)
            }
        }
    }
}

/// What a URL for a driver begins with.
fn scheme(driver: Driver) -> &'static str {
    match driver {
        Driver::Asyncpg => "postgresql+asyncpg",
        Driver::Psycopg => "postgresql+psycopg",
        Driver::Psycopg2 => "postgresql+psycopg2",
        Driver::Plain => "postgresql",
        Driver::Postgres => "postgres",
    }
}

/// The driver whose URLs begin so.
#[must_use]
pub fn driver_of(written: &str) -> Option<Driver> {
    Driver::ALL.iter().copied().find(|driver| scheme(*driver) == written)
}

/// asyncpg takes `ssl` and refuses `sslmode`, libpq the other way round. The mode is always written: a driver that
/// finds none obeys `PGSSLMODE`, or falls back to no encryption in silence.
#[must_use]
pub fn tls_option(driver: Driver) -> &'static str {
    match driver {
        Driver::Asyncpg => "ssl",
        Driver::Psycopg | Driver::Psycopg2 | Driver::Plain | Driver::Postgres => "sslmode",
    }
}

/// Encodes what a URL's user or password may not hold as it is: everything but `A-Za-z0-9-._`. `~` is among them,
/// because a shell that sources the file expands it behind a colon.
#[must_use]
pub fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_') {
            encoded.push(char::from(byte));
        } else {
            encoded.extend(format!("%{byte:02X}").chars());
        }
    }
    encoded
}

/// A text without percent-encoding; nothing where it is not the encoding of a text.
#[must_use]
pub fn percent_decode(encoded: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let Some((plain, behind)) = rest.split_once('%') {
        bytes.extend_from_slice(plain.as_bytes());
        let digits = behind.get(..2).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = behind.get(2..)?;
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests;
