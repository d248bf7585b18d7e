//! Knows the scripts for backups, restoring, moving data and psql, which are the same in every deployment; what differs
//! stands in the output `databases.sh`. Must not know what a script does.

use crate::deployment::{Deployment, Service};
use crate::render::Output;

/// How the other scripts reach a database.
pub(super) const REACH: Output = Output::text("scripts/db/reach.sh");

/// The script that moves the data of a service from one engine to the other.
pub const MIGRATE: Output = Output::program("scripts/db/migrate.sh");

/// The script that opens PostgreSQL's own client.
pub const PSQL: Output = Output::program("scripts/db/psql.sh");

/// A script of `scripts/db`.
pub(super) struct Program {
    pub(super) output: Output,
    text: &'static str,
    /// Whether there is something for it to do in a deployment.
    pub(super) is_needed: fn(&Deployment) -> bool,
}

/// All of them. Those that are no programs are read by the others; the rows are copied inside of the service's image.
#[rustfmt::skip]
pub(super) const PROGRAMS: [Program; 9] = [
    Program { output: REACH, text: include_str!("../../../templates/scripts/db/reach.sh"), is_needed: keeps_data },
    Program { output: Output::text("scripts/db/postgres.sh"), text: include_str!("../../../templates/scripts/db/postgres.sh"), is_needed: keeps_data },
    Program { output: Output::text("scripts/db/sqlite.py"), text: include_str!("../../../templates/scripts/db/sqlite.py"), is_needed: keeps_data },
    Program { output: Output::program("scripts/db/backup.sh"), text: include_str!("../../../templates/scripts/db/backup.sh"), is_needed: keeps_data },
    Program { output: Output::program("scripts/db/restore.sh"), text: include_str!("../../../templates/scripts/db/restore.sh"), is_needed: keeps_data },
    Program { output: MIGRATE, text: include_str!("../../../templates/scripts/db/migrate.sh"), is_needed: moves_data },
    Program { output: Output::text("scripts/db/migrate.py"), text: include_str!("../../../templates/scripts/db/migrate.py"), is_needed: moves_data },
    Program { output: Output::program("scripts/db/reindex.sh"), text: include_str!("../../../templates/scripts/db/reindex.sh"), is_needed: has_server },
    Program { output: PSQL, text: include_str!("../../../templates/scripts/db/psql.sh"), is_needed: has_server },
];

fn keeps_data(deployment: &Deployment) -> bool {
    deployment.services.iter().any(|service| service.database.is_some())
}

fn moves_data(deployment: &Deployment) -> bool {
    deployment.services.iter().any(Service::can_move)
}

fn has_server(deployment: &Deployment) -> bool {
    deployment.server.is_some()
}

impl Program {
    /// The script with the header of all outputs, behind the line that names its interpreter.
    pub(super) fn with_header(&self, header: &str) -> String {
        let text = self.text;
        let behind = if text.starts_with("#!") { text.find('\n').map_or(text.len(), |end| end + 1) } else { 0 };
        let (interpreter, rest) = text.split_at_checked(behind).unwrap_or(("", text));
        [interpreter, header, rest].concat()
    }
}
