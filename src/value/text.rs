//! Knows the quantities that Compose and PostgreSQL write as texts, and the names of machines. Must not know where they stand.

use schemars::{Schema, json_schema};

use super::grammar::{Mismatch, TextValue, shown};

/// A span of time as Compose writes it: `30s`, `1m30s`, `500ms`
/// (<https://docs.docker.com/reference/compose-file/extension/#specifying-durations>). Less than a millisecond, which
/// Docker refuses, and more than 292 years, which Compose does not load, can't be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duration(String);

/// A span of time that is not nothing: Docker would take that for the word to use its default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interval(String);

/// An amount of memory as Compose writes it: `512m`, `1g`
/// (<https://docs.docker.com/reference/compose-file/extension/#specifying-byte-values>).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByteSize(String);

/// An amount of disk space with its unit: `512m`, `2g`. PostgreSQL counts it in kilobytes, and to less than 2 terabytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiskSize(String);

/// A share of processors: `0.5`, `2`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CpuCount(String);

/// A machine's name or address, as a URL takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostName(String);

const DURATION_PATTERN: &str = "^([0-9]{1,7}(ms|s|m)|[0-9]{1,5}h){1,5}$";
const INTERVAL_PATTERN: &str = "^(?=[^1-9]*[1-9])([0-9]{1,7}(ms|s|m)|[0-9]{1,5}h){1,5}$";
/// Docker starts no container that may use less: 6 MiB, in bytes
/// (<https://docs.docker.com/engine/containers/resource_constraints/>).
const LEAST_MEMORY: u64 = 6 << 20;

/// At least [`LEAST_MEMORY`], in each of the units.
const BYTES_PATTERN: &str = concat!(
    "^((629145[6-9]|62914[6-9][0-9]|6291[5-9][0-9]{2}|629[2-9][0-9]{3}|6[3-9][0-9]{5}|[7-9][0-9]{6}|[1-9][0-9]{7,8})b|",
    "(614[4-9]|61[5-9][0-9]|6[2-9][0-9]{2}|[7-9][0-9]{3}|[1-9][0-9]{4,8})kb?|",
    "([6-9]|[1-9][0-9]{1,8})mb?|[1-9][0-9]{0,8}gb?)$"
);
const DISK_PATTERN: &str = "^([1-9][0-9]{0,8}kb?|[1-9][0-9]{0,5}mb?|[1-9][0-9]{0,2}gb?)$";
const CPU_PATTERN: &str = r"^(0\.(0[1-9][0-9]?|[1-9][0-9]{0,2})|[1-9][0-9]{0,3}(\.[0-9]{1,3})?)$";
const HOST_PATTERN: &str = "^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$";

macro_rules! texts {
    ($($name:ident, $pattern:ident, $accepts:expr, $expected:literal, $example:literal;)+) => {$(
        impl TextValue for $name {
            fn parse(text: &str) -> Result<Self, Mismatch> {
                let accepts: fn(&str) -> bool = $accepts;
                if accepts(text) {
                    return Ok(Self(text.to_owned()));
                }
                Err(Mismatch::new($expected, concat!("write a text such as `", $example, "`")))
            }

            fn schema() -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern, "examples": [$example] })
            }
        }

        shown! { $name }
    )+};
}

texts! {
    Duration, DURATION_PATTERN, is_duration, "a span of time with its unit (`ms`, `s`, `m` or `h`)", "30s";
    Interval, INTERVAL_PATTERN, is_interval, "a span of time with its unit (`ms`, `s`, `m` or `h`), and not nothing", "30s";
    ByteSize, BYTES_PATTERN, is_byte_size, "at least 6 megabytes of memory, with a unit (`b`, `k`, `m` or `g`)", "512m";
    DiskSize, DISK_PATTERN, is_disk_size, "an amount of disk space below a terabyte, with a unit (`k`, `m` or `g`)", "2g";
    CpuCount, CPU_PATTERN, is_cpu_count, "at least a hundredth of a processor, as a text", "0.5";
    HostName, HOST_PATTERN, is_host, "a host name or an IPv4 address", "db.example.com";
}

impl Duration {
    /// So many seconds.
    #[must_use]
    pub fn of_seconds(seconds: u16) -> Self {
        Self(format!("{seconds}s"))
    }

    /// So many minutes.
    #[must_use]
    pub fn of_minutes(minutes: u16) -> Self {
        Self(format!("{minutes}m"))
    }

    /// In whole seconds, of which it has none less than it says.
    #[must_use]
    pub fn seconds(&self) -> u64 {
        milliseconds(&self.0).div_ceil(1000)
    }
}

impl Interval {
    /// Five seconds.
    #[must_use]
    pub fn short() -> Self {
        Self("5s".to_owned())
    }

    /// Thirty seconds.
    #[must_use]
    pub fn long() -> Self {
        Self("30s".to_owned())
    }

    /// As PostgreSQL counts it in its settings; it knows no more than 24 days.
    #[must_use]
    pub fn milliseconds(&self) -> u64 {
        milliseconds(&self.0).min(2_147_483_647)
    }
}

impl DiskSize {
    /// As PostgreSQL counts it in its settings.
    #[must_use]
    pub fn kilobytes(&self) -> u64 {
        let unit = self.0.trim_start_matches(|c: char| c.is_ascii_digit());
        let number: u64 = self.0.strip_suffix(unit).and_then(|number| number.parse().ok()).unwrap_or_default();
        match unit.strip_suffix('b').unwrap_or(unit) {
            "g" => number << 20,
            "m" => number << 10,
            _ => number,
        }
    }
}

impl ByteSize {
    /// So many mebibytes.
    #[must_use]
    pub fn of_mebibytes(mebibytes: u16) -> Self {
        Self(format!("{mebibytes}m"))
    }

    /// In bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let unit = self.0.trim_start_matches(|c: char| c.is_ascii_digit());
        let number: u64 = self.0.strip_suffix(unit).and_then(|number| number.parse().ok()).unwrap_or_default();
        match unit {
            "g" | "gb" => number << 30,
            "m" | "mb" => number << 20,
            "k" | "kb" => number << 10,
            _ => number,
        }
    }

    /// So many gibibytes.
    #[must_use]
    pub fn of_gibibytes(gibibytes: u16) -> Self {
        Self(format!("{gibibytes}g"))
    }
}

impl CpuCount {
    /// So many whole processors.
    #[must_use]
    pub fn whole(processors: u16) -> Self {
        Self(processors.to_string())
    }

    /// In thousandths of a processor.
    #[must_use]
    pub fn thousandths(&self) -> u64 {
        let (whole, fraction) = self.0.split_once('.').unwrap_or((&self.0, ""));
        format!("{whole}{fraction:0<3}").parse().unwrap_or_default()
    }
}

fn is_duration(text: &str) -> bool {
    let mut rest = text;
    let mut parts = 0;
    while !rest.is_empty() {
        let behind = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let units = [("ms", 7), ("s", 7), ("m", 7), ("h", 5)];
        let unit = units.into_iter().find_map(|(unit, longest)| Some((behind.strip_prefix(unit)?, longest)));
        match unit {
            Some((next, longest)) if (1..=longest).contains(&(rest.len() - behind.len())) => rest = next,
            _ => return false,
        }
        parts += 1;
    }
    (1..=5).contains(&parts)
}

/// The sum of the parts of a span of time.
fn milliseconds(text: &str) -> u64 {
    let mut sum: u64 = 0;
    let mut rest = text;
    while let Some(digits) = rest.find(|c: char| !c.is_ascii_digit()) {
        let (number, behind) = rest.split_at(digits);
        let units = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];
        let unit = units.into_iter().find_map(|(unit, of_it)| Some((behind.strip_prefix(unit)?, of_it)));
        let Some((next, of_it)) = unit else { break };
        sum = sum.saturating_add(number.parse::<u64>().unwrap_or_default().saturating_mul(of_it));
        rest = next;
    }
    sum
}

fn is_interval(text: &str) -> bool {
    is_duration(text) && text.contains(|c| matches!(c, '1'..='9'))
}

fn is_byte_size(text: &str) -> bool {
    let suffix = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let number = text.strip_suffix(suffix).unwrap_or_default();
    let unit = match suffix {
        "b" => 1,
        "k" | "kb" => 1 << 10,
        "m" | "mb" => 1 << 20,
        "g" | "gb" => 1 << 30,
        _ => return false,
    };
    let is_short = number.len() <= 9 && !number.starts_with('0');
    is_short && number.parse::<u64>().is_ok_and(|number| number * unit >= LEAST_MEMORY)
}

fn is_disk_size(text: &str) -> bool {
    let suffix = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let number = text.strip_suffix(suffix).unwrap_or_default();
    let longest = match suffix {
        "k" | "kb" => 9,
        "m" | "mb" => 6,
        "g" | "gb" => 3,
        _ => return false,
    };
    (1..=longest).contains(&number.len()) && !number.starts_with('0')
}

fn is_cpu_count(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|c| c.is_ascii_digit());
    let short = whole.len() <= 4 && fraction.len() <= 3;
    let least =
        !whole.starts_with('0') || (whole == "0" && !matches!(fraction.get(..2).unwrap_or(fraction), "0" | "00"));
    short && digits(whole) && digits(fraction) && least
}

fn is_host(text: &str) -> bool {
    let edge = |c: char| c.is_ascii_alphanumeric();
    text.starts_with(edge)
        && text.ends_with(edge)
        && text.len() <= 253
        && text.chars().all(|c| edge(c) || c == '.' || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_need_their_units() {
        for text in ["30s", "1m30s", "500ms", "1h", "0s", "99999h", "1h1m1s1ms1s"] {
            assert!(Duration::parse(text).is_ok(), "{text}");
        }
        for text in ["", "30", "30 s", "s", "1d", "-1s", "1.5s", "99999999s", "10us", "100000h", "1s1s1s1s1s1s"] {
            assert!(Duration::parse(text).is_err(), "{text}");
        }
        for (text, accepted) in [("30s", true), ("0s", false), ("0h00m0ms", false), ("0m1ms", true), ("1us", false)] {
            assert_eq!(Interval::parse(text).is_ok(), accepted, "{text}");
        }
        for (text, accepted) in
            [("512m", true), ("1gb", true), ("1t", false), ("0m", false), ("m", false), ("9999999999g", false)]
                .into_iter()
                .chain([("6m", true), ("5m", false), ("6144k", true), ("6143k", false)])
                .chain([("6291456b", true), ("6291455b", false)])
        {
            assert_eq!(ByteSize::parse(text).is_ok(), accepted, "{text}");
        }
        for (text, accepted) in [("0.5", true), ("2", true), ("02", false), (".5", false), ("1.", false)]
            .into_iter()
            .chain([("0.01", true), ("0.1", true), ("0.010", true), ("0.009", false), ("0.0", false), ("0", false)])
        {
            assert_eq!(CpuCount::parse(text).is_ok(), accepted, "{text}");
        }
    }

    #[test]
    fn limits_of_a_role_are_told_in_the_units_of_postgresql() {
        for (text, kilobytes) in [("1k", 1), ("512mb", 512 << 10), ("999g", 999 << 20)] {
            assert_eq!(DiskSize::parse(text).unwrap().kilobytes(), kilobytes, "{text}");
        }
        for text in ["0g", "1000g", "1b", "g", "1", "01m", "1000000m", "1t"] {
            assert!(DiskSize::parse(text).is_err(), "{text}");
        }
        for (text, milliseconds) in
            [("30s", 30_000), ("1h1m1s1ms", 3_661_001), ("250ms", 250), ("99999h", 2_147_483_647)]
        {
            assert_eq!(Interval::parse(text).unwrap().milliseconds(), milliseconds, "{text}");
        }
    }

    #[test]
    fn a_span_of_time_has_as_many_seconds_as_it_takes_at_the_least() {
        for (text, seconds) in
            [("0s", 0), ("10s", 10), ("1m30s", 90), ("1ms", 1), ("1h1m1s1ms", 3662), ("99999h", 359_996_400)]
        {
            assert_eq!(Duration::parse(text).unwrap().seconds(), seconds, "{text}");
        }
    }

    #[test]
    fn what_a_container_may_use_is_counted_in_small_units() {
        for (text, bytes) in [("6291456b", 6 << 20), ("6144k", 6 << 20), ("512mb", 512 << 20), ("2g", 2 << 30)] {
            assert_eq!(ByteSize::parse(text).unwrap().bytes(), bytes, "{text}");
        }
        for (text, thousandths) in [("0.5", 500), ("0.01", 10), ("2", 2000), ("1.255", 1255), ("16.0", 16_000)] {
            assert_eq!(CpuCount::parse(text).unwrap().thousandths(), thousandths, "{text}");
        }
    }
}
