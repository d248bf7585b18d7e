//! Knows how a health check asks a pod: whether it has started, whether it gets requests, and whether it is to be started
//! again. Must not know what the check is for.

use super::expansion::command;
use crate::deployment::{CheckTimes, HealthCheck, Probe};
use crate::yaml::document::{Mapping, Value};

/// How often a pod is asked at most while it starts, in seconds: until then it gets no requests.
pub(super) const WHILE_STARTING: u64 = 5;

/// How many times as long as it gets no requests a pod must fail to be started again: a check that also asks the database
/// must not have all pods started again because that one is gone.
const PATIENCE: u64 = 3;

/// For how many seconds it must fail at the least, however often it is asked: a database is away for as long as its server
/// starts anew.
const AWAY: u64 = 120;

/// The three probes of a container.
pub(super) fn probes(check: &HealthCheck) -> Mapping {
    let CheckTimes { interval, timeout, retries, start_period } = &check.times;
    let (interval, timeout) = (seconds(interval.milliseconds()), seconds(timeout.milliseconds()));
    let retries = u64::from(retries.get());
    let starting = interval.min(WHILE_STARTING);
    let start = (start_period.seconds() + retries * interval).div_ceil(starting).max(retries);
    let probe = |period: u64, failures: u64| {
        let mut keys = handler(&check.probe);
        keys.push("periodSeconds", Value::number(period));
        keys.push("timeoutSeconds", Value::number(timeout));
        keys.push("failureThreshold", Value::number(failures));
        Value::from(keys)
    };
    let failures = retries.saturating_mul(PATIENCE).max(AWAY.div_ceil(interval));
    let liveness = probe(interval, failures);
    Mapping::from_iter([
        ("startupProbe", probe(starting, start.min(LARGEST))),
        ("readinessProbe", probe(interval, retries)),
        ("livenessProbe", liveness.above("fails later than the one above, which only keeps requests away")),
    ])
}

/// The largest number that Kubernetes takes.
pub(super) const LARGEST: u64 = 0x7fff_ffff;

/// Whole seconds, of which a probe has one at the least.
pub(super) fn seconds(milliseconds: u64) -> u64 {
    milliseconds.div_ceil(1000).clamp(1, LARGEST)
}

/// What is asked. The kubelet asks a URL itself, by the pod's own address; the name that Compose asks by is kept, since
/// programs may answer to names that they know only.
fn handler(probe: &Probe) -> Mapping {
    let exec =
        |words: Vec<&str>| Mapping::from_iter([("exec", Mapping::from_iter([("command", command(words))]).into())]);
    match probe {
        Probe::Http { with: _, port, path } => {
            let host = Mapping::from_iter([
                ("name", Value::text("Host")),
                ("value", Value::quoted(format!("127.0.0.1:{port}"))),
            ]);
            let get = Mapping::from_iter([
                ("path", Value::text(path.to_string())),
                ("port", Value::number(port)),
                ("httpHeaders", std::iter::once(Value::from(host)).collect::<Value>().on_one_line()),
            ]);
            Mapping::from_iter([("httpGet", get.into())])
        }
        Probe::Line(line) => exec(vec!["/bin/sh", "-c", line]),
        Probe::Words(words) => exec(words.iter().map(String::as_str).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Duration, Interval, Replicas, TextValue as _};

    /// The period, the time for one answer and the number of failures of each probe.
    fn numbers(interval: &str, timeout: &str, retries: i128, start_period: &str) -> [[u64; 3]; 3] {
        let times = CheckTimes {
            interval: Interval::parse(interval).unwrap(),
            timeout: Interval::parse(timeout).unwrap(),
            retries: Replicas::new(retries).unwrap(),
            start_period: Duration::parse(start_period).unwrap(),
        };
        let written = probes(&HealthCheck { probe: Probe::Line("true".to_owned()), times }).manifest(2);
        let read: serde_yaml::Value = serde_yaml::from_str(&written).unwrap();
        let of = |probe: &str| {
            ["periodSeconds", "timeoutSeconds", "failureThreshold"].map(|key| read[probe][key].as_u64().unwrap())
        };
        ["startupProbe", "readinessProbe", "livenessProbe"].map(of)
    }

    #[test]
    fn a_pod_has_as_long_to_start_as_a_container_of_compose() {
        assert_eq!(numbers("30s", "5s", 3, "30s"), [[5, 5, 24], [30, 5, 3], [30, 5, 9]]);
        assert_eq!(numbers("500ms", "1ms", 1, "0s"), [[1, 1, 1], [1, 1, 1], [1, 1, 120]]);
        assert_eq!(numbers("2s", "1500ms", 10, "1m30s"), [[2, 2, 55], [2, 2, 10], [2, 2, 60]]);
        assert_eq!(numbers("7s", "1s", 2, "0s")[2], [7, 1, 18], "two minutes, and no less");
        let longest = numbers("99999h", "99999h", 1000, "99999h");
        assert!(longest.iter().flatten().all(|number| *number <= LARGEST), "{longest:?}");
    }
}
