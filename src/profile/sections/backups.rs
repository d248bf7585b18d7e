//! Knows how a profile describes the backups of its server. Must not know the server.

use super::super::command::CheckCommand;
use super::super::form::Value;
use super::super::leaf::Named;
use super::super::record::record;
use crate::value::{BackupPlace, Days, MountedPath, S3Endpoint, S3Region, ServiceName, Statement, TimeOfDay};

record! {
    /// Backups that are made by themselves, with every second between them, and proved by drills. They cover the PostgreSQL
    /// server of the deployment on Docker Compose, by pgBackRest in a container beside it; where a service keeps its data
    /// in a SQLite file, or the server is external, the section is a fault.
    merged Backups = "the backups" {
        /// Where they stand: a folder of the host such as `./backups`, relative to the project's root, in which a folder
        /// `pgbackrest` is made, and which may be another machine's disk; a named volume; or a bucket of an S3 server, or a
        /// folder in it: `s3://backups/shop`.
        to: BackupPlace,
        /// The S3 server of a bucket. Who owns it there, the secrets `BACKUP_S3_KEY_ID` and `BACKUP_S3_SECRET` say, which
        /// somebody has to give.
        s3: S3Server,
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
        /// Who is told when backups, the archive or a drill fail, once a day while they do, and when they go well again.
        on_failure: OnFailure,
    }
}

record! {
    /// An S3 server, which is always asked by TLS.
    merged S3Server = "an S3 server" {
        /// Its host, with a port where it is not 443.
        endpoint: S3Endpoint,
        /// Its region; a server without regions takes any.
        region: S3Region = S3Region::usual(),
        /// Whether the bucket stands in the path of a URL, not in the name of the host: most servers of one's own want that.
        path_style: bool = false,
        /// A file with the certificates that the server's one is verified by, relative to the project's root. Without one
        /// it is those of the image.
        ca: MountedPath,
        /// Whether its certificate is verified. Without that, who stands between gets the backups, and the key to them.
        verify_tls: bool = true,
    }
}

record! {
    /// Who is told when backups fail.
    merged OnFailure = "what is told of a failure" {
        /// A URL to which a JSON document is posted, with what went wrong as `text` and `content`, as chats take it. One
        /// that only we should know is a secret: `{ secret: NAME }`.
        webhook: Value,
        /// A command that is run in the container of the backups, with what went wrong in the variable `BACKUP_MESSAGE`: a
        /// text for its shell, or the list of its words.
        command: CheckCommand,
    }
}
