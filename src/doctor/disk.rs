//! Knows what is left of the disk that the server's data lies on, and who has how much of it.
//! Must not know what a server does without room.

use super::remedy::Remedies;
use super::session::Session;
use crate::report::Finding;
use crate::spelling::quoted;

const CHECK: &str = "disk";

/// With less than this many kilobytes nothing can be written any more: a few segments of the write-ahead log.
const FULL: u64 = 64 << 10;

/// With less than this many kilobytes it is time.
const NEARLY_FULL: u64 = 256 << 10;

/// The largest databases with their owners.
const LARGEST: &str = "SELECT coalesce(json_agg(json_build_array(datname, owner, size)), '[]') FROM (\
     SELECT datname, pg_get_userbyid(datdba) AS owner, pg_database_size(oid) / 1024 / 1024 AS size \
     FROM pg_database ORDER BY size DESC LIMIT 3) AS largest";

/// Whether so many kilobytes are none.
pub(super) fn is_full(free: u64) -> bool {
    free < FULL
}

/// That nothing more can be written.
pub(super) fn full(free: u64, remedies: &Remedies<'_>) -> Finding {
    let message = format!("the disk with the data of PostgreSQL is full: {} MB are left", free >> 10);
    Finding::problem(CHECK, message, room(remedies))
}

/// What is left, and where it is little, who has most.
pub(super) fn left(session: &Session<'_>, remedies: &Remedies<'_>) -> Finding {
    let unseen = |said: &str| Finding::unseen(CHECK, "what is left of the disk of PostgreSQL").shown_by(said);
    let free = match session.ask("SELECT current_setting('data_directory')") {
        Ok(folder) => session.run(&["df", "-Pk", "--", folder.trim_end()]),
        Err(silence) => Err(silence),
    };
    let free = match free.map(|table| free_of(&table)) {
        Ok(Some(free)) => free,
        Ok(None) => return unseen("df says nothing of it"),
        Err(silence) => return unseen(&silence.text()),
    };
    if free >= NEARLY_FULL {
        return Finding::ok(CHECK, "the disk with the data of PostgreSQL has room");
    }
    let found = if is_full(free) {
        full(free, remedies)
    } else {
        let message = format!("the disk with the data of PostgreSQL is nearly full: {} MB are left", free >> 10);
        Finding::warning(CHECK, message, room(remedies))
    };
    let largest: Vec<(String, String, u64)> = session.ask_json(LARGEST).unwrap_or_default();
    let lines = largest
        .iter()
        .map(|(name, owner, size)| format!("{} of the role {} has {size} MB", quoted(name), quoted(owner)));
    found.shown_by(&lines.collect::<Vec<_>>().join("\n"))
}

/// The fourth column of the second line.
fn free_of(table: &str) -> Option<u64> {
    let line = table.lines().nth(1)?;
    // the name of a device may have blanks, so one counts from the `%`
    let (numbers, _) = line.split_once('%')?;
    numbers.split_whitespace().rev().nth(1)?.parse().ok()
}

fn room(remedies: &Remedies<'_>) -> String {
    let list = remedies.there("docker system df -v");
    format!(
        "make room: `{list}` shows what Docker has there, and `VACUUM FULL` gives back what a table does not need; the \
         server goes on by itself"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_read_as_df_writes_it() {
        for (table, free) in [
            ("Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/sda1 100 60 40 60% /data\n", Some(40)),
            ("Filesystem 1024-blocks Used Available Capacity Mounted on\nmy disk 1 100 60 40 60% /da ta\n", Some(40)),
            ("Filesystem 1024-blocks Used Available Capacity Mounted on\ntmpfs 0 0 0 - /data\n", None),
            ("", None),
        ] {
            assert_eq!(free_of(table), free, "{table}");
        }
        assert!(is_full(65_535) && !is_full(65_536));
    }
}
