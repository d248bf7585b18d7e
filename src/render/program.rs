//! Knows the scripts for backups, restoring, moving data and psql, which are the same in every deployment; what differs
//! stands in the output [`super::Output::Databases`]. Must not know what a script does.

use crate::deployment::{Deployment, Service};

/// A script of `scripts/db`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// How the other ones reach a database.
    Reach,
    /// What they do beside PostgreSQL's own programs.
    Postgres,
    /// What they do to a SQLite file, inside of its service's container.
    Sqlite,
    /// Backs up.
    Backup,
    /// Brings a backup back.
    Restore,
    /// Moves the data of a service from one engine to the other.
    Migrate,
    /// Copies the rows, inside of the service's image.
    MigrateRows,
    /// Opens PostgreSQL's own client.
    Psql,
}

impl Program {
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Reach => "scripts/db/reach.sh",
            Self::Postgres => "scripts/db/postgres.sh",
            Self::Sqlite => "scripts/db/sqlite.py",
            Self::Backup => "scripts/db/backup.sh",
            Self::Restore => "scripts/db/restore.sh",
            Self::Migrate => "scripts/db/migrate.sh",
            Self::MigrateRows => "scripts/db/migrate.py",
            Self::Psql => "scripts/db/psql.sh",
        }
    }

    /// Whether it is started by its path; the others are read by those that are.
    pub(super) fn is_started(self) -> bool {
        match self {
            Self::Backup | Self::Restore | Self::Migrate | Self::Psql => true,
            Self::Reach | Self::Postgres | Self::Sqlite | Self::MigrateRows => false,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Reach => include_str!("../../templates/scripts/db/reach.sh"),
            Self::Postgres => include_str!("../../templates/scripts/db/postgres.sh"),
            Self::Sqlite => include_str!("../../templates/scripts/db/sqlite.py"),
            Self::Backup => include_str!("../../templates/scripts/db/backup.sh"),
            Self::Restore => include_str!("../../templates/scripts/db/restore.sh"),
            Self::Migrate => include_str!("../../templates/scripts/db/migrate.sh"),
            Self::MigrateRows => include_str!("../../templates/scripts/db/migrate.py"),
            Self::Psql => include_str!("../../templates/scripts/db/psql.sh"),
        }
    }

    /// Whether there is something for it to do in a deployment.
    pub(super) fn is_needed(self, deployment: &Deployment) -> bool {
        match self {
            Self::Reach | Self::Postgres | Self::Sqlite | Self::Backup | Self::Restore => {
                deployment.services.iter().any(|service| service.database.is_some())
            }
            Self::Migrate | Self::MigrateRows => deployment.services.iter().any(Service::can_move),
            Self::Psql => deployment.server.is_some(),
        }
    }

    /// The script with the header of all outputs, behind the line that names its interpreter.
    pub(super) fn with_header(self, header: &str) -> String {
        let text = self.text();
        let behind = if text.starts_with("#!") { text.find('\n').map_or(text.len(), |end| end + 1) } else { 0 };
        let (interpreter, rest) = text.split_at_checked(behind).unwrap_or(("", text));
        [interpreter, header, rest].concat()
    }
}
