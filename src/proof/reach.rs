//! Knows which containers reach each other, and by which names. Must not know what they say to each other.

use std::collections::{BTreeMap, BTreeSet};

use super::difference::Difference;
use super::judge::{Judge, uses_sqlite};
use super::sides::Proof;
use super::worlds::World;
use crate::compose::Tree;
use crate::value::ServiceName;

/// The networks of each service.
type Reach = BTreeMap<String, BTreeMap<String, Tree>>;

fn reach(tree: &Tree) -> Reach {
    let services = tree.get("services").and_then(Tree::as_map).into_iter().flatten();
    let networks = |(name, service): (&String, &Tree)| {
        (name.clone(), service.get("networks").and_then(Tree::as_map).cloned().unwrap_or_default())
    };
    services.map(networks).collect()
}

/// Services that met on a network and do so no longer, and those that no longer find the server by its name of today.
pub(super) fn lost(judge: &Judge<'_>, world: &World) -> Vec<Difference> {
    let proof = judge.proof;
    let (before, after) = (reach(&world.before), reach(&world.after));
    let mut found = Vec::new();
    for members in members(&before, &after) {
        let all_meet =
            members.iter().filter_map(|name| after.get(*name)).try_fold(None, |common: Option<Names<'_>>, own| {
                let own: Names<'_> = own.keys().collect();
                let common = common.map_or_else(|| own.clone(), |common| common.intersection(&own).copied().collect());
                (!common.is_empty()).then_some(Some(common))
            });
        if all_meet.is_none() {
            found.extend(parted(&members, &after).into_iter().filter(|pair| !is_apart(*pair, judge, world)).map(told));
        }
    }
    found.extend(unnamed(proof, world, &before, &after));
    found
}

/// Names of networks.
type Names<'n> = BTreeSet<&'n String>;

/// The services on each network of today, as far as they are there afterwards.
fn members<'r>(before: &'r Reach, after: &Reach) -> Vec<Vec<&'r String>> {
    let mut members: BTreeMap<&String, Vec<&String>> = BTreeMap::new();
    for (name, networks) in before.iter().filter(|(name, _)| after.contains_key(*name)) {
        for network in networks.keys() {
            members.entry(network).or_default().push(name);
        }
    }
    members.into_values().collect()
}

/// The pairs of these that no longer meet.
fn parted<'m>(members: &[&'m String], after: &Reach) -> Vec<[&'m String; 2]> {
    let mut found = Vec::new();
    for (at, one) in members.iter().enumerate() {
        for other in members.iter().skip(at + 1) {
            let (Some(mine), Some(theirs)) = (after.get(*one), after.get(*other)) else { continue };
            if shared(mine, theirs).next().is_none() {
                found.push([*one, *other]);
            }
        }
    }
    found
}

/// Whether one of two is the server, and the other one has a SQLite file and does not name the server.
fn is_apart(pair: [&String; 2], judge: &Judge<'_>, world: &World) -> bool {
    let own = ServiceName::postgres().to_string();
    let [one, other] = pair;
    let service = if *one == own { other } else { one };
    let names = |server: &str| names_server(&world.after, service, server);
    pair.contains(&&own)
        && judge.service(service).is_some_and(uses_sqlite)
        && !names(&own)
        && !judge.proof.server.is_some_and(names)
}

/// Those that met the server, still use its name of today, and do not find it by that.
fn unnamed(proof: &Proof<'_>, world: &World, before: &Reach, after: &Reach) -> Vec<Difference> {
    let own = ServiceName::postgres().to_string();
    let Some(server) = proof.server.filter(|server| *server != own) else { return Vec::new() };
    let (Some(today), Some(later)) = (before.get(&own), after.get(&own)) else { return Vec::new() };
    let met = before.iter().filter(|(name, networks)| **name != own && shared(today, networks).next().is_some());
    let finds =
        |networks: &BTreeMap<String, Tree>| shared(later, networks).any(|network| answers(later, network, server));
    met.filter(|(name, _)| after.get(*name).is_some_and(|networks| !finds(networks)))
        .filter(|(name, _)| names_server(&world.after, name, server))
        .map(|(name, _)| told([name, &own]))
        .collect()
}

fn shared<'n>(
    one: &'n BTreeMap<String, Tree>,
    other: &'n BTreeMap<String, Tree>,
) -> impl Iterator<Item = &'n String> + 'n {
    one.keys().filter(|name| other.contains_key(*name))
}

/// Whether the server has its name of today on a network.
fn answers(networks: &BTreeMap<String, Tree>, network: &str, server: &str) -> bool {
    let aliases = networks.get(network).and_then(|network| network.get("aliases"));
    aliases.is_some_and(|aliases| aliases.items().iter().any(|alias| alias.as_text() == Some(server)))
}

/// Whether a service still uses the server's name of today.
fn names_server(tree: &Tree, service: &str, server: &str) -> bool {
    let service = tree.get("services").and_then(|services| services.get(service));
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let mut words = BTreeSet::new();
    for key in ["environment", "command", "entrypoint"] {
        if let Some(tree) = service.and_then(|service| service.get(key)) {
            tree.each_text(&mut |text| words.extend(text.split(|c| !is_part(c)).map(str::to_owned)));
        }
    }
    words.contains(server)
}

fn told([one, other]: [&String; 2]) -> Difference {
    Difference {
        path: ["services", one.as_str(), "networks"].map(str::to_owned).to_vec(),
        before: Some(Tree::text(format!("reaches {other}"))),
        after: None,
    }
}
