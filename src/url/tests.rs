//! Every part of a URL, and every character of a password.

use super::*;
use crate::value::{Choice as _, TextValue as _};

fn postgres(driver: Driver, tls: Option<Tls>) -> ConnectionUrl {
    ConnectionUrl::Postgres(PostgresUrl {
        driver,
        login: Login { role: RoleName::parse("codelab").unwrap(), password: EnvironmentKey::postgres_password() },
        host: "postgres".to_owned(),
        port: Port::POSTGRES,
        database: DatabaseName::parse("auth_db").unwrap(),
        tls,
        certificates: String::new(),
        options: Vec::new(),
    })
}

fn of_file(driver: SqliteDriver, path: &str, options: &[(&str, &str)]) -> ConnectionUrl {
    let path = SqlitePath::parse(path).unwrap();
    let file = ContainerPath::parse("/app").unwrap().join(&path);
    let options = options.iter().map(|(name, value)| UrlOption::Named((*name).to_owned(), (*value).to_owned()));
    ConnectionUrl::Sqlite(SqliteUrl { driver, path, file, options: options.collect() })
}

fn sqlite(path: &str) -> ConnectionUrl {
    of_file(SqliteDriver::Sqlite, path, &[])
}

#[test]
fn each_driver_is_told_postgresql_in_its_own_words() {
    for (driver, with, without) in [
        (
            Driver::Jdbc,
            "jdbc:postgresql://postgres:5432/auth_db?user=codelab&password=P",
            "jdbc:postgresql://postgres:5432/auth_db",
        ),
        (
            Driver::Npgsql,
            "Host=postgres;Port=5432;Database=auth_db;Username=codelab;Password=P",
            "Host=postgres;Port=5432;Database=auth_db",
        ),
        (
            Driver::Dsn,
            "host=postgres port=5432 dbname=auth_db user=codelab password=P sslmode=disable",
            "host=postgres port=5432 dbname=auth_db sslmode=disable",
        ),
        (
            Driver::Pq,
            "postgres://codelab:P@postgres:5432/auth_db?sslmode=disable",
            "postgres://postgres:5432/auth_db?sslmode=disable",
        ),
        (Driver::Rails, "postgresql://codelab:P@postgres:5432/auth_db", "postgresql://postgres:5432/auth_db"),
        (Driver::Sqlx, "postgres://codelab:P@postgres:5432/auth_db", "postgres://postgres:5432/auth_db"),
    ] {
        let url = postgres(driver, None);
        assert_eq!((url.text("P").as_str(), url.address().as_str()), (with, without), "{driver}");
    }
}

#[test]
fn each_driver_is_told_a_file_in_its_own_words() {
    for (driver, options, text) in [
        (SqliteDriver::Sqlite, &[("timeout", "5")][..], "sqlite:///data/a.db?timeout=5"),
        (SqliteDriver::Aiosqlite, &[], "sqlite+aiosqlite:///data/a.db"),
        (
            SqliteDriver::Jdbc,
            &[("journal_mode", "WAL"), ("foreign_keys", "true")],
            "jdbc:sqlite:/app/data/a.db?journal_mode=WAL&foreign_keys=true",
        ),
        (SqliteDriver::Dotnet, &[("Foreign Keys", "True")], "Data Source=/app/data/a.db;Foreign Keys=True"),
        (SqliteDriver::GoSqlite3, &[("_busy_timeout", "5000")], "file:/app/data/a.db?_busy_timeout=5000"),
        (SqliteDriver::Prisma, &[], "file:/app/data/a.db"),
        (SqliteDriver::Rails, &[], "sqlite3:/app/data/a.db"),
        (SqliteDriver::Sqlx, &[], "sqlite:///app/data/a.db?mode=rwc"),
        (SqliteDriver::Sqlx, &[("mode", "rw")], "sqlite:///app/data/a.db?mode=rw"),
        (SqliteDriver::Path, &[], "/app/data/a.db"),
    ] {
        let url = of_file(driver, "data/a.db", options);
        assert_eq!((url.text("P"), url.address(), url.encoded("P")), (text.to_owned(), text.to_owned(), String::new()));
    }
}

#[test]
fn what_is_written_is_read_again_whatever_the_password() {
    for driver in Driver::ALL {
        for tls in [None, Some(Tls::VerifyFull), Some(Tls::Disable)] {
            let url = postgres(*driver, tls);
            for password in [
                "p",
                "p@:/?#[]%&+ =\"'\\$`;!*()é\u{1f600}",
                " p",
                "p ",
                "'",
                "\"",
                "\\",
                "\\'",
                "a://b:c@d",
                "a;Database=x",
            ] {
                let text = url.text(&url.encoded(password));
                let reading = Reading::read(&text).unwrap();
                assert_eq!(
                    (reading.opened, reading.host, reading.user),
                    ("auth_db", "postgres", Some("codelab")),
                    "{text}"
                );
                assert_eq!(reading.decoded(reading.password.unwrap()).as_deref(), Some(password), "{text}");
                assert_eq!(without_password(&text), without_password(&url.text("x")), "{text}");
            }
        }
    }
}

#[test]
fn an_encoded_password_is_decoded_again() {
    for password in ["plain", "p@ss w/rd%", "é\u{1f600}", "100%25"] {
        assert_eq!(percent_decode(&percent_encode(password)).as_deref(), Some(password));
    }
    for (encoded, plain) in [("%41b%63", "Abc"), ("%c3%A9", "é"), ("%%", ""), ("%25%32%35", "%25")] {
        assert_eq!(percent_decode(encoded).unwrap_or_default(), plain, "{encoded}");
    }
    for broken in ["%", "%4", "%zz", "%4z", "%z4", "%+1", "%ff", "%é"] {
        assert_eq!(percent_decode(broken), None, "{broken}");
    }
}

#[test]
fn urls_are_those_of_the_requirements() {
    assert_eq!(
        postgres(Driver::Asyncpg, None).text("codelab_password"),
        "postgresql+asyncpg://codelab:codelab_password@postgres:5432/auth_db"
    );
    assert_eq!(sqlite("data/auth.db").text(""), "sqlite:///data/auth.db");
    assert_eq!(sqlite("/absolute/path.db").text(""), "sqlite:////absolute/path.db");
}

#[test]
fn each_driver_gets_the_tls_parameter_that_it_knows() {
    let text = |driver, tls| postgres(driver, Some(tls)).text("x");
    for (driver, tls, url) in [
        (Driver::Asyncpg, Tls::VerifyFull, "postgresql+asyncpg://codelab:x@postgres:5432/auth_db?ssl=verify-full"),
        (Driver::Psycopg, Tls::Require, "postgresql+psycopg://codelab:x@postgres:5432/auth_db?sslmode=require"),
        (Driver::Plain, Tls::Disable, "postgresql://codelab:x@postgres:5432/auth_db?sslmode=disable"),
        (Driver::Psycopg2, Tls::Disable, "postgresql+psycopg2://codelab:x@postgres:5432/auth_db?sslmode=disable"),
        (Driver::Postgres, Tls::Disable, "postgres://codelab:x@postgres:5432/auth_db?sslmode=disable"),
    ] {
        assert_eq!(text(driver, tls), url);
    }
}

#[test]
fn options_stand_behind_the_tls_parameter() {
    let text = |tls| {
        let ConnectionUrl::Postgres(url) = postgres(Driver::Plain, tls) else { panic!() };
        let options = vec![UrlOption::Raw("pool=5".to_owned()), UrlOption::Named("app".to_owned(), "x y/z".to_owned())];
        ConnectionUrl::Postgres(PostgresUrl { options, ..url }).text("x")
    };
    let place = "postgresql://codelab:x@postgres:5432/auth_db";
    assert_eq!(text(None), format!("{place}?pool=5&app=x%20y%2Fz"));
    assert_eq!(text(Some(Tls::Require)), format!("{place}?sslmode=require&pool=5&app=x%20y%2Fz"));
}

#[test]
fn drivers_of_no_particular_application_are_known_by_their_schemes() {
    for driver in [Driver::Asyncpg, Driver::Psycopg, Driver::Psycopg2, Driver::Plain, Driver::Postgres] {
        let text = postgres(driver, None).text("x");
        assert_eq!(driver_of(text.split_once("://").unwrap().0), Some(driver));
    }
    assert_eq!(driver_of("postgresql+pg8000"), None);
}

#[test]
fn passwords_are_encoded_byte_by_byte() {
    for character in '\0'..='\u{7f}' {
        let is_plain = character.is_ascii_alphanumeric() || "-._".contains(character);
        let expected = if is_plain { character.to_string() } else { format!("%{:02X}", u32::from(character)) };
        assert_eq!(percent_encode(&character.to_string()), expected);
    }
    assert_eq!(percent_encode("p@:/?#[]%&+ =~é"), "p%40%3A%2F%3F%23%5B%5D%25%26%2B%20%3D%7E%C3%A9");
}

#[test]
fn each_kind_of_url_tells_its_engine_and_who_logs_in() {
    let postgres = postgres(Driver::Plain, None);
    let login = Login { role: RoleName::parse("codelab").unwrap(), password: EnvironmentKey::postgres_password() };
    assert_eq!((postgres.engine(), postgres.login()), (Engine::Postgres, Some(&login)));
    assert_eq!(postgres.password(), Some(&login.password));
    let sqlite = sqlite("a.db");
    assert_eq!((sqlite.engine(), sqlite.login(), sqlite.password()), (Engine::Sqlite, None, None));
}
