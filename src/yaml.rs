//! Knows how YAML text becomes a tree of nodes that remember where and how they were written, and how a document is written.
//! Must not know what a profile is, nor what any key means.
//!
//! The events come from `granit-parser`, the parser below serde-saphyr. The tree is made here, because a profile
//! needs what a typed deserializer throws away: the writing of a scalar (`1.10` and `0777` stay text in an
//! environment) and the position of every key and value, also of those that are wrong.

mod builder;
mod count;
pub mod document;
mod node;
mod quote;
mod scalar;
mod write;

use self::builder::Builder;

pub use count::count_values;
pub use node::{Content, Entry, Node, YamlFault, YamlRule};
pub use quote::as_needed;
pub use scalar::{Scalar, ScalarKind};

/// Reads the one document of `text`.
///
/// # Errors
/// Every fault found. A syntax error ends the reading, so it is the last one; a key that stands twice does not.
pub fn read(text: &str) -> Result<Node<'_>, Vec<YamlFault>> {
    let mut builder = Builder::new(text);
    match builder.document() {
        Ok(node) if builder.faults.is_empty() => Ok(node),
        Ok(_) => Err(builder.faults),
        Err(fault) => {
            builder.faults.push(*fault);
            Err(builder.faults)
        }
    }
}
