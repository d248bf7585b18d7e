//! Knows how Compose publishes ports (<https://docs.docker.com/reference/compose-file/services/#ports>).
//! Must not know what listens on them.

use super::ledger::Ledger;
use super::variables::Known;
use crate::compose::between_colons;
use crate::compose::nodes;
use crate::interpolation::{Otherwise, Template};
use crate::profile::Raw;
use crate::value::{EnvironmentKey, HostAddress, Port, TextValue as _};
use crate::yaml::Node;

/// A published port that a profile can say.
pub(super) struct Published {
    /// The port in the container.
    pub(super) target: String,
    /// The value of `publish`.
    pub(super) publish: Raw,
}

/// What the long form of a port may say.
const KEYS: [&str; 6] = ["target", "published", "host_ip", "protocol", "mode", "name"];

/// Reads one item of `ports`; nothing where a profile can't say it.
pub(super) fn read(item: &Node<'_>, field: &str, ledger: &mut Ledger<'_>) -> Option<Published> {
    if let Some(text) = nodes::text(item) {
        let text = text.strip_suffix("/tcp").unwrap_or(text);
        let mut parts = between_colons(text);
        let (target, host) = (parts.pop()?, parts.pop()?);
        return published(parts.pop(), host, target, field, ledger);
    }
    let is_usual = |key: &str, usual: &str| nodes::text_of(item, key).is_none_or(|text| text == usual);
    let is_plain = is_usual("protocol", "tcp") && is_usual("mode", "ingress") && nodes::child(item, "name").is_none();
    if !nodes::has_only(item, &KEYS) || !is_plain {
        return None;
    }
    let (target, host) = (nodes::text_of(item, "target")?, nodes::text_of(item, "published")?);
    published(nodes::text_of(item, "host_ip"), host, target, field, ledger)
}

fn published(
    address: Option<&str>,
    host: &str,
    target: &str,
    field: &str,
    ledger: &mut Ledger<'_>,
) -> Option<Published> {
    let target = number(&ledger.fixed_text(target, &format!("{field}.port"))?)?;
    let address = match ledger.fixed_text(address.unwrap_or_default(), &format!("{field}.publish"))?.as_str() {
        "" => HostAddress::EVERY,
        "all" => return None,
        address => HostAddress::parse(address).ok()?,
    };
    let template = Template::parse(host)?;
    let at = if address == HostAddress::LOOPBACK { None } else { Some(address.to_string()) };
    let publish = match (template.literal(), template.single()) {
        (Some(port), _) => {
            let port = number(port)?;
            match at {
                Some(address) => Raw::text(&format!("{address}:{port}")),
                None => Raw::plain(&port),
            }
        }
        (None, Some(reference)) => {
            let name = EnvironmentKey::parse(&reference.name).ok().filter(|name| !ledger.is_secret(name.as_str()))?;
            // `127.0.0.1:8080` is a usual value, and no port
            let is_port = match ledger.variables.get(name.as_str()) {
                Known::Unset | Known::Value("") => true,
                Known::Value(today) => number(today).is_some(),
                Known::Odd(_) => false,
            };
            if !is_port {
                return None;
            }
            let default = match &reference.otherwise {
                Otherwise::Default { text, .. } => text.literal().map(str::to_owned),
                Otherwise::Empty | Otherwise::Required { .. } => {
                    ledger.variables.value(name.as_str()).map(str::to_owned)
                }
                Otherwise::Alternative { .. } => None,
            };
            let mut entries = vec![
                ("env".to_owned(), Raw::text(name.as_str())),
                ("default".to_owned(), Raw::plain(&number(&default?)?)),
            ];
            entries.extend(at.map(|address| ("address".to_owned(), Raw::text(&address))));
            Raw::Mapping(entries)
        }
        (None, None) => return None,
    };
    Some(Published { target, publish })
}

/// One port, and no range of them.
fn number(text: &str) -> Option<String> {
    Port::new(text.parse().ok()?).map(|port| port.to_string())
}
