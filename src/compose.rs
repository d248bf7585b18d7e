//! Knows what a Compose file means: two spellings of one meaning are the same here, as they are to Docker Compose. Must not
//! know what becomes of it, nor any file but those that it is given.
//!
//! [`nodes`] are a file as it was written. Its meaning is read in three steps. [`Tree`] is a file with its variables
//! filled in. [`File`] is a tree whose short and long forms are one, which can be laid over another one. [`Model`] is
//! what all files say together, with what holds where they say nothing. `tests/conformance/test_spellings.py` holds
//! all three to what Docker Compose makes of them.

mod dotenv;
mod file;
mod forms;
mod mount;
pub mod nodes;
mod port;
mod service;
mod tree;
mod words;

pub use dotenv::Dotenv;
pub use file::{File, Model, normal_project_name, project_name};
pub use forms::{between_colons, is_path, lexical};
pub use mount::Mount;
pub use port::Port;
pub use service::Service;
pub use tree::{Lookup, Tree};
pub use words::{Understood, split};

/// The names of a Compose file, in the order that Compose looks for them
/// (<https://docs.docker.com/compose/intro/compose-application-model/#the-compose-file>).
pub const FILE_NAMES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];

/// The names of the file that Compose reads beside it, of which the first that is there counts.
pub const OVERRIDE_NAMES: [&str; 4] =
    ["compose.override.yml", "compose.override.yaml", "docker-compose.override.yml", "docker-compose.override.yaml"];
