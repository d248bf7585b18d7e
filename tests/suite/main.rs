//! What can be tested without other programs: the outputs, the messages, the command line, the shape of the code.
//! The outputs under the programs that read them are tested in tests/conformance.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test ends where something that it relies on fails"
)]

mod all;
mod annotations;
mod build_context;
mod code;
mod compare;
mod crash;
mod danger;
mod doctor;
mod doctor_cluster;
mod documents;
mod explain;
mod foreign;
mod fuzz;
mod generate;
mod golden;
mod graph;
mod help;
mod import;
mod invalid;
mod kubernetes;
mod layering;
mod layers;
mod limits;
mod lookup;
mod meaning;
mod migrate;
mod model;
mod names;
mod profile_reference;
mod releases;
mod report;
mod risks;
mod schema;
mod secrets_in_git;
mod security;
mod stranger;
mod support;
mod templates;
mod upgrade;
mod validate;
