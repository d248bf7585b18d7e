//! Knows what an import is given. Must not know what becomes of it.

use super::files::Files;
use crate::placement::Placement;

/// A deployment that somebody keeps by hand.
pub struct HandKept<'k> {
    /// Its Compose files.
    pub files: &'k Files,
    /// The text of its `.env`; empty where there is none.
    pub dotenv: &'k str,
    /// The text of the file that Compose reads beside its Compose file; empty where there is none.
    pub beside: &'k str,
    /// The text of another file of its folder, by its path from there, such as one that gives variables to a service.
    pub read: &'k dyn Fn(&str) -> Option<String>,
    /// The name of its folder, after which Compose calls the project where nothing else names it.
    pub folder: &'k str,
    /// The way from the project's root to that folder, as the `root` of a placement.
    pub placement: &'k Placement,
}
