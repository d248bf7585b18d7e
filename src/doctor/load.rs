//! Knows what one role can take of the server that all share: its connections, locks that others wait for, room for
//! temporary files. Must not know who may do what.

use serde::Deserialize;

use super::connections::{CONNECTIONS, full};
use super::container::Container;
use super::docker::{Docker, Silence};
use super::remedy::Remedies;
use super::session::Session;
use crate::deployment::Server;
use crate::report::Finding;
use crate::spelling::{quoted, shell_word};

const LOCKS: &str = "locks";
const TEMPORARY: &str = "temporary-files";

/// Of all connections, how many are worth a word: four fifths.
const NEARLY_FULL: (u64, u64) = (4, 5);

/// Who has connections; some are kept for superusers.
const USED: &str = "SELECT json_build_object(\
     'most', current_setting('max_connections')::int, \
     'kept', current_setting('superuser_reserved_connections')::int \
             + coalesce(current_setting('reserved_connections', true), '0')::int, \
     'by', (SELECT coalesce(json_agg(json_build_array(usename, datname, number)), '[]') FROM (\
        SELECT coalesce(usename, '') AS usename, coalesce(datname, '') AS datname, count(*) AS number \
        FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() \
        GROUP BY 1, 2 ORDER BY 3 DESC) AS used))";

/// Who lets others wait, each once, with who has waited for him longest.
const BLOCKING: &str = "SELECT coalesce(json_agg(json_build_object(\
     'holder', holder, 'waiting', waiting, 'database', datname, 'seconds', seconds, 'pid', pid)), '[]') FROM (\
     SELECT DISTINCT ON (blocker.pid) coalesce(blocker.usename, '') AS holder, coalesce(waiter.usename, '') AS waiting, \
            coalesce(blocker.datname, '') AS datname, blocker.pid, \
            extract(epoch FROM clock_timestamp() - waiter.query_start)::int AS seconds \
     FROM pg_stat_activity AS waiter \
     CROSS JOIN LATERAL unnest(pg_blocking_pids(waiter.pid)) AS by (pid) \
     JOIN pg_stat_activity AS blocker ON blocker.pid = by.pid \
     WHERE waiter.wait_event_type = 'Lock' AND clock_timestamp() - waiter.query_start > interval '5 seconds' \
     ORDER BY blocker.pid, waiter.query_start LIMIT 10) AS blocking";

/// Who has large temporary files at this moment.
const TEMPORARY_FILES: &str = "SELECT coalesce(json_agg(json_build_array(usename, datname, megabytes)), '[]') FROM (\
     SELECT coalesce(usename, '') AS usename, coalesce(datname, '') AS datname, \
            (sum(size) / 1024 / 1024)::bigint AS megabytes \
     FROM pg_ls_tmpdir() JOIN pg_stat_activity ON pid = substring(name FROM '^pgsql_tmp([0-9]+)')::int \
     GROUP BY 1, 2 HAVING sum(size) >= 256 * 1024 * 1024 ORDER BY 3 DESC LIMIT 10) AS large";

#[derive(Deserialize)]
struct Used {
    most: u64,
    kept: u64,
    /// How many a role has in a database.
    by: Vec<(String, String, u64)>,
}

#[derive(Deserialize)]
struct Blocking {
    holder: String,
    waiting: String,
    database: String,
    seconds: u64,
    pid: u32,
}

/// All that is taken.
pub(super) fn taken(session: &Session<'_>, remedies: &Remedies<'_>) -> Vec<Finding> {
    let unseen = |check, what: &str, silence: &Silence| Finding::unseen(check, what).shown_by(&silence.text());
    let connections = match session.ask_json::<Used>(USED) {
        Ok(used) => connections(&used, remedies),
        Err(silence) => unseen(CONNECTIONS, "who uses the connections of the server", &silence),
    };
    let locks = match session.ask_json::<Vec<Blocking>>(BLOCKING) {
        Ok(blocking) => locks(&blocking, remedies),
        Err(silence) => vec![unseen(LOCKS, "who waits for locks", &silence)],
    };
    let files = match session.ask_json::<Vec<(String, String, u64)>>(TEMPORARY_FILES) {
        Ok(large) => temporary(&large, remedies),
        Err(silence) => vec![unseen(TEMPORARY, "who has temporary files", &silence)],
    };
    std::iter::once(connections).chain(locks).chain(files).collect()
}

fn connections(found: &Used, remedies: &Remedies<'_>) -> Finding {
    let Used { most, kept, by } = found;
    let number: u64 = by.iter().map(|(_, _, number)| number).sum();
    let message = format!("{number} of {most} connections are used");
    let (part, whole) = NEARLY_FULL;
    let who = by.iter().take(3).map(|(role, database, number)| {
        format!("{number} by the role {} in the database {}", quoted(role), quoted(database))
    });
    let who = who.collect::<Vec<_>>().join("\n");
    if number + kept >= *most {
        full(&who, remedies)
    } else if number.saturating_mul(whole) >= most.saturating_mul(part) {
        Finding::warning(CONNECTIONS, message, remedies.more_connections()).shown_by(&who)
    } else {
        Finding::ok(CONNECTIONS, message)
    }
}

/// Who has how many connections of a server that lets nobody in, by the titles of its processes.
pub(super) fn holders(server: &Server, container: &Container, docker: &Docker) -> String {
    let listed = docker.ask(&["top", container.id(), "-eo", "pid,args"]).unwrap_or_default();
    let mut roles: Vec<_> = server.logins().iter().map(|login| login.role.as_str()).collect();
    roles.push(server.user.as_str());
    roles.sort_unstable();
    roles.dedup();
    let number = |role: &&str| listed.lines().filter(|line| is_of(line, role)).count();
    let mut held: Vec<_> = roles.iter().map(|role| (number(role), *role)).filter(|(number, _)| *number > 0).collect();
    held.sort_unstable_by(|one, other| other.cmp(one));
    let lines: Vec<_> = held.iter().map(|(number, role)| format!("{number} by the role `{role}`")).collect();
    lines.join("\n")
}

/// Whether a process is the server's end of a connection of a role.
fn is_of(line: &str, role: &str) -> bool {
    let mut words = line.split_whitespace().skip(1);
    words.next() == Some("postgres:") && words.next() == Some(role)
}

fn locks(blocking: &[Blocking], remedies: &Remedies<'_>) -> Vec<Finding> {
    let finding = |Blocking { holder, waiting, database, seconds, pid }: &Blocking| {
        let message = format!(
            "{} holds a lock in {} that {} has waited for since {seconds} seconds",
            quoted(holder),
            quoted(database),
            quoted(waiting)
        );
        Finding::warning(LOCKS, message, terminate(&pid.to_string(), remedies))
    };
    blocking.iter().map(finding).collect()
}

fn temporary(large: &[(String, String, u64)], remedies: &Remedies<'_>) -> Vec<Finding> {
    let finding = |(role, database, megabytes): &(String, String, u64)| {
        let message =
            format!("{} has {megabytes} MB of temporary files for what it asks in {}", quoted(role), quoted(database));
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let limit = if role.chars().all(is_plain) {
            let sql = format!("ALTER ROLE \"{role}\" SET temp_file_limit = '256MB'");
            remedies.there(&format!("scripts/db/psql.sh --superuser postgres -c {}", shell_word(sql)))
        } else {
            "set a `temp_file_limit` for the role".to_owned()
        };
        Finding::warning(TEMPORARY, message, limit)
    };
    large.iter().map(finding).collect()
}

fn terminate(pid: &str, remedies: &Remedies<'_>) -> String {
    remedies.there(&format!("scripts/db/psql.sh --superuser postgres -c 'SELECT pg_terminate_backend({pid})'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_counted_by_the_titles_of_processes() {
        for (line, is_its) in [
            ("   12 postgres: auth_service auth_db 172.18.0.3(50364) idle", true),
            ("   12 postgres: auth_service_2 auth_db 172.18.0.3(50364) idle", false),
            ("   12 postgres: checkpointer", false),
            ("   12 sh -c postgres: auth_service", false),
            ("  PID COMMAND", false),
        ] {
            assert_eq!(is_of(line, "auth_service"), is_its, "{line}");
        }
    }
}
