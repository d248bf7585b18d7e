//! Knows how the room of a volume is written for a cluster, and the names of its objects. Must not know which volume it is.

use schemars::{Schema, json_schema};

use super::grammar::{Mismatch, TextValue, shown};

/// The room of a volume as Kubernetes writes it: `10Gi`
/// (<https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/>). Its other units are left out: `10G`
/// and `10Gi` differ by more than anybody means, and `10m` is a hundredth of a byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeSize(String);

/// The name of an object of the cluster that somebody else made: a Secret, a storage class
/// (<https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names>).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ObjectName(String);

const SIZE_PATTERN: &str = "^[1-9][0-9]{0,5}(Mi|Gi|Ti)$";

const NAME_PATTERN: &str = r"^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$";

shown! { VolumeSize ObjectName }

impl TextValue for VolumeSize {
    fn parse(text: &str) -> Result<Self, Mismatch> {
        let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
        let number = text.strip_suffix(unit).unwrap_or_default();
        let is_number = (1..=6).contains(&number.len()) && !number.starts_with('0');
        if is_number && matches!(unit, "Mi" | "Gi" | "Ti") {
            return Ok(Self(text.to_owned()));
        }
        Err(Mismatch::new("the size of a volume, with its unit (`Mi`, `Gi` or `Ti`)", "write a text such as `10Gi`"))
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": SIZE_PATTERN, "examples": ["10Gi"] })
    }
}

impl TextValue for ObjectName {
    fn parse(text: &str) -> Result<Self, Mismatch> {
        if (1..=253).contains(&text.len()) && text.split('.').all(is_dns_label) {
            return Ok(Self(text.to_owned()));
        }
        Err(Mismatch::new(
            "the name of an object of Kubernetes: lower-case letters, digits, `-` and `.`",
            "write a name such as `registry-login`",
        ))
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": NAME_PATTERN, "examples": ["registry-login"] })
    }
}

/// Whether a text can be a step of a name in DNS: lower-case letters, digits and `-`, none of these at an end.
#[must_use]
pub fn is_dns_label(text: &str) -> bool {
    let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    (1..=63).contains(&text.len())
        && text.starts_with(edge)
        && text.ends_with(edge)
        && text.chars().all(|c| edge(c) || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_has_a_unit_that_means_one_thing() {
        for text in ["1Mi", "10Gi", "999999Ti", "500Mi"] {
            assert_eq!(VolumeSize::parse(text).unwrap().as_str(), text);
        }
        for text in ["", "10", "10G", "10g", "10m", "010Gi", "0Gi", "1.5Gi", "10 Gi", "1000000Gi", "Gi", "10gi", "-1Gi"]
        {
            assert!(VolumeSize::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_object_has_a_name_of_dns() {
        for text in ["a", "fast-ssd", "csi.example.com", "0-0", &"a".repeat(63), &format!("{0}.{0}", "a".repeat(63))] {
            assert!(ObjectName::parse(text).is_ok(), "{text}");
        }
        for text in ["", "A", "a_b", "-a", "a-", "a..b", ".a", "a.", "é", &"a".repeat(64), "a b"] {
            assert!(ObjectName::parse(text).is_err(), "{text}");
        }
        assert!(ObjectName::parse(&["a".repeat(63).as_str(); 4].join(".")).is_err(), "255 characters");
    }
}
