//! Knows how the Language Server Protocol, version 3.17, is spoken: what an editor asks becomes a question to the rest of
//! the program, and the answer places in texts. Must not know anything of profiles itself.
//!
//! One thread reads and answers; another one judges what is typed. What an editor has open holds in the place of files,
//! under the limits of every run. Nothing is written but by `generate`, which a user has to choose.

mod action;
mod analysis;
mod capabilities;
mod complete;
mod documents;
mod drawing;
mod edit;
mod generated;
mod hints;
mod hover;
mod markdown;
mod navigate;
mod outline;
mod position;
mod preview;
mod project;
mod refusal;
mod rename;
mod run;
mod server;
mod structure;
mod symbol;
mod taste;
mod told;
mod uri;
mod view;
mod wire;
mod words;

pub use server::{Unspoken, serve};
