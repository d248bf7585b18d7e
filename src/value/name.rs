//! Knows which names a profile may give to things. Must not know what the named things are made of.

use std::fmt;

use schemars::Schema;

use super::grammar::{Grammar, Mismatch, TextValue};

macro_rules! names {
    ($($(#[doc = $doc:literal])+ $name:ident = $grammar:expr;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The rule.
            pub const GRAMMAR: Grammar = $grammar;

            /// The name.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TextValue for $name {
            fn parse(text: &str) -> Result<Self, Mismatch> {
                if Self::GRAMMAR.accepts(text) { Ok(Self(text.to_owned())) } else { Err(Self::GRAMMAR.mismatch()) }
            }

            fn schema() -> Schema {
                Self::GRAMMAR.schema()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

names! {
    /// A Compose project: `[a-z0-9][a-z0-9_-]*`
    /// (<https://docs.docker.com/reference/compose-file/version-and-name/>).
    ProjectName = Grammar {
        first: "a-z0-9", rest: "a-z0-9_-", shortest: 1, longest: 63,
        words: "a project name of lower-case letters, digits, `-` and `_`", example: "codelab",
    };

    /// A profile or an alias of one, as `--profile` takes it.
    ProfileName = Grammar {
        first: "a-z0-9", rest: "a-z0-9_-", shortest: 1, longest: 63,
        words: "a profile name of lower-case letters, digits, `-` and `_`", example: "prod-postgres",
    };

    /// A service, as Compose takes it, but that none begins like an option or a hidden file. It is also its host name in the
    /// deployment's network, so 63 characters at the most (RFC 1035).
    ServiceName = Grammar {
        first: "A-Za-z0-9_", rest: "A-Za-z0-9._-", shortest: 1, longest: 63,
        words: "a service name of letters, digits, `.`, `-` and `_`, a letter, digit or `_` first",
        example: "auth-service",
    };

    /// A database in PostgreSQL: what every SQLAlchemy from 2.0 on reads the same in a URL, in the 63 bytes that
    /// PostgreSQL keeps of a name.
    DatabaseName = Grammar {
        first: "A-Za-z", rest: "A-Za-z0-9_-", shortest: 1, longest: 63,
        words: "a database name of letters, digits, `_` and `-`, a letter first", example: "auth_db",
    };

    /// A further database of a service: the name that the profile has for it.
    DatabaseLabel = Grammar {
        first: "a-z", rest: "a-z0-9_-", shortest: 1, longest: 30,
        words: "a name of lower-case letters, digits, `_` and `-`, a letter first", example: "analytics",
    };

    /// A role of PostgreSQL. `initdb` fails on quotes, backslashes and `$` in one.
    RoleName = Grammar {
        first: "A-Za-z", rest: "A-Za-z0-9_-", shortest: 1, longest: 63,
        words: "a role name of letters, digits, `_` and `-`, a letter first", example: "codelab",
    };

    /// A named volume, as Compose takes it: one letter before a colon is a drive of Windows to it.
    VolumeName = Grammar {
        first: "a-zA-Z0-9", rest: "a-zA-Z0-9_.-", shortest: 2, longest: 128,
        words: "a volume name of two or more letters, digits, `_`, `.` and `-`", example: "postgres-data",
    };

    /// A key of `.env`, and so a secret's name: what every reader of such files takes.
    EnvironmentKey = Grammar {
        first: "A-Z_", rest: "A-Z0-9_", shortest: 1, longest: 128,
        words: "a name of upper-case letters, digits and `_`", example: "INTERNAL_API_KEY",
    };

    /// A variable inside of a container.
    VariableName = Grammar {
        first: "A-Za-z_", rest: "A-Za-z0-9_", shortest: 1, longest: 128,
        words: "a variable name of letters, digits and `_`", example: "LOG_LEVEL",
    };

    /// An extension of PostgreSQL.
    ExtensionName = Grammar {
        first: "a-z", rest: "a-z0-9_-", shortest: 1, longest: 63,
        words: "an extension name of lower-case letters, digits, `_` and `-`", example: "pgcrypto",
    };

    /// A locale, as a C library or ICU calls it.
    LocaleName = Grammar {
        first: "A-Za-z", rest: "A-Za-z0-9_.@=-", shortest: 1, longest: 63,
        words: "a locale's name of letters, digits, `_`, `.`, `@`, `=` and `-`, a letter first", example: "de_DE.utf8",
    };

    /// An option of a connection: `application_name` in a URL, `Application Name` in Npgsql's words.
    OptionName = Grammar {
        first: "A-Za-z_", rest: "A-Za-z0-9_. -", shortest: 1, longest: 63,
        words: "an option's name of letters, digits, `_`, `.`, `-` and spaces, a letter or `_` first",
        example: "application_name",
    };

    /// A server setting of PostgreSQL (<https://www.postgresql.org/docs/current/runtime-config.html>).
    SettingName = Grammar {
        first: "a-z", rest: "a-z0-9_.", shortest: 1, longest: 63,
        words: "a setting's name of lower-case letters, digits, `_` and `.`", example: "max_connections",
    };
}

/// Databases that every PostgreSQL server has for itself; it keeps no other names of databases, also none with `pg_`.
const KEPT_DATABASES: [&str; 3] = ["postgres", "template0", "template1"];

/// Role names that SQL reads as something else.
const KEPT_ROLES: [&str; 2] = ["none", "public"];

impl DatabaseName {
    /// Whether PostgreSQL keeps the name for itself, so that no service may own such a database.
    #[must_use]
    pub fn is_reserved(&self) -> bool {
        KEPT_DATABASES.contains(&self.as_str())
    }
}

impl RoleName {
    /// Whether PostgreSQL refuses a role of this name.
    #[must_use]
    pub fn is_reserved(&self) -> bool {
        self.0.starts_with("pg_") || KEPT_ROLES.contains(&self.as_str())
    }

    /// The role of a service: its name with `_` for what a role has not, behind a letter.
    #[must_use]
    pub fn of_service(service: &ServiceName) -> Self {
        let name = service.as_str().replace(['-', '.'], "_");
        let begins = if name.starts_with(|c: char| c.is_ascii_alphabetic()) { "" } else { "s_" };
        let longest = Self::GRAMMAR.longest;
        Self(format!("{begins}{name}").chars().take(longest).collect())
    }
}

impl EnvironmentKey {
    /// `AUTH_SERVICE` + suffix for the service `auth-service`, `S_2FAUTH` + suffix for `2fauth`.
    #[must_use]
    pub fn of_service(service: &ServiceName, suffix: &str) -> Self {
        let name = service.as_str().to_ascii_uppercase().replace(['-', '.'], "_");
        // as the role, so that a clash of these is one of those
        let begins = if name.starts_with(|c: char| c.is_ascii_alphabetic()) { "" } else { "S_" };
        Self(format!("{begins}{name}{suffix}"))
    }

    /// What holds the URL of a database: `AUTH_SERVICE__DB_URL`, and `AUTH_SERVICE__ANALYTICS__DB_URL` of a further one.
    #[must_use]
    pub fn of_url(service: &ServiceName, further: Option<&DatabaseLabel>) -> Self {
        let further = further.map(|name| format!("__{}", name.as_str().to_ascii_uppercase().replace('-', "_")));
        Self::of_service(service, &format!("{}__DB_URL", further.unwrap_or_default()))
    }

    /// The password of the role that PostgreSQL is made with, by the name that its image reads.
    #[must_use]
    pub fn postgres_password() -> Self {
        Self("POSTGRES_PASSWORD".to_owned())
    }

    /// What backups are encrypted by.
    #[must_use]
    pub fn backup_key() -> Self {
        Self("BACKUP_KEY".to_owned())
    }
}

impl VariableName {
    /// The variable that has the name of a key of `.env`.
    #[must_use]
    pub fn of_key(key: &EnvironmentKey) -> Self {
        Self(key.as_str().to_owned())
    }
}

impl ServiceName {
    /// The service of the database server that codelab-gen adds.
    #[must_use]
    pub fn postgres() -> Self {
        Self("postgres".to_owned())
    }

    /// The service that brings roles and databases in line at every start.
    #[must_use]
    pub fn postgres_ensure() -> Self {
        Self("postgres-ensure".to_owned())
    }

    /// The service that backs the server up.
    #[must_use]
    pub fn postgres_backup() -> Self {
        Self("postgres-backup".to_owned())
    }
}

impl VolumeName {
    /// The volume of the database server, where the profile names no other.
    #[must_use]
    pub fn postgres_data() -> Self {
        Self("postgres-data".to_owned())
    }

    /// The volume with the server's socket, by which [`ServiceName::postgres_ensure`] reaches it.
    #[must_use]
    pub fn postgres_socket() -> Self {
        Self("postgres-socket".to_owned())
    }

    /// The volume in which [`ServiceName::postgres_backup`] restores, and notes what it has done.
    #[must_use]
    pub fn backup_work() -> Self {
        Self("postgres-backup-work".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_after_a_service_has_a_name_that_is_one() {
        for (service, role, key) in [
            ("auth-service", "auth_service", "AUTH_SERVICE__DB_URL"),
            ("shop.api", "shop_api", "SHOP_API__DB_URL"),
            ("ShopWeb", "ShopWeb", "SHOPWEB__DB_URL"),
            ("2fauth", "s_2fauth", "S_2FAUTH__DB_URL"),
            ("_x", "s__x", "S__X__DB_URL"),
            (&"9".repeat(63), &format!("s_{}", "9".repeat(61)), &format!("S_{}__DB_URL", "9".repeat(63))),
        ] {
            let service = ServiceName::parse(service).unwrap();
            let (of_role, of_key) = (RoleName::of_service(&service), EnvironmentKey::of_service(&service, "__DB_URL"));
            assert_eq!((of_role.as_str(), of_key.as_str()), (role, key));
            assert!(RoleName::parse(role).is_ok() && EnvironmentKey::parse(key).is_ok(), "{service}");
            assert_eq!(EnvironmentKey::of_url(&service, None).as_str(), key);
            let further = DatabaseLabel::parse(&format!("a-b_{}", "c".repeat(26))).unwrap();
            let of_further = EnvironmentKey::of_url(&service, Some(&further));
            assert_eq!(of_further.as_str(), key.replace("__DB_URL", &format!("__A_B_{}__DB_URL", "C".repeat(26))));
            assert!(EnvironmentKey::parse(of_further.as_str()).is_ok(), "{service}");
        }
        for name in ["", ".x", "-x", "a b", "a/b", "ä"] {
            assert!(ServiceName::parse(name).is_err(), "{name}");
        }
    }
}
