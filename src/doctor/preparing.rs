//! Knows what a server does that runs and lets nobody in yet: making its volume, or recovering. Must not know what is wrong
//! with one that never comes to an end.

use super::container::Container;
use super::docker::Docker;
use super::remedy::Remedies;
use crate::report::Finding;

/// The arguments of each process of the container, one line each. No process list of the host is needed for that.
const LOOK: &str = "for of in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <\"$of\" 2>/dev/null; echo; done";

/// What follows on a crash, and on a start that was cut off.
pub(super) const RECOVERING: &str = "recovering";

/// What the server is still at, as its own processes show it; nothing where it is at nothing. A container that is healthy
/// need not be asked.
pub(super) fn still(container: &Container, docker: &Docker) -> Option<&'static str> {
    if !container.is_running() || container.health() == "healthy" {
        return None;
    }
    let said = docker.ask_inside(&[container.id(), "sh", "-c", LOOK]).ok()?;
    said.lines().find_map(work)
}

/// That one has to wait for that.
pub(super) fn finding(check: &'static str, work: &str, remedies: &Remedies<'_>) -> Finding {
    let logs = remedies.there("docker compose logs -f postgres");
    let help = format!(
        "wait: a restart would begin it again; `{logs}` shows how far it is. If it takes longer than its health check \
         waits, write a larger `postgres.healthcheck.start_period`"
    );
    Finding { help: Some(help), ..Finding::unseen(check, format!("the server: it is still {work}")) }
}

/// What a process is at.
fn work(line: &str) -> Option<&'static str> {
    let words: Vec<_> = line.split_whitespace().collect();
    let is_program = |word: &&&str, name: &str| word.rsplit('/').next() == Some(name);
    if words.first().is_some_and(|first| is_program(&first, "initdb"))
        || words.iter().take(2).any(|word| is_program(&word, "docker-entrypoint.sh"))
    {
        return Some("making its volume");
    }
    match words.as_slice() {
        // behind the name of a cluster, where it has one
        ["postgres:", "startup", ..] => Some(RECOVERING),
        ["postgres:", name, "startup", ..] if name.ends_with(':') => Some(RECOVERING),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_is_at_is_seen_by_its_processes() {
        for (line, expected) in [
            ("/usr/lib/postgresql/16/bin/initdb --username=shop --pwfile=/dev/fd/63 ", Some("making its volume")),
            ("bash /usr/local/bin/docker-entrypoint.sh postgres -c max_connections=20 ", Some("making its volume")),
            ("postgres: startup recovering 000000010000000000000003", Some("recovering")),
            ("postgres: shop: startup ", Some("recovering")),
            ("postgres -c max_connections=20 ", None),
            ("postgres: api startup 10.0.0.2(4242) idle", None),
            ("postgres: checkpointer ", None),
            ("sh -c for of in /proc/[0-9]*/cmdline; do", None),
            ("", None),
        ] {
            assert_eq!(work(line), expected, "{line}");
        }
    }
}
