//! Knows how a graph is written in the language of Graphviz (<https://graphviz.org/doc/info/lang.html>).
//! Must not know what the graph is about.

use super::columns::Columns;
use super::{Edge, Graph, Kind, Node, Relation};

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

fn edge(edge: &Edge, columns: &Columns<'_>) -> String {
    let (from, to, relation) = (columns.first(edge), columns.last(edge), &edge.relation);
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
    format!("{} -> {}{attributes}", from.as_str(), to.as_str())
}

/// Lines of a label as a string. Graphviz reads backslashes twice, as of a string and as of a label, and the entities of
/// HTML in any label (<https://graphviz.org/docs/attr-types/escString/>).
fn quoted<'l>(lines: impl IntoIterator<Item = &'l str>) -> String {
    let escaped = |line: &str| line.replace('&', "&amp;").replace('\\', r"\\").replace('"', "\\\"");
    format!("\"{}\"", lines.into_iter().map(escaped).collect::<Vec<_>>().join(r"\n"))
}
