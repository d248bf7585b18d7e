//! Knows which databases have indexes of texts that another version of a library has sorted. Must not know how one came.

use super::remedy::Remedies;
use super::session::Session;
use crate::report::Finding;
use crate::spelling::{quoted, shell_word};

const CHECK: &str = "collation";

/// Each database whose indexes were sorted by another version, with that one and the one of now. PostgreSQL keeps none for
/// some systems.
const OTHERS: &str = "SELECT coalesce(json_agg(json_build_array(datname, datcollversion, coalesce(actual, 'none')) \
     ORDER BY datname), '[]') FROM (SELECT datname, datcollversion, pg_database_collation_actual_version(oid) AS actual \
     FROM pg_database WHERE datallowconn AND datcollversion IS NOT NULL) AS known \
     WHERE datcollversion IS DISTINCT FROM actual";

/// A warning for each of them: rows that an index misses are found in no other way.
pub(super) fn outdated(session: &Session<'_>, remedies: &Remedies<'_>) -> Vec<Finding> {
    let others: Vec<(String, String, String)> = match session.ask_json(OTHERS) {
        Ok(others) => others,
        Err(silence) => {
            return vec![Finding::unseen(CHECK, "by which version the databases are sorted").shown_by(&silence.text())];
        }
    };
    if others.is_empty() {
        return vec![Finding::ok(CHECK, "the databases are sorted as when their indexes were made")];
    }
    let warning = |(name, made, now): (String, String, String)| {
        let message = format!(
            "the indexes of {} were sorted by version {} of a library of the system, which is {} now: they may miss rows",
            quoted(&name),
            quoted(&made),
            quoted(&now)
        );
        Finding::warning(CHECK, message, remedies.there(&format!("scripts/db/reindex.sh{}", argument(&name))))
    };
    others.into_iter().map(warning).collect()
}

/// The database as an argument; one that no deployment could have is left to the script to find.
fn argument(name: &str) -> String {
    let is_plain = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    if is_plain { format!(" {}", shell_word(name)) } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_somebody_else_is_no_argument() {
        assert_eq!(argument("shop_db"), " shop_db");
        for name in ["", "--all", "a b", "a;b", "a\nb", "$(id)"] {
            assert_eq!(argument(name), "", "{name}");
        }
    }
}
