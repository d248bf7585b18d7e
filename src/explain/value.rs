//! Knows what is told of one value. Must not know how it was found out.

use crate::field::FieldPath;

/// Where a value comes from that nobody wrote.
pub const DEFAULT: &str = "default";

/// A value with where it comes from.
#[derive(Debug, Clone)]
pub struct Explained {
    /// The field.
    pub path: FieldPath,
    /// How it is written, or what holds.
    pub value: String,
    /// Where it comes from, in words.
    pub from: String,
}
