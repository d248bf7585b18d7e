//! Knows what a service is told of its database: the whole, or parts in variables of their own, and whether that is enough
//! for each engine. Must not know how a text of it is written.

use super::options::{self, Reader};
use super::scope::Faults;
use crate::deployment::Database;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::field::FieldPath;
use crate::profile::{self, Value, given};
use crate::url::{SqliteUrl, postgres_word, sqlite_side, sqlite_word};
use crate::value::{
    Choice as _, ContainerPath, DatabaseLabel, DatabasePart, Driver, Engine, SqliteDriver, SqlitePath, VariableName,
};

/// The parts of one database that variables of a service name, in their order.
pub(super) fn parts(service: &profile::Service, of: Option<&DatabaseLabel>) -> Vec<(VariableName, DatabasePart)> {
    let parts = given(&service.environment).filter_map(|(name, value)| match value {
        Value::Database(part, whose) if whose.as_ref() == of => Some((name.clone(), *part)),
        Value::Database(..) | Value::Literal(_) | Value::Environment { .. } | Value::Secret(_) => None,
    });
    parts.collect()
}

/// Whether a service that opens a file learns that from what it is told; what only a server has is empty then.
pub(super) fn tells_engine(database: &Database, written: &profile::Database) -> bool {
    let names = |part: &DatabasePart| matches!(part, DatabasePart::Driver | DatabasePart::Address | DatabasePart::Url);
    database.parts.iter().any(|(_, part)| names(part)) || (database.given.is_some() && written.env.is_given())
}

/// Who opens the file of a service; nothing where its driver has no form for one.
fn sqlite_driver(
    database: &profile::Database,
    sqlite: &profile::Sqlite,
    at: &FieldPath,
    faults: &mut Faults,
) -> Option<SqliteDriver> {
    let driver = database.driver();
    let chosen = sqlite.driver.copied().or_else(|| sqlite_side(driver));
    if chosen.is_none() {
        let words: Vec<_> = SqliteDriver::ALL.iter().map(|driver| format!("`{driver}`")).collect();
        let message = format!("`{driver}` opens PostgreSQL only, so nothing says how the file is told");
        let help = format!("write `sqlite: {{ path: FILE, driver: WORD }}` with one of {}", words.join(", "));
        let fault = Diagnostic::error(Code::ConnectionForm, Place::value(&at.key("sqlite")), message, help);
        faults.push(fault.also(Place::value(&at.key("driver")), "the driver"));
    }
    chosen
}

/// What leads to a file, by the database section at `at`.
pub(super) fn sqlite_url(
    database: &profile::Database,
    sqlite: &profile::Sqlite,
    (path, file): (&SqlitePath, ContainerPath),
    at: &FieldPath,
    faults: &mut Faults,
) -> Option<SqliteUrl> {
    let driver = sqlite_driver(database, sqlite, at, faults)?;
    let at = at.key("sqlite").key("options");
    let options = options::options(&sqlite.options, Reader::Sqlite(driver), &at, faults);
    Some(SqliteUrl { driver, path: path.clone(), file, options })
}

/// The word by which the application knows its engine.
pub(super) fn word(engine: Engine, driver: Driver, sqlite: &profile::Database) -> &'static str {
    match engine {
        Engine::Postgres => postgres_word(driver),
        Engine::Sqlite => {
            let own = sqlite.sqlite.get().and_then(|sqlite| sqlite.driver.copied());
            sqlite_word(driver, own.or_else(|| sqlite_side(driver)).unwrap_or(SqliteDriver::Sqlite))
        }
    }
}

/// Fields that say what a service is told, where it is told nothing that follows from them.
pub(super) fn check_use(
    database: &profile::Database,
    parts: &[(VariableName, DatabasePart)],
    at: &FieldPath,
    faults: &mut Faults,
) {
    if database.gives_url() {
        return;
    }
    let has = |wanted: DatabasePart| parts.iter().any(|(_, part)| *part == wanted);
    let (address, engine) = (has(DatabasePart::Address), has(DatabasePart::Driver));
    if database.env.is_given() {
        let message = "`env` has no effect without a URL";
        let help = "remove it, or `give_url: false`; where a base gives it, write `env: null`";
        let fault = Diagnostic::error(Code::Conflict, Place::key(&at.key("env")), message, help);
        faults.push(fault.also(Place::value(&at.key("give_url")), "the service gets no URL"));
    }
    let fields = [
        ("sqlite", database.sqlite.is_given() && !address && !engine),
        ("driver", database.driver.is_given() && !address && !engine),
        ("options", database.options.is_given() && !address),
    ];
    for (field, _) in fields.iter().filter(|(_, is_unused)| *is_unused) {
        let message = format!("`{field}` has no effect: the service gets no URL, and no variable that it could change");
        let help = match *field {
            "sqlite" => "give a variable `{ database: driver }`, by which the program knows its engine, or remove it",
            _ => "give a variable `{ database: address }`, or remove it; where a base gives it, write `null`",
        };
        let fault = Diagnostic::error(Code::ConnectionForm, Place::key(&at.key(field)), message, help);
        faults.push(fault.also(Place::value(&at.key("give_url")), "the service gets no URL"));
    }
}
