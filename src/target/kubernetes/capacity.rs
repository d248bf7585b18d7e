//! Knows how much of a cluster a deployment asks for, and whether nodes of the size that the profile names have it.
//! Must not know how an object says it.

use super::resources::{HELPER_BYTES, HELPER_THOUSANDTHS, cpu, memory_size};
use super::{server, wait};
use crate::deployment::{Deployment, Host, Limits, Nodes};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::field::FieldPath;

/// What pods are promised: bytes, and thousandths of processors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Amount {
    bytes: u64,
    thousandths: u64,
}

/// The pods of one part of the deployment that stay.
struct Asking {
    at: FieldPath,
    name: String,
    pods: u64,
    /// What each of them is promised.
    each: Amount,
    /// Whether it may use as much as there is beside that.
    is_unlimited: bool,
}

/// All of them: a Job is gone when it has ended.
fn asking(deployment: &Deployment) -> Vec<Asking> {
    let services = deployment.services.iter().filter(|service| !service.runs_once).map(|service| {
        let waits = wait::is_waiting(service, deployment);
        let helper = Amount { bytes: HELPER_BYTES, thousandths: HELPER_THOUSANDTHS };
        let own = amount(&service.limits);
        let each = if waits { largest(own, helper) } else { own };
        let at = FieldPath::root().key("services").key(&service.name);
        let pods = service.replicas.map_or(1, |replicas| u64::from(replicas.get()));
        let is_unlimited = service.limits.memory.is_none() || service.limits.cpus.is_none();
        Asking { at, name: service.name.to_string(), pods, each, is_unlimited }
    });
    let server = deployment.server.as_ref().and_then(|server| {
        let (pods, limits, beside) = match &server.host {
            Host::Container(container) => (1, &container.limits, server::ensure(container)),
            Host::Operated(operated) => (u64::from(operated.instances.get()), &operated.limits, (0, 0)),
            Host::External(_) => return None,
        };
        let (own, (bytes, thousandths)) = (amount(limits), beside);
        Some(Asking {
            at: FieldPath::root().key("postgres"),
            name: server::name(),
            pods,
            each: Amount { bytes: own.bytes + bytes, thousandths: own.thousandths + thousandths },
            is_unlimited: limits.memory.is_none() || limits.cpus.is_none(),
        })
    });
    services.chain(server).collect()
}

fn amount(limits: &Limits) -> Amount {
    Amount {
        bytes: limits.memory.as_ref().map_or(0, crate::value::ByteSize::bytes),
        thousandths: limits.cpus.as_ref().map_or(0, crate::value::CpuCount::thousandths),
    }
}

/// A pod is promised what the larger of its containers needs, where they run one after the other.
fn largest(one: Amount, other: Amount) -> Amount {
    Amount { bytes: one.bytes.max(other.bytes), thousandths: one.thousandths.max(other.thousandths) }
}

fn sum(all: &[Asking]) -> Amount {
    all.iter().fold(Amount::default(), |sum, Asking { pods, each, .. }| Amount {
        bytes: sum.bytes.saturating_add(pods.saturating_mul(each.bytes)),
        thousandths: sum.thousandths.saturating_add(pods.saturating_mul(each.thousandths)),
    })
}

/// The sum, as `explain` has it, and what it leaves out.
pub(super) fn requests(deployment: &Deployment) -> Vec<(FieldPath, String)> {
    let all = asking(deployment);
    let Amount { bytes, thousandths } = sum(&all);
    let pods = all.iter().map(|asking| asking.pods).fold(0, u64::saturating_add);
    let at = FieldPath::root().key("requests");
    let unlimited: Vec<_> =
        all.iter().filter(|asking| asking.is_unlimited).map(|asking| asking.name.as_str()).collect();
    let mut told = vec![
        (at.key("pods"), pods.to_string()),
        (at.key("memory"), memory_size(bytes)),
        (at.key("cpus"), cpu(thousandths)),
    ];
    if !unlimited.is_empty() {
        told.push((at.key("without_limits"), unlimited.join(", ")));
    }
    told
}

/// What nodes of the size that the profile names can't hold.
pub(super) fn warnings(deployment: &Deployment) -> Vec<Diagnostic> {
    let Some(nodes) = &deployment.nodes else { return Vec::new() };
    let all = asking(deployment);
    let node = Amount {
        bytes: nodes.memory.as_ref().map_or(u64::MAX, crate::value::ByteSize::bytes),
        thousandths: nodes.cpus.as_ref().map_or(u64::MAX, crate::value::CpuCount::thousandths),
    };
    let mut warnings: Vec<_> = all.iter().filter_map(|asking| too_large(asking, node)).collect();
    if warnings.is_empty() {
        warnings.extend(too_many(sum(&all), node, nodes));
    }
    warnings
}

/// A pod that no node can hold waits for ever.
fn too_large(Asking { at, name, each, .. }: &Asking, node: Amount) -> Option<Diagnostic> {
    let (field, asked, there) = if each.bytes > node.bytes {
        ("memory", memory_size(each.bytes), memory_size(node.bytes))
    } else if each.thousandths > node.thousandths {
        ("cpus", cpu(each.thousandths), cpu(node.thousandths))
    } else {
        return None;
    };
    let message =
        format!("a pod of `{name}` asks for {asked} ({field}), and a node has {there}: it would wait for ever");
    let place = Place::value(&at.key("limits").key(field));
    let help = "lower the limit, or name larger nodes in `nodes`";
    let warning = Diagnostic::warning(Code::NodeSize, place, message, help);
    Some(warning.also(Place::value(&FieldPath::root().key("nodes").key(field)), "what a node has"))
}

fn too_many(all: Amount, node: Amount, nodes: &Nodes) -> Option<Diagnostic> {
    let count = u64::from(nodes.count.get());
    let (field, asked, there) = if all.bytes > node.bytes.saturating_mul(count) {
        ("memory", memory_size(all.bytes), memory_size(node.bytes.saturating_mul(count)))
    } else if all.thousandths > node.thousandths.saturating_mul(count) {
        ("cpus", cpu(all.thousandths), cpu(node.thousandths.saturating_mul(count)))
    } else {
        return None;
    };
    let message =
        format!("all pods together ask for {asked} ({field}), and the nodes have {there}: some would wait for ever");
    let help = "lower limits or replicas, or name more or larger nodes; `codelab-gen explain requests` shows the sum";
    let place = Place::value(&FieldPath::root().key("nodes").key(field));
    Some(Diagnostic::warning(Code::NodeSize, place, message, help))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resolve::resolved;

    fn deployment(nodes: &str) -> Deployment {
        resolved(&format!(
            "format: 1\nproject: a\nstage: development\ntarget: kubernetes\nnodes: {nodes}\nservices:\n  \
             api: {{ image: \"a:1\", replicas: 3, limits: {{ memory: 512m, cpus: \"0.5\" }} }}\n  \
             worker: {{ image: \"a:1\", limits: {{ memory: 1g }} }}\n"
        ))
    }

    #[test]
    fn the_sum_is_that_of_all_pods_that_stay() {
        let told: Vec<_> = requests(&deployment("{}")).into_iter().map(|(at, value)| format!("{at}={value}")).collect();
        let expected =
            ["requests.pods=4", "requests.memory=2560Mi", "requests.cpus=1500m", "requests.without_limits=worker"];
        assert_eq!(told, expected);
    }

    #[test]
    fn what_nodes_can_not_hold_is_told_before_it_waits() {
        let warned = |nodes: &str| warnings(&deployment(nodes)).into_iter().map(|it| it.message).collect::<Vec<_>>();
        for nodes in ["{}", "{ memory: 4g, cpus: \"2\" }", "{ count: 3, memory: 1g }", "{ count: 3, cpus: \"0.5\" }"] {
            assert_eq!(warned(nodes), [""; 0], "{nodes}");
        }
        let told = warned("{ memory: 512m }");
        assert!(
            told.len() == 1 && told[0].contains("`worker` asks for 1Gi (memory), and a node has 512Mi"),
            "{told:?}"
        );
        let told = warned("{ count: 2, memory: 1g }");
        assert!(told.len() == 1 && told[0].contains("2560Mi (memory), and the nodes have 2Gi"), "{told:?}");
        let told = warned("{ cpus: \"1\" }");
        assert!(told.len() == 1 && told[0].contains("1500m (cpus), and the nodes have 1:"), "{told:?}");
    }
}
