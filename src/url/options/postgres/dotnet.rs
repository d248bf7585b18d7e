//! Knows the options of .NET's driver. Must not know other languages.

use crate::url::options::Known;
use crate::url::options::Takes::{self, AnyCase, Integer, Text};

const FLAG: Takes = AnyCase(&["true", "false"]);
const TARGETS: Takes =
    Takes::Words(&["any", "primary", "standby", "prefer-primary", "prefer-standby", "read-write", "read-only"]);

/// <https://www.npgsql.org/doc/connection-string-parameters.html> and
/// <https://www.npgsql.org/doc/api/Npgsql.NpgsqlConnectionStringBuilder.html>: each by the word of its documentation. It
/// has another name in the program, which mostly is the same without the blanks.
pub(super) const NPGSQL: &[Known] = &[
    ("Application Name", Text),
    ("Search Path", Text),
    ("Options", Text),
    ("Client Encoding", Text),
    ("Encoding", Text),
    ("Timezone", Text),
    ("Timeout", Integer(0)),
    ("Command Timeout", Integer(0)),
    ("Internal Command Timeout", Integer(-1)),
    ("Cancellation Timeout", Integer(-1)),
    ("Keepalive", Integer(0)),
    ("Tcp Keepalive", FLAG),
    ("Tcp Keepalive Time", Integer(0)),
    ("Tcp Keepalive Interval", Integer(0)),
    ("Pooling", FLAG),
    ("Minimum Pool Size", Integer(0)),
    ("Maximum Pool Size", Integer(1)),
    ("Connection Idle Lifetime", Integer(0)),
    ("Connection Pruning Interval", Integer(0)),
    ("Connection Lifetime", Integer(0)),
    ("No Reset On Close", FLAG),
    ("Enlist", FLAG),
    ("Multiplexing", FLAG),
    ("Write Coalescing Buffer Threshold Bytes", Integer(0)),
    ("Max Auto Prepare", Integer(0)),
    ("Auto Prepare Min Usages", Integer(1)),
    ("Include Error Detail", FLAG),
    ("Include Failed Batched Command", FLAG),
    ("Log Parameters", FLAG),
    ("Persist Security Info", FLAG),
    ("Read Buffer Size", Integer(1)),
    ("Write Buffer Size", Integer(1)),
    ("Socket Receive Buffer Size", Integer(0)),
    ("Socket Send Buffer Size", Integer(0)),
    ("Load Table Composites", FLAG),
    ("Array Nullability Mode", AnyCase(&["Never", "Always", "PerInstance"])),
    ("Server Compatibility Mode", AnyCase(&["None", "Redshift", "NoTypeLoading"])),
    ("Entity Admin Database", Text),
    ("Entity Template Database", Text),
    ("Load Balance Hosts", FLAG),
    ("Host Recheck Seconds", Integer(0)),
    ("Target Session Attributes", TARGETS),
    ("SSL Mode", AnyCase(&["Disable", "Allow", "Prefer", "Require", "VerifyCA", "VerifyFull"])),
    ("SSL Negotiation", AnyCase(&["Postgres", "Direct"])),
    ("Trust Server Certificate", FLAG),
    ("Check Certificate Revocation", FLAG),
    ("Root Certificate", Text),
    ("SSL Certificate", Text),
    ("SSL Key", Text),
    ("Channel Binding", AnyCase(&["Disable", "Prefer", "Require"])),
    ("GSS Encryption Mode", AnyCase(&["Disable", "Prefer", "Require"])),
    ("Require Auth", Text),
    ("Kerberos Service Name", Text),
    ("Include Realm", FLAG),
];

/// Names that are not those of the documentation without blanks, in small letters, with those that are.
const OTHER_NAMES: [(&str, &str); 5] = [
    ("minpoolsize", "Minimum Pool Size"),
    ("maxpoolsize", "Maximum Pool Size"),
    ("loadbalancetimeout", "Connection Lifetime"),
    ("includeerrordetails", "Include Error Detail"),
    ("entityframeworktemplatedatabase", "Entity Template Database"),
];

/// The word of the documentation for a name, however it is spelled.
pub(in crate::url::options) fn documented(name: &str) -> Option<&'static str> {
    let name = bare(name);
    let other = OTHER_NAMES.iter().find(|(other, _)| *other == name).map(|(_, known)| *known);
    other.or_else(|| NPGSQL.iter().map(|(known, _)| *known).find(|known| bare(known) == name))
}

/// A name in small letters, without blanks.
fn bare(name: &str) -> String {
    name.chars().filter(|c| *c != ' ').map(|c| c.to_ascii_lowercase()).collect()
}
