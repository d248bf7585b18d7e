//! Knows whether the ports of the host can be had that services publish. Must not ask Docker.

use std::collections::HashMap;
use std::net::TcpListener;

use super::subject::Subject;
use crate::deployment::PublishedPort;
use crate::report::Finding;
use crate::value::HostAddress;

/// Ports of the host that a service could not get; `running` are the services that have theirs.
pub(super) fn findings(subject: &Subject<'_>, running: &[String]) -> Vec<Finding> {
    let services = subject.deployment.services.iter();
    let services = services.filter_map(|service| Some((service.name.to_string(), service.publish.as_ref()?)));
    let server = subject.deployment.contained_server().and_then(|(_, container)| container.publish.as_ref());
    let all = services.chain(server.map(|port| ("postgres".to_owned(), port)));
    let stopped = all.filter(|(name, _)| !running.contains(name));
    let own = subject.existing.dotenv().users_values();
    stopped.filter_map(|(name, port)| taken(&name, port, number(port, &own, subject)?)).collect()
}

/// The port as Compose will read it: from the shell, from `.env`, or as the profile has it.
fn number(published: &PublishedPort, own: &HashMap<String, String>, subject: &Subject<'_>) -> Option<u16> {
    let variable = published.variable.as_ref();
    let set = variable
        .and_then(|name| (subject.environment)(name.as_str()).ok()?.or_else(|| own.get(name.as_str()).cloned()));
    let set = set.filter(|set| !set.is_empty());
    set.map_or(Some(published.port.get()), |set| set.trim().parse().ok())
}

fn taken(service: &str, published: &PublishedPort, port: u16) -> Option<Finding> {
    let (address, places) = match published.address {
        HostAddress::EVERY => ("every address".to_owned(), vec!["0.0.0.0".to_owned(), "[::]".to_owned()]),
        address => (address.to_string(), vec![address.to_string()]),
    };
    let error = |place: String| TcpListener::bind(format!("{place}:{port}")).err();
    let mut errors = places.into_iter().filter_map(error);
    let error = errors.find(|error| error.kind() == std::io::ErrorKind::AddrInUse)?;
    let message = format!("port {port} of {address}, which `{service}` publishes, is taken by another program");
    let help = format!("`ss -ltnp 'sport = :{port}'` names it; end it, or publish another port in the profile");
    Some(Finding::problem("ports", message, help).shown_by(&error.to_string()))
}
