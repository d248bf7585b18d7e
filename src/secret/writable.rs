//! Knows which values can be kept, because all who read them get the same. Must not know where they are kept.

use super::Secret;
use crate::dotenv::{self, Unwritable};
use crate::value::EnvironmentKey;

/// Where secrets are kept, which decides what values there can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeptIn {
    /// In `.env`, which not every value can be written to.
    Dotenv,
    /// In a file each.
    Files,
}

/// Whether a value has a form where it is kept, and every reader of it takes the whole: the postgres image keeps the first line of
/// its password only, and psql takes a line end for the end of the password that it gives a role.
pub(super) fn check_writable(name: &EnvironmentKey, secret: &Secret, kept_in: KeptIn) -> Result<(), Unwritable> {
    let value = secret.expose();
    if *name == EnvironmentKey::postgres_password() && value.contains('\n') {
        return Err(Unwritable { what: "it holds a line end, of which the postgres image keeps the first line only" });
    }
    if name.as_str().ends_with("__DB_PASSWORD") && value.contains('\n') {
        return Err(Unwritable { what: "it holds a line end, which psql takes for the end of a password" });
    }
    if kept_in == KeptIn::Files {
        // in a file of its own any text can stand, but no program is given this in a variable
        let what = "it holds the character NUL";
        return if value.contains('\0') { Err(Unwritable { what }) } else { Ok(()) };
    }
    dotenv::quote(value).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::TextValue as _;

    #[test]
    fn the_password_of_a_role_is_one_line() {
        let secret = |value: &str| Secret::new(value.to_owned()).unwrap();
        for (name, is_writable) in [("POSTGRES_PASSWORD", false), ("API__DB_PASSWORD", false), ("API_KEY", true)] {
            let name = EnvironmentKey::parse(name).unwrap();
            for kept_in in [KeptIn::Dotenv, KeptIn::Files] {
                assert_eq!(check_writable(&name, &secret("two\nlines"), kept_in).is_ok(), is_writable, "{name}");
                assert!(check_writable(&name, &secret("one line"), kept_in).is_ok(), "{name}");
            }
        }
    }

    #[test]
    fn what_dotenv_can_not_hold_stands_in_a_file_of_its_own() {
        let name = EnvironmentKey::parse("API_KEY").unwrap();
        for (value, in_dotenv, in_file) in [
            ("it's $5", false, true),
            ("a${b}", false, true),
            ("a\rb", false, true),
            ("a\0b", false, false),
            ("a'b", true, true),
        ] {
            let secret = Secret::new(value.to_owned()).unwrap();
            let found = [KeptIn::Dotenv, KeptIn::Files].map(|place| check_writable(&name, &secret, place).is_ok());
            assert_eq!(found, [in_dotenv, in_file], "{value:?}");
        }
    }
}
