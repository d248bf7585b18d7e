//! Knows how Compose writes a health check (<https://docs.docker.com/reference/compose-file/services/#healthcheck>).
//! Must not know which service it is for.

use super::ledger::Ledger;
use crate::compose::nodes;
use crate::profile::Raw;
use crate::value::{Duration, HttpPath, Interval, TextValue as _};
use crate::yaml::Node;

/// A health check that a profile can say.
pub(super) struct HealthCheck {
    /// The value of `healthcheck`.
    pub(super) raw: Raw,
    /// The port that it asks, where it asks one the way that a profile does.
    pub(super) port: Option<String>,
}

/// The times, each with what Docker takes where it is not written, and what a profile takes.
const TIMES: [(&str, &str, &str); 3] =
    [("interval", "30s", "30s"), ("timeout", "30s", "5s"), ("start_period", "0s", "30s")];

/// How often Docker tries, and a profile as well.
const RETRIES: &str = "3";

/// What a health check runs.
enum Probe {
    Http { with: &'static str, port: String, path: String },
    Line(String),
    Words(Vec<String>),
}

/// Reads one; nothing where a profile can't say it.
pub(super) fn read(node: &Node<'_>, field: &str, ledger: &mut Ledger<'_>) -> Option<HealthCheck> {
    if !nodes::has_only(node, &["test", "interval", "timeout", "retries", "start_period"]) {
        return None;
    }
    let probe = probe(nodes::child(node, "test")?, &format!("{field}.command"), ledger)?;
    let (mut entries, port) = match probe {
        Probe::Http { with, port, path } => {
            (vec![("http".to_owned(), Raw::text(&path)), ("with".to_owned(), Raw::text(with))], Some(port))
        }
        Probe::Line(line) => (vec![("command".to_owned(), Raw::text(&line))], None),
        Probe::Words(words) => (vec![("command".to_owned(), Raw::words(words.iter().map(String::as_str)))], None),
    };
    for (key, dockers, ours) in TIMES {
        let time = match nodes::child(node, key) {
            Some(time) => ledger.fixed(time, &format!("{field}.{key}"))?,
            None => dockers.to_owned(),
        };
        match key {
            "start_period" => drop(Duration::parse(&time).ok()?),
            _ => drop(Interval::parse(&time).ok()?),
        }
        if time != ours {
            entries.push((key.to_owned(), Raw::text(&time)));
        }
    }
    if let Some(retries) = nodes::child(node, "retries") {
        let retries = ledger.fixed(retries, &format!("{field}.retries"))?;
        retries.parse::<u16>().ok().filter(|retries| *retries > 0)?;
        if retries != RETRIES {
            entries.push(("retries".to_owned(), Raw::plain(&retries)));
        }
    }
    Some(HealthCheck { raw: Raw::Mapping(entries), port })
}

fn probe(test: &Node<'_>, field: &str, ledger: &mut Ledger<'_>) -> Option<Probe> {
    if nodes::text(test).is_some() {
        return ledger.fixed(test, field).filter(|line| !line.trim().is_empty()).map(Probe::Line);
    }
    let words: Option<Vec<String>> = nodes::items(test).iter().map(|word| ledger.fixed(word, field)).collect();
    let words = words?;
    let (kind, rest) = words.split_first()?;
    match (kind.as_str(), rest) {
        ("CMD-SHELL", [line]) => Some(Probe::Line(line.clone())),
        ("CMD", [_, ..]) => Some(http(rest).unwrap_or_else(|| Probe::Words(rest.to_vec()))),
        (_, _) => None,
    }
}

/// What stands around port and path in the scripts for Python: in that of now, and in that of earlier versions.
const PYTHON: [(&str, &str, &str); 2] = [
    (
        "c=__import__('http.client').client.HTTPConnection('127.0.0.1',",
        ");c.request('GET','",
        "');raise(SystemExit(c.getresponse().status>=400))",
    ),
    (
        "import http.client, sys; c = http.client.HTTPConnection('127.0.0.1', ",
        "); c.request('GET', '",
        "'); sys.exit(c.getresponse().status >= 400)",
    ),
];

/// The words that codelab-gen makes of `http:`; others may do the same and be written otherwise.
fn http(words: &[String]) -> Option<Probe> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (with, port, path) = match words.as_slice() {
        ["python", "-c", script] => PYTHON.iter().find_map(|(before, between, behind)| {
            let (port, rest) = script.strip_prefix(before)?.split_once(between)?;
            Some(("python", port, rest.strip_suffix(behind)?))
        })?,
        ["curl", "-fsS", "--noproxy", "*", "-o", "/dev/null", url] => {
            let (port, path) = port_and_path(url)?;
            ("curl", port, path)
        }
        ["wget", "-q", "-Y", "off", "-O", "/dev/null", url] => {
            let (port, path) = port_and_path(url)?;
            ("wget", port, path)
        }
        _ => return None,
    };
    port.parse::<u16>().ok()?;
    HttpPath::parse(path).ok()?;
    Some(Probe::Http { with, port: port.to_owned(), path: path.to_owned() })
}

fn port_and_path(url: &str) -> Option<(&str, &str)> {
    let place = url.strip_prefix("http://127.0.0.1:")?;
    Some(place.split_at(place.find('/')?))
}
