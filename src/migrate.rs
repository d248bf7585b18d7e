//! Knows the program that moves the rows of a service from one engine to the other. Must not know whether it may be moved.

use std::ffi::OsString;
use std::io;
use std::path::Path;

use crate::script::Script;
use crate::value::{Choice as _, Engine};

/// What the program is: the script of this host, and what copies rows inside of the service's own image.
const FILES: [(&str, &str); 2] = [
    ("migrate.sh", include_str!("../templates/migrate/migrate.sh")),
    ("migrate.py", include_str!("../templates/migrate/migrate.py")),
];

/// What the program is told.
pub struct Order<'o> {
    /// Whose rows.
    pub service: &'o str,
    /// Which engine they come to.
    pub to: Engine,
    /// Whether what the other database holds is put aside.
    pub may_replace: bool,
    /// The output folder.
    pub folder: &'o Path,
}

/// Becomes the program; comes back where that can't be.
#[must_use]
pub fn become_it(order: &Order<'_>) -> io::Error {
    let replace = order.may_replace.then_some("replace");
    let arguments: Vec<_> = [order.service, order.to.as_str()].into_iter().chain(replace).map(OsString::from).collect();
    Script { name: "migrate", files: FILES.to_vec(), folder: order.folder }.become_it(&arguments, &[])
}
