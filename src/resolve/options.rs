//! Knows which options a driver is told, and which of those that a profile writes it does not take.
//! Must not know how one is written into a text.

use super::scope::Faults;
use crate::diagnostic::{Code, Place};
use crate::field::FieldPath;
use crate::help::Help;
use crate::postgres::is_of_a_session;
use crate::profile::{Options, Setting};
use crate::spelling::{nearest, quoted};
use crate::url::options::{Known, OF_THE_ROLE, PRAGMAS, hands_on_settings, hint, is_of_the_profile, takes};
use crate::url::{UrlOption, percent_decode};
use crate::value::{Choice as _, Driver, SqliteDriver};

/// Who is told.
#[derive(Clone, Copy)]
pub(super) enum Reader {
    Postgres(Driver),
    Sqlite(SqliteDriver),
}

impl Reader {
    fn known(self) -> Option<Vec<Known>> {
        match self {
            Self::Postgres(driver) => crate::url::options::of_postgres(driver),
            Self::Sqlite(driver) => Some(crate::url::options::of_sqlite(driver).to_vec()),
        }
    }

    /// Whether it hands a name on to the server, which takes it as a setting of the session.
    fn hands_on(self, name: &str) -> bool {
        matches!(self, Self::Postgres(driver) if hands_on_settings(driver)) && is_of_a_session(name)
    }

    fn word(self) -> &'static str {
        match self {
            Self::Postgres(driver) => driver.as_str(),
            Self::Sqlite(driver) => driver.as_str(),
        }
    }

    /// Whether it reads no URL, so that a text of one means nothing to it.
    fn reads_no_url(self) -> bool {
        match self {
            Self::Postgres(driver) => matches!(driver, Driver::Npgsql | Driver::Dsn),
            Self::Sqlite(driver) => matches!(driver, SqliteDriver::Dotnet | SqliteDriver::Path),
        }
    }
}

/// The options that are written at `at`, in their order, each judged by who reads them.
pub(super) fn options(
    written: &Setting<Options>,
    reader: Reader,
    at: &FieldPath,
    faults: &mut Faults,
) -> Vec<UrlOption> {
    match written.get() {
        None => Vec::new(),
        Some(Options::Named(named)) => {
            let given = named.iter().filter_map(|(name, value)| Some((name.as_str(), value.get()?.0.as_str())));
            for (name, value) in given.clone() {
                check(name, value, reader, &at.key(name), faults);
            }
            given.map(|(name, value)| UrlOption::Named(name.to_owned(), value.to_owned())).collect()
        }
        Some(Options::Text(text)) => {
            if reader.reads_no_url() {
                let message = format!("`{}` reads no URL, which this text is a part of", reader.word());
                faults.add(Code::UrlOption, Place::value(at), message, "write `NAME: VALUE` lines below it");
            }
            let options: Vec<_> = text.each().map(|option| UrlOption::Raw(option.to_owned())).collect();
            // of a program that is not known the text is taken as it is
            for option in options.iter().filter(|_| reader.known().is_some() && !reader.reads_no_url()) {
                let UrlOption::Raw(raw) = option else { continue };
                let value = raw.split_once('=').map_or("", |(_, value)| value);
                check(option.name(), &percent_decode(value).unwrap_or_default(), reader, at, faults);
            }
            options
        }
    }
}

fn check(name: &str, value: &str, reader: Reader, at: &FieldPath, faults: &mut Faults) {
    let word = reader.word();
    let small = name.to_ascii_lowercase();
    if is_of_the_profile(name) {
        let message = format!("{} is no option: the profile says who logs in, and where", quoted(name));
        let help = "remove it; `postgres`, `sqlite` and `postgres.external` say where, and `secrets` has the passwords";
        return faults.add(Code::UrlOption, Place::key(at), message, help);
    }
    if OF_THE_ROLE.contains(&small.as_str()) {
        let message = format!("{} is a setting of the role, and no option of a connection", quoted(name));
        let help = format!("write `postgres: {{ name: DATABASE, {small}: 30s }}`, with `access: per_service`");
        return faults.add(Code::UrlOption, Place::key(at), message, help);
    }
    let Some(known) = reader.known() else { return };
    match takes(&known, name) {
        Some(takes) if takes.accepts(value) => {}
        Some(takes) => {
            let message = format!("expected {} for {}, found {}", takes.expected(), quoted(name), quoted(value));
            faults.add(Code::UrlOption, Place::value(at), message, "write such a value, or remove the option");
        }
        None if reader.hands_on(name) => {}
        None => {
            let message = format!("`{word}` knows no option {}", quoted(name));
            faults.add(Code::UrlOption, Place::key(at), message, cure(name, reader, &known));
        }
    }
}

fn cure(name: &str, reader: Reader, known: &[Known]) -> Help {
    if let Reader::Postgres(driver) = reader
        && let Some(hint) = hint(driver, name)
    {
        return hint.into();
    }
    if let Some(name) = nearest(name, known.iter().map(|(name, _)| *name)) {
        return Help::respell(name);
    }
    if matches!(reader, Reader::Sqlite(_)) && PRAGMAS.contains(&name.trim_start_matches('_')) {
        let pragma = name.trim_start_matches('_');
        return format!("let the program run `PRAGMA {pragma} = VALUE` on each new connection").into();
    }
    if known.is_empty() {
        return "remove it: this driver takes a path and nothing else".into();
    }
    let names: Vec<_> = known.iter().map(|(name, _)| format!("`{name}`")).collect();
    format!("use one of {}", names.join(", ")).into()
}
