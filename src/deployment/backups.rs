//! Knows which backups of the server are made, and how the server waits for them. Must not know what makes them.

use crate::value::{
    DatabaseName, Days, EnvironmentKey, HostPath, MountSource, RoleName, ServiceName, Statement, TimeOfDay,
};

/// What the server runs for each segment of what it writes: it waits for the mark that the segment is at the destination, as
/// long as somebody brings it there. Until then it keeps the segment. pgBackRest refuses a command without its name.
pub const ARCHIVE_COMMAND: &str = "d=/var/run/postgresql/pgbackrest; i=0; until rm \"$d/%f\" 2>/dev/null; do i=$((i+1)); \
     [ -e \"$d/alive\" ] && [ \"$i\" -lt 100 ] || exit 1; sleep 0.1; done";

/// Where the destination stands in the container that makes them.
pub const REPOSITORY: &str = "/var/lib/pgbackrest";

/// The volume itself that a profile names, or a folder below the one that it names, in which there may be other backups.
#[must_use]
pub fn destination(to: &MountSource) -> MountSource {
    match to {
        MountSource::Volume(_) => to.clone(),
        MountSource::Bind(path) => MountSource::Bind(HostPath::below(path, "pgbackrest")),
    }
}

/// Backups of the server that are made by themselves.
#[derive(Debug, Clone)]
pub struct Backups {
    /// Where they stand.
    pub to: MountSource,
    /// When one is made each day, in UTC.
    pub daily_at: TimeOfDay,
    /// How long one can go back.
    pub keep: Days,
    /// The secret that they are encrypted by.
    pub key: Option<EnvironmentKey>,
    /// What a drill asks.
    pub checks: Vec<BackupCheck>,
}

/// What a drill asks of the database of a service.
#[derive(Debug, Clone)]
pub struct BackupCheck {
    /// The service.
    pub service: ServiceName,
    /// As whom.
    pub role: RoleName,
    /// Where.
    pub database: DatabaseName,
    /// What must answer `t`.
    pub statement: Statement,
}
