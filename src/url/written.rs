//! Knows the parts of a URL as somebody wrote it, none of them decoded. Must not know what a URL leads to, nor whether a
//! service could open it.

/// The parts of a text `SCHEME://[USER[:PASSWORD]@]PLACE`, each as it stands there.
///
/// A password may hold an `@`, which only some readers take for a part of it
/// (<https://docs.sqlalchemy.org/en/20/core/engines.html#escaping-special-characters-such-as-signs-in-passwords>). So the
/// login ends at the last `@` that stands before a `?`: what could be a part of a password never counts as a place. Where
/// all of them stand behind a `?`, that is in the password too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrittenUrl<'t> {
    /// What stands before `://`.
    pub scheme: &'t str,
    /// Who logs in; nothing where no `@` stands there.
    pub login: Option<WrittenLogin<'t>>,
    /// The host and everything behind it.
    pub place: &'t str,
}

/// A login as it stands in a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrittenLogin<'t> {
    /// The user; may be empty.
    pub user: &'t str,
    /// What stands behind the first colon; nothing where there is none.
    pub password: Option<&'t str>,
}

impl<'t> WrittenUrl<'t> {
    /// Reads a text that is one URL from its beginning to its end; nothing for one without `://`.
    #[must_use]
    pub fn read(text: &'t str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let before_query = rest.split_once('?').map_or(rest, |(before, _)| before);
        let at = before_query.rfind('@').or_else(|| rest.rfind('@'));
        let Some((login, place)) = at.and_then(|at| Some((rest.get(..at)?, rest.get(at + 1..)?))) else {
            return Some(Self { scheme, login: None, place: rest });
        };
        let login = match login.split_once(':') {
            Some((user, password)) => WrittenLogin { user, password: Some(password) },
            None => WrittenLogin { user: login, password: None },
        };
        Some(Self { scheme, login: Some(login), place })
    }

    /// Its password, where it has one; may be empty.
    #[must_use]
    pub fn password(&self) -> Option<&'t str> {
        self.login?.password
    }
}

/// The encoded password of a URL; nothing for a text that is no URL, or one without a password.
#[must_use]
pub fn password_of(url: &str) -> Option<&str> {
    WrittenUrl::read(url)?.password()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_ends_at_the_last_at_sign_before_a_query() {
        for (url, login, place) in [
            ("postgresql://u:p@h:5432/d", Some(("u", Some("p"))), "h:5432/d"),
            ("postgresql+asyncpg://u:p@h/d", Some(("u", Some("p"))), "h/d"),
            ("postgresql://u:@h/d", Some(("u", Some(""))), "h/d"),
            ("postgresql://:p@h/d", Some(("", Some("p"))), "h/d"),
            ("postgresql://u:p:q@h/d", Some(("u", Some("p:q"))), "h/d"),
            ("postgresql://u:p@q@h/d", Some(("u", Some("p@q"))), "h/d"),
            ("postgresql://u:p/q@h/d", Some(("u", Some("p/q"))), "h/d"),
            ("postgresql://u:p?q@h/d", Some(("u", Some("p?q"))), "h/d"),
            ("postgresql://u:p@h/d?options=a@b", Some(("u", Some("p"))), "h/d?options=a@b"),
            ("postgresql://u:p@q@h/d?a=b@c?d@e", Some(("u", Some("p@q"))), "h/d?a=b@c?d@e"),
            ("postgresql://u@h:5432/d", Some(("u", None)), "h:5432/d"),
            ("postgresql://h:5432/d", None, "h:5432/d"),
            ("sqlite:///data/a.db", None, "/data/a.db"),
            ("://", None, ""),
        ] {
            let read = WrittenUrl::read(url).unwrap();
            let login = login.map(|(user, password)| WrittenLogin { user, password });
            assert_eq!((read.login, read.place), (login, place), "{url}");
            assert_eq!(password_of(url), login.and_then(|login| login.password), "{url}");
        }
        assert_eq!(WrittenUrl::read("postgresql+x://h").map(|url| url.scheme), Some("postgresql+x"));
        for text in ["u:p@h", ""] {
            assert_eq!((WrittenUrl::read(text), password_of(text)), (None, None), "{text}");
        }
    }
}
