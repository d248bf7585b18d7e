//! Knows how a profile names a place for backups: a folder, a volume, or a bucket of an S3 server. Must not know what is there.

use std::fmt;

use schemars::{Schema, json_schema};

use super::data_place::{DataPlace, PATTERN as MOUNTED_PATTERN};
use super::grammar::{Mismatch, TextValue, shown};
use super::path::MountSource;
use super::text::HostName;

/// A place for backups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackupPlace {
    /// What is mounted into their container.
    Mounted(DataPlace),
    /// What is reached over the network.
    Bucket(Bucket),
}

/// A bucket of an S3 server, or a folder in it: `s3://backups/shop`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket(String);

/// Where an S3 server answers by TLS: `s3.example.com`, `s3.example.com:9000`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Endpoint(String);

/// What an S3 server calls the place of its machines, such as `eu-central-1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Region(String);

const SCHEME: &str = "s3://";
const BUCKET_PATTERN: &str =
    r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._-]{1,100}){0,8}$";
const ENDPOINT_PATTERN: &str = concat!(
    r"^(?=[^:]{1,253}(?::|$))[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?",
    "(?::(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?$"
);
const REGION_PATTERN: &str = "^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$";

/// The longest name of a bucket, and of a region.
const LONGEST: usize = 63;

/// The deepest folder in a bucket.
const DEEPEST: usize = 8;

impl BackupPlace {
    /// What is mounted, where anything is.
    #[must_use]
    pub fn mounted(&self) -> Option<&MountSource> {
        match self {
            Self::Mounted(place) => Some(place.source()),
            Self::Bucket(_) => None,
        }
    }
}

impl Bucket {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        let rest = self.0.strip_prefix(SCHEME).unwrap_or_default();
        rest.split_once('/').map_or(rest, |(name, _)| name)
    }

    /// The folder in it, which begins with `/`.
    #[must_use]
    pub fn folder(&self) -> &str {
        let rest = self.0.strip_prefix(SCHEME).unwrap_or_default();
        rest.find('/').and_then(|slash| rest.get(slash..)).unwrap_or("/")
    }
}

impl S3Endpoint {
    /// The host, and the port where one is written.
    #[must_use]
    pub fn parts(&self) -> (&str, Option<&str>) {
        self.0.split_once(':').map_or((&self.0, None), |(host, port)| (host, Some(port)))
    }
}

impl S3Region {
    /// What most servers take that have only one.
    #[must_use]
    pub fn usual() -> Self {
        Self("us-east-1".to_owned())
    }
}

shown! { Bucket S3Endpoint S3Region }

/// Whether a text begins and ends with a letter or digit, and has these characters between.
fn is_label(text: &str, between: fn(u8) -> bool) -> bool {
    let is_end = |c: Option<&u8>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    let bytes = text.as_bytes();
    let allowed = |c: &u8| c.is_ascii_lowercase() || c.is_ascii_digit() || between(*c);
    text.len() <= LONGEST && is_end(bytes.first()) && is_end(bytes.last()) && bytes.iter().all(allowed)
}

fn is_step(step: &str) -> bool {
    let allowed = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'_' | b'-');
    (1..=100).contains(&step.len()) && !matches!(step, "." | "..") && step.bytes().all(allowed)
}

impl TextValue for BackupPlace {
    fn parse(text: &str) -> Result<Self, Mismatch> {
        let Some(rest) = text.strip_prefix(SCHEME) else {
            let help = "write a path such as `./backups`, the name of a volume, or `s3://BUCKET/FOLDER`";
            let expected =
                "a named volume, a folder that begins with `./`, `../` or `/`, or a bucket `s3://BUCKET/FOLDER`";
            return DataPlace::parse(text).map(Self::Mounted).map_err(|_| Mismatch::new(expected, help));
        };
        let mut parts = rest.split('/');
        let name = parts.next().unwrap_or_default();
        let steps: Vec<_> = parts.collect();
        let is_name = name.len() > 2 && is_label(name, |c| matches!(c, b'.' | b'-'));
        if is_name && steps.len() <= DEEPEST && steps.iter().all(|step| is_step(step)) {
            return Ok(Self::Bucket(Bucket(text.to_owned())));
        }
        Err(Mismatch::new(
            "a bucket `s3://BUCKET`, or a folder in it",
            "write `s3://backups/shop`, without a `/` at the end",
        ))
    }

    fn schema() -> Schema {
        json_schema!({
            "type": "string", "pattern": format!("{BUCKET_PATTERN}|{MOUNTED_PATTERN}"),
            "examples": ["./backups", "s3://backups/shop"]
        })
    }
}

impl fmt::Display for BackupPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mounted(place) => place.fmt(f),
            Self::Bucket(bucket) => bucket.fmt(f),
        }
    }
}

impl TextValue for S3Endpoint {
    fn parse(text: &str) -> Result<Self, Mismatch> {
        let (host, port) = text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
        let is_port = |port: &str| {
            !port.starts_with('0')
                && port.bytes().all(|c| c.is_ascii_digit())
                && port.parse::<u16>().is_ok_and(|port| port > 0)
        };
        if HostName::parse(host).is_ok() && port.is_none_or(is_port) {
            return Ok(Self(text.to_owned()));
        }
        Err(Mismatch::new(
            "the host of an S3 server, with a port where it is not 443",
            "write `s3.example.com` or `s3.example.com:9000`, without `https://`: pgBackRest speaks nothing else",
        ))
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": ENDPOINT_PATTERN, "examples": ["s3.example.com"] })
    }
}

impl TextValue for S3Region {
    fn parse(text: &str) -> Result<Self, Mismatch> {
        if is_label(text, |c| c == b'-') {
            return Ok(Self(text.to_owned()));
        }
        Err(Mismatch::new(
            "the name of a region",
            "write `eu-central-1`; a server that has no regions takes `us-east-1`",
        ))
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": REGION_PATTERN, "examples": ["eu-central-1"] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_folders_volumes_and_buckets() {
        for (text, name, folder) in
            [("s3://abc", "abc", "/"), ("s3://my.back-ups/shop/a_b.c", "my.back-ups", "/shop/a_b.c")]
        {
            let BackupPlace::Bucket(bucket) = BackupPlace::parse(text).unwrap() else { panic!("{text}") };
            assert_eq!((bucket.name(), bucket.folder()), (name, folder));
        }
        for text in ["./backups", "store", "/srv/backups"] {
            assert!(BackupPlace::parse(text).unwrap().mounted().is_some(), "{text}");
        }
        for text in [
            "s3://",
            "s3://ab",
            "s3://Abc",
            "s3://abc/",
            "s3://abc//x",
            "s3://abc/..",
            "s3://abc/a b",
            "s3://-abc",
            "S3://abc",
            "gs://abc",
            "s3:/abc",
            "s3://abc/${X}",
            "s3://abc/a/b/c/d/e/f/g/h/i",
        ] {
            assert!(BackupPlace::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn endpoints_are_hosts_with_ports() {
        for (text, parts) in
            [("s3.example.com", ("s3.example.com", None)), ("10.0.0.1:9000", ("10.0.0.1", Some("9000")))]
        {
            assert_eq!(S3Endpoint::parse(text).unwrap().parts(), parts);
        }
        for text in ["", "https://s3.example.com", "s3.example.com/", "a:0", "a:65536", "a:", ":9", "a:+9", "a:09"] {
            assert!(S3Endpoint::parse(text).is_err(), "{text}");
        }
        for (text, is_one) in [("eu-central-1", true), ("auto", true), ("", false), ("EU", false), ("-a", false)] {
            assert_eq!(S3Region::parse(text).is_ok(), is_one, "{text}");
        }
    }
}
