//! Knows what can be wrong with PostgreSQL in its container: unreachable, another version, a database that is missing or
//! somebody else's, too many connections. Must not know how one logs in from elsewhere, nor SQLite.

use indexmap::IndexMap;
use serde_json::Value;

use super::container::Container;
use super::containers::Containers;
use super::docker::{Docker, Silence};
use super::finding::Finding;
use super::login::{Client, is_full};
use super::remedy::Remedies;
use crate::deployment::{self, OwnedDatabase, Server};
use crate::secret::Secret;
use crate::value::ServiceName;

pub(super) const UNREACHABLE: &str = "server-unreachable";
pub(super) const MISSING: &str = "database-missing";
pub(super) const CONNECTIONS: &str = "connections";
const OWNER: &str = "database-owner";
const VERSION: &str = "server-version";
const VOLUME: &str = "volume";

/// Of all connections, how many are worth a word: four fifths.
const NEARLY_FULL: (u64, u64) = (4, 5);

/// What the image and the server say where making the volume was cut off.
const CUT_OFF: [&str; 2] = ["could not find the database system", "exists but is not empty"];

/// The server's container, and what one may ask it.
pub(super) struct Asked<'a> {
    pub(super) server: &'a Server,
    pub(super) container: &'a deployment::Container,
    pub(super) containers: &'a Containers,
    pub(super) docker: &'a Docker,
    /// The passwords that stand in `.env` or beside it.
    pub(super) passwords: &'a IndexMap<String, Secret>,
    pub(super) remedies: &'a Remedies<'a>,
}

impl Asked<'_> {
    /// All that is asked of it.
    pub(super) fn findings(&self) -> Vec<Finding> {
        let found = self.containers.of(ServiceName::postgres().as_str());
        let Some(running) = found.filter(|found| found.stays()) else {
            return vec![self.stopped(found)];
        };
        let major = match self.query(running, "SELECT current_setting('server_version_num')::int / 10000") {
            Ok(major) => major,
            Err(silence) => return vec![self.silent(running, &silence)],
        };
        let mut found = vec![Finding::ok(UNREACHABLE, "the server answers"), self.version(major.trim())];
        match self.query(running, "SELECT datname, pg_get_userbyid(datdba) FROM pg_database") {
            Ok(listed) => found.extend(self.databases(running, &listed)),
            Err(silence) => found.push(Finding::unseen(MISSING, "the databases").shown_by(&silence.text())),
        }
        found.extend(self.connections(running));
        found
    }

    /// By the socket, as its superuser: this needs no password.
    fn query(&self, running: &Container, sql: &str) -> Result<String, Silence> {
        let user = self.server.user.as_str();
        let psql = ["psql", "-XAtq", "-F", "\t", "-w", "-U", user, "-d", "postgres", "-c", sql];
        self.docker.ask(&[&["exec", running.id()], psql.as_slice()].concat())
    }

    fn silent(&self, running: &Container, silence: &Silence) -> Finding {
        let text = silence.text();
        if is_full(&text) {
            return full(&text, self.remedies);
        }
        if running.health() == "starting" {
            return Finding::unseen(UNREACHABLE, "the server, which is still starting").shown_by(&text);
        }
        let message = "the server runs and does not answer";
        let restart = self.remedies.there("docker compose restart postgres");
        let log = running.log(self.docker);
        Finding::problem(UNREACHABLE, message, restart).shown_by(&format!("{log}\n{text}"))
    }

    /// A server that does not run may have been given a volume that it can't use.
    fn stopped(&self, stopped: Option<&Container>) -> Finding {
        let log = stopped.map(|stopped| stopped.log(self.docker)).unwrap_or_default();
        let volume = self.volume(stopped);
        let said = |words: &str| log.lines().rev().find(|line| line.contains(words));
        if let Some(line) = CUT_OFF.iter().find_map(|words| said(words)) {
            let volume = volume.unwrap_or_else(|| self.container.volume.to_string());
            let message = format!("the volume `{volume}` was not made to its end, or is damaged");
            let anew = self.remedies.there(&format!("docker compose down && docker volume rm {volume}"));
            let help = format!(
                "if the server never ran with it, there is nothing in it: `{anew} && docker compose up -d --wait`; else keep \
                 it, and restore a backup into another `postgres.volume`"
            );
            return Finding::problem(VOLUME, message, help).shown_by(line);
        }
        let wanted = self.container.major.to_string();
        let majors = volume.as_deref().map(|volume| self.majors(stopped, volume)).unwrap_or_default();
        match (volume, majors.last()) {
            (Some(volume), Some(other)) if !majors.contains(&wanted) => {
                let message = format!("the volume `{volume}` holds data of PostgreSQL {other}, the image is {wanted}");
                let help = format!(
                    "give the image version {other} again; then scripts/db/backup.sh, and restore.sh into a new \
                     `postgres.volume`, bring the data over"
                );
                Finding::problem(VERSION, message, help).shown_by(said("initialized by").unwrap_or_default())
            }
            _ => Finding::problem(UNREACHABLE, "the server does not run", self.remedies.up()).shown_by(&log),
        }
    }

    /// The name that Docker has for the volume of the data.
    fn volume(&self, stopped: Option<&Container>) -> Option<String> {
        if let Some(stopped) = stopped {
            return stopped.volume_at(self.container.data_folder()).map(str::to_owned);
        }
        let config = self.docker.ask(&["compose", "config", "--format", "json"]).ok()?;
        let config: Value = serde_json::from_str(&config).ok()?;
        Some(config.get("volumes")?.get(self.container.volume.as_str())?.get("name")?.as_str()?.to_owned())
    }

    /// The major versions whose data a volume holds; none where nobody can tell. A volume that is not there must not be
    /// named to `docker run`, which would make it.
    fn majors(&self, stopped: Option<&Container>, volume: &str) -> Vec<String> {
        let known = self.docker.ask(&["volume", "inspect", "--format", "{{.Name}}", volume]);
        if known.is_err() {
            return Vec::new();
        }
        let folder = self.container.data_folder();
        let mount = format!("type=volume,src={volume},dst={folder},readonly,volume-nocopy");
        let image = stopped.map_or_else(|| self.container.image.to_string(), |stopped| stopped.image().to_owned());
        let run = ["run", "--rm", "--pull", "never", "--network", "none", "--log-driver", "none", "--user", "0"];
        let script = format!("cat {folder}/PG_VERSION {folder}/*/docker/PG_VERSION 2>/dev/null; true");
        let look = ["--mount", &mount, "--entrypoint", "sh", &image, "-c", &script];
        let said = self.docker.ask(&[run.as_slice(), &look].concat()).unwrap_or_default();
        said.split_whitespace().map(str::to_owned).collect()
    }

    fn version(&self, major: &str) -> Finding {
        let wanted = self.container.major.to_string();
        if major == wanted {
            return Finding::ok(VERSION, format!("the server is PostgreSQL {major}, as the profile says"));
        }
        let message =
            format!("the server is PostgreSQL {major}, the profile says {wanted}, which does not start on its data");
        let help = format!(
            "write `version: {major}` with an image of it in the `postgres` section; or bring the data over: \
             scripts/db/backup.sh now, and restore.sh into a new `postgres.volume`"
        );
        Finding::problem(VERSION, message, help)
    }

    /// Whether each database is there, belongs to who logs in to it, and lets him in.
    fn databases(&self, running: &Container, listed: &str) -> Vec<Finding> {
        let owners: Vec<_> = listed.lines().filter_map(|line| line.split_once('\t')).collect();
        let image = running.image();
        let client = running.network().map(|network| {
            // the image has a volume of its own for data, which Docker would make for the client as well
            Client::new(image, &["--network", network, "--tmpfs", self.container.data_folder()], "postgres", "5432")
        });
        let owner = |name: &str| owners.iter().find(|(known, _)| *known == name).map(|found| found.1);
        let databases = self.server.databases.iter();
        databases.flat_map(|database| self.database(database, owner(database.name.as_str()), client.as_ref())).collect()
    }

    fn database(&self, database: &OwnedDatabase, owner: Option<&str>, client: Option<&Client<'_>>) -> Vec<Finding> {
        let (name, role) = (database.name.as_str(), database.owner.role.as_str());
        match owner {
            None => {
                let message = format!("the database `{name}` does not exist");
                vec![Finding::problem(MISSING, message, self.remedies.align_for(name))]
            }
            // where each service has a role of its own, he may not even connect then
            Some(owner) if owner != role => {
                let message = format!("the database `{name}` belongs to `{owner}`, not to `{role}`");
                vec![Finding::problem(OWNER, message, self.remedies.align_for(name))]
            }
            Some(_) => {
                let login = match client {
                    Some(client) => client.log_in(database, self.passwords, self.docker, self.remedies),
                    None => Finding::unseen(UNREACHABLE, "the server from elsewhere: it is on no network"),
                };
                vec![Finding::ok(MISSING, format!("the database `{name}` belongs to `{role}`")), login]
            }
        }
    }

    fn connections(&self, running: &Container) -> Option<Finding> {
        let sql = "SELECT count(*), current_setting('max_connections') FROM pg_stat_activity \
                   WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
        let counted = self.query(running, sql).ok()?;
        let (used, most) = counted.trim().split_once('\t')?;
        let (used, most): (u64, u64) = (used.parse().ok()?, most.parse().ok()?);
        let message = format!("{used} of {most} connections are used");
        let (part, whole) = NEARLY_FULL;
        let is_nearly_full = used.saturating_mul(whole) >= most.saturating_mul(part);
        Some(if is_nearly_full {
            Finding::warning(CONNECTIONS, message, self.remedies.more_connections())
        } else {
            Finding::ok(CONNECTIONS, message)
        })
    }
}

/// That nobody gets another connection.
pub(super) fn full(said: &str, remedies: &Remedies<'_>) -> Finding {
    Finding::problem(CONNECTIONS, "all connections of the server are used", remedies.more_connections()).shown_by(said)
}
