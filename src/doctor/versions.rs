//! Knows what can be wrong with Docker itself. Must not know the deployment.

use super::docker::{Docker, Silence};
use super::subject::Subject;
use crate::report::Finding;

const CHECK: &str = "docker";

const NOT_INSTALLED: &str = "the program `docker` is not installed";

/// A part of Docker, how it is asked for its version, the oldest one that is supported, and what older ones do.
struct Part {
    name: &'static str,
    question: &'static [&'static str],
    oldest: (u64, u64),
    before: &'static str,
}

const ENGINE: Part = Part {
    name: "the Docker engine",
    question: &["version", "--format", "{{.Server.Version}}"],
    oldest: (20, 10),
    before: "update it; with older versions nothing was tried",
};

/// What answers as Docker does, by its own numbers.
const PODMAN: Part = Part {
    name: "the engine is Podman, which",
    question: &["version", "--format", "{{range .Server.Components}}{{.Name}} {{.Version}}\n{{end}}"],
    oldest: (4, 3),
    before: "update it; with older versions nothing was tried",
};

const COMPOSE: Part = Part {
    name: "Docker Compose",
    question: &["compose", "version", "--short"],
    oldest: (2, 35),
    before: "update it; older versions stop every service that depends on what a start changes, also where that start fails",
};

/// Whether Docker is there, answers and is new enough.
pub(super) fn findings(docker: &Docker, subject: &Subject<'_>) -> Vec<Finding> {
    let engine = engine(docker, subject);
    if engine.message == NOT_INSTALLED {
        return vec![engine];
    }
    let compose = match docker.greet(COMPOSE.question) {
        Ok(version) => judged(&COMPOSE, version.trim()),
        Err(silence) => {
            let help = "install the plugin: https://docs.docker.com/compose/install/linux/";
            Finding::problem(CHECK, "Docker Compose does not answer", help).shown_by(&silence.text())
        }
    };
    vec![engine, compose]
}

/// The same without Compose.
pub(super) fn engine(docker: &Docker, subject: &Subject<'_>) -> Finding {
    match docker.greet(ENGINE.question) {
        Ok(version) => podman(docker).unwrap_or_else(|| judged(&ENGINE, version.trim())),
        Err(Silence::NotInstalled) => {
            let help = "install Docker Engine with its Compose plugin: https://docs.docker.com/engine/install/";
            Finding::problem(CHECK, NOT_INSTALLED, help)
        }
        Err(silence) => {
            let text = silence.text();
            Finding::problem(CHECK, "the Docker engine does not answer", waking(&text, subject)).shown_by(&text)
        }
    }
}

/// What is to be said of an engine that is Podman.
fn podman(docker: &Docker) -> Option<Finding> {
    let components = docker.greet(PODMAN.question).ok()?;
    components
        .lines()
        .find_map(|line| line.strip_prefix("Podman Engine "))
        .map(|version| judged(&PODMAN, version.trim()))
}

/// What lets an engine answer.
fn waking(said: &str, subject: &Subject<'_>) -> String {
    let is_set =
        |name: &&str| (subject.environment)(name).is_ok_and(|value| value.is_some_and(|value| !value.is_empty()));
    let elsewhere = ["DOCKER_HOST", "DOCKER_CONTEXT"].into_iter().find(is_set);
    match elsewhere {
        _ if said.contains("permission denied") => "sudo usermod -aG docker $USER && newgrp docker".to_owned(),
        Some(name) => format!("start the engine that `{name}` names; or, for that of this machine: unset {name}"),
        None => "sudo systemctl start docker".to_owned(),
    }
}

fn judged(part: &Part, version: &str) -> Finding {
    let Part { name, oldest: (major, minor), before, .. } = part;
    match number(version) {
        Some(number) if number < (*major, *minor) => {
            let message = format!("{name} is {version}, older than {major}.{minor}");
            Finding::warning(CHECK, message, *before)
        }
        Some(_) => Finding::ok(CHECK, format!("{name} is {version}")),
        None => Finding::unseen(CHECK, format!("the version of {name}, which says `{version}`")),
    }
}

/// The first two numbers of a version.
fn number(version: &str) -> Option<(u64, u64)> {
    let mut parts = version.trim_start_matches('v').split(['.', '-', '+']);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        assert_eq!(number("v2.24.6-desktop.1"), Some((2, 24)));
        assert_eq!(number("20.10.24+dfsg1"), Some((20, 10)));
        assert_eq!(number("dev"), None);
        for (version, verdict) in [("20.10.0", "ok"), ("19.03.5", "warning"), ("dev", "unseen"), ("9.9", "warning")] {
            assert_eq!(judged(&ENGINE, version).verdict.as_str(), verdict, "{version}");
        }
        for (version, verdict) in [("v2.35.0", "ok"), ("2.34.9", "warning"), ("1.29.2", "warning"), ("5.6.1", "ok")] {
            assert_eq!(judged(&COMPOSE, version).verdict.as_str(), verdict, "{version}");
        }
    }
}
