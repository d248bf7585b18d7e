//! Knows what services log where their tables are not those that they were written for. Must not know containers.

use super::living::Living;
use super::remedy::Remedies;
use crate::report::Finding;

const CHECK: &str = "migration-errors";

/// What programs say then; a line that has all words of one row.
const ERRORS: [&[&str]; 14] = [
    &["no such table"],
    &["no such column"],
    &["has no column named"],
    &["table ", "already exists"],
    &["relation \"", "does not exist"],
    &["relation \"", "already exists"],
    &["column ", "does not exist"],
    &["UndefinedTable"],
    &["UndefinedColumn"],
    &["DuplicateTable"],
    &["Target database is not up to date"],
    &["Can't locate revision"],
    &["Multiple head revisions"],
    &["alembic.util.exc"],
];

/// What the logs of services say of their tables.
pub(super) fn findings(living: &Living<'_>) -> Vec<Finding> {
    let Living { subject, containers, docker, remedies, .. } = *living;
    let services = subject.deployment.services.iter().filter(|service| service.has_database());
    let logged = services.filter_map(|service| Some((service.name.as_str(), containers.of(service.name.as_str())?)));
    logged.map(|(name, container)| judged(name, &container.last_log(docker), remedies)).collect()
}

fn judged(service: &str, log: &str, remedies: &Remedies<'_>) -> Finding {
    let errors: Vec<_> = log.lines().filter(|line| is_error(line)).collect();
    if errors.is_empty() {
        return Finding::ok(CHECK, format!("`{service}` logs no error about its tables"));
    }
    let message = format!("the tables of `{service}` are not those that it was written for");
    let upgrade = remedies.there(&format!("docker compose run --rm {service} alembic upgrade head"));
    let help = format!(
        "bring them up to date: `{upgrade}`, or what the service uses; never `down -v`, which deletes the data of all \
         services"
    );
    Finding::problem(CHECK, message, help).shown_by(&errors.join("\n"))
}

fn is_error(line: &str) -> bool {
    ERRORS.iter().any(|words| words.iter().all(|word| line.contains(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_about_tables_are_told_from_others() {
        for line in [
            "sqlite3.OperationalError: no such table: notes",
            "asyncpg.exceptions.UndefinedTableError: relation \"notes\" does not exist",
            "(psycopg.errors.DuplicateTable) relation \"notes\" already exists",
            "column notes.author does not exist",
            "alembic.util.exc.CommandError: Can't locate revision identified by 'ab12'",
        ] {
            assert!(is_error(line), "{line}");
        }
        for line in ["database \"auth_db\" does not exist", "the file already exists", "no such host", "table is set"] {
            assert!(!is_error(line), "{line}");
        }
    }
}
