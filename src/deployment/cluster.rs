//! Knows what several machines give to a deployment: the room of its volumes, nodes, and a Swarm's ways between them. Must not know who uses it.

use crate::value::{ByteSize, CpuCount, ObjectName, PortMode, Replicas, VolumeSize};

/// The room of a volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Storage {
    /// How large it is.
    pub size: VolumeSize,
    /// The storage class that gives it, where not the cluster's own.
    pub class: Option<ObjectName>,
    /// Whether containers on several nodes mount it at once.
    pub shared: bool,
}

/// The nodes that a deployment may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nodes {
    /// How many.
    pub count: Replicas,
    /// The memory of each.
    pub memory: Option<ByteSize>,
    /// The processors of each.
    pub cpus: Option<CpuCount>,
}

/// What a Swarm does beside what every target does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Swarm {
    /// Whether its networks are encrypted between the nodes.
    pub encrypted: bool,
    /// On which nodes a published port is open.
    pub ports: PortMode,
}
