//! One typed YAML profile becomes the `.env`, the `docker-compose.yml` and the `init-postgres.sh` of a Docker Compose
//! deployment.
//!
//! # The line
//!
//! ```text
//! arguments -(load, gather)-> sources -(parse, merge)-> Profile -(resolve)-> Deployment
//!           -(render)-> files in memory -(plan)-> ChangeSet -(apply, or a difference)-> outcome
//! ```
//!
//! One verb per arrow, one module per noun. From `parse` to `render` everything is pure: no file system, environment,
//! clock, randomness or output; facts from outside enter as values. A [`profile::Profile`] is what was written, every
//! field optional; a [`deployment::Deployment`] is what is meant, without a state that is wrong. `render` finishes every
//! file before `plan` looks at the disk, and `plan` reads everything before `apply` writes anything.
//!
//! A module uses only those that stand before it here; `tests/suite/layering.rs` holds that:
//!
//! ```text
//! spelling help disk yaml value postgres interpolation dotenv compose url field source locate diagnostic profile layers
//! deployment resolve folders secret placement render target schema graph lint risk import change proof report outcome
//! verdict explain cli doctor script upgrade migrate lsp command
//! ```

pub mod change;
pub mod cli;
pub mod command;
pub mod compose;
pub mod deployment;
pub mod diagnostic;
pub mod disk;
pub mod doctor;
pub mod dotenv;
pub mod explain;
pub mod field;
pub mod folders;
pub mod graph;
pub mod help;
pub mod import;
pub mod interpolation;
pub mod layers;
pub mod lint;
pub mod locate;
pub mod lsp;
pub mod migrate;
pub mod outcome;
pub mod placement;
pub mod postgres;
pub mod profile;
pub mod proof;
pub mod render;
pub mod report;
pub mod resolve;
pub mod risk;
pub mod schema;
pub mod script;
pub mod secret;
pub mod source;
pub mod spelling;
pub mod target;
pub mod upgrade;
pub mod url;
pub mod value;
pub mod verdict;
pub mod yaml;
