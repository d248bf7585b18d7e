//! Knows how a reference to an image is written (<https://docs.docker.com/reference/cli/docker/image/tag/>).
//! Must not know which images there are.

use std::fmt;

use schemars::{Schema, json_schema};

use super::grammar::{Mismatch, TextValue};

/// `[REGISTRY/]NAME[:TAG][@sha256:DIGEST]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageReference {
    repository: String,
    tag: Option<String>,
    digest: Option<String>,
}

macro_rules! name {
    () => {
        concat!(
            "([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?/)?",
            "[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*"
        )
    };
}

/// The grammar as a regular expression; [`ImageReference::parse`] follows it, and a test compares the two.
pub(super) const PATTERN: &str = concat!("^", name!(), "(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?$");

/// What stands before the tag.
pub(super) const NAME_PATTERN: &str = name!();

impl ImageReference {
    /// The tag, where one is written.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// Whether it says which image it means, byte for byte.
    #[must_use]
    pub fn has_digest(&self) -> bool {
        self.digest.is_some()
    }

    /// Whether the same reference can mean another image tomorrow without anybody noticing.
    #[must_use]
    pub fn is_floating(&self) -> bool {
        self.digest.is_none() && self.tag.as_deref().is_none_or(|tag| tag == "latest")
    }

    /// What an image is made of, as far as its reference tells, whatever its version: the repository, and the part of
    /// the tag that names the operating system (`alpine` in `postgres:16.4-alpine3.20`).
    #[must_use]
    pub fn flavour(&self) -> (&str, &str) {
        let repository = ["docker.io/library/", "docker.io/", "library/"]
            .into_iter()
            .fold(self.repository.as_str(), |repository, official| {
                repository.strip_prefix(official).unwrap_or(repository)
            });
        let tag = self.tag.as_deref().filter(|tag| *tag != "latest").unwrap_or_default();
        // `16.4-alpine3.20` and `alpine3.20` name one system
        let system = match tag.split_once('-') {
            Some((version, system)) if version.starts_with(|c: char| c.is_ascii_digit()) => system,
            None if tag.starts_with(|c: char| c.is_ascii_digit()) => "",
            Some(_) | None => tag,
        };
        (repository, system.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.'))
    }

    /// Whether it is one of the official `postgres` image whose tag leaves the operating system open.
    #[must_use]
    pub fn leaves_system_open(&self) -> bool {
        self.flavour() == ("postgres", "") && !self.has_digest()
    }

    /// The user and group that PostgreSQL runs as in the official `postgres` image; nothing for other images.
    /// Source: the Dockerfiles of <https://github.com/docker-library/postgres>.
    #[must_use]
    pub fn postgres_identity(&self) -> Option<&'static str> {
        match self.flavour() {
            ("postgres", _) if self.tag.is_none() && self.digest.is_some() => None,
            ("postgres", "alpine") => Some("70:70"),
            ("postgres", "" | "bullseye" | "bookworm" | "trixie") => Some("999:999"),
            (_, _) => None,
        }
    }

    /// The major version that a tag of the official `postgres` image begins with; nothing for other images and tags.
    #[must_use]
    pub fn postgres_major(&self) -> Option<i128> {
        const OFFICIAL: [&str; 4] =
            ["postgres", "library/postgres", "docker.io/postgres", "docker.io/library/postgres"];
        if !OFFICIAL.contains(&self.repository.as_str()) {
            return None;
        }
        let tag = self.tag.as_deref()?;
        let digits = tag.split(|c: char| !c.is_ascii_digit()).next()?;
        digits.parse().ok()
    }
}

impl TextValue for ImageReference {
    fn parse(text: &str) -> Result<Self, Mismatch> {
        let mismatch = || {
            Mismatch::new(
                "an image reference `[REGISTRY/]NAME[:TAG][@sha256:DIGEST]`",
                "write a reference such as `postgres:16-alpine` or `registry.example.com/team/app:1.4`",
            )
        };
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (text, None),
        };
        let name_start = rest.rfind('/').map_or(0, |slash| slash + 1);
        let (repository, tag) = match rest.get(name_start..).and_then(|name| name.find(':')) {
            Some(colon) => {
                let (repository, tag) = rest.split_at(name_start + colon);
                (repository, tag.strip_prefix(':'))
            }
            None => (rest, None),
        };
        if is_repository(repository) && tag.is_none_or(is_tag) && digest.is_none_or(is_digest) {
            Ok(Self { repository: repository.into(), tag: tag.map(Into::into), digest: digest.map(Into::into) })
        } else {
            Err(mismatch())
        }
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": PATTERN, "examples": ["postgres:16-alpine"] })
    }
}

impl fmt::Display for ImageReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

fn is_repository(text: &str) -> bool {
    match text.split_once('/') {
        None => is_component(text),
        Some((first, rest)) => (is_component(first) || is_registry(first)) && rest.split('/').all(is_component),
    }
}

fn is_registry(text: &str) -> bool {
    let (host, port) = text.split_once(':').unwrap_or((text, "0"));
    let edge = |c: char| c.is_ascii_alphanumeric();
    host.starts_with(edge)
        && host.ends_with(edge)
        && host.chars().all(|c| edge(c) || c == '.' || c == '-')
        && (1..=5).contains(&port.len())
        && port.bytes().all(|c| c.is_ascii_digit())
}

/// Words with `.`, `_`, `__` or any number of `-` between them.
fn is_component(text: &str) -> bool {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let mut rest = text;
    loop {
        let behind = rest.trim_start_matches(word);
        if behind.len() == rest.len() {
            return false;
        }
        if behind.is_empty() {
            return true;
        }
        let next = behind.trim_start_matches(|c: char| "._-".contains(c));
        let separator = behind.strip_suffix(next).unwrap_or_default();
        if !matches!(separator, "." | "_" | "__") && separator.bytes().any(|c| c != b'-') {
            return false;
        }
        rest = next;
    }
}

fn is_tag(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.starts_with(word) && text.len() <= 128 && text.chars().all(|c| word(c) || c == '.' || c == '-')
}

fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:")
        .is_some_and(|digits| digits.len() == 64 && digits.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_read_back_as_written() {
        let digest = format!("app@sha256:{}", "0".repeat(64));
        for text in
            ["redis", "postgres:16-alpine", "ghcr.io/a/b:1.2", "localhost:5000/app:x", "a/b_c.d", "a__b--c.d", &digest]
        {
            assert_eq!(ImageReference::parse(text).unwrap().to_string(), text);
        }
        for text in [
            "",
            "Redis",
            "a:",
            ":tag",
            "a:b:c",
            "a b",
            "a//b",
            "-a",
            "a@sha256:12",
            "a:-x",
            "a/",
            "a..b",
            "a_-b",
            "a___b",
            "-a.:9/b",
            "a_",
        ] {
            assert!(ImageReference::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_official_images_run_as_users_of_their_own() {
        let identity = |text: &str| ImageReference::parse(text).unwrap().postgres_identity();
        assert_eq!(identity("postgres:16-alpine"), Some("70:70"));
        assert_eq!(identity("docker.io/library/postgres:18.1-alpine3.22"), Some("70:70"));
        assert_eq!(identity("postgres:16"), Some("999:999"));
        assert_eq!(identity("library/postgres:17-trixie"), Some("999:999"));
        assert_eq!(identity(&format!("postgres@sha256:{}", "0".repeat(64))), None, "it may be either");
        assert_eq!(identity("pgvector/pgvector:pg16"), None);
        assert_eq!(identity("postgres:alpine3.20"), Some("70:70"));
        assert_eq!(identity("postgres:latest"), Some("999:999"));
        assert_eq!(identity("postgres:16-alpine-fips"), None, "somebody's own");
    }

    #[test]
    fn a_tag_without_a_system_leaves_it_open_unless_a_digest_says_the_image() {
        let is_open = |text: &str| ImageReference::parse(text).unwrap().leaves_system_open();
        for text in ["postgres:16.9", "postgres", "postgres:latest", "docker.io/library/postgres:18"] {
            assert!(is_open(text), "{text}");
        }
        let pinned = format!("postgres:16.9@sha256:{}", "0".repeat(64));
        for text in
            ["postgres:16.9-bookworm", "postgres:16-alpine", "pgvector/pgvector:pg16", "mine/postgres:16", &pinned]
        {
            assert!(!is_open(text), "{text}");
        }
    }

    #[test]
    fn only_numeric_tags_of_the_official_image_tell_the_major_version() {
        let major = |text| ImageReference::parse(text).unwrap().postgres_major();
        assert_eq!(major("postgres:16-alpine"), Some(16));
        assert_eq!(major("docker.io/library/postgres:18.1"), Some(18));
        assert_eq!(major("postgres:alpine"), None);
        assert_eq!(major("postgis/postgis:16-3.4"), None);
        assert_eq!(major("postgres"), None);
    }

    #[test]
    fn the_official_image_is_the_same_by_each_of_its_names() {
        let digits = "0".repeat(64);
        for repository in ["postgres", "library/postgres", "docker.io/postgres", "docker.io/library/postgres"] {
            let parse = |rest: &str| ImageReference::parse(&format!("{repository}{rest}")).unwrap();
            assert_eq!(parse(":16-alpine3.20").flavour(), ("postgres", "alpine"));
            assert_eq!(parse(":16-alpine").postgres_identity(), Some("70:70"));
            assert_eq!(parse(":16.4").postgres_major(), Some(16));
            for (rest, is_floating, has_digest) in [
                ("", true, false),
                (":latest", true, false),
                (":16", false, false),
                (&format!("@sha256:{digits}"), false, true),
            ] {
                assert_eq!((parse(rest).is_floating(), parse(rest).has_digest()), (is_floating, has_digest), "{rest}");
            }
        }
        for other in ["ghcr.io/postgres:16", "docker.io/mine/postgres:16", "mine/postgres:16"] {
            let image = ImageReference::parse(other).unwrap();
            assert_eq!((image.postgres_identity(), image.postgres_major()), (None, None), "{other}");
        }
    }

    #[test]
    fn a_tag_has_at_most_128_characters_and_a_port_five_digits() {
        for (text, is_image) in [
            (format!("a:{}", "x".repeat(128)), true),
            (format!("a:{}", "x".repeat(129)), false),
            ("h:12345/a".to_owned(), true),
            ("h:123456/a".to_owned(), false),
            ("h:/a".to_owned(), false),
            (format!("a@sha256:{}", "f".repeat(64)), true),
            (format!("a@sha256:{}", "F".repeat(64)), false),
            (format!("a@sha256:{}", "f".repeat(63)), false),
            (format!("a@sha256:{}", "f".repeat(65)), false),
        ] {
            assert_eq!(ImageReference::parse(&text).is_ok(), is_image, "{text}");
        }
    }
}
