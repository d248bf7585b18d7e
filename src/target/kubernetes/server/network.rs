//! Knows who reaches the server: the services that the profile says, and for an operator its own pods. Must not know
//! what is said to it.

use super::super::object::{matching, selector};
use super::common::{name, of_server, users};
use crate::deployment::Deployment;
use crate::value::Port;
use crate::yaml::document::{Mapping, Value};

/// Whose the server's pods are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OfServer {
    /// Ours: they reach nobody.
    Alone,
    /// An operator's: they reach each other, it reaches them, and they report to the cluster.
    Operated,
}

/// The port by which an operator asks its pods.
const STATUS: u16 = 8000;

/// What lets in whom the profile says.
pub(super) fn policy(pods: Mapping, whose: OfServer, deployment: &Deployment) -> Mapping {
    let users = users(deployment).map(|service| peer(selector(service.name.as_str(), deployment)));
    let mut ingress = vec![rule(users.collect(), &[Port::POSTGRES.get()], "the services that have a database there")];
    let mut spec = Mapping::from_iter([("podSelector", matching(pods.clone()))]);
    let both = [Value::text("Ingress"), Value::text("Egress")].into_iter().collect::<Value>().on_one_line();
    match whose {
        OfServer::Alone => {
            spec.push("policyTypes", both.behind("it reaches nobody: there is no egress"));
        }
        OfServer::Operated => {
            let ports = [Port::POSTGRES.get(), STATUS];
            ingress.push(rule(std::iter::once(peer(pods)).collect(), &ports, "the servers copy from each other"));
            let operator = Mapping::from_iter([("app.kubernetes.io/name", Value::text("cloudnative-pg"))]);
            let operator = Mapping::from_iter([
                ("namespaceSelector", Value::bare("{}").behind("wherever it runs")),
                ("podSelector", matching(operator)),
            ]);
            ingress.push(rule(std::iter::once(operator.into()).collect(), &ports, "the operator"));
            spec.push("policyTypes", both);
        }
    }
    spec.push("ingress", ingress.into_iter().collect::<Value>());
    if whose == OfServer::Operated {
        let all = Value::bare("{}").above("each other, and the API server, whose address nobody knows here");
        spec.push("egress", std::iter::once(all).collect::<Value>());
    }
    let mut policy = of_server("networking.k8s.io/v1", "NetworkPolicy", name(), deployment);
    policy.push("spec", spec);
    policy
}

fn peer(labels: Mapping) -> Value {
    Mapping::from_iter([("podSelector", matching(labels))]).into()
}

fn rule(from: Value, ports: &[u16], why: &'static str) -> Value {
    let port = |port: &u16| {
        let keys = [("port", Value::number(port)), ("protocol", Value::text("TCP"))];
        Value::from(Mapping::from_iter(keys)).on_one_line()
    };
    let ports = ports.iter().map(port).collect::<Value>();
    Value::from(Mapping::from_iter([("from", from), ("ports", ports)])).above(why)
}
