//! Knows which values can be kept, because all who read them get the same. Must not know where they are kept.

use super::Secret;
use crate::dotenv::{self, Unwritable};
use crate::value::EnvironmentKey;

/// Whether a value has a form in `.env`, and every reader of it takes the whole: the postgres image keeps the first line of
/// its password only, and psql takes a line end for the end of the password that it gives a role.
pub(super) fn check_writable(name: &EnvironmentKey, secret: &Secret) -> Result<(), Unwritable> {
    let value = secret.expose();
    if *name == EnvironmentKey::postgres_password() && value.contains('\n') {
        return Err(Unwritable { what: "it holds a line end, of which the postgres image keeps the first line only" });
    }
    if name.as_str().ends_with("__DB_PASSWORD") && value.contains('\n') {
        return Err(Unwritable { what: "it holds a line end, which psql takes for the end of a password" });
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
            assert_eq!(check_writable(&name, &secret("two\nlines")).is_ok(), is_writable, "{name}");
            assert!(check_writable(&name, &secret("one line")).is_ok(), "{name}");
        }
    }
}
