//! Knows what the words of a command say of who logs in, and where. Must not know which service runs it.

use crate::import::connection::Target;
use crate::import::parts::Named;
use crate::value::DatabasePart;

/// A text of a program with what words of its command say beside.
pub(super) fn completed(target: Target, words: &[String]) -> Target {
    let beside = of_flags(words);
    let login = if target.user.is_none() {
        (beside.user, target.password.or(beside.password))
    } else {
        (target.user, target.password)
    };
    Target { user: login.0, password: login.1, database: target.database.or(beside.database), ..target }
}

/// What the words of a command say: `-user=owner`, `--username owner`, `-U owner`, `-Dspring.datasource.username=owner`,
/// `PGUSER=owner`.
pub(super) fn of_flags(words: &[String]) -> Target {
    let mut found = Target::default();
    for (at, word) in words.iter().enumerate() {
        let flag = word.trim_start_matches('-');
        let is_flag = flag.len() < word.len();
        let next = || words.get(at + 1).filter(|next| is_flag && !next.starts_with('-')).map(String::as_str);
        let (name, value) = match (word.strip_prefix("-U").filter(|role| !role.is_empty()), flag.split_once('=')) {
            (Some(role), None) => ("U", Some(role)),
            (_, Some((name, value))) => (name, Some(value)),
            (None, None) => (flag, next()),
        };
        let Some(value) = value.filter(|value| !value.is_empty() && !value.contains("://")) else { continue };
        let part = match name {
            "U" if is_flag => Some(DatabasePart::User),
            "h" if is_flag => Some(DatabasePart::Host),
            "d" if is_flag => Some(DatabasePart::Name),
            _ => Named::read(name).map(|named| named.part),
        };
        match part {
            Some(DatabasePart::Host) => value.clone_into(&mut found.host),
            Some(DatabasePart::User) => found.user = Some(value.to_owned()),
            Some(DatabasePart::Password) => found.password = Some(value.to_owned()),
            Some(DatabasePart::Name) => found.database = Some(value.to_owned()),
            Some(DatabasePart::Port | DatabasePart::Url | DatabasePart::Address | DatabasePart::Driver) | None => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_command_say_who_logs_in_and_where() {
        for (command, (host, user, database)) in [
            ("-url=jdbc:postgresql://db/x -user=owner -password=p migrate", ("", Some("owner"), None)),
            ("psql -h db -U owner -d shop", ("db", Some("owner"), Some("shop"))),
            ("psql --host=db --username owner --dbname=shop", ("db", Some("owner"), Some("shop"))),
            ("psql -hdb -Uowner shop", ("", Some("owner"), None)),
            ("PGUSER=owner PGHOST=db psql shop", ("db", Some("owner"), None)),
            ("java -Dspring.datasource.username=owner -jar a.jar", ("", Some("owner"), None)),
            ("app --user --verbose", ("", None, None)),
            ("U owner h db", ("", None, None)),
        ] {
            let words: Vec<_> = command.split(' ').map(str::to_owned).collect();
            let found = of_flags(&words);
            assert_eq!(
                (&*found.host, found.user.as_deref(), found.database.as_deref()),
                (host, user, database),
                "{command}"
            );
        }
    }
}
