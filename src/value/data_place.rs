//! Knows where a server may keep its data: in a named volume, or in a folder of the host. Must not know where that appears
//! in its container.

use std::fmt;

use schemars::{Schema, json_schema};

use super::grammar::{Mismatch, TextValue};
use super::name::VolumeName;
use super::path::{Mount, MountSource};

/// A named volume, or a folder of the host as in a mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataPlace(MountSource);

/// The source of a mount; its first part keeps out `${`, which Compose would take for a variable.
pub(super) const PATTERN: &str = concat!(
    r"^(?![\s\S]*\$\{[^}]*$)",
    r"(?:\.{0,2}/[^:\x00-\x1f\x7f-\x9f]*|\.{1,2}|[A-Za-z0-9][A-Za-z0-9_.-]{1,127})$"
);

impl DataPlace {
    /// The volume of the database server, where the profile names no other.
    #[must_use]
    pub fn postgres_data() -> Self {
        Self(MountSource::Volume(VolumeName::postgres_data()))
    }

    /// What is mounted.
    #[must_use]
    pub fn source(&self) -> &MountSource {
        &self.0
    }

    /// What it is, in a word.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match &self.0 {
            MountSource::Volume(_) => "volume",
            MountSource::Bind(_) => "folder",
        }
    }

    /// The named volume, where it is one.
    #[must_use]
    pub fn volume(&self) -> Option<&VolumeName> {
        match &self.0 {
            MountSource::Volume(name) => Some(name),
            MountSource::Bind(_) => None,
        }
    }
}

impl TextValue for DataPlace {
    fn parse(text: &str) -> Result<Self, Mismatch> {
        let mount = Mount::parse(&format!("{text}:/data")).ok().filter(|_| !text.contains(':'));
        mount.map(|mount| Self(mount.source)).ok_or_else(|| {
            Mismatch::new(
                "a named volume, or a folder of the host that begins with `./`, `../` or `/`",
                "write a name such as `postgres-data`, or a path such as `./postgres`",
            )
        })
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": PATTERN, "examples": ["postgres-data"] })
    }
}

impl fmt::Display for DataPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            MountSource::Volume(name) => name.fmt(f),
            MountSource::Bind(path) => path.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_volume_or_a_folder() {
        for (text, is_volume) in
            [("pg", true), ("pg_data.1", true), ("./pg", false), ("../a b", false), ("/srv", false)]
        {
            let place = DataPlace::parse(text).unwrap();
            assert_eq!((place.to_string().as_str(), place.volume().is_some()), (text, is_volume));
        }
        for text in ["", "p", "pg:/x", "~/pg", "./a:ro", "a/b", "./${X", "$X"] {
            assert!(DataPlace::parse(text).is_err(), "{text}");
        }
    }
}
