//! Knows what was drawn so far: every part once, under a name that no other part has.
//! Must not know what a deployment is.

use std::collections::HashSet;

use indexmap::IndexMap;

use super::{Edge, Graph, Group, Id, Kind, Node, Relation};
use crate::spelling::on_one_line;

/// A graph while it is drawn.
#[derive(Default)]
pub(super) struct Board {
    /// Each with what is read above those that it stands with.
    nodes: IndexMap<(Kind, String), (Node, Option<String>)>,
    edges: Vec<Edge>,
    ids: HashSet<String>,
}

impl Board {
    /// The part of this name; it is drawn where it was not before.
    pub(super) fn node(&mut self, kind: Kind, name: &str, lines: &[&str]) -> Id {
        self.member(kind, name, lines, None)
    }

    /// The same for what stands with others.
    pub(super) fn member(&mut self, kind: Kind, name: &str, lines: &[&str], group: Option<String>) -> Id {
        let key = (kind, name.to_owned());
        if let Some((node, _)) = self.nodes.get(&key) {
            return node.id.clone();
        }
        let id = self.free_id(word(kind), called(kind, name));
        let lines = lines.iter().map(|line| on_one_line(line)).collect();
        self.nodes.insert(key, (Node { id: id.clone(), kind, lines }, group));
        id
    }

    /// Leads from one part to another.
    pub(super) fn edge(&mut self, from: &Id, to: &Id, relation: Relation) {
        let relation = match relation {
            Relation::Publishes(text) => Relation::Publishes(on_one_line(&text)),
            Relation::Mounts(text) => Relation::Mounts(on_one_line(&text)),
            Relation::Uses | Relation::IsOn | Relation::WaitsFor(_) => relation,
        };
        self.edges.push(Edge { from: from.clone(), to: to.clone(), relation });
    }

    /// The whole drawing.
    pub(super) fn finish(mut self, name: &str) -> Graph {
        let mut groups: IndexMap<String, Group> = IndexMap::new();
        let mut nodes = Vec::new();
        for (node, group) in std::mem::take(&mut self.nodes).into_values() {
            let Some(title) = group.map(|title| on_one_line(&title)) else {
                nodes.push(node);
                continue;
            };
            if let Some(group) = groups.get_mut(&title) {
                group.nodes.push(node);
            } else {
                let id = self.free_id("on", &title);
                groups.insert(title.clone(), Group { id, title, nodes: vec![node] });
            }
        }
        // programs that lay out a graph cross fewest edges when what is kept comes last
        self.edges.sort_by_key(|edge| matches!(edge.relation, Relation::Mounts(_)));
        Graph { name: name.to_owned(), groups: groups.into_values().collect(), nodes, edges: self.edges }
    }

    /// Where two would be called the same, the later one gets a number.
    fn free_id(&mut self, word: &str, name: &str) -> Id {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
        let spelled: String = name.chars().map(plain).collect();
        let words = spelled.split('_').filter(|word| !word.is_empty());
        let base = std::iter::once(word).chain(words).collect::<Vec<_>>().join("_");
        let mut id = base.clone();
        let mut number = 2;
        while !self.ids.insert(id.clone()) {
            id = format!("{base}_{number}");
            number += 1;
        }
        Id(id)
    }
}

/// What of a name is enough to recognise a part.
fn called(kind: Kind, name: &str) -> &str {
    match kind {
        Kind::SqliteFile => name.rsplit('/').next().unwrap_or(name),
        Kind::Service | Kind::Database | Kind::Volume | Kind::HostPath | Kind::Host | Kind::ExternalServer => name,
    }
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Service => "service",
        Kind::Database => "database",
        Kind::SqliteFile => "sqlite",
        Kind::Volume => "volume",
        Kind::HostPath => "path",
        Kind::Host => "host",
        Kind::ExternalServer => "server",
    }
}
