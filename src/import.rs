//! Knows how a hand-kept deployment becomes a profile: what its Compose file and its `.env` say today, in the words of a
//! profile. Must not know the disk, nor what a run prints.
//!
//! Nothing is lost on the way. What a field of the profile says goes there; other keys of Compose go under `compose:`;
//! what `compose:` must not hold, because a field of the profile writes that key, goes into a file that Compose reads
//! beside the generated one. Secrets go to `.env`, and what no longer follows a variable is told.

mod aside;
mod choice;
mod connection;
mod copies;
mod database;
mod defaults;
mod described;
mod env_files;
mod environment;
mod files;
mod fixed;
mod flags;
mod gather;
mod guarded;
mod hand_kept;
mod health;
mod layout;
mod ledger;
mod left;
mod limits;
mod literals;
mod merge;
mod mounts;
mod notes;
mod parts;
mod ports;
mod raw_keys;
mod reach;
mod recognition;
mod relocate;
mod said;
mod scope;
mod secret_keys;
mod secrets;
mod section;
mod server;
mod service;
mod sought;
mod top;
mod variables;

use std::collections::BTreeSet;

use self::copies::Login;
use self::described::Described;
use self::ledger::Ledger;
use self::notes::{concealed, open_quote};
use self::variables::Variables;
use crate::compose::nodes;
use crate::diagnostic::{Code, Diagnostic};
use crate::profile::{self, LONG_KEY};
use crate::value::EnvironmentKey;
use crate::yaml::{self, Node};

pub use aside::Aside;
pub use described::Imported;
pub use files::{ComposeFile, Files, joined, named_in};
pub use hand_kept::HandKept;
pub use left::Beside;
pub use notes::{COMPOSE, DOTENV, Note, in_its_file};
pub use secret_keys::NewSecret;

/// Reads a hand-kept deployment as a profile.
///
/// # Errors
/// As [`import_but`].
pub fn import(kept: &HandKept<'_>) -> Result<Imported, Vec<Diagnostic>> {
    import_but(kept, &Aside::default())
}

/// The same, but for what stays as it was.
///
/// # Errors
/// Every fault of the files, and everything in them that would be another deployment as a profile. Their places are in
/// the sources [`COMPOSE`] and [`DOTENV`], and behind those the second Compose file and so on. Those of notes are in the
/// text of all files.
pub fn import_but(kept: &HandKept<'_>, aside: &Aside) -> Result<Imported, Vec<Diagnostic>> {
    let first = described(kept, aside, None)?;
    // only once the server is known it is known which password is its own
    let again = first.login.as_ref().and_then(|login| described(kept, aside, Some(login)).ok());
    Ok(again.unwrap_or(first).imported)
}

/// What a deployment becomes; `login` is that of its server, whose password then has one variable alone.
fn described(kept: &HandKept<'_>, aside: &Aside, login: Option<&Login>) -> Result<Described, Vec<Diagnostic>> {
    let mut root = gathered(kept.files)?;
    let beside = yaml::read(kept.beside).ok();
    if let Some(beside) = &beside {
        gather::take_programs(&mut root, beside);
    }
    let variables_of = |new: &[NewSecret]| {
        let lines: String = new.iter().map(|new| new.line.as_str()).collect();
        let dotenv = if lines.is_empty() { kept.dotenv.to_owned() } else { format!("{}\n{lines}", kept.dotenv) };
        Variables::read(&dotenv).map_err(|odd| vec![open_quote(kept.dotenv, odd)])
    };
    let of_defaults = defaults::find(&root, &variables_of(&[])?);
    defaults::remove(&mut root, &of_defaults);
    let new = of_defaults.into_iter().filter_map(|(key, value)| NewSecret::of(key, &value));
    let mut new: Vec<_> = new.collect();
    new.extend(literals::replace(&mut root, beside.as_ref(), &variables_of(&new)?));
    let taken = aside.take(&mut root);
    if let Some(login) = login {
        let known = variables_of(&new)?;
        if login.unify(&mut root, &known) {
            new.retain(|new| !login.is_source(new.key.as_str()) || refers_to(&root, new.key.as_str()));
            let key = EnvironmentKey::postgres_password();
            let is_there = known.value(key.as_str()).is_some();
            new.extend(NewSecret::of(key, login.password()).filter(|_| !is_there));
        }
    }
    let variables = variables_of(&new)?;
    let mut ledger = Ledger::new(&variables, kept);
    ledger.servers_that_stay.clone_from(&aside.servers);
    ledger.new_secrets = new;
    ledger.named_beside = beside.as_ref().map(services_of).unwrap_or_default();
    for span in profile::long_keys(&root) {
        ledger.fault(Code::InvalidValue, &span, LONG_KEY.0, LONG_KEY.1);
    }
    match described::read(&root, &taken, kept, &mut ledger) {
        Some(described) if ledger.faults.is_empty() => Ok(described),
        Some(_) | None => {
            let concealed = ledger.faults.into_iter().map(|fault| concealed(fault, kept.files.text()));
            Err(concealed.map(|fault| in_its_file(fault, kept.files)).collect())
        }
    }
}

/// The Compose files of a deployment as one tree, whose places are in the text of all files.
///
/// # Errors
/// What can't be read, or made one, each with its place in the file that it is in.
pub fn gathered(files: &Files) -> Result<Node<'_>, Vec<Diagnostic>> {
    let placed = |fault| in_its_file(concealed(fault, files.text()), files);
    gather::tree(files).map_err(|faults| faults.into_iter().map(placed).collect())
}

/// The services that a Compose file names.
fn services_of(root: &Node<'_>) -> BTreeSet<String> {
    let services = nodes::child(root, "services").map(nodes::entries).unwrap_or_default();
    services.iter().map(|entry| entry.key.to_string()).collect()
}

/// Whether a text below a node refers to a variable, or is its name.
fn refers_to(node: &Node<'_>, name: &str) -> bool {
    nodes::text(node).is_some_and(|text| text.contains(name))
        || nodes::items(node).iter().any(|item| refers_to(item, name))
        || nodes::entries(node).iter().any(|entry| entry.key == name || refers_to(&entry.value, name))
}
