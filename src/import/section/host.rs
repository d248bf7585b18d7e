//! Knows by which names and on which networks a server is found that becomes the profile's. Must not know who looks
//! for it.

use crate::import::ledger::Ledger;
use crate::import::server::Server;
use crate::profile::Raw;
use crate::target::compose::{DATABASE_NETWORK, DEFAULT_NETWORK};
use crate::value::ServiceName;

/// A server that had another name is still found by it, and one that others met on Compose's own network is still there.
pub(super) fn keep_name(
    server: &Server<'_, '_>,
    meets_others: bool,
    compose: &mut Vec<(String, Raw)>,
    ledger: &mut Ledger<'_>,
) {
    const KEY: &str = "networks";
    let is_written = compose.iter().any(|(key, _)| key == KEY);
    if server.name() == ServiceName::postgres().as_str() {
        if meets_others && !is_written {
            compose.push((KEY.to_owned(), Raw::words([DEFAULT_NETWORK])));
        }
        return;
    }
    note_name(server, ledger);
    let aliases = || Raw::Mapping(vec![("aliases".to_owned(), Raw::words([server.name()]))]);
    let written = compose.iter().position(|(key, _)| key == KEY).map(|index| compose.remove(index).1);
    let mut networks: Vec<(String, Raw)> = match written {
        Some(Raw::Mapping(networks)) => networks,
        Some(Raw::Sequence(names)) => {
            let name = |raw: &Raw| if let Raw::Scalar { text, .. } = raw { Some(text.clone()) } else { None };
            names.iter().filter_map(name).map(|name| (name, aliases())).collect()
        }
        Some(Raw::Scalar { .. }) | None => {
            meets_others.then(|| (DEFAULT_NETWORK.to_owned(), aliases())).into_iter().collect()
        }
    };
    match networks.iter_mut().find(|(name, _)| name == DATABASE_NETWORK) {
        Some((_, network)) => add_alias(network, server.name()),
        None => networks.push((DATABASE_NETWORK.to_owned(), aliases())),
    }
    compose.push((KEY.to_owned(), Raw::Mapping(networks)));
}

fn note_name(server: &Server<'_, '_>, ledger: &mut Ledger<'_>) {
    let message = format!("`{}` is called `postgres` now, and is still reached by its old name", server.name());
    let help = "commands have the new one: `docker compose logs postgres`";
    ledger.note(Some(server.span()), message, help);
}

/// Adds to the aliases that a server has on one of its networks.
fn add_alias(network: &mut Raw, name: &str) {
    let Raw::Mapping(keys) = network else {
        *network = Raw::Mapping(Vec::new());
        return add_alias(network, name);
    };
    match keys.iter_mut().find(|(key, _)| key == "aliases") {
        Some((_, Raw::Sequence(known))) => known.push(Raw::text(name)),
        Some((_, aliases)) => *aliases = Raw::words([name]),
        None => keys.push(("aliases".to_owned(), Raw::words([name]))),
    }
}
