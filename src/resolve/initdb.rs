//! Knows how a new volume of the server is made, and which variables its container has. Must not know what stands on an old
//! one.

use super::environment;
use super::scope::Faults;
use crate::deployment::Variable;
use crate::diagnostic::{Code, Place};
use crate::field::FieldPath;
use crate::help::Help;
use crate::profile::{Postgres, Profile, Value, given};
use crate::spelling::quoted;
use crate::value::{EnvironmentKey, LocaleName, LocaleProvider, PostgresMajor, VariableName};

/// The locales that PostgreSQL has by itself, each with the first version that has it
/// (<https://www.postgresql.org/docs/current/locale.html#LOCALE-PROVIDERS>).
const BUILTIN: [(&str, u16); 3] = [("C", 17), ("C.UTF-8", 17), ("PG_UNICODE_FAST", 18)];

/// The first version that makes checksums unless it is told not to.
const WITH_CHECKSUMS: u16 = 18;

/// Variables of the server's container that the image and the rest of the deployment rely on, each with the field that writes
/// it, where one does.
pub(crate) const SERVER_VARIABLES: [(&str, &str); 19] = [
    ("POSTGRES_USER", "user"),
    ("POSTGRES_USER_FILE", "user"),
    ("POSTGRES_PASSWORD", "secrets"),
    ("POSTGRES_PASSWORD_FILE", "secrets"),
    ("POSTGRES_DB", "database"),
    ("POSTGRES_DB_FILE", "database"),
    ("POSTGRES_INITDB_ARGS", "initdb"),
    ("POSTGRES_INITDB_ARGS_FILE", "initdb"),
    ("POSTGRES_INITDB_WALDIR", ""),
    ("POSTGRES_HOST_AUTH_METHOD", "local_auth"),
    ("PGDATA", "volume"),
    ("PGHOST", ""),
    ("PGHOSTADDR", ""),
    ("PGPORT", "publish"),
    ("PGUSER", "user"),
    ("PGPASSWORD", "secrets"),
    ("PGDATABASE", "database"),
    ("PGSERVICE", ""),
    ("PGOPTIONS", "settings"),
];

/// What each service's password ends with, which the container gets as well.
const PASSWORDS: [&str; 2] = ["__DB_PASSWORD", "__DB_PASSWORD_FILE"];

/// The arguments of `initdb`.
pub(super) fn initdb(
    postgres: &Postgres,
    major: Option<PostgresMajor>,
    at: &FieldPath,
    faults: &mut Faults,
) -> Vec<String> {
    let Some(initdb) = postgres.initdb.get() else { return Vec::new() };
    let at = at.key("initdb");
    let mut arguments = match (initdb.locale.get(), initdb.provider.copied()) {
        (Some(locale), provider) => {
            let provider = provider.unwrap_or(LocaleProvider::Libc);
            if provider == LocaleProvider::Builtin {
                check_builtin(locale, major, &at, faults);
            }
            by_locale(locale, provider)
        }
        (None, Some(_)) => {
            let help = "write `locale:` beside it, such as `locale: C.UTF-8`";
            let message = "what sorts is named, but not by which locale";
            faults.add(Code::MissingField, Place::key(&at), message, help);
            Vec::new()
        }
        (None, None) => Vec::new(),
    };
    match initdb.checksums.copied() {
        Some(true) => arguments.push("--data-checksums".to_owned()),
        Some(false) if major.is_some_and(|major| major.get() >= WITH_CHECKSUMS) => {
            arguments.push("--no-data-checksums".to_owned());
        }
        Some(false) | None => {}
    }
    arguments.extend(initdb.args.get().into_iter().flatten().map(ToString::to_string));
    arguments
}

/// With a locale the encoding stands there too: that of `C` would be none at all.
fn by_locale(locale: &LocaleName, provider: LocaleProvider) -> Vec<String> {
    let encoding = "--encoding=UTF8".to_owned();
    match provider {
        LocaleProvider::Libc => vec![encoding, format!("--locale={locale}")],
        LocaleProvider::Icu => vec![encoding, "--locale-provider=icu".to_owned(), format!("--icu-locale={locale}")],
        LocaleProvider::Builtin => {
            vec![encoding, "--locale-provider=builtin".to_owned(), format!("--builtin-locale={locale}")]
        }
    }
}

/// What PostgreSQL knows by itself depends on its version.
fn check_builtin(locale: &LocaleName, major: Option<PostgresMajor>, at: &FieldPath, faults: &mut Faults) {
    let known = BUILTIN.iter().find(|(name, _)| *name == locale.as_str());
    let is_old = |first: u16| major.is_some_and(|major| major.get() < first);
    let (message, field) = match known {
        None => (format!("PostgreSQL has no locale {} by itself", quoted(locale.as_str())), "locale"),
        Some((name, first)) if is_old(*first) => {
            (format!("PostgreSQL has the locale `{name}` by itself from version {first} on"), "provider")
        }
        Some(_) => return,
    };
    let names: Vec<_> =
        BUILTIN.iter().filter(|(_, first)| !is_old(*first)).map(|(name, _)| format!("`{name}`")).collect();
    let help = match names.as_slice() {
        [] => "write `locale: C` without `provider`, or take a newer image".to_owned(),
        names => format!("write one of {}", names.join(", ")),
    };
    faults.add(Code::PostgresVersion, Place::value(&at.key(field)), message, help);
}

/// The variables of the container beside those that the image needs.
pub(super) fn environment(
    postgres: &Postgres,
    profile: &Profile,
    at: &FieldPath,
    faults: &mut Faults,
) -> Vec<(VariableName, Variable)> {
    let at = at.key("environment");
    let secrets: Vec<&EnvironmentKey> = given(&profile.secrets).map(|(name, _)| name).collect();
    let mut variables = Vec::new();
    for (name, value) in given(&postgres.environment) {
        let at = at.key(name);
        if let Some((_, field)) = SERVER_VARIABLES.iter().find(|(known, _)| *known == name.as_str()) {
            let message = format!("the rest of the deployment relies on the server's own `{name}`");
            let help = if field.is_empty() { Help::remove() } else { format!("use `{field}` instead").into() };
            faults.add(Code::OwnedKey, Place::key(&at), message, help);
            continue;
        }
        if PASSWORDS.iter().any(|end| name.as_str().ends_with(end)) {
            let message = format!("{} holds the password of a service's role", quoted(name.as_str()));
            faults.add(Code::VariableClash, Place::key(&at), message, "remove it, or give it another name");
            continue;
        }
        let variable = match value {
            Value::Database(..) => {
                let message = "the server has no database of its own to tell of";
                let help = "write the value itself, or `{ env: NAME }`, or `{ secret: NAME }`";
                faults.add(Code::NoSuchPart, Place::value(&at.key("database")), message, help);
                None
            }
            Value::Literal(_) | Value::Environment { .. } | Value::Secret(_) => {
                environment::variable(value, &secrets, &at, faults)
            }
        };
        variables.extend(variable.map(|variable| (name.clone(), variable)));
    }
    variables
}
