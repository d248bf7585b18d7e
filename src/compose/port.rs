//! Knows how a service publishes ports (<https://docs.docker.com/reference/compose-file/services/#ports>). Must not know
//! what listens on them.

use std::collections::BTreeMap;

use super::forms::between_colons;
use super::tree::Tree;

/// What stands for the addresses of both families, which Docker takes where none is written.
const EVERYWHERE: &str = "all";

/// A larger range stays one text.
const LARGEST: u16 = 1024;

/// A port of a container, and where it is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// The address of the host, or `all`.
    pub address: String,
    /// The port of the host, or a range of which Docker takes one; nothing where Docker chooses.
    pub published: Option<String>,
    /// The port of the container.
    pub target: String,
    /// `tcp`, `udp` or `sctp`.
    pub protocol: String,
    /// What else is said of it.
    pub others: BTreeMap<String, Tree>,
}

impl Port {
    /// The ports that one item of `ports` means.
    #[must_use]
    pub fn read(item: &Tree) -> Vec<Self> {
        match item {
            Tree::Text(text) => short(text),
            Tree::Map(entries) => long(entries).into_iter().collect(),
            Tree::Nothing | Tree::List(_) => Vec::new(),
        }
    }

    /// By what Compose tells two ports apart.
    pub(super) fn key(&self) -> String {
        let Self { address, published, target, protocol, others: _ } = self;
        format!("{address}:{}:{target}/{protocol}", published.as_deref().unwrap_or_default())
    }

    /// What is said of it beside its key.
    pub(super) fn tree(self) -> Tree {
        Tree::Map(self.others)
    }
}

fn short(text: &str) -> Vec<Port> {
    let is_protocol = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphabetic());
    let with_protocol = text.rsplit_once('/').filter(|(_, protocol)| is_protocol(protocol));
    let (pair, protocol) = with_protocol.unwrap_or((text, "tcp"));
    let mut parts = between_colons(pair);
    let target = parts.pop().unwrap_or_default();
    let published = parts.pop().filter(|published| !published.is_empty());
    let address = parts.join(":");
    let targets = expanded(target);
    let hosts = published.map(expanded);
    let published = |at: usize| match &hosts {
        Some(hosts) if hosts.len() == targets.len() => hosts.get(at).cloned(),
        Some(_) | None => published.map(str::to_owned),
    };
    let port = |(at, target): (usize, &String)| Port {
        address: everywhere(&address),
        published: published(at),
        target: target.clone(),
        protocol: protocol.to_ascii_lowercase(),
        others: BTreeMap::new(),
    };
    targets.iter().enumerate().map(port).collect()
}

fn long(entries: &BTreeMap<String, Tree>) -> Option<Port> {
    let text = |key: &str| entries.get(key).and_then(Tree::as_text);
    let is_own = |key: &str| matches!(key, "target" | "published" | "host_ip" | "protocol");
    let is_default = |key: &str, value: &Tree| key == "mode" && value.as_text() == Some("ingress");
    let others = entries.iter().filter(|(key, value)| !is_own(key) && !is_default(key, value));
    Some(Port {
        address: everywhere(text("host_ip").unwrap_or_default()),
        published: text("published").filter(|published| !published.is_empty()).map(str::to_owned),
        target: text("target")?.to_owned(),
        protocol: text("protocol").unwrap_or("tcp").to_owned(),
        others: others.map(|(key, value)| (key.clone(), value.clone())).collect(),
    })
}

fn everywhere(address: &str) -> String {
    let address = address.trim_matches(['[', ']']);
    if address.is_empty() { EVERYWHERE.to_owned() } else { address.to_owned() }
}

/// `8000-8002` as its ports.
fn expanded(text: &str) -> Vec<String> {
    let range = text.split_once('-').and_then(|(first, last)| Some((first.parse::<u16>().ok()?, last.parse().ok()?)));
    match range {
        Some((first, last)) if first <= last && last - first < LARGEST => {
            (first..=last).map(|port| port.to_string()).collect()
        }
        Some(_) | None => vec![text.to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Vec<String> {
        Port::read(&Tree::text(text)).iter().map(Port::key).collect()
    }

    #[test]
    fn each_form_of_a_port_is_read() {
        for (text, expected) in [
            ("80", &["all::80/tcp"][..]),
            ("8080:80", &["all:8080:80/tcp"]),
            ("127.0.0.1:8080:80/udp", &["127.0.0.1:8080:80/udp"]),
            ("127.0.0.1::80", &["127.0.0.1::80/tcp"]),
            ("0.0.0.0:80:80", &["0.0.0.0:80:80/tcp"]),
            ("[::1]:80:80", &["::1:80:80/tcp"]),
            ("8000-8001:9000-9001", &["all:8000:9000/tcp", "all:8001:9001/tcp"]),
            ("8000-8001:80", &["all:8000-8001:80/tcp"]),
            ("${P:?}:80", &["all:${P:?}:80/tcp"]),
        ] {
            assert_eq!(keys(text), expected, "{text}");
        }
        let long = Tree::map([
            ("target", Tree::text("80")),
            ("published", Tree::text("8080")),
            ("mode", Tree::text("ingress")),
        ]);
        assert_eq!(Port::read(&long), Port::read(&Tree::text("8080:80")));
    }
}
