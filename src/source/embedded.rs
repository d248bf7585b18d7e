//! Knows the profiles inside of the binary. Must not know the file system.

use super::{Origin, Source};

/// What stands before a name that means the embedded profile, whatever the project has.
pub const BUILTIN_PREFIX: &str = "builtin:";

const PROFILES: [(&str, &str); 4] = [
    ("base", include_str!("../../profiles/base.yaml")),
    ("dev-sqlite", include_str!("../../profiles/dev-sqlite.yaml")),
    ("mixed", include_str!("../../profiles/mixed.yaml")),
    ("prod-postgres", include_str!("../../profiles/prod-postgres.yaml")),
];

/// All of them, by name.
pub(super) fn all() -> impl Iterator<Item = Source> {
    PROFILES.into_iter().map(|(name, text)| Source {
        name: format!("{BUILTIN_PREFIX}{name}"),
        text: text.to_owned(),
        origin: Origin::Embedded(name),
    })
}

/// The embedded profile of this name; `./base.yaml` and `base` are the same one.
pub(super) fn by_name(name: &str) -> Option<Source> {
    let name = name.strip_prefix("./").unwrap_or(name);
    let name = name.strip_suffix(".yaml").unwrap_or(name);
    all().find(|source| source.origin == Origin::Embedded(name_of(name)))
}

fn name_of(name: &str) -> &'static str {
    PROFILES.iter().find(|(known, _)| *known == name).map_or("", |(known, _)| known)
}
