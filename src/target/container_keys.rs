//! Knows the keys of a container that Docker Compose and Swarm take alike: health checks, logs, images.
//! Must not know which of them a file has.

use super::interpolation::{command, literal, number, reference, word};
use crate::deployment::{CheckTimes, HealthCheck, KeptLog, Probe};
use crate::value::{CommandProbe, ServiceImage};
use crate::yaml::document::{Mapping, Value};

/// An image, of which only a variable that it follows is live.
pub(super) fn image_text(image: &ServiceImage) -> Value {
    if image.follows().is_some() { reference(image.to_string()) } else { literal(&image.to_string()) }
}

/// A health check.
pub(super) fn health_check(check: &HealthCheck) -> Mapping {
    let mut keys = Mapping::from_iter([("test", probe_command(&check.probe))]);
    keys.append(check_times(&check.times));
    keys
}

/// When a container is asked whether it works.
pub(super) fn check_times(times: &CheckTimes) -> Mapping {
    let CheckTimes { interval, timeout, retries, start_period } = times;
    Mapping::from_iter([
        ("interval", literal(interval.as_str())),
        ("timeout", literal(timeout.as_str())),
        ("retries", number(retries)),
        ("start_period", literal(start_period.as_str())),
    ])
}

/// `http.client` and not `urllib`: the latter would go through a proxy that Docker gives to every container. No word has a
/// blank in it: Podman's Docker API takes each apart there.
fn probe_command(probe: &Probe) -> Value {
    let (with, port, path) = match probe {
        Probe::Http { with, port, path } => (with, port, path),
        Probe::Line(line) => return command(["CMD-SHELL", line]),
        Probe::Words(words) => return command(std::iter::once("CMD").chain(words.iter().map(String::as_str))),
    };
    let url = format!("http://127.0.0.1:{port}{path}");
    match with {
        CommandProbe::Python => {
            let script = format!(
                "c=__import__('http.client').client.HTTPConnection('127.0.0.1',{port});c.request('GET','{path}');\
                 raise(SystemExit(c.getresponse().status>=400))"
            );
            command(["CMD", "python", "-c", &script])
        }
        CommandProbe::Curl => command(["CMD", "curl", "-fsS", "--noproxy", "*", "-o", "/dev/null", &url]),
        CommandProbe::Wget => command(["CMD", "wget", "-q", "-Y", "off", "-O", "/dev/null", &url]),
    }
}

/// How much is kept of what a container prints.
pub(super) fn logging(KeptLog { mebibytes, files }: KeptLog) -> Mapping {
    let size = ("max-size", literal(&format!("{mebibytes}m")));
    let options = Mapping::from_iter([size, ("max-file", literal(&files.to_string()))]);
    Mapping::from_iter([("driver", word("json-file")), ("options", options.into())])
}
