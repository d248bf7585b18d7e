//! Knows by which name a service is found, and who reaches whom: as on the networks of Compose. Must not know what is said.
//!
//! A policy that names a pod denies all that it does not list, so each service has one, and there is none for pods of
//! somebody else in the namespace.

use super::object::{all_services, matching, metadata, name, object, selector};
use crate::deployment::{Deployment, Service};
use crate::value::Port;
use crate::yaml::document::{Mapping, Value};

/// Where clusters run their name server.
const DNS: [(&str, &str); 2] = [("kubernetes.io/metadata.name", "kube-system"), ("k8s-app", "kube-dns")];

/// The address of each node's own name server, where there is one (`NodeLocal DNSCache`).
const NODE_DNS: &str = "169.254.20.10/32";

/// The Service of a service: by it the others, and whatever forwards requests from outside, find its pods. One without a
/// port is found as well: its name means the addresses of its pods, with every port.
pub(super) fn service(service: &Service, deployment: &Deployment) -> Option<Mapping> {
    if service.runs.ends() {
        return None;
    }
    let mut spec = Mapping::default();
    if service.port.is_none() {
        let why = "the profile gives it no port: its name means the addresses of its pods";
        spec.push("clusterIP", Value::text("None").behind(why));
    }
    spec.push("selector", selector(service.name.as_str(), deployment));
    let ports = service.port.map(|port| {
        let keys = [("port", Value::number(port)), ("targetPort", Value::number(port))];
        Value::from(Mapping::from_iter(keys))
    });
    spec.push_filled("ports", ports.into_iter().collect::<Value>());
    let mut found = object("v1", "Service", metadata(name(service), &service.name, deployment));
    found.push("spec", spec);
    Some(found)
}

/// Who reaches a service, and whom it reaches.
pub(super) fn policy(service: &Service, deployment: &Deployment) -> Mapping {
    let mut ingress = vec![rule("from", [pods(all_services(deployment))]).above("every service of the deployment")];
    let published = service.publish.as_ref().map(|publish| publish.target);
    let published = published.map(|port| {
        let rule = Mapping::from_iter([("ports", std::iter::once(tcp(port)).collect::<Value>())]);
        Value::from(rule).above("it is published: whoever forwards requests, wherever that runs")
    });
    ingress.extend(published);
    let mut spec = Mapping::default();
    spec.push("podSelector", matching(selector(service.name.as_str(), deployment)));
    spec.push(
        "policyTypes",
        [Value::text("Ingress"), Value::text("Egress")].into_iter().collect::<Value>().on_one_line(),
    );
    spec.push("ingress", ingress.into_iter().collect::<Value>());
    spec.push("egress", egress(service, deployment));
    let mut policy =
        object("networking.k8s.io/v1", "NetworkPolicy", metadata(name(service), &service.name, deployment));
    policy.push("spec", spec);
    policy
}

/// A service that reaches what is outside is kept from the server, and from others, by their own policies alone.
fn egress(service: &Service, deployment: &Deployment) -> Value {
    if service.outbound {
        let all = Value::from(Mapping::default()).above("everything; the server, and others, let in whom they know");
        return std::iter::once(all).collect();
    }
    let services = rule("to", [pods(all_services(deployment))]).above("every service of the deployment, and no more");
    let server = deployment.reaches_server(service).then(|| server(service, deployment));
    std::iter::once(services).chain(server).chain(std::iter::once(name_server())).collect()
}

fn server(service: &Service, deployment: &Deployment) -> Value {
    let port = service.databases_on_server().next().map_or(Port::POSTGRES, |(_, url)| url.port);
    let mut rule =
        Mapping::from_iter([("to", std::iter::once(pods(super::server::selector(deployment))).collect::<Value>())]);
    rule.push("ports", std::iter::once(tcp(port)).collect::<Value>());
    Value::from(rule).above("its database")
}

fn name_server() -> Value {
    let [(namespace, system), (app, dns)] = DNS.map(|(key, word)| (key, Value::text(word)));
    let cluster = Mapping::from_iter([
        ("namespaceSelector", matching(Mapping::from_iter([(namespace, system)]))),
        ("podSelector", matching(Mapping::from_iter([(app, dns)]))),
    ]);
    let address = Mapping::from_iter([("cidr", Value::text(NODE_DNS))]);
    let node = Mapping::from_iter([("ipBlock", Value::from(address).on_one_line())]);
    let port = |protocol: &'static str| {
        let keys = [("port", Value::number(53)), ("protocol", Value::text(protocol))];
        Value::from(Mapping::from_iter(keys)).on_one_line()
    };
    let mut rule =
        Mapping::from_iter([("to", [Value::from(cluster), Value::from(node)].into_iter().collect::<Value>())]);
    rule.push("ports", [port("UDP"), port("TCP")].into_iter().collect::<Value>());
    Value::from(rule).above("names")
}

fn rule(key: &'static str, peers: [Value; 1]) -> Value {
    Mapping::from_iter([(key, peers.into_iter().collect::<Value>())]).into()
}

fn pods(labels: Mapping) -> Value {
    Mapping::from_iter([("podSelector", matching(labels))]).into()
}

fn tcp(port: Port) -> Value {
    let keys = [("port", Value::number(port)), ("protocol", Value::text("TCP"))];
    Value::from(Mapping::from_iter(keys)).on_one_line()
}
