//! Knows which backups of the server are made, and how the server waits for them. Must not know what makes them.

use super::Variable;
use crate::value::{
    Bucket, DatabaseName, Days, EnvironmentKey, HostPath, MountSource, MountedPath, RoleName, S3Endpoint, S3Region,
    SecretRule, ServiceName, Statement, TimeOfDay,
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
    pub to: Destination,
    /// When one is made each day, in UTC.
    pub daily_at: TimeOfDay,
    /// How long one can go back.
    pub keep: Days,
    /// The secret that they are encrypted by.
    pub key: Option<EnvironmentKey>,
    /// What a drill asks.
    pub checks: Vec<BackupCheck>,
    /// Where it is told that they fail.
    pub webhook: Option<Variable>,
    /// The line for a shell that is run where they fail.
    pub command: Option<String>,
}

/// Where backups stand.
#[derive(Debug, Clone)]
pub enum Destination {
    /// In a folder of the host that the profile names, or a volume.
    Mounted(MountSource),
    /// In a bucket.
    S3(S3),
}

/// A bucket of an S3 server.
#[derive(Debug, Clone)]
pub struct S3 {
    /// The bucket.
    pub bucket: Bucket,
    /// Where the server is.
    pub endpoint: S3Endpoint,
    /// What it calls its place.
    pub region: S3Region,
    /// Whether the bucket is a part of the path.
    pub path_style: bool,
    /// The certificates that the server's one is verified by.
    pub ca: Option<MountedPath>,
    /// Whether it is verified.
    pub verify_tls: bool,
}

impl Backups {
    /// What of the host is mounted for them.
    #[must_use]
    pub fn mounted(&self) -> Option<&MountSource> {
        match &self.to {
            Destination::Mounted(source) => Some(source),
            Destination::S3(_) => None,
        }
    }

    /// The bucket that they go to.
    #[must_use]
    pub fn s3(&self) -> Option<&S3> {
        match &self.to {
            Destination::Mounted(_) => None,
            Destination::S3(s3) => Some(s3),
        }
    }

    /// Whether their container needs a network: for a bucket, or to tell somebody.
    #[must_use]
    pub fn reaches_out(&self) -> bool {
        self.s3().is_some() || self.webhook.is_some() || self.command.is_some()
    }

    /// The secrets that are for their container alone.
    #[must_use]
    pub fn secrets(&self) -> Vec<(EnvironmentKey, SecretRule)> {
        let key = self.key.clone().map(|key| (key, SecretRule::Generate));
        let of_s3 = self.s3().map(|_| EnvironmentKey::backup_s3().map(|name| (name, SecretRule::Required)));
        key.into_iter().chain(of_s3.into_iter().flatten()).collect()
    }
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
