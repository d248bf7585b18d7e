//! Knows how a profile says when backups are made, how long they are kept, and what a drill asks. Must not know where they are.

use schemars::{Schema, json_schema};

use super::grammar::{Mismatch, TextValue, shown};

/// A time of the day, in UTC: `03:15`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeOfDay(String);

/// How long backups are kept, in whole days: `14d`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Days(String);

/// A statement that reads: `SELECT count(*) > 0 FROM users`, on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement(String);

const TIME_PATTERN: &str = "^([01][0-9]|2[0-3]):[0-5][0-9]$";
const DAYS_PATTERN: &str = "^[1-9][0-9]{0,3}d$";
const STATEMENT_PATTERN: &str = r"^[Ss][Ee][Ll][Ee][Cc][Tt] [^\x00-\x1f\x7f-\x9f]{1,2000}$";

/// The longest rest of a statement, in characters.
const LONGEST: usize = 2000;

impl TimeOfDay {
    /// At night in Europe and America, and not at the full hour, when everybody else's run.
    #[must_use]
    pub fn at_night() -> Self {
        Self("03:15".to_owned())
    }
}

impl Days {
    /// Two weeks.
    #[must_use]
    pub fn two_weeks() -> Self {
        Self("14d".to_owned())
    }

    /// How many.
    #[must_use]
    pub fn count(&self) -> &str {
        self.0.trim_end_matches('d')
    }
}

impl TextValue for TimeOfDay {
    fn parse(text: &str) -> Result<Self, Mismatch> {
        let number = |part: &str, most: u8| {
            part.len() == 2
                && part.bytes().all(|digit| digit.is_ascii_digit())
                && part.parse::<u8>().is_ok_and(|number| number <= most)
        };
        match text.split_once(':') {
            Some((hour, minute)) if number(hour, 23) && number(minute, 59) => Ok(Self(text.to_owned())),
            Some(_) | None => {
                Err(Mismatch::new("a time of the day in UTC, such as 03:15", "write `daily_at: \"03:15\"`"))
            }
        }
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": TIME_PATTERN, "examples": ["03:15"] })
    }
}

impl TextValue for Days {
    fn parse(text: &str) -> Result<Self, Mismatch> {
        let is_number =
            |number: &str| number.len() <= 4 && !number.starts_with('0') && number.bytes().all(|c| c.is_ascii_digit());
        match text.strip_suffix('d') {
            Some(number) if !number.is_empty() && is_number(number) => Ok(Self(text.to_owned())),
            Some(_) | None => Err(Mismatch::new("a number of days, from `1d` to `9999d`", "write `keep: 14d`")),
        }
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": DAYS_PATTERN, "examples": ["14d"] })
    }
}

impl TextValue for Statement {
    fn parse(text: &str) -> Result<Self, Mismatch> {
        let is_select = text.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("select "));
        let rest = text.get(7..).unwrap_or_default();
        let is_one_line = !rest.is_empty() && !rest.chars().any(char::is_control) && rest.chars().count() <= LONGEST;
        if is_select && is_one_line {
            return Ok(Self(text.to_owned()));
        }
        let help = "write one that answers `t` where the data is right, such as `SELECT count(*) > 0 FROM users`";
        Err(Mismatch::new("a statement that begins with `SELECT `, on one line of at most 2000 characters", help))
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": STATEMENT_PATTERN, "examples": ["SELECT count(*) > 0 FROM users"] })
    }
}

shown! { TimeOfDay Days Statement }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_days_and_statements_are_what_their_grammar_says() {
        for text in ["00:00", "03:15", "19:09", "23:59"] {
            assert!(TimeOfDay::parse(text).is_ok(), "{text}");
        }
        for text in ["", "3:15", "24:00", "12:60", "+1:15", "12:5", "12:05:00", "noon", "１2:00"] {
            assert!(TimeOfDay::parse(text).is_err(), "{text}");
        }
        for (text, count) in [("1d", "1"), ("14d", "14"), ("9999d", "9999")] {
            assert_eq!(Days::parse(text).unwrap().count(), count);
        }
        for text in ["", "d", "0d", "014d", "14", "10000d", "2w", "+1d", "1dd"] {
            assert!(Days::parse(text).is_err(), "{text}");
        }
        for text in ["SELECT true", "select count(*) > 0 from \"é\""] {
            assert!(Statement::parse(text).is_ok(), "{text}");
        }
        for text in
            ["", "SELECT ", "SELECT", "DELETE FROM users", "\\! id", "SELECT 1\n\\! id", " SELECT 1", "SÉLECT 1"]
        {
            assert!(Statement::parse(text).is_err(), "{text}");
        }
        assert!(Statement::parse(&format!("SELECT {}", "x".repeat(LONGEST + 1))).is_err());
    }
}
