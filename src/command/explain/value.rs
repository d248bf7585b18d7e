//! Knows what is told of one value. Must not know how it was found out.

use crate::field::FieldPath;

/// Where a value comes from that nobody wrote.
pub(super) const DEFAULT: &str = "default";

/// A value with where it comes from.
pub(super) struct Explained {
    pub(super) path: FieldPath,
    pub(super) value: String,
    pub(super) from: String,
}
