//! Knows what a hand-written connection URL says, and which of them a profile can say.
//! Must not know which service opens it.

use crate::url::{WrittenUrl, percent_decode};
use crate::value::{DatabaseName, Driver, SqlitePath, TextValue as _};

/// A connection URL that a profile can say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Connection {
    /// `sqlite:///PATH`.
    Sqlite(SqlitePath),
    /// `postgresql[+DRIVER]://USER:PASSWORD@HOST:PORT/DATABASE`.
    Postgres(PostgresConnection),
}

/// The parts of a URL that leads to PostgreSQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PostgresConnection {
    pub(super) driver: Driver,
    pub(super) user: String,
    pub(super) password: String,
    pub(super) host: String,
    pub(super) port: String,
    pub(super) database: DatabaseName,
}

/// Reads a URL of one of the two engines; nothing for any other text.
///
/// # Errors
/// Why a profile can't say it; never the URL, which holds a password.
pub(super) fn read(text: &str) -> Option<Result<Connection, String>> {
    let url = WrittenUrl::read(text)?;
    if let Some(driver) = url.scheme.strip_prefix("sqlite") {
        return Some(match (driver, url.place.strip_prefix('/').map(SqlitePath::parse)) {
            ("", Some(Ok(path))) => Ok(Connection::Sqlite(path)),
            ("", Some(Err(_)) | None) => Err("its path is none that all readers of URLs read alike".to_owned()),
            (_, _) => Err(format!("a profile writes `sqlite:///`, and not `{}:///`", url.scheme)),
        });
    }
    if !url.scheme.starts_with("postgres") {
        return None;
    }
    Some(postgres(url).map(Connection::Postgres))
}

fn postgres(WrittenUrl { scheme, login, place }: WrittenUrl<'_>) -> Result<PostgresConnection, String> {
    let driver = match scheme {
        "postgresql+asyncpg" => Driver::Asyncpg,
        "postgresql+psycopg" => Driver::Psycopg,
        "postgresql" => Driver::Plain,
        _ => return Err(format!("a profile has no driver that is written `{scheme}://`")),
    };
    let unreadable = || "its parts can't be told apart".to_owned();
    let login = login.ok_or_else(unreadable)?;
    if place.contains('?') {
        return Err("it has parameters behind `?`, which a profile makes itself".to_owned());
    }
    let (host_and_port, database) = place.split_once('/').ok_or_else(unreadable)?;
    let (host, port) = host_and_port.split_once(':').unwrap_or((host_and_port, "5432"));
    let password = login.password.unwrap_or_default();
    let database = DatabaseName::parse(database).ok().filter(|name| !name.is_reserved());
    Ok(PostgresConnection {
        driver,
        user: percent_decode(login.user).ok_or_else(unreadable)?,
        password: percent_decode(password).unwrap_or_else(|| password.to_owned()),
        host: host.to_owned(),
        port: port.to_owned(),
        database: database.ok_or_else(|| "its database has a name that a profile can't give".to_owned())?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_urls_of_the_requirements_are_read() {
        let Some(Ok(Connection::Postgres(url))) =
            read("postgresql+asyncpg://codelab:p%40ss@postgres:5432/agent_runtime")
        else {
            panic!()
        };
        assert_eq!((url.driver, url.user.as_str(), url.password.as_str()), (Driver::Asyncpg, "codelab", "p@ss"));
        assert_eq!((url.host.as_str(), url.port.as_str()), ("postgres", "5432"));
        let path = |text| SqlitePath::parse(text).unwrap();
        let sqlite = |text| read(text).unwrap().unwrap();
        assert_eq!(sqlite("sqlite:///data/auth.db"), Connection::Sqlite(path("data/auth.db")));
        assert_eq!(sqlite("sqlite:////absolute/path.db"), Connection::Sqlite(path("/absolute/path.db")));
    }

    #[test]
    fn what_a_profile_can_not_say_is_told_without_showing_it() {
        for url in [
            "sqlite+aiosqlite:///x.db",
            "sqlite://",
            "postgres://u:hunter22@h/d",
            "postgresql+psycopg2://u:hunter22@h/d",
            "postgresql://u:hunter22@h/d?sslmode=require",
            "postgresql://u:hunter22@h/postgres",
            "postgresql://h",
        ] {
            let why = read(url).unwrap().unwrap_err();
            assert!(!why.contains("hunter22"), "{why}");
        }
        assert_eq!(read("redis://:x@redis:6379/0"), None);
        assert_eq!(read("plain"), None);
    }

    #[test]
    fn the_server_of_a_url_keeps_its_port() {
        for (place, host, port) in [("h:6543", "h", "6543"), ("h:5432", "h", "5432"), ("h", "h", "5432")] {
            let url = format!("postgresql://u:p@{place}/d");
            let Some(Ok(Connection::Postgres(read))) = read(&url) else { panic!("{url}") };
            assert_eq!((read.host.as_str(), read.port.as_str()), (host, port));
        }
    }
}
