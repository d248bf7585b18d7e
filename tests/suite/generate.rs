//! Generating: what a run writes, keeps, refuses and tells.

mod outputs;
mod ownership;
mod secrets;
mod server;
