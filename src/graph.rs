//! Knows what is drawn of a deployment: its parts as nodes, what they have to do with each other as edges.
//! Must not know how a file says it, nor any secret.

mod board;
mod columns;
mod dot;
mod draw;
mod mermaid;

use crate::value::StartCondition;

/// A deployment as it is drawn.
#[derive(Debug, Clone)]
pub struct Graph {
    /// The Compose project.
    pub name: String,
    /// Containers that reach the same, with the databases in them.
    pub groups: Vec<Group>,
    /// What stands on no network.
    pub nodes: Vec<Node>,
    /// What they have to do with each other.
    pub edges: Vec<Edge>,
}

/// Nodes that stand together.
#[derive(Debug, Clone)]
pub struct Group {
    /// Its name in the drawing's text.
    pub id: Id,
    /// What is read.
    pub title: String,
    /// What stands in it.
    pub nodes: Vec<Node>,
}

/// A part of a deployment.
#[derive(Debug, Clone)]
pub struct Node {
    /// Its name in the drawing's text.
    pub id: Id,
    /// What it is.
    pub kind: Kind,
    /// What is read.
    pub lines: Vec<String>,
}

/// What a part of a deployment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A container, or several that are the same.
    Service,
    /// A database on the server.
    Database,
    /// A SQLite file.
    SqliteFile,
    /// A named volume.
    Volume,
    /// A folder or file of the host.
    HostPath,
    /// The host, whose ports lead to containers.
    Host,
    /// A server outside of the deployment.
    ExternalServer,
}

/// What two parts have to do with each other.
#[derive(Debug, Clone)]
pub struct Edge {
    /// Where it starts.
    pub from: Id,
    /// Where it leads.
    pub to: Id,
    /// What it says.
    pub relation: Relation,
}

/// What one part has to do with another.
#[derive(Debug, Clone)]
pub enum Relation {
    /// A port of the host leads into a container.
    Publishes(String),
    /// A service has its data in a database.
    Uses,
    /// A database is on a server.
    IsOn,
    /// Files are kept there, and appear at this path in the container.
    Mounts(String),
    /// It starts when the other one has come so far.
    WaitsFor(StartCondition),
}

/// A name of lower-case ASCII letters, digits and `_` that begins with a word of [`Kind`]: no keyword of any language.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Id(String);

impl Id {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Relation {
    /// What is read at the edge.
    #[must_use]
    pub fn label(&self) -> Option<&str> {
        use crate::value::Choice as _;
        match self {
            Self::Publishes(text) | Self::Mounts(text) => Some(text),
            Self::WaitsFor(condition) => Some(condition.as_str()),
            Self::Uses | Self::IsOn => None,
        }
    }
}
