//! Knows which settings of the server are wrong for its major version, and what is written instead.
//! Must not know what a setting is for, but for those that name libraries.

use super::carried::Wanted;
use super::libraries::{LIBRARIES, listed};
use super::scope::Faults;
use crate::diagnostic::{Code, Place};
use crate::field::FieldPath;
use crate::help::Help;
use crate::postgres::{self, KnownImage, Setting, Wrong, known_image};
use crate::profile::{Postgres, given};
use crate::spelling::quoted;
use crate::value::{ImageReference, PostgresMajor};

/// What begins the last settings that every program may have for itself; the server takes any of them.
const OF_ANOTHER: char = '.';

/// Checks each setting by the table of the server's major version; of one that is not known yet nothing is said.
pub(super) fn check(
    postgres: &Postgres,
    image: &ImageReference,
    major: PostgresMajor,
    wanted: &Wanted,
    faults: &mut Faults,
) {
    if !postgres::is_known(major) {
        return;
    }
    let at = FieldPath::root().key("postgres").key("settings");
    for (name, value) in given(&postgres.settings) {
        let name = name.as_str();
        match postgres::setting(major, name) {
            Some(setting) => check_value(&setting, name, &value.0, &at.key(name), faults),
            None if is_of_another(name, major) => {}
            None => {
                let message = format!("PostgreSQL {major} has no setting {}", quoted(name));
                faults.add(Code::UnknownSetting, Place::key(&at.key(name)), message, instead(name, major));
            }
        }
        if let Some(image) = known_image(image).filter(|_| LIBRARIES.contains(&name)) {
            check_libraries(&value.0, &image, (major, wanted), &at.key(name), faults);
        }
    }
    check_together(postgres, major, &at, faults);
}

/// Whether it belongs to an extension, or to a program, that nobody here knows.
fn is_of_another(name: &str, major: PostgresMajor) -> bool {
    let Some((prefix, _)) = name.split_once(OF_ANOTHER) else { return false };
    !postgres::has_settings_of(prefix, major)
}

fn instead(name: &str, major: PostgresMajor) -> Help {
    if let Some(majors) = postgres::majors_with_setting(name) {
        return if major.get() < *majors.start() {
            format!("PostgreSQL {} has it: take an image of that version, or remove it", majors.start()).into()
        } else {
            format!("PostgreSQL {} was the last one that had it: remove it", majors.end()).into()
        };
    }
    match postgres::nearest_setting(major, name) {
        Some(nearest) => Help::respell(nearest),
        None => Help::remove().and("; `SELECT name FROM pg_settings` lists those that there are"),
    }
}

fn check_value(setting: &Setting, name: &str, value: &str, at: &FieldPath, faults: &mut Faults) {
    let Err(wrong) = setting.check(value) else { return };
    let found = quoted(value);
    let (message, help) = match wrong {
        Wrong::Fixed => (format!("`{name}` reports something about the server, and can't be set"), Help::remove()),
        Wrong::Switch => (format!("expected `on` or `off` for `{name}`, found {found}"), "write `on` or `off`".into()),
        Wrong::Word => (format!("expected one of some words for `{name}`, found {found}"), one_of(setting, value)),
        Wrong::Number => (format!("expected a number for `{name}`, found {found}"), in_range(setting)),
        Wrong::NoUnit => (format!("expected a number without a unit for `{name}`, found {found}"), in_range(setting)),
        Wrong::Unit => {
            let (last, others) = setting.units().split_last().unwrap_or((&"", &[]));
            let message = format!("expected a unit of PostgreSQL for `{name}`, found {found}");
            (
                message,
                format!("write a number with `{}` or `{last}`, in just these letters", others.join("`, `")).into(),
            )
        }
        Wrong::Step => {
            let step = setting.step.unwrap_or_default();
            (
                format!("expected a multiple of {step} for `{name}`, found {found}"),
                format!("write a multiple of {step}").into(),
            )
        }
        Wrong::Range => (format!("expected another number for `{name}`, found {found}"), in_range(setting)),
    };
    faults.add(Code::SettingValue, Place::value(at), message, help);
}

fn one_of(setting: &Setting, value: &str) -> Help {
    match crate::spelling::nearest(value, setting.words.iter().copied()) {
        Some(word) => Help::respell(word),
        None => format!("write one of `{}`", setting.words.join("`, `")).into(),
    }
}

fn in_range(setting: &Setting) -> Help {
    format!("write {}", setting.shown_range()).into()
}

/// What the server does not start with although each setting by itself is right.
fn check_together(postgres: &Postgres, major: PostgresMajor, at: &FieldPath, faults: &mut Faults) {
    let value = |name: &str| {
        given(&postgres.settings)
            .find(|(known, _)| known.as_str() == name)
            .map(|(_, value)| value.0.to_ascii_lowercase())
    };
    let is_off = |name: &str| value(name).is_none_or(|value| is_off(&value));
    if value("wal_level").as_deref() == Some("minimal") {
        let senders = value("max_wal_senders").is_some_and(|value| postgres::count(&value) == Some(0));
        let wants = [
            ("max_wal_senders", senders, "write `max_wal_senders: 0` beside it, or remove `wal_level`"),
            ("archive_mode", is_off("archive_mode"), "remove one of the two"),
            ("summarize_wal", is_off("summarize_wal"), "remove one of the two"),
        ];
        for (name, _, help) in wants.into_iter().filter(|(_, is_right, _)| !is_right) {
            let message =
                format!("with `wal_level: minimal` there is nothing for `{name}`, and the server does not start");
            faults.add(Code::SettingValue, Place::value(&at.key("wal_level")), message, help);
        }
    }
    let sizes = ["min_wal_size", "max_wal_size"];
    for (name, size) in given(&postgres.settings).filter(|(name, _)| sizes.contains(&name.as_str())) {
        if postgres::mebibytes(major, name.as_str(), &size.0).is_some_and(|size| (2..LEAST_WAL).contains(&size)) {
            let message = format!("expected at least two files of WAL for `{name}`, found {}", quoted(&size.0));
            let help = format!("write `{LEAST_WAL}MB` or more");
            faults.add(Code::SettingValue, Place::value(&at.key(name)), message, help);
        }
    }
}

/// Two files of WAL, of the size that `initdb` gives them.
const LEAST_WAL: u64 = 32;

/// A switch, or a word, that says no.
fn is_off(value: &str) -> bool {
    matches!(value, "0" | "of" | "off")
        || (!value.is_empty() && ("false".starts_with(value) || "no".starts_with(value)))
}

/// A library that is not there keeps the server from starting, or everybody from coming in.
fn check_libraries(
    value: &str,
    image: &KnownImage,
    (major, wanted): (PostgresMajor, &Wanted),
    at: &FieldPath,
    faults: &mut Faults,
) {
    let missing = |name: &String| image.has_library(name, major) == Some(false);
    for name in listed(value).into_iter().filter(missing) {
        let message = format!("the image carries no library {}, without which nothing starts", quoted(&name));
        let help = match (postgres::extension_behind(&name), postgres::library_meant(&name, major)) {
            (Some(extension), _) => format!("{}; or remove it here", wanted.cure(&extension)).into(),
            (None, Some(near)) => Help::respell(near),
            (None, None) => "take an image that carries it, or remove it here".into(),
        };
        faults.add(Code::ExtensionNotInImage, Place::value(at), message, help);
    }
}
