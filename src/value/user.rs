//! Knows how the user that a container runs as is written in numbers. Must not know whose container.

use schemars::{Schema, json_schema};

use super::grammar::Mismatch;

/// The largest user and group that Kubernetes takes.
pub const LARGEST: u32 = 0x7fff_ffff;

/// A user in numbers who is not root, with a group where one is given: `999`, `999:999`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserId {
    /// The user.
    pub user: u32,
    /// The group.
    pub group: Option<u32>,
}

const EXPECTED: &str = "a user in numbers who is not root, as `USER` or `USER:GROUP`";

const HELP: &str = "write the numbers of the user that PostgreSQL has in the image, in quotes: `\"999:999\"`";

/// A number from 1 to [`LARGEST`].
macro_rules! number {
    () => {
        concat!(
            "([1-9][0-9]{0,8}|1[0-9]{9}|20[0-9]{8}|21[0-3][0-9]{7}|214[0-6][0-9]{6}|2147[0-3][0-9]{5}|21474[0-7][0-9]{4}|",
            "214748[0-2][0-9]{3}|2147483[0-5][0-9]{2}|21474836[0-3][0-9]|214748364[0-7])"
        )
    };
}

const PATTERN: &str = concat!("^", number!(), "(:(0|", number!(), "))?$");

impl UserId {
    /// Reads `USER` or `USER:GROUP`.
    ///
    /// # Errors
    /// Where one of them is no number that a user or a group can have, or the user is root.
    pub fn parse(text: &str) -> Result<Self, Mismatch> {
        let number = |text: &str| {
            let is_number = text.bytes().all(|digit| digit.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
            text.parse::<u32>().ok().filter(|number| is_number && *number <= LARGEST)
        };
        let (user, group) = text.split_once(':').map_or((text, None), |(user, group)| (user, Some(group)));
        match (number(user).filter(|user| *user != 0), group.map(number)) {
            (Some(user), None) => Ok(Self { user, group: None }),
            (Some(user), Some(Some(group))) => Ok(Self { user, group: Some(group) }),
            (_, _) => Err(Mismatch::new(EXPECTED, HELP)),
        }
    }

    /// The same rule for editors.
    #[must_use]
    pub fn schema() -> Schema {
        json_schema!({
            "type": ["string", "integer"], "pattern": PATTERN, "minimum": 1, "maximum": LARGEST, "examples": ["999:999"],
            "patternErrorMessage": format!("expected {EXPECTED}; {HELP}")
        })
    }
}

impl std::fmt::Display for UserId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.user)?;
        self.group.map_or(Ok(()), |group| write!(f, ":{group}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_no_root_and_read_back_as_written() {
        for text in ["999", "999:999", "70:70", "1000:0", "2147483647:2147483647"] {
            assert_eq!(UserId::parse(text).unwrap().to_string(), text);
        }
        for text in
            ["", "0", "0:0", "postgres", "999:", ":999", "-1", "+1", "0999", "999:01", "2147483648", "1:2:3", "1 "]
        {
            assert!(UserId::parse(text).is_err(), "{text}");
        }
    }
}
