//! Knows what the containers of a service get from files of variables (`env_file`). Must not know what they do with it.

use indexmap::IndexMap;

use super::ledger::Ledger;
use crate::compose::{Dotenv, lexical, nodes};
use crate::yaml::Node;

/// The `.env` of the deployment, by its path without detours.
const DOTENV: &str = ".env";

/// Whether the containers of a service get all of `.env`.
pub(super) fn has_dotenv(service: &Node<'_>, ledger: &Ledger<'_>) -> bool {
    paths(service, ledger).iter().any(|path| path == DOTENV)
}

/// What the containers of a service get from files of variables; of two files the later one counts.
pub(super) fn variables(service: &Node<'_>, ledger: &Ledger<'_>) -> IndexMap<String, String> {
    let mut all = IndexMap::new();
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    for path in paths(service, ledger) {
        if path == DOTENV {
            all.extend(ledger.variables.all().map(owned));
        } else if let Some(text) = ledger.file(&path) {
            let of_dotenv = |name: &str| ledger.variables.value(name).map(str::to_owned);
            all.extend(Dotenv::read(&text, &of_dotenv).all().map(owned));
        }
    }
    all.sort_unstable_keys();
    all
}

/// The paths of the files, as far as it is known where they lead.
fn paths(service: &Node<'_>, ledger: &Ledger<'_>) -> Vec<String> {
    let files = nodes::child(service, "env_file");
    let items = files.map(nodes::items).unwrap_or_default();
    let path = |node| nodes::text(node).or(nodes::text_of(node, "path"));
    let written = files.and_then(nodes::text).into_iter().chain(items.iter().filter_map(path));
    written.filter_map(|path| ledger.known(path)).map(|path| lexical(&path)).collect()
}
