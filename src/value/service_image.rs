//! Knows how an image is written whose tag may follow a variable. Must not know what the variable holds.
//!
//! Many projects are upgraded by one line of `.env` (`VERSION=1.3`), so the tag of a service's image may be a reference as
//! Compose writes it. It has a default, by which everything that asks for a version knows one. A reference elsewhere in the
//! image would choose the program itself; the server's image takes none, because its version decides over its data.

use std::fmt;

use schemars::{Schema, json_schema};

use super::grammar::{Mismatch, TextValue};
use super::image::{self, ImageReference};
use super::name::EnvironmentKey;

/// `[REGISTRY/]NAME[:TAG][@sha256:DIGEST]`, or `[REGISTRY/]NAME:${NAME:-DEFAULT}` with more of the tag around.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceImage {
    written: String,
    usual: ImageReference,
    follows: Option<(EnvironmentKey, String)>,
}

/// How much of a tag may stand on each side of a reference.
const AROUND: usize = 31;

/// The longest default.
const LONGEST: usize = 64;

/// A tag with a reference, behind its colon.
const FOLLOWED: &str = concat!(
    r"([A-Za-z0-9_][A-Za-z0-9_.-]{0,30})?",
    r"\$\{[A-Z_][A-Z0-9_]{0,127}:-[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}\}",
    r"[A-Za-z0-9_.-]{0,31}"
);

impl ServiceImage {
    /// The image where the variable is not set.
    #[must_use]
    pub fn usual(&self) -> &ImageReference {
        &self.usual
    }

    /// The variable that the tag follows, with what holds where it is not set.
    #[must_use]
    pub fn follows(&self) -> Option<(&EnvironmentKey, &str)> {
        self.follows.as_ref().map(|(name, default)| (name, default.as_str()))
    }

    fn following(text: &str) -> Option<Self> {
        let (before, rest) = text.split_once("${")?;
        let (reference, behind) = rest.split_once('}')?;
        let (name, default) = reference.split_once(":-")?;
        let in_tag = before.rsplit('/').next()?.split_once(':')?.1;
        let is_short = in_tag.len() <= AROUND && behind.len() <= AROUND && default.len() <= LONGEST;
        let starts = |text: &str| text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        if !is_short || !starts(default) || behind.contains(['@', ':', '/']) || default.contains(['@', ':', '/']) {
            return None;
        }
        let usual = ImageReference::parse(&format!("{before}{default}{behind}")).ok()?;
        let name = EnvironmentKey::parse(name).ok()?;
        Some(Self { written: text.to_owned(), usual, follows: Some((name, default.to_owned())) })
    }
}

impl TextValue for ServiceImage {
    fn parse(text: &str) -> Result<Self, Mismatch> {
        if let Ok(usual) = ImageReference::parse(text) {
            return Ok(Self { written: text.to_owned(), usual, follows: None });
        }
        Self::following(text).ok_or_else(|| {
            Mismatch::new(
                "an image reference `[REGISTRY/]NAME[:TAG][@sha256:DIGEST]`, or one with the tag `${NAME:-TAG}`",
                "write a reference such as `registry.example.com/team/app:1.4`, or `team/app:${VERSION:-1.4}`",
            )
        })
    }

    fn schema() -> Schema {
        let pattern = format!("{}|^{}:{FOLLOWED}$", image::PATTERN, image::NAME_PATTERN);
        json_schema!({ "type": "string", "pattern": pattern, "examples": ["registry.example.com/team/app:1.4"] })
    }
}

impl fmt::Display for ServiceImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_may_follow_a_variable_with_a_default() {
        for (text, usual, name) in [
            ("app:${VERSION:-1.2}", "app:1.2", "VERSION"),
            ("ghcr.io/a/b:v${V:-1}-alpine", "ghcr.io/a/b:v1-alpine", "V"),
            ("localhost:5000/app:${V:-latest}", "localhost:5000/app:latest", "V"),
        ] {
            let image = ServiceImage::parse(text).unwrap();
            assert_eq!((image.to_string().as_str(), image.usual().to_string().as_str()), (text, usual));
            assert_eq!(image.follows().unwrap().0.as_str(), name);
        }
        assert_eq!(ServiceImage::parse("app:1").unwrap().follows(), None);
        for text in [
            "${IMAGE:-app:1}",
            "${REGISTRY:-a.example}/app:1",
            "app:${V}",
            "app:${V-1}",
            "app:${V:-}",
            "app:${v:-1}",
            "app:${V:-.1}",
            "app:${V:-1}${W:-2}",
            "app${V:-1}:2",
            "app:${V:-1}/x",
            "app:${V:-1}:x",
            "app:${V:-1/x}",
            "app:.${V:-1}",
            "app:$V",
        ] {
            assert!(ServiceImage::parse(text).is_err(), "{text}");
        }
    }
}
