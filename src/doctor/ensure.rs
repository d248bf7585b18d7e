//! Knows what init-postgres.sh says where it fails in a container. Must not know when that container runs.

use super::container::Container;
use super::docker::Docker;
use super::remedy::Remedies;
use crate::report::Finding;

const CHECK: &str = "postgres-ensure";

/// What psql says where the server is not there yet, or not any more.
const NO_SERVER: [&str; 4] = ["Connection refused", "No such file or directory", "starting up", "shutting down"];

/// What the script says where the server lets no other container in.
const CLOSED: &str = "init-postgres: pg_hba.conf lets no other container in";

/// How psql ends where it reached the server, which then refused what the script wants: its words may have names in them
/// that a service chose.
const REFUSED: i64 = 3;

/// The faults that the script told at its end. What it says below them, indented, is for people: no command is taken from
/// there, as PostgreSQL's errors stand in the same log, with names of the services' own in them.
#[derive(Debug, PartialEq, Eq)]
struct LastWords<'l>(Vec<&'l str>);

impl<'l> LastWords<'l> {
    /// The log has the words of earlier runs as well, and the engine notes the time of a start a moment after the script
    /// has begun: so the last words are found by how they are written.
    fn of(log: &'l str) -> Self {
        let lines = || log.lines().rev().map(str::trim_end).filter(|line| !line.is_empty());
        let is_indented = |line: &&str| line.starts_with([' ', '\t']);
        let faults = lines().skip_while(is_indented).take_while(|line| !is_indented(line));
        let mut faults: Vec<_> = faults.collect();
        faults.reverse();
        Self(faults)
    }

    fn is_for_want_of_a_server(&self) -> bool {
        let last = self.0.last().copied().unwrap_or_default();
        let is_psql = last.starts_with("psql: error") || last.starts_with("connection to server at");
        is_psql && NO_SERVER.iter().any(|words| last.contains(words))
    }

    fn is_closed(&self) -> bool {
        self.0.iter().any(|line| line.starts_with(CLOSED))
    }
}

/// The script says what is wrong.
pub(super) fn refused(container: &Container, docker: &Docker, remedies: &Remedies<'_>) -> Finding {
    let log = container.log(docker);
    let said = LastWords::of(&log);
    let faults = said.0.join("\n");
    if said.is_for_want_of_a_server() && container.exit_code() != Some(REFUSED) {
        let message = "`postgres-ensure` found no server: after `docker compose restart` both start at once";
        return Finding::warning(CHECK, message, remedies.up()).shown_by(&faults);
    }
    let help = if said.is_closed() { remedies.open_to_containers() } else { remedies.renew() };
    Finding::problem(CHECK, "`postgres-ensure` refused to bring roles and databases in line", help).shown_by(&faults)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTDATED: &str = "init-postgres: the password in A__DB_URL is not that of A__DB_PASSWORD\n\
         init-postgres: nothing was changed\n\
         \x20 help: otherwise .env is out of date: run codelab-gen again to write it\n";
    const SHUT: &str = "init-postgres: pg_hba.conf lets no other container in; most likely the first start was cut off\n\
         \x20 help: add the line that the image would have added, then start everything anew:\n\
         \x20   docker compose exec -T postgres true\n\
         \x20   docker compose up -d --wait --force-recreate\n";
    const NO_SERVER: &str = "psql: error: connection to server at \"postgres\" (10.0.0.2), port 5432 failed: \
         Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?\n";

    #[test]
    fn the_last_run_alone_is_judged() {
        let log = [NO_SERVER, SHUT, OUTDATED].concat();
        let last = LastWords::of(&log);
        let faults = [
            "init-postgres: the password in A__DB_URL is not that of A__DB_PASSWORD",
            "init-postgres: nothing was changed",
        ];
        assert_eq!(last, LastWords(faults.to_vec()));
        assert!(!last.is_for_want_of_a_server());
    }

    #[test]
    fn a_closed_server_is_told_by_the_last_run_alone() {
        assert!(LastWords::of(&[OUTDATED, SHUT].concat()).is_closed());
        assert!(!LastWords::of(&[SHUT, OUTDATED].concat()).is_closed());
        let forged = format!("psql:<stdin>:9: ERROR:  cannot change owner of sequence \"{SHUT}\"\n");
        assert!(!LastWords::of(&forged.replace('\n', " ")).is_closed());
    }

    #[test]
    fn a_missing_server_is_told_from_a_refusal() {
        assert!(LastWords::of(&[SHUT, NO_SERVER].concat()).is_for_want_of_a_server());
        let ready = "init-postgres: the database auth_db is ready\n";
        assert!(LastWords::of(&[ready, NO_SERVER].concat()).is_for_want_of_a_server());
        let again = "connection to server at \"postgres\" (fd00::2), port 5432 failed: Connection refused\n\tIs it?\n";
        assert!(LastWords::of(&[NO_SERVER, again].concat()).is_for_want_of_a_server());
        let other = "psql: error: connection to server failed: FATAL:  password authentication failed\n";
        assert!(!LastWords::of(&[NO_SERVER, other].concat()).is_for_want_of_a_server());
        assert!(!LastWords::of("").is_for_want_of_a_server());
    }
}
