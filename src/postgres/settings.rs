//! Knows the settings that each major version of PostgreSQL has, and which values of one the server takes.
//! Must not know what a setting is for.

use std::ops::RangeInclusive;

use super::number::number;
use super::table::{majors, rows, words};
use crate::spelling::nearest;
use crate::value::PostgresMajor;

const TABLE: &str = include_str!("settings.tsv");

/// What a setting holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// On or off.
    Switch,
    /// A whole number.
    Whole,
    /// A number.
    Real,
    /// One of some words.
    Word,
    /// Any text; what the server makes of it is not known here.
    Text,
}

/// A setting of one major version.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Its name in small letters.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// What a number counts in; nothing where it takes no unit.
    pub unit: Option<&'static str>,
    /// The least and the greatest number, counted in the unit.
    pub range: RangeInclusive<f64>,
    /// What a number is a multiple of.
    pub step: Option<f64>,
    /// The least number beside 0, where that switches something off.
    above_zero: f64,
    /// The words that it takes.
    pub words: Vec<&'static str>,
    /// Words that it takes as well, and that nobody should learn.
    also: Vec<&'static str>,
    /// Whether it tells something, and can't be set.
    pub is_fixed: bool,
}

/// What is wrong with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// Nobody can set it.
    Fixed,
    /// It is no switch.
    Switch,
    /// It is none of the words.
    Word,
    /// It is no number.
    Number,
    /// It has a unit, and takes none.
    NoUnit,
    /// Its unit is none of those that it takes.
    Unit,
    /// It is too small or too large.
    Range,
    /// It is no multiple of what it must be.
    Step,
}

/// The setting of this name; an old name leads to the one that took its place.
#[must_use]
pub fn setting(major: PostgresMajor, name: &str) -> Option<Setting> {
    let of_major = |cell: &str| majors(cell).is_some_and(|majors| majors.contains(&major.get()));
    let row = rows::<9>(TABLE).find(|[majors, known, ..]| *known == name && of_major(majors))?;
    let [_, name, kind, unit, least, greatest, context, listed, also] = row;
    let kind = match kind {
        "alias" => return setting(major, listed),
        "bool" => Kind::Switch,
        "integer" => Kind::Whole,
        "real" => Kind::Real,
        "enum" => Kind::Word,
        _ => Kind::Text,
    };
    let rule = |begins: &str| listed.strip_prefix(begins).and_then(|number| number.parse().ok());
    let is_number = matches!(kind, Kind::Whole | Kind::Real);
    Some(Setting {
        name,
        kind,
        step: rule("step").filter(|_| is_number),
        above_zero: rule("zero").filter(|_| is_number).unwrap_or(f64::NEG_INFINITY),
        unit: Some(unit).filter(|unit| !unit.is_empty()),
        range: least.parse().unwrap_or(f64::NEG_INFINITY)..=greatest.parse().unwrap_or(f64::INFINITY),
        words: words(if is_number { "" } else { listed }).collect(),
        also: words(also).collect(),
        is_fixed: context == "internal",
    })
}

/// The names of all settings of a major version that somebody may set.
#[must_use]
pub fn setting_names(major: PostgresMajor) -> Vec<&'static str> {
    let of_major = |cell: &str| majors(cell).is_some_and(|majors| majors.contains(&major.get()));
    let rows = rows::<7>(TABLE)
        .filter(|[majors, _, kind, .., context]| of_major(majors) && *kind != "alias" && *context != "internal");
    rows.map(|[_, name, ..]| name).collect()
}

/// The major versions that have a setting of this name; none where no one has.
#[must_use]
pub fn majors_with_setting(name: &str) -> Option<RangeInclusive<u16>> {
    let with = rows::<2>(TABLE).filter(|[_, known]| *known == name).filter_map(|[cell, _]| majors(cell));
    with.reduce(|one, other| *one.start().min(other.start())..=*one.end().max(other.end()))
}

/// Whether anybody may give a setting to a session of his own, in any known major version; the server reads its name in
/// capitals as well, and keeps each one with a dot for who may come to ask.
#[must_use]
pub fn is_of_a_session(name: &str) -> bool {
    let is_one = |[_, known, kind, .., context]: [&str; 7]| {
        known.eq_ignore_ascii_case(name) && (kind == "alias" || matches!(context, "user" | "backend"))
    };
    let is_custom = || name.split_once('.').is_some_and(|(class, rest)| !class.is_empty() && !rest.is_empty());
    rows::<7>(TABLE).any(is_one) || is_custom()
}

/// Whether the settings of an extension or library are known, those whose names begin with its own.
#[must_use]
pub fn has_settings_of(prefix: &str, major: PostgresMajor) -> bool {
    rows::<2>(TABLE).any(|[cell, known]| {
        known.split_once('.').is_some_and(|(of, _)| of == prefix)
            && majors(cell).is_some_and(|majors| majors.contains(&major.get()))
    })
}

/// The setting of a major version that is most likely meant.
#[must_use]
pub fn nearest_setting(major: PostgresMajor, name: &str) -> Option<&'static str> {
    let names: Vec<_> = rows::<2>(TABLE)
        .filter(|[cell, _]| majors(cell).is_some_and(|majors| majors.contains(&major.get())))
        .map(|[_, known]| known)
        .collect();
    let (near, far): (Vec<_>, Vec<_>) = names.into_iter().partition(|known| known.get(..1) == name.get(..1));
    nearest(name, near).or_else(|| far.chunks(FEW).find_map(|some| nearest(name, some.iter().copied())))
}

/// So many names are compared at a time.
const FEW: usize = 150;

impl Setting {
    /// Whether the server takes a value, and what is wrong with it where it does not.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn check(&self, value: &str) -> Result<(), Wrong> {
        let is = |word: &&str| word.eq_ignore_ascii_case(value);
        match self.kind {
            _ if self.is_fixed => Err(Wrong::Fixed),
            Kind::Text => Ok(()),
            Kind::Switch if is_switch(value) => Ok(()),
            Kind::Switch => Err(Wrong::Switch),
            Kind::Word if self.words.iter().chain(&self.also).any(is) => Ok(()),
            Kind::Word => Err(Wrong::Word),
            Kind::Whole | Kind::Real => self.check_number(value),
        }
    }

    fn check_number(&self, value: &str) -> Result<(), Wrong> {
        let number = self.number(value)?;
        if !self.range.contains(&number) || (number > 0.0 && number < self.above_zero) {
            Err(Wrong::Range)
        } else if self.step.is_some_and(|step| number % step > 0.0) {
            Err(Wrong::Step)
        } else {
            Ok(())
        }
    }

    /// How many of its unit a value says.
    ///
    /// # Errors
    /// Where it is no number, or its unit is none of the setting's.
    pub fn number(&self, value: &str) -> Result<f64, Wrong> {
        let (number, unit) = number(value).ok_or(Wrong::Number)?;
        let number = match (unit, self.unit) {
            ("", _) => number,
            (_, None) => return Err(if unit.starts_with(char::is_alphabetic) { Wrong::NoUnit } else { Wrong::Number }),
            (unit, Some(base)) if self.units().contains(&unit) => number * factor(unit, base).ok_or(Wrong::Unit)?,
            (_, Some(_)) => return Err(Wrong::Unit),
        };
        Ok(if self.kind == Kind::Whole { number.round_ties_even() } else { number })
    }

    /// Its range as people write it.
    #[must_use]
    pub fn shown_range(&self) -> String {
        let least = self.range.start().max(self.above_zero);
        let zero = if least > *self.range.start() { "0, or " } else { "" };
        format!("{zero}a number from {} to {}", self.shown(least), self.shown(*self.range.end()))
    }

    /// The units that its number may have.
    #[must_use]
    pub fn units(&self) -> &'static [&'static str] {
        match self.unit {
            None => &[],
            Some("ms" | "s" | "min") => &["us", "ms", "s", "min", "h", "d"],
            Some(_) => &["B", "kB", "MB", "GB", "TB"],
        }
    }

    /// A bound of its range as people write it.
    fn shown(&self, bound: f64) -> String {
        let Some(base) = self.unit.filter(|_| bound > 0.0) else { return bound.to_string() };
        let whole = |unit: &&&str| {
            let count = factor(base, unit).map(|factor| bound * factor);
            count.is_some_and(|count| count >= 1.0 && count.fract() == 0.0)
        };
        let unit = self.units().iter().rfind(whole).copied();
        let count = unit.and_then(|unit| factor(base, unit)).map(|factor| bound * factor);
        match (unit, count) {
            (Some(unit), Some(count)) => format!("{count}{unit}"),
            (_, _) => bound.to_string(),
        }
    }
}

/// Mebibytes that a value of a setting says.
#[must_use]
pub fn mebibytes(major: PostgresMajor, name: &str, value: &str) -> Option<u64> {
    let setting = setting(major, name)?;
    let mebibytes = setting.number(value).ok()? * factor(setting.unit?, "MB")?;
    format!("{mebibytes:.0}").parse().ok()
}

/// Beginnings of the words count as well, as far as they tell one from another.
fn is_switch(value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    let begins = |word: &str, least: usize| value.len() >= least && word.starts_with(&value);
    begins("true", 1)
        || begins("false", 1)
        || begins("yes", 1)
        || begins("no", 1)
        || begins("on", 2)
        || begins("off", 2)
        || matches!(value.as_str(), "0" | "1")
}

/// How many of `base` one of `unit` is. Capital letters count: `MB` is a unit, `mb` is none.
fn factor(unit: &str, base: &str) -> Option<f64> {
    const BYTES: [(&str, f64); 6] = [
        ("B", 1.0),
        ("kB", 1024.0),
        ("8kB", 8192.0),
        ("MB", 1_048_576.0),
        ("GB", 1_073_741_824.0),
        ("TB", 1_099_511_627_776.0),
    ];
    const TIMES: [(&str, f64); 6] =
        [("us", 0.001), ("ms", 1.0), ("s", 1000.0), ("min", 60_000.0), ("h", 3_600_000.0), ("d", 86_400_000.0)];
    let of = |units: &[(&str, f64)]| {
        let find = |wanted: &str| units.iter().find(|(known, _)| *known == wanted).map(|(_, size)| *size);
        Some(find(unit)? / find(base)?)
    };
    of(&BYTES).or_else(|| of(&TIMES))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(major: i128, name: &str, value: &str) -> Result<(), Wrong> {
        setting(PostgresMajor::new(major).unwrap(), name).unwrap().check(value)
    }

    #[test]
    fn values_are_taken_as_by_the_server() {
        for (name, value, right) in [
            ("max_connections", "200", Ok(())),
            ("max_connections", " 0x64", Ok(())),
            ("max_connections", "0", Err(Wrong::Range)),
            ("max_connections", "262144", Err(Wrong::Range)),
            ("max_connections", "10MB", Err(Wrong::NoUnit)),
            ("max_connections", "many", Err(Wrong::Number)),
            ("max_connections", "10,5", Err(Wrong::Number)),
            ("shared_buffers", "128MB", Ok(())),
            ("shared_buffers", "128 MB ", Ok(())),
            ("shared_buffers", "128mb", Err(Wrong::Unit)),
            ("shared_buffers", "128M", Err(Wrong::Unit)),
            ("shared_buffers", "100kB", Err(Wrong::Range)),
            ("work_mem", "63kB", Err(Wrong::Range)),
            ("log_min_duration_statement", "-1", Ok(())),
            ("log_min_duration_statement", "-2", Err(Wrong::Range)),
            ("log_min_duration_statement", "2min", Ok(())),
            ("log_min_duration_statement", "2MB", Err(Wrong::Unit)),
            ("checkpoint_completion_target", "0.9", Ok(())),
            ("checkpoint_completion_target", "1.1", Err(Wrong::Range)),
            ("jit", "OF", Ok(())),
            ("jit", "o", Err(Wrong::Switch)),
            ("jit", " on", Err(Wrong::Switch)),
            ("wal_level", "LOGICAL", Ok(())),
            ("wal_level", "hot_standby", Ok(())),
            ("wal_level", "archives", Err(Wrong::Word)),
            ("block_size", "8192", Err(Wrong::Fixed)),
            ("log_line_prefix", "anything", Ok(())),
            ("sort_mem", "4MB", Ok(())),
            ("vacuum_buffer_usage_limit", "0", Ok(())),
            ("vacuum_buffer_usage_limit", "64kB", Err(Wrong::Range)),
            ("vacuum_buffer_usage_limit", "128kB", Ok(())),
            ("shared_buffers", "16 8kB", Err(Wrong::Unit)),
        ] {
            assert_eq!(checked(16, name, value), right, "{name}={value}");
        }
        assert_eq!(checked(16, "maintenance_work_mem", "64kB"), Err(Wrong::Range));
        assert_eq!(checked(17, "maintenance_work_mem", "64kB"), Ok(()));
        assert_eq!(checked(17, "transaction_buffers", "17"), Err(Wrong::Step));
        assert_eq!(checked(17, "transaction_buffers", "32"), Ok(()));
        assert_eq!(checked(17, "log_connections", "all"), Err(Wrong::Switch));
        assert_eq!(checked(18, "log_connections", "all"), Ok(()));
    }

    #[test]
    fn each_major_has_its_own_settings() {
        let has = |major: i128, name: &str| setting(PostgresMajor::new(major).unwrap(), name).is_some();
        assert!(has(17, "transaction_timeout") && !has(16, "transaction_timeout") && !has(19, "transaction_timeout"));
        assert_eq!(majors_with_setting("transaction_timeout"), Some(17..=18));
        assert_eq!(majors_with_setting("maintenance_work_mem"), Some(15..=18));
        assert_eq!(majors_with_setting("max_conections"), None);
        let nearest = |name: &str| nearest_setting(PostgresMajor::new(16).unwrap(), name);
        assert_eq!(nearest("max_conections"), Some("max_connections"));
        assert_eq!(nearest("shred_buffers"), Some("shared_buffers"));
        assert_eq!(nearest("hared_buffers"), Some("shared_buffers"));
        assert_eq!(nearest("quite_another_thing"), None);
    }

    #[test]
    fn bounds_are_shown_as_people_write_them() {
        let shown = |name: &str| setting(PostgresMajor::new(16).unwrap(), name).unwrap().shown_range();
        assert_eq!(shown("shared_buffers"), "a number from 128kB to 8589934584kB");
        assert_eq!(shown("max_connections"), "a number from 1 to 262143");
        assert_eq!(shown("log_min_duration_statement"), "a number from -1 to 2147483647ms");
        assert_eq!(shown("authentication_timeout"), "a number from 1s to 10min");
        assert_eq!(shown("vacuum_buffer_usage_limit"), "0, or a number from 128kB to 16GB");
    }
}
