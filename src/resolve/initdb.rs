//! Knows how a new volume of the server is made, and which variables its container has. Must not know what stands on an old
//! one.

use super::environment::secret_variable;
use super::scope::Faults;
use crate::deployment::Variable;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::field::FieldPath;
use crate::profile::{Postgres, Profile, Value, given};
use crate::spelling::quoted;
use crate::value::{BuiltinLocale, Choice as _, EnvironmentKey, PostgresMajor, VariableName};

/// The first versions that know the locales of PostgreSQL itself, and the newest one of them.
const WITH_BUILTIN: u16 = 17;
const WITH_UNICODE_FAST: u16 = 18;

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

/// The arguments of `initdb`. With a locale the encoding stands there too: that of `C` would be none at all.
pub(super) fn initdb(
    postgres: &Postgres,
    major: Option<PostgresMajor>,
    at: &FieldPath,
    faults: &mut Faults,
) -> Vec<String> {
    let Some(initdb) = postgres.initdb.get() else { return Vec::new() };
    let at = at.key("initdb");
    let (icu, builtin) = (initdb.icu_locale.get(), initdb.builtin_locale.copied());
    if icu.is_some() && builtin.is_some() {
        let message = "a volume sorts by ICU or by PostgreSQL itself, not by both";
        let fault =
            Diagnostic::error(Code::Conflict, Place::key(&at.key("builtin_locale")), message, "remove one of them");
        faults.push(fault.also(Place::key(&at.key("icu_locale")), ""));
    }
    if let (Some(locale), Some(major)) = (builtin, major) {
        let first = if locale == BuiltinLocale::PgUnicodeFast { WITH_UNICODE_FAST } else { WITH_BUILTIN };
        if major.get() < first {
            let word = locale.as_str();
            let message = format!("PostgreSQL {major} has no locale `{word}` by itself; {first} is the first that has");
            let help = "write `locale: C`, or take a newer image";
            faults.add(Code::PostgresVersion, Place::value(&at.key("builtin_locale")), message, help);
        }
    }
    let mut arguments = Vec::new();
    let has_locale = initdb.locale.is_given() || icu.is_some() || builtin.is_some();
    arguments.extend(has_locale.then(|| "--encoding=UTF8".to_owned()));
    arguments.extend(initdb.locale.get().map(|locale| format!("--locale={locale}")));
    arguments.extend(
        icu.into_iter().flat_map(|locale| ["--locale-provider=icu".to_owned(), format!("--icu-locale={locale}")]),
    );
    arguments.extend(
        builtin
            .into_iter()
            .flat_map(|locale| ["--locale-provider=builtin".to_owned(), format!("--builtin-locale={locale}")]),
    );
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
            let help = if field.is_empty() { "remove it".to_owned() } else { format!("use `{field}` instead") };
            faults.add(Code::OwnedKey, Place::key(&at), message, help);
            continue;
        }
        if PASSWORDS.iter().any(|end| name.as_str().ends_with(end)) {
            let message = format!("{} holds the password of a service's role", quoted(name.as_str()));
            faults.add(Code::VariableClash, Place::key(&at), message, "remove it, or give it another name");
            continue;
        }
        let variable = match value {
            Value::Literal(text) => Some(Variable::Literal(text.0.clone())),
            Value::Environment { name, default } => {
                let default = default.as_ref().map(|default| default.0.clone());
                Some(Variable::Environment { name: name.clone(), default })
            }
            Value::Secret(secret) => secret_variable(secret, &secrets, &at, faults),
            Value::Database(_) => {
                let message = "the server has no database of its own to tell of";
                let help = "write the value itself, or `{ env: NAME }`, or `{ secret: NAME }`";
                faults.add(Code::NoSuchPart, Place::value(&at.key("database")), message, help);
                None
            }
        };
        variables.extend(variable.map(|variable| (name.clone(), variable)));
    }
    variables
}
