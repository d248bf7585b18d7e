//! Knows how a profile describes the backups of its server. Must not know the server.

use super::super::leaf::Named;
use super::super::record::record;
use crate::value::{DataPlace, Days, ServiceName, Statement, TimeOfDay};

record! {
    /// Backups that are made by themselves, with every second between them, and proved by drills. They cover the PostgreSQL
    /// server of the deployment on Docker Compose, by pgBackRest in a container beside it; where a service keeps its data
    /// in a SQLite file, or the server is external, the section is a fault.
    merged Backups = "the backups" {
        /// Where they stand: a folder of the host such as `./backups`, relative to the project's root, in which a folder
        /// `pgbackrest` is made; or a named volume. A folder may be one where another machine's disk is mounted.
        to: DataPlace,
        /// When one is made each day, in UTC. What the server writes between is there within seconds, all the time.
        daily_at: TimeOfDay = TimeOfDay::at_night(),
        /// How long one can go back, at the least.
        keep: Days = Days::two_weeks(),
        /// Whether they are encrypted, by the secret `BACKUP_KEY` of the deployment. Without that key nobody can restore
        /// them: it must also be kept away from this host. It can't be changed for backups that are there.
        encrypt: bool = false,
        /// What a drill asks of a restored database, by services: a `SELECT` that answers `t` where the data is right. It
        /// runs as the role of the service.
        drill: Named<ServiceName, Statement>,
    }
}
