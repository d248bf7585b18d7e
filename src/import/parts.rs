//! Knows which part of a database a variable is, by its name. Must not know any value.

use crate::value::DatabasePart;

/// How names of variables end, and what they mean then. A longer end stands before one that it ends with.
const ENDS: [(&str, DatabasePart); 18] = [
    ("HOSTNAME", DatabasePart::Host),
    ("HOST", DatabasePart::Host),
    ("SERVER", DatabasePart::Host),
    ("ADDRESS", DatabasePart::Host),
    ("ADDR", DatabasePart::Host),
    ("PORT", DatabasePart::Port),
    ("USERNAME", DatabasePart::User),
    ("USER_NAME", DatabasePart::User),
    ("USERID", DatabasePart::User),
    ("USER", DatabasePart::User),
    ("LOGIN", DatabasePart::User),
    ("PASSWORD", DatabasePart::Password),
    ("PASSWD", DatabasePart::Password),
    ("PASS", DatabasePart::Password),
    ("PWD", DatabasePart::Password),
    ("NAME", DatabasePart::Name),
    ("DATABASE", DatabasePart::Name),
    ("DB", DatabasePart::Name),
];

/// What the last word before the end has in it where a variable is about a database of this kind.
const ABOUT: [&str; 7] = ["DB", "DATABASE", "DATASOURCE", "POSTGRES", "PG", "SQL", "JDBC"];

/// The same where it is about something else.
const ELSEWHERE: [&str; 9] =
    ["MYSQL", "MARIADB", "MONGO", "REDIS", "CLICKHOUSE", "MSSQL", "COUCHDB", "INFLUX", "PGADMIN"];

/// A variable by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    /// The part that it would be.
    pub(super) part: DatabasePart,
    /// What stands before that, without what parts words.
    pub(super) before: String,
}

impl Named {
    /// What a name says; nothing where it is no part's.
    pub(super) fn read(name: &str) -> Option<Self> {
        let upper = name.to_ascii_uppercase();
        let (end, part) = ENDS.iter().find(|(end, _)| upper.ends_with(end))?;
        let before = upper.strip_suffix(end)?.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        Some(Self { part: *part, before: before.to_owned() })
    }

    /// Whether it is about a database of this kind, by its own words or because the host of one is called so too.
    pub(super) fn is_about(&self, of_hosts: &[String]) -> bool {
        let last = self.before.rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        let has = |words: &[&str]| words.iter().any(|word| last.contains(word));
        of_hosts.contains(&self.before) || (has(&ABOUT) && !has(&ELSEWHERE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_names_are_known() {
        use DatabasePart::{Host, Name, Password, Port, User};
        for (name, part, before) in [
            ("DB_HOST", Host, "DB"),
            ("PGHOST", Host, "PG"),
            ("POSTGRES_SERVER", Host, "POSTGRES"),
            ("DATABASE__CONNECTION__HOST", Host, "DATABASE__CONNECTION"),
            ("GITEA__database__HOST", Host, "GITEA__DATABASE"),
            ("KC_DB_URL_HOST", Host, "KC_DB_URL"),
            ("DB_PORT", Port, "DB"),
            ("PGUSER", User, "PG"),
            ("KC_DB_USERNAME", User, "KC_DB"),
            ("SPRING_DATASOURCE_PASSWORD", Password, "SPRING_DATASOURCE"),
            ("MB_DB_PASS", Password, "MB_DB"),
            ("POSTGRES_DB", Name, "POSTGRES"),
            ("PAPERLESS_DBNAME", Name, "PAPERLESS_DB"),
            ("DB_DATABASE_NAME", Name, "DB_DATABASE"),
            ("DB_DATABASE", Name, "DB"),
            ("DB_POSTGRESDB_DATABASE", Name, "DB_POSTGRESDB"),
            ("HOST", Host, ""),
        ] {
            assert_eq!(Named::read(name), Some(Named { part, before: before.to_owned() }), "{name}");
        }
        for name in ["DB_TYPE", "LOG_LEVEL", "PORTS", "DB_SSLMODE", ""] {
            assert_eq!(Named::read(name), None, "{name}");
        }
    }

    #[test]
    fn what_is_about_something_else_is_no_part() {
        let is_about = |name: &str, hosts: &[&str]| {
            let hosts: Vec<_> = hosts.iter().map(|host| (*host).to_owned()).collect();
            Named::read(name).unwrap().is_about(&hosts)
        };
        for name in ["DB_PASSWORD", "PGUSER", "POSTGRES_DB", "GF_DATABASE_NAME", "SQL_HOST", "PAPERLESS_DBUSER"] {
            assert!(is_about(name, &[]), "{name}");
        }
        for name in [
            "REDIS_PASSWORD",
            "MYSQL_USER",
            "ADMIN_PASSWORD",
            "KC_DB",
            "PASSWORD",
            "PGADMIN_DEFAULT_PASSWORD",
            "PGADMIN_PASSWORD",
            "POSTGRES_CONTAINER_NAME",
        ] {
            assert!(!is_about(name, &[]), "{name}");
        }
        assert!(is_about("PASSWORD", &[""]));
        assert!(is_about("STORE_USER", &["STORE"]));
    }
}
