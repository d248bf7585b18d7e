//! Knows the scripts for backups, restoring and psql, which are the same in every deployment; what differs
//! stands in the output `databases.sh`. Must not know what a script does.

use super::databases::{self, Place};
use crate::deployment::{Deployment, Service};
use crate::placement::Placement;
use crate::render::{Dialect, Header, Output, RenderFault, RenderedFile, Template};

/// How the other scripts reach a database.
const REACH: Output = Output::text("scripts/db/reach.sh");

/// What earlier versions wrote, and no deployment has any more.
pub(super) const FORMER: [Output; 2] =
    [Output::program("scripts/db/migrate.sh"), Output::text("scripts/db/migrate.py")];

/// The script that opens PostgreSQL's own client.
pub const PSQL: Output = Output::program("scripts/db/psql.sh");

/// What the container that backs the server up runs, with what it counts rows by.
pub(super) const BACKUP_SCRIPT: Output = Output::for_containers("scripts/backups/backups.sh");
pub(super) const BACKUP_COUNTS: Output = Output::for_containers("scripts/backups/postgres.sh");

/// A script of `scripts/db`.
pub(super) struct Program {
    pub(super) output: Output,
    text: &'static str,
    /// Whether there is something for it to do in a deployment.
    is_needed: fn(&Deployment) -> bool,
}

const HEADER: Template = Template(include_str!("../../templates/scripts/db/header.j2"), Dialect::Shell);

/// The scripts for a deployment as `is_there` says, with what follows from the profile. Behind what `reach.sh` has
/// everywhere stands how a target is reached.
pub(super) fn scripts(
    deployment: &Deployment,
    placement: &Placement,
    place: Place,
    reach: &str,
) -> Result<Vec<RenderedFile>, RenderFault> {
    let mut files = Vec::new();
    let mut add = |output, text: String| files.push(RenderedFile::sealed(output, text));
    if let Some(view) = databases::view(deployment, placement, place) {
        add(databases::OUTPUT, databases::TEXT.fill(&databases::OUTPUT, &view)?);
    }
    let header = HEADER.fill(&REACH, &Header::new(deployment.stage, placement))?;
    for program in PROGRAMS.iter().filter(|program| (program.is_needed)(deployment)) {
        let text = program.with_header(&header);
        add(program.output.clone(), if program.output == REACH { text + "\n" + reach } else { text });
    }
    Ok(files)
}

/// All of them. Those that are no programs are read by the others.
#[rustfmt::skip]
pub(super) const PROGRAMS: [Program; 10] = [
    Program { output: REACH, text: include_str!("../../templates/scripts/db/reach.sh"), is_needed: keeps_data },
    Program { output: Output::text("scripts/db/postgres.sh"), text: include_str!("../../templates/scripts/db/postgres.sh"), is_needed: keeps_data },
    Program { output: Output::text("scripts/db/sqlite.py"), text: include_str!("../../templates/scripts/db/sqlite.py"), is_needed: keeps_data },
    Program { output: Output::program("scripts/db/backup.sh"), text: include_str!("../../templates/scripts/db/backup.sh"), is_needed: keeps_data },
    Program { output: Output::program("scripts/db/restore.sh"), text: include_str!("../../templates/scripts/db/restore.sh"), is_needed: keeps_data },
    Program { output: Output::program("scripts/db/reindex.sh"), text: include_str!("../../templates/scripts/db/reindex.sh"), is_needed: has_server },
    Program { output: Output::program("scripts/db/drill.sh"), text: include_str!("../../templates/scripts/db/drill.sh"), is_needed: has_backups },
    Program { output: PSQL, text: include_str!("../../templates/scripts/db/psql.sh"), is_needed: has_server },
    Program { output: BACKUP_SCRIPT, text: include_str!("../../templates/scripts/backups/backups.sh"), is_needed: has_backups },
    Program { output: BACKUP_COUNTS, text: include_str!("../../templates/scripts/db/postgres.sh"), is_needed: has_backups },
];

/// All scripts for the databases, as one path.
pub const ALL_SCRIPTS: &str = "scripts/db/*";

/// Whether it is one of the scripts for the databases.
#[must_use]
pub fn is_database_script(output: &Output) -> bool {
    output.path().starts_with(ALL_SCRIPTS.trim_end_matches('*'))
}

/// Whether it is a script that is the same in every deployment, but for its header.
#[must_use]
pub fn is_program(output: &Output) -> bool {
    PROGRAMS.iter().any(|program| program.output == *output)
}

fn keeps_data(deployment: &Deployment) -> bool {
    deployment.services.iter().any(Service::has_database)
}

fn has_backups(deployment: &Deployment) -> bool {
    deployment.backups.is_some()
}

fn has_server(deployment: &Deployment) -> bool {
    deployment.server.is_some()
}

impl Program {
    /// The script with the header of all outputs, behind the line that names its interpreter.
    fn with_header(&self, header: &str) -> String {
        let text = self.text;
        let behind = if text.starts_with("#!") { text.find('\n').map_or(text.len(), |end| end + 1) } else { 0 };
        let (interpreter, rest) = text.split_at_checked(behind).unwrap_or(("", text));
        [interpreter, header, rest].concat()
    }
}
