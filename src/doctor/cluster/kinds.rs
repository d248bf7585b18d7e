//! Knows the kinds of objects that are asked for. Must not know what they are like.

/// The label that names what a pod belongs to.
pub(super) const NAME: &str = "app.kubernetes.io/name";

/// The label that names the deployment.
pub(super) const PART_OF: &str = "app.kubernetes.io/part-of";

/// The label of CloudNativePG's pods.
pub(super) const OPERATED: &str = "cnpg.io/cluster";

/// The kinds whose objects are looked at one by one.
const WORKLOADS: [&str; 6] = ["Pod", "ReplicaSet", "Deployment", "StatefulSet", "Job", "PersistentVolumeClaim"];

/// Whether another check looks at objects of this kind.
pub(super) fn is_workload(kind: &str) -> bool {
    WORKLOADS.contains(&kind)
}
