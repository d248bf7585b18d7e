//! Knows in which order the ends of an edge are written, by which programs lay a graph out. Must not know any language of
//! drawings.

use std::collections::HashSet;

use super::{Edge, Graph, Group, Id, Kind, Node, Relation};

/// What stands in which column: the lines of many services cross least where those are in one, what they mount before them,
/// and their databases behind.
pub(super) struct Columns<'g> {
    groups: Vec<HashSet<&'g Id>>,
    servers: HashSet<&'g Id>,
}

impl<'g> Columns<'g> {
    pub(super) fn of(graph: &'g Graph) -> Self {
        let is_service = |node: &&Node| node.kind == Kind::Service;
        let members = |group: &'g Group| group.nodes.iter().filter(is_service).map(|node| &node.id).collect();
        let is_server = |edge: &&Edge| matches!(edge.relation, Relation::IsOn);
        let servers = graph.edges.iter().filter(is_server).map(|edge| &edge.to).collect();
        Self { groups: graph.groups.iter().map(members).collect(), servers }
    }

    /// Whether both ends stay in one column: else the group of services would take the place of other things.
    pub(super) fn is_one(&self, edge: &Edge) -> bool {
        self.groups.iter().any(|group| group.contains(&edge.from) && group.contains(&edge.to))
    }

    /// The end of an edge that stands first.
    pub(super) fn first(&self, edge: &'g Edge) -> &'g Id {
        if self.is_before(edge) { &edge.to } else { &edge.from }
    }

    /// The end of an edge that stands behind the other one.
    pub(super) fn last(&self, edge: &'g Edge) -> &'g Id {
        if self.is_before(edge) { &edge.from } else { &edge.to }
    }

    /// Whether what an edge leads to stands before what it comes from. A line without an arrow may be written either way.
    fn is_before(&self, edge: &Edge) -> bool {
        let is_service = self.groups.iter().any(|group| group.contains(&edge.from));
        matches!(edge.relation, Relation::Mounts(_)) && is_service && !self.servers.contains(&edge.from)
    }
}
