//! Knows how a profile says when a service runs: always, once, or by a schedule that cron and Kubernetes read alike.
//! Must not know what keeps a schedule.

use std::fmt;

use schemars::{Schema, json_schema};

use super::grammar::{Mismatch, TextValue};

/// When a service runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Runs {
    /// As long as the deployment does.
    Always,
    /// It ends by itself, at each start of the deployment anew.
    Once,
    /// It ends by itself, and is started at these times.
    Scheduled(Schedule),
}

/// The five fields of a line of cron: minute, hour, day of the month, month, day of the week. Each is `*`, numbers, ranges,
/// or either of the former two with a step, as Kubernetes takes them
/// (<https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#schedule-syntax>).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule(String);

/// The numbers of each field.
const RANGES: [(u8, u8); 5] = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 6)];

macro_rules! field {
    ($number:literal) => {
        concat!(
            "((\\*|",
            $number,
            "-",
            $number,
            ")(/[1-9][0-9]?)?|",
            $number,
            ")(,((\\*|",
            $number,
            "-",
            $number,
            ")(/[1-9][0-9]?)?|",
            $number,
            "))*"
        )
    };
}

/// The grammar as a regular expression; [`Runs::parse`] follows it, and a test compares the two.
const PATTERN: &str = concat!(
    "^(always|once|",
    field!("[1-5]?[0-9]"),
    " ",
    field!("(1?[0-9]|2[0-3])"),
    " ",
    field!("([1-9]|[12][0-9]|3[01])"),
    " ",
    field!("([1-9]|1[0-2])"),
    " ",
    field!("[0-6]"),
    ")$"
);

impl Runs {
    /// Whether it ends by itself.
    #[must_use]
    pub fn ends(&self) -> bool {
        !matches!(self, Self::Always)
    }
}

impl Schedule {
    /// The five fields.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A range that ends before it begins, which nobody keeps.
    #[must_use]
    pub fn backward_range(&self) -> Option<&str> {
        let items = self.0.split([' ', ',']);
        items.map(|item| item.split('/').next().unwrap_or_default()).find(|range| {
            let ends = range.split_once('-').and_then(|(low, high)| Some((low.parse().ok()?, high.parse().ok()?)));
            ends.is_some_and(|(low, high): (u8, u8)| low > high)
        })
    }

    fn parse(text: &str) -> Option<Self> {
        let fields: Vec<_> = text.split(' ').collect();
        let is_field = |(field, range): (&&str, (u8, u8))| field.split(',').all(|item| is_item(item, range));
        let is_schedule = fields.len() == RANGES.len() && fields.iter().zip(RANGES).all(is_field);
        is_schedule.then(|| Self(text.to_owned()))
    }
}

fn is_item(item: &str, range: (u8, u8)) -> bool {
    let is_number = |text: &str| number(text).is_some_and(|number| (range.0..=range.1).contains(&number));
    let is_span =
        |text: &str| text == "*" || text.split_once('-').is_some_and(|(low, high)| is_number(low) && is_number(high));
    match item.split_once('/') {
        Some((span, step)) => is_span(span) && number(step).is_some_and(|step| step > 0),
        None => is_span(item) || is_number(item),
    }
}

/// A number of at most two digits, without a zero before it.
fn number(text: &str) -> Option<u8> {
    let is_plain = matches!(text.len(), 1 | 2) && text.bytes().all(|digit| digit.is_ascii_digit());
    (is_plain && (text.len() == 1 || !text.starts_with('0'))).then(|| text.parse().ok())?
}

impl TextValue for Runs {
    fn parse(text: &str) -> Result<Self, Mismatch> {
        match text {
            "always" => Ok(Self::Always),
            "once" => Ok(Self::Once),
            _ => Schedule::parse(text).map(Self::Scheduled).ok_or_else(|| {
                Mismatch::new(
                    "`always`, `once`, or a schedule: minute, hour, day of the month, month and day of the week (0 is \
                     Sunday) as cron takes them, in numbers",
                    "write `once` for what ends by itself, or a schedule such as `15 3 * * *`",
                )
            }),
        }
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": PATTERN, "examples": ["once", "always", "15 3 * * *"] })
    }
}

impl fmt::Display for Runs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Always => "always",
            Self::Once => "once",
            Self::Scheduled(schedule) => schedule.as_str(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What readers of the schema make of a text.
    fn by_pattern(text: &str) -> bool {
        let schema = serde_json::json!({ "type": "string", "pattern": PATTERN });
        jsonschema::draft7::is_valid(&schema, &serde_json::json!(text))
    }

    #[test]
    fn a_schedule_has_five_fields_of_numbers() {
        for text in [
            "always",
            "once",
            "15 3 * * *",
            "*/5 * * * *",
            "0 0 1,15 * *",
            "0-30/10 8-18 * * 1-5",
            "59 23 31 12 6",
            "0 0 1 1 0",
            "5-1 * * * *",
            "*/99 * * * *",
        ] {
            assert!(Runs::parse(text).is_ok() && by_pattern(text), "{text}");
        }
        for text in [
            "",
            "never",
            "Once",
            "15 3 * *",
            "15 3 * * * *",
            "15  3 * * *",
            " 15 3 * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * 32 * *",
            "* * * 0 *",
            "* * * 13 *",
            "* * * * 7",
            "05 * * * *",
            "5/10 * * * *",
            "*/0 * * * *",
            "*/100 * * * *",
            "1, * * * *",
            "* * * JAN *",
            "@daily",
            "-1 * * * *",
            "1-2-3 * * * *",
            "* * * * *\n",
            "٣ * * * *",
            "once ",
            "*/05 * * * *",
        ] {
            assert!(Runs::parse(text).is_err() && !by_pattern(text), "{text:?}");
        }
    }

    #[test]
    fn a_range_that_ends_before_it_begins_is_found() {
        let backward = |text: &str| match Runs::parse(text).unwrap() {
            Runs::Scheduled(schedule) => schedule.backward_range().map(str::to_owned),
            Runs::Always | Runs::Once => None,
        };
        assert_eq!(backward("0 8-18 * * 1-5"), None);
        assert_eq!(backward("0 8,20-9/2 * * *").as_deref(), Some("20-9"));
        assert_eq!(backward("0 0 * * 6-0").as_deref(), Some("6-0"));
    }
}
