//! Knows what a cluster gives to a deployment: the room of its volumes, and nodes. Must not know who uses it.

use crate::value::{ByteSize, CpuCount, ObjectName, Replicas, VolumeSize};

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
