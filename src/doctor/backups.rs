//! Knows what the container for backups tells of them: how old the last good ones are, and what is in their way.
//! Must not know how one is made.

use super::living::Living;
use crate::report::Finding;
use crate::value::ServiceName;

const CHECK: &str = "backups";

/// A day and two hours: a backup that takes an hour is in time.
const BACKUP_IS_OLD: u64 = 26 * 3600;

/// A week and a day.
const DRILL_IS_OLD: u64 = 8 * 24 * 3600;

/// Segments, of 16 MB usually, that wait: a few always do for a moment.
const MANY_WAIT: u64 = 20;

/// Whether there is a good backup, and a drill that proved it.
pub(super) fn findings(living: &Living<'_>) -> Vec<Finding> {
    let Living { subject, containers, docker, remedies, .. } = *living;
    if subject.deployment.backups.is_none() {
        return Vec::new();
    }
    let name = ServiceName::postgres_backup();
    let mut all = containers.all().iter();
    let running = all.find(|container| container.service() == name.as_str() && container.state() == "running");
    let Some(container) = running else {
        return vec![Finding::unseen(CHECK, "the backups: their container does not run")];
    };
    let asked = ["--user", "postgres", container.id(), "bash", "/scripts/backups.sh", "status"];
    let said = match docker.ask_inside(&asked) {
        Ok(said) => said,
        Err(silence) => return vec![Finding::unseen(CHECK, "the backups").shown_by(&silence.text())],
    };
    let logs = remedies.there(&format!("docker compose logs {name}"));
    judged(&said, &format!("see `{logs}`"), &remedies.there("scripts/db/drill.sh"))
}

/// What follows from lines of facts.
fn judged(said: &str, logs: &str, drill: &str) -> Vec<Finding> {
    let fact = |key: &str| said.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('\t'));
    let number = |key: &str| fact(key).and_then(|text| text.trim().parse::<u64>().ok());
    let has = |key: &str| said.lines().any(|line| line.trim_end() == key);
    let mut found = Vec::new();
    if let Some(why) = fact("failed") {
        found.push(Finding::problem(CHECK, format!("the last backup failed: {why}"), logs));
    }
    found.push(match number("backup") {
        None => Finding::warning(CHECK, "there is no good backup yet", logs),
        Some(age) if age > BACKUP_IS_OLD => {
            Finding::problem(CHECK, format!("the last good backup is {} old", span(age)), logs)
        }
        Some(age) => Finding::ok(CHECK, format!("the last good backup is {} old", span(age))),
    });
    found.push(match number("drill") {
        _ if has("drill_failed") => Finding::problem(CHECK, "the last drill failed", format!("{drill}; {logs}")),
        None => Finding::warning(CHECK, "no drill has proved a backup yet", drill),
        Some(age) if age > DRILL_IS_OLD => {
            Finding::problem(CHECK, format!("the last good drill was {} ago", span(age)), drill)
        }
        Some(age) => Finding::ok(CHECK, format!("the last good drill was {} ago", span(age))),
    });
    if let Some(waiting) = number("behind").filter(|waiting| *waiting > MANY_WAIT) {
        let message =
            format!("{waiting} segments of the log wait to be brought to the destination, and fill the server's disk");
        found.push(Finding::problem(CHECK, message, logs));
    }
    if let Some(days) = number("full") {
        let message = format!("the destination will be full in {days} days, before the oldest backups go");
        found.push(Finding::warning(CHECK, message, "give it more room, or write a shorter `keep`"));
    }
    found
}

/// A number of seconds as people say it.
fn span(seconds: u64) -> String {
    match seconds {
        0..7200 => format!("{} minutes", seconds / 60),
        7200..172_800 => format!("{} hours", seconds / 3600),
        _ => format!("{} days", seconds / 86400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Condition;

    fn verdicts(said: &str) -> Vec<(Condition, String)> {
        judged(said, "look", "drill").into_iter().map(|finding| (finding.verdict, finding.message)).collect()
    }

    #[test]
    fn what_is_old_or_has_failed_is_a_problem() {
        let good = "backup\t3600\ndrill\t86400\nbehind\t1\n";
        assert!(verdicts(good).iter().all(|(verdict, _)| *verdict == Condition::Ok), "{:?}", verdicts(good));
        let [backup, drill] = verdicts("behind\t0\n").try_into().unwrap();
        assert_eq!((backup.0, drill.0), (Condition::Warning, Condition::Warning));
        for (said, message) in [
            ("backup\t93601\ndrill\t1\n", "the last good backup is 26 hours old"),
            ("backup\t1\ndrill\t691201\n", "the last good drill was 8 days ago"),
            ("backup\t1\ndrill\t1\ndrill_failed\n", "the last drill failed"),
            ("failed\tthe disk is full\nbackup\t1\ndrill\t1\n", "the last backup failed: the disk is full"),
            (
                "backup\t1\ndrill\t1\nbehind\t21\n",
                "21 segments of the log wait to be brought to the destination, and fill the server's disk",
            ),
        ] {
            let problems: Vec<_> =
                verdicts(said).into_iter().filter(|(verdict, _)| *verdict == Condition::Problem).collect();
            assert_eq!(problems, [(Condition::Problem, message.to_owned())], "{said}");
        }
        assert!(verdicts("backup\t1\ndrill\t1\nfull\t9\n").iter().any(|(verdict, _)| *verdict == Condition::Warning));
    }
}
