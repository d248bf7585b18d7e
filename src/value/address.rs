//! Knows how an address of the host is written. Must not know what is published there.

use std::fmt;
use std::net::IpAddr;

use schemars::{Schema, json_schema};

use super::grammar::{Mismatch, TextValue};

/// An address of the host that a port is published on, or every one; one of IPv6 may stand in brackets, and does not end
/// like IPv4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HostAddress(Option<IpAddr>);

/// An IPv4 address as a regular expression.
const IPV4: &str = r"((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\.){3}(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";

/// An IPv6 address as a regular expression, without the forms that end in an IPv4 address.
const IPV6: &str = concat!(
    "([0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}|([0-9A-Fa-f]{1,4}:){1,7}:|([0-9A-Fa-f]{1,4}:){1,6}:[0-9A-Fa-f]{1,4}|",
    "([0-9A-Fa-f]{1,4}:){1,5}(:[0-9A-Fa-f]{1,4}){1,2}|([0-9A-Fa-f]{1,4}:){1,4}(:[0-9A-Fa-f]{1,4}){1,3}|",
    "([0-9A-Fa-f]{1,4}:){1,3}(:[0-9A-Fa-f]{1,4}){1,4}|([0-9A-Fa-f]{1,4}:){1,2}(:[0-9A-Fa-f]{1,4}){1,5}|",
    "[0-9A-Fa-f]{1,4}:(:[0-9A-Fa-f]{1,4}){1,6}|:((:[0-9A-Fa-f]{1,4}){1,7}|:)"
);

/// How a profile writes every address of the host.
const EVERY: &str = "all";

impl HostAddress {
    /// Only programs on the host itself reach it.
    pub const LOOPBACK: Self = Self(Some(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST)));

    /// Every address of the host, of IPv4 and of IPv6: what Docker takes where none is written.
    pub const EVERY: Self = Self(None);

    /// An address and a port between 1 and 65535 as a regular expression; an IPv6 address stands in brackets.
    #[must_use]
    pub fn pattern_with_port() -> String {
        let port = "([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])";
        format!("^({IPV4}|\\[({IPV6})\\]|{EVERY}):{port}$")
    }

    /// Whether it means all addresses of the host, or all of one family.
    #[must_use]
    pub fn is_unspecified(self) -> bool {
        self.0.is_none_or(|address| address.is_unspecified())
    }

    /// Whether only the host itself reaches it.
    #[must_use]
    pub fn is_loopback(self) -> bool {
        self.0.is_some_and(|address| address.is_loopback())
    }
}

impl TextValue for HostAddress {
    fn parse(text: &str) -> Result<Self, Mismatch> {
        if text == EVERY {
            return Ok(Self::EVERY);
        }
        let in_brackets = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let address = match in_brackets {
            Some(inner) => inner.parse().map(IpAddr::V6),
            None => text.parse(),
        };
        match address {
            Ok(address) if address.is_ipv4() || !text.contains('.') => Ok(Self(Some(address))),
            Ok(_) | Err(_) => {
                let help = "write `127.0.0.1`, or `all` for every address";
                Err(Mismatch::new("an IP address of the host, or `all`", help))
            }
        }
    }

    fn schema() -> Schema {
        let pattern = format!("^({IPV4}|{IPV6}|\\[({IPV6})\\]|{EVERY})$");
        json_schema!({ "type": "string", "pattern": pattern, "examples": ["127.0.0.1"] })
    }
}

impl fmt::Display for HostAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(IpAddr::V4(address)) => address.fmt(f),
            Some(IpAddr::V6(address)) => write!(f, "[{address}]"),
            None => f.write_str(EVERY),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_ipv6_may_stand_in_brackets() {
        let address = |text| HostAddress::parse(text).unwrap();
        assert_eq!(address("127.0.0.1"), HostAddress::LOOPBACK);
        assert_eq!(address("::1").to_string(), "[::1]");
        assert_eq!(address("[::1]").to_string(), "[::1]");
        assert_eq!((address("all"), address("all").to_string().as_str()), (HostAddress::EVERY, "all"));
        assert!(HostAddress::EVERY.is_unspecified() && !HostAddress::EVERY.is_loopback());
        for text in
            ["", "*", "ALL", "[127.0.0.1]", "::ffff:127.0.0.1", "[::ffff:127.0.0.1]", "[::1", "::1]", "fe80::1%eth0"]
        {
            assert!(HostAddress::parse(text).is_err(), "{text}");
        }
    }
}
