//! Every part of a URL, and every character of a password.

use super::*;
use crate::value::TextValue as _;

fn postgres(driver: Driver, tls: Option<Tls>) -> ConnectionUrl {
    ConnectionUrl::Postgres(PostgresUrl {
        driver,
        login: Login { role: RoleName::parse("codelab").unwrap(), password: EnvironmentKey::postgres_password() },
        host: "postgres".to_owned(),
        port: Port::POSTGRES,
        database: DatabaseName::parse("auth_db").unwrap(),
        tls,
        options: None,
    })
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
    let sqlite = |path| ConnectionUrl::Sqlite {
        path: SqlitePath::parse(path).unwrap(),
        file: ContainerPath::parse("/x").unwrap(),
    };
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
        let options = Some(UrlOptions::parse("pool=5&app=x").unwrap());
        ConnectionUrl::Postgres(PostgresUrl { options, ..url }).text("x")
    };
    let place = "postgresql://codelab:x@postgres:5432/auth_db";
    assert_eq!(text(None), format!("{place}?pool=5&app=x"));
    assert_eq!(text(Some(Tls::Require)), format!("{place}?sslmode=require&pool=5&app=x"));
}

#[test]
fn every_driver_is_known_by_its_scheme() {
    for driver in Driver::ALL {
        let text = postgres(*driver, None).text("x");
        assert_eq!(driver_of(text.split_once("://").unwrap().0), Some(*driver));
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
    let sqlite =
        ConnectionUrl::Sqlite { path: SqlitePath::parse("a.db").unwrap(), file: ContainerPath::parse("/x").unwrap() };
    assert_eq!((sqlite.engine(), sqlite.login(), sqlite.password()), (Engine::Sqlite, None, None));
}
