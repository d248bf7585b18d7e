//! Knows what a service opens, and how a URL's parts are encoded. Must not know a password's value.
//!
//! The rules of encoding are those of SQLAlchemy (<https://docs.sqlalchemy.org/en/20/core/engines.html#database-urls>), kept to
//! what its versions from 2.0 on read the same.

mod form;
pub mod options;
mod reading;
mod text;
mod written;

use crate::value::{
    ContainerPath, DatabaseName, Driver, Engine, EnvironmentKey, Port, RoleName, SqliteDriver, SqlitePath, Tls,
};

pub use self::form::{Grammar, driver_of, engine_of_word, grammar, postgres_word, sqlite_side, sqlite_word};
pub use self::reading::{Reading, secret_of, without_password};
pub use self::written::{WrittenUrl, password_of};

/// What a service opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConnectionUrl {
    /// A SQLite file.
    Sqlite(SqliteUrl),
    /// A database on a PostgreSQL server.
    Postgres(PostgresUrl),
}

/// The parts of a text that leads to a SQLite file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqliteUrl {
    /// Who opens it.
    pub driver: SqliteDriver,
    /// The path as the profile wrote it, relative or absolute.
    pub path: SqlitePath,
    /// The same file as an absolute path in the container.
    pub file: ContainerPath,
    /// What the driver wants to be told beside that.
    pub options: Vec<UrlOption>,
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
    /// The file in the container by which the server is verified; empty where there is none.
    pub certificates: String,
    /// What the driver or the application wants to be told beside that.
    pub options: Vec<UrlOption>,
}

/// Something that a driver is told beside where its database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UrlOption {
    /// `NAME=VALUE` as it stands in a URL, already encoded.
    Raw(String),
    /// A name with its value.
    Named(String, String),
}

/// A role with the name of the secret that is its password.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Login {
    /// The role.
    pub role: RoleName,
    /// The secret.
    pub password: EnvironmentKey,
}

impl UrlOption {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Raw(text) => text.split_once('=').map_or(text, |(name, _)| name),
            Self::Named(name, _) => name,
        }
    }

    /// Whether the profile's `tls` decides it, where the server is elsewhere.
    #[must_use]
    pub fn is_about_tls(&self) -> bool {
        form::is_about_tls(self.name())
    }
}

impl ConnectionUrl {
    /// The engine that it opens.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match self {
            Self::Sqlite(_) => Engine::Sqlite,
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
            Self::Sqlite(_) => None,
            Self::Postgres(url) => Some(&url.login),
        }
    }

    /// The URL with `password` standing where the password belongs: as [`ConnectionUrl::encoded`] gives it, or a reference
    /// that the reader of the file replaces.
    #[must_use]
    pub fn text(&self, password: &str) -> String {
        match self {
            Self::Sqlite(url) => url.text(),
            Self::Postgres(url) => url.text(Some(password)),
        }
    }

    /// The URL without who logs in.
    #[must_use]
    pub fn address(&self) -> String {
        match self {
            Self::Sqlite(url) => url.text(),
            Self::Postgres(url) => url.text(None),
        }
    }

    /// A password as it stands in the URL.
    #[must_use]
    pub fn encoded(&self, password: &str) -> String {
        match self {
            Self::Sqlite(_) => String::new(),
            Self::Postgres(url) => url.encoded(password),
        }
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
    String::from_utf8(percent_decoded_bytes(encoded)?).ok()
}

/// The same for bytes that need not be a text, as those of a path.
#[must_use]
pub fn percent_decoded_bytes(encoded: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let Some((plain, behind)) = rest.split_once('%') {
        bytes.extend_from_slice(plain.as_bytes());
        let digits = behind.get(..2).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = behind.get(2..)?;
    }
    bytes.extend_from_slice(rest.as_bytes());
    Some(bytes)
}

#[cfg(test)]
mod tests;
