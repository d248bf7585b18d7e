//! Knows what init-postgres.sh says where it fails in a container. Must not know when that container runs.

use super::container::Container;
use super::docker::Docker;
use super::finding::Finding;
use super::remedy::Remedies;

const CHECK: &str = "postgres-ensure";

/// What psql says where the server is not there yet, or not any more.
const NO_SERVER: [&str; 4] = ["Connection refused", "No such file or directory", "starting up", "shutting down"];

/// What the script said at its end: faults, and below them, indented, what mends them.
#[derive(Debug, PartialEq, Eq)]
struct LastWords<'l> {
    faults: Vec<&'l str>,
    commands: Vec<&'l str>,
}

impl<'l> LastWords<'l> {
    /// The log has the words of earlier runs as well, and the engine notes the time of a start a moment after the script
    /// has begun: so the last words are found by how they are written.
    fn of(log: &'l str) -> Self {
        let lines: Vec<_> = log.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
        let is_indented = |line: &&&str| line.starts_with([' ', '\t']);
        let advice = lines.iter().rev().take_while(is_indented).count();
        let (before, advice) = lines.split_at(lines.len() - advice);
        let faults = before.iter().rev().take_while(|line| !is_indented(line)).count();
        let commands = advice.iter().filter_map(|line| line.strip_prefix("    ")).map(str::trim);
        Self { faults: before.iter().skip(before.len() - faults).copied().collect(), commands: commands.collect() }
    }

    fn is_for_want_of_a_server(&self) -> bool {
        let last = self.faults.last().copied().unwrap_or_default();
        let is_psql = last.starts_with("psql: error") || last.starts_with("connection to server at");
        is_psql && NO_SERVER.iter().any(|words| last.contains(words))
    }
}

/// The script says what is wrong, and may print commands that mend it.
pub(super) fn refused(container: &Container, docker: &Docker, remedies: &Remedies<'_>) -> Finding {
    let log = container.log(docker);
    let said = LastWords::of(&log);
    let faults = said.faults.join("\n");
    if said.is_for_want_of_a_server() {
        let message = "`postgres-ensure` found no server: after `docker compose restart` both start at once";
        return Finding::warning(CHECK, message, remedies.up()).shown_by(&faults);
    }
    let help = match said.commands.as_slice() {
        [] => remedies.renew(),
        commands => remedies.there(&[commands, &["docker compose up -d --wait"]].concat().join(" && ")),
    };
    Finding::problem(CHECK, "`postgres-ensure` refused to bring roles and databases in line", help).shown_by(&faults)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSED: &str = "init-postgres: the password in A__DB_URL is not that of A__DB_PASSWORD\n\
         init-postgres: nothing was changed\n\
         \x20 help: otherwise .env is out of date: run codelab-gen again to write it\n";
    const CLOSED: &str = "init-postgres: pg_hba.conf lets no other container in\n\
         \x20 help: add the line that the image would have added, then run docker compose up again:\n\
         \x20   docker compose exec -T postgres true\n\
         \x20   docker compose restart postgres\n";
    const NO_SERVER: &str = "psql: error: connection to server at \"postgres\" (10.0.0.2), port 5432 failed: \
         Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?\n";

    #[test]
    fn the_last_run_alone_is_judged() {
        let log = [NO_SERVER, CLOSED, REFUSED].concat();
        let last = LastWords::of(&log);
        let faults = [
            "init-postgres: the password in A__DB_URL is not that of A__DB_PASSWORD",
            "init-postgres: nothing was changed",
        ];
        assert_eq!(last, LastWords { faults: faults.to_vec(), commands: Vec::new() });
        assert!(!last.is_for_want_of_a_server());
    }

    #[test]
    fn commands_are_those_of_the_last_run() {
        let log = [REFUSED, CLOSED].concat();
        let commands = LastWords::of(&log).commands;
        assert_eq!(commands, ["docker compose exec -T postgres true", "docker compose restart postgres"]);
    }

    #[test]
    fn a_missing_server_is_told_from_a_refusal() {
        assert!(LastWords::of(&[CLOSED, NO_SERVER].concat()).is_for_want_of_a_server());
        let ready = "init-postgres: the database auth_db is ready\n";
        assert!(LastWords::of(&[ready, NO_SERVER].concat()).is_for_want_of_a_server());
        let again = "connection to server at \"postgres\" (fd00::2), port 5432 failed: Connection refused\n\tIs it?\n";
        assert!(LastWords::of(&[NO_SERVER, again].concat()).is_for_want_of_a_server());
        let other = "psql: error: connection to server failed: FATAL:  password authentication failed\n";
        assert!(!LastWords::of(&[NO_SERVER, other].concat()).is_for_want_of_a_server());
        assert!(!LastWords::of("").is_for_want_of_a_server());
    }
}
