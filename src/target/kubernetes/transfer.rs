//! Knows how data comes to another server, as messages say it. Must not know which change asks for it.

use std::fmt::Display;

/// How the data comes to a server that can't have the volume of the old one.
pub(super) const TO_ANOTHER_VOLUME: &str = "`scripts/db/backup.sh` while the old server still runs; then another \
                                            `postgres.volume`, and `scripts/db/restore.sh` there";

/// What is left where the wanted server is older than the data.
pub(super) fn keep_major(before: impl Display) -> String {
    format!("keep PostgreSQL {before}: no older one restores its backups")
}
