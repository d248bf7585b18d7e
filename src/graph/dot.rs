//! Knows how a graph is written in the language of Graphviz (<https://graphviz.org/doc/info/lang.html>).
//! Must not know what the graph is about.

use std::collections::HashSet;

use super::{Edge, Graph, Group, Id, Kind, Node, Relation};

impl Graph {
    /// The graph in the language of Graphviz.
    #[must_use]
    pub fn dot(&self) -> String {
        let Graph { name, groups, nodes, edges } = self;
        let mut lines = vec![
            format!("digraph {} {{", quoted([name.as_str()])),
            "  rankdir=LR".to_owned(),
            "  graph [fontname=\"Helvetica\", fontsize=11, style=rounded, color=gray50, nodesep=0.3, ranksep=0.9]"
                .to_owned(),
            "  node [fontname=\"Helvetica\", fontsize=11, shape=box]".to_owned(),
            "  edge [fontname=\"Helvetica\", fontsize=9, arrowsize=0.7]".to_owned(),
        ];
        for group in groups {
            lines.push(format!("  subgraph cluster_{} {{", group.id.as_str()));
            lines.push(format!("    label={}", quoted([group.title.as_str()])));
            lines.extend(group.nodes.iter().map(|inner| format!("    {}", node(inner))));
            lines.push("  }".to_owned());
        }
        lines.extend(nodes.iter().map(|outer| format!("  {}", node(outer))));
        let columns = Columns::of(self);
        lines.extend(edges.iter().map(|one| format!("  {}", edge(one, &columns))));
        lines.extend(["}".to_owned(), String::new()]);
        lines.join("\n")
    }
}

fn node(node: &Node) -> String {
    let shape = match node.kind {
        Kind::Service => "",
        Kind::Database | Kind::SqliteFile => ", shape=cylinder",
        Kind::Volume => ", shape=box3d",
        Kind::HostPath => ", shape=folder",
        Kind::Host => ", shape=oval",
        Kind::ExternalServer => ", shape=hexagon",
    };
    format!("{} [label={}{shape}]", node.id.as_str(), quoted(node.lines.iter().map(String::as_str)))
}

/// What stands in which column: the lines of many services cross least where those are in one, what they mount before them,
/// and their databases behind.
struct Columns<'g> {
    groups: Vec<HashSet<&'g Id>>,
    servers: HashSet<&'g Id>,
}

impl<'g> Columns<'g> {
    fn of(graph: &'g Graph) -> Self {
        let is_service = |node: &&Node| node.kind == Kind::Service;
        let members = |group: &'g Group| group.nodes.iter().filter(is_service).map(|node| &node.id).collect();
        let is_server = |edge: &&Edge| matches!(edge.relation, Relation::IsOn);
        let servers = graph.edges.iter().filter(is_server).map(|edge| &edge.to).collect();
        Self { groups: graph.groups.iter().map(members).collect(), servers }
    }

    /// Whether both ends stay in one column: else the group of services would take the place of other things.
    fn is_one(&self, edge: &Edge) -> bool {
        self.groups.iter().any(|group| group.contains(&edge.from) && group.contains(&edge.to))
    }

    /// Whether what an edge leads to stands before what it comes from. A line without an arrow may be written either way.
    fn is_before(&self, edge: &Edge) -> bool {
        let is_service = self.groups.iter().any(|group| group.contains(&edge.from));
        matches!(edge.relation, Relation::Mounts(_)) && is_service && !self.servers.contains(&edge.from)
    }
}

fn edge(edge: &Edge, columns: &Columns<'_>) -> String {
    let Edge { from, to, relation } = edge;
    let style = match relation {
        Relation::Publishes(_) => Some("style=bold"),
        Relation::Uses => None,
        Relation::IsOn | Relation::Mounts(_) => Some("arrowhead=none"),
        // paler, for many cross other labels
        Relation::WaitsFor(_) if columns.is_one(edge) => Some("style=dashed, color=gray55, constraint=false"),
        Relation::WaitsFor(_) => Some("style=dashed, color=gray55"),
    };
    let label = relation.label().map(|text| format!("label={}", quoted([text])));
    let attributes: Vec<_> = label.into_iter().chain(style.map(str::to_owned)).collect();
    let attributes = if attributes.is_empty() { String::new() } else { format!(" [{}]", attributes.join(", ")) };
    let (first, second) = if columns.is_before(edge) { (to, from) } else { (from, to) };
    format!("{} -> {}{attributes}", first.as_str(), second.as_str())
}

/// Lines of a label as a string. Graphviz reads backslashes twice, as of a string and as of a label, and the entities of
/// HTML in any label (<https://graphviz.org/docs/attr-types/escString/>).
fn quoted<'l>(lines: impl IntoIterator<Item = &'l str>) -> String {
    let escaped = |line: &str| line.replace('&', "&amp;").replace('\\', r"\\").replace('"', "\\\"");
    format!("\"{}\"", lines.into_iter().map(escaped).collect::<Vec<_>>().join(r"\n"))
}
