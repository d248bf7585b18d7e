//! Knows which settings of the server are wrong for its major version, and what is written instead.
//! Must not know what a setting is for, but for those that name libraries.

use super::libraries::{LIBRARIES, listed};
use super::scope::Faults;
use super::server::RELIED_ON;
use crate::diagnostic::{Code, Place};
use crate::field::FieldPath;
use crate::postgres::{self, KnownImage, Setting, Wrong, known_image};
use crate::profile::{Postgres, given};
use crate::spelling::quoted;
use crate::value::{ImageReference, PostgresMajor};

/// What begins the last settings that every program may have for itself; the server takes any of them.
const OF_ANOTHER: char = '.';

/// Checks each setting by the table of the server's major version; of one that is not known yet nothing is said.
pub(super) fn check(postgres: &Postgres, image: &ImageReference, major: PostgresMajor, faults: &mut Faults) {
    if !postgres::is_known(major) {
        return;
    }
    let at = FieldPath::root().key("postgres").key("settings");
    for (name, value) in given(&postgres.settings).filter(|(name, _)| !RELIED_ON.contains(&name.as_str())) {
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
            check_libraries(&value.0, &image, major, &at.key(name), faults);
        }
    }
}

/// Whether it belongs to an extension, or to a program, that nobody here knows.
fn is_of_another(name: &str, major: PostgresMajor) -> bool {
    let Some((prefix, _)) = name.split_once(OF_ANOTHER) else { return false };
    !postgres::has_settings_of(prefix, major)
}

fn instead(name: &str, major: PostgresMajor) -> String {
    if let Some(majors) = postgres::majors_with_setting(name) {
        return if major.get() < *majors.start() {
            format!("PostgreSQL {} has it: take an image of that version, or remove it", majors.start())
        } else {
            format!("PostgreSQL {} was the last one that had it: remove it", majors.end())
        };
    }
    match postgres::nearest_setting(major, name) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => "remove it; `SELECT name FROM pg_settings` tells those that there are".to_owned(),
    }
}

fn check_value(setting: &Setting, name: &str, value: &str, at: &FieldPath, faults: &mut Faults) {
    let Err(wrong) = setting.check(value) else { return };
    let found = quoted(value);
    let (message, help) = match wrong {
        Wrong::Fixed => (format!("`{name}` tells something of the server, and can't be set"), "remove it".to_owned()),
        Wrong::Switch => (format!("`{name}` is on or off, found {found}"), "write `on` or `off`".to_owned()),
        Wrong::Word => (format!("`{name}` is one of some words, found {found}"), one_of(setting, value)),
        Wrong::Number => (format!("`{name}` is a number, found {found}"), in_range(setting)),
        Wrong::NoUnit => (format!("`{name}` is a number without a unit, found {found}"), in_range(setting)),
        Wrong::Unit => {
            let units = setting.units().iter().map(|unit| format!("`{unit}`")).collect::<Vec<_>>().join(", ");
            let message = format!("PostgreSQL does not know the unit of {found}");
            (message, format!("write a number with one of {units}, in just these letters; {}", in_range(setting)))
        }
        Wrong::Range => (format!("`{name}` can't be {found}"), in_range(setting)),
    };
    faults.add(Code::SettingValue, Place::value(at), message, help);
}

fn one_of(setting: &Setting, value: &str) -> String {
    match crate::spelling::nearest(value, setting.words.iter().copied()) {
        Some(word) => format!("did you mean `{word}`?"),
        None => format!("write one of `{}`", setting.words.join("`, `")),
    }
}

fn in_range(setting: &Setting) -> String {
    let [least, greatest] = [setting.range.start(), setting.range.end()].map(|bound| setting.shown(*bound));
    format!("it is from {least} to {greatest}")
}

/// A library that is not there keeps the server from starting, or everybody from coming in.
fn check_libraries(value: &str, image: &KnownImage, major: PostgresMajor, at: &FieldPath, faults: &mut Faults) {
    let missing = |name: &String| postgres::has_library(name, major, image) == Some(false);
    for name in listed(value).into_iter().filter(missing) {
        let message = format!("the image carries no library {}, without which nothing starts", quoted(&name));
        let help = match postgres::extension_meant(&name).and_then(|extension| extension.image(major)) {
            Some(image) => format!("write `image: {image}`, which carries it, or remove it here"),
            None => "take an image that carries it, or remove it here".to_owned(),
        };
        faults.add(Code::ExtensionNotInImage, Place::value(at), message, help);
    }
}
