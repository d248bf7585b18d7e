//! Knows what can be wrong between the services and PostgreSQL: unreachable, another version, a database that is missing,
//! a password that is refused, too many connections. Must not know SQLite.

use indexmap::IndexMap;

use super::containers::{Containers, log};
use super::docker::{Docker, Silence};
use super::finding::Finding;
use crate::deployment::{Container, External, OwnedDatabase, Server};
use crate::secret::Secret;
use crate::value::{Choice as _, ServiceName};

/// Of all connections, how many are worth a word: four fifths.
const NEARLY_FULL: (u64, u64) = (4, 5);

const UNREACHABLE: &str = "server-unreachable";
const MISSING: &str = "database-missing";
const REFUSED: &str = "password-refused";
const VERSION: &str = "server-version";
const CUT_OFF_CHECK: &str = "volume";
const CONNECTIONS: &str = "connections";

/// What the image and the server say where making the volume was cut off.
const CUT_OFF: [&str; 2] = ["could not find the database system", "exists but is not empty"];

/// What brings the server in line.
const UP: &str = "docker compose up -d --wait";

/// The server's container, and what one may ask it.
pub(super) struct Asked<'a> {
    pub(super) server: &'a Server,
    pub(super) container: &'a Container,
    pub(super) containers: &'a Containers,
    /// The Compose project, as it runs.
    pub(super) project: &'a str,
    pub(super) docker: &'a Docker,
    /// The passwords that stand in `.env` or beside it.
    pub(super) passwords: &'a IndexMap<String, Secret>,
}

impl Asked<'_> {
    /// All that is asked of it.
    pub(super) fn findings(&self) -> Vec<Finding> {
        let name = ServiceName::postgres();
        let Some(id) =
            self.containers.of(name.as_str()).filter(|found| found.is_running()).map(super::containers::Container::id)
        else {
            return vec![self.stopped()];
        };
        let found = self.query("SELECT current_setting('server_version_num')::int / 10000");
        let major = match found {
            Ok(major) => major,
            Err(silence) => {
                let problem = Finding::problem(UNREACHABLE, "the server runs and does not answer", UP);
                return vec![problem.shown_by(&format!("{}\n{}", silence.text(), log(name.as_str(), self.docker)))];
            }
        };
        let mut found = vec![Finding::ok(UNREACHABLE, "the server answers"), self.version(major.trim())];
        found.extend(self.databases());
        found.extend(self.logins(id));
        found.extend(self.connections());
        found
    }

    /// By the socket, as its superuser: this needs no password.
    fn query(&self, sql: &str) -> Result<String, Silence> {
        let user = self.server.user.as_str();
        let name = ServiceName::postgres();
        let psql = ["psql", "-XAtq", "-F", "\t", "-w", "-U", user, "-d", "postgres", "-c", sql];
        self.docker.ask(&[&["compose", "exec", "-T", name.as_str()], psql.as_slice()].concat())
    }

    /// A server that does not run may have been given the data of another version.
    fn stopped(&self) -> Finding {
        let name = ServiceName::postgres();
        let log = log(name.as_str(), self.docker);
        let says = |words: &str| log.lines().rev().find(|line| line.contains(words));
        if let Some(line) = CUT_OFF.iter().find_map(|words| says(words)) {
            let message = format!("the volume `{}` was not made to its end, or is damaged", self.container.volume);
            let help = format!(
                "if the server never ran with it, there is nothing in it: `docker compose down && docker volume rm \
                 {}_{}`, then `{UP}`; else keep it, and restore a backup into another `postgres.volume`",
                self.project, self.container.volume
            );
            return Finding::problem(CUT_OFF_CHECK, message, help).shown_by(line);
        }
        match says("initialized by PostgreSQL version") {
            Some(line) => {
                let message = format!("the volume `{}` holds data of another major version", self.container.volume);
                let help = "give the image its old version again; scripts/db/backup.sh there, and restore.sh into a new \
                            `postgres.volume`, bring the data over";
                Finding::problem(VERSION, message, help).shown_by(line)
            }
            None => Finding::problem(UNREACHABLE, "the server does not run", UP).shown_by(&log),
        }
    }

    fn version(&self, major: &str) -> Finding {
        let wanted = self.container.major.to_string();
        if major == wanted {
            return Finding::ok(VERSION, format!("the server is PostgreSQL {major}, as the image says"));
        }
        let message = format!("the server is PostgreSQL {major}, the profile says {wanted}");
        Finding::problem(VERSION, message, UP)
    }

    /// Whether each database is there, and belongs to who logs in to it.
    fn databases(&self) -> Vec<Finding> {
        let listed = match self.query("SELECT datname, pg_get_userbyid(datdba) FROM pg_database") {
            Ok(listed) => listed,
            Err(silence) => return vec![Finding::unseen(MISSING, "the databases").shown_by(&silence.text())],
        };
        let owner = |name: &str| {
            listed
                .lines()
                .filter_map(|line| line.split_once('\t'))
                .find(|(known, _)| *known == name)
                .map(|found| found.1)
        };
        let finding = |database: &OwnedDatabase| {
            let (name, role) = (database.name.as_str(), database.owner.role.as_str());
            match owner(name) {
                None => Finding::problem(MISSING, format!("the database `{name}` does not exist"), UP),
                Some(found) if found == role => {
                    Finding::ok(MISSING, format!("the database `{name}` belongs to `{role}`"))
                }
                Some(found) => Finding::problem(
                    MISSING,
                    format!("the database `{name}` belongs to `{found}`, not to `{role}`"),
                    UP,
                ),
            }
        };
        self.server.databases.iter().map(finding).collect()
    }

    /// Whether each role logs in with the password of `.env`, from another container as a service does.
    fn logins(&self, id: &str) -> Vec<Finding> {
        let networks = ["inspect", "--format", "{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}", id];
        let networks = self.docker.ask(&networks).unwrap_or_default();
        let database_network = networks.split_whitespace().find(|name| name.ends_with("_database"));
        let Some(network) = database_network.or_else(|| networks.split_whitespace().next()) else {
            return vec![Finding::unseen(REFUSED, "whether services can log in: the server is on no network")];
        };
        let image = self.container.image.to_string();
        let name = ServiceName::postgres();
        let client = ["--network", network, "--entrypoint", "psql", &image, "-h", name.as_str()];
        self.server.databases.iter().map(|database| self.login(database, &client)).collect()
    }

    fn login(&self, database: &OwnedDatabase, client: &[&str]) -> Finding {
        log_in(database, self.passwords, client, self.docker)
    }

    fn connections(&self) -> Option<Finding> {
        let sql = "SELECT count(*), current_setting('max_connections') FROM pg_stat_activity \
                   WHERE backend_type = 'client backend'";
        let counted = self.query(sql).ok()?;
        let (used, most) = counted.trim().split_once('\t')?;
        let (used, most): (u64, u64) = (used.parse().ok()?, most.parse().ok()?);
        let message = format!("{used} of {most} connections are used");
        let (part, whole) = NEARLY_FULL;
        Some(if used.saturating_mul(whole) >= most.saturating_mul(part) {
            let help =
                "write `settings: { max_connections: … }` in the `postgres` section, or smaller pools in the services";
            Finding::warning(CONNECTIONS, message, help)
        } else {
            Finding::ok(CONNECTIONS, message)
        })
    }
}

/// Whether the roles log in to a server elsewhere.
pub(super) fn external(
    server: &Server,
    external: &External,
    passwords: &IndexMap<String, Secret>,
    docker: &Docker,
) -> Vec<Finding> {
    let Some(image) = &external.client else {
        let message = "the external server: the profile names no image with psql";
        let help = Some("write `image: postgres:16-alpine` in the `postgres` section".to_owned());
        return vec![Finding { help, ..Finding::unseen(UNREACHABLE, message) }];
    };
    let image = image.to_string();
    let mode = format!("PGSSLMODE={}", if external.tls.mode().as_str() == "disable" { "disable" } else { "require" });
    let port = external.port.to_string();
    let client = ["-e", &mode, "--entrypoint", "psql", &image, "-h", &external.host, "-p", &port];
    server.databases.iter().map(|database| log_in(database, passwords, &client, docker)).collect()
}

fn log_in(database: &OwnedDatabase, passwords: &IndexMap<String, Secret>, client: &[&str], docker: &Docker) -> Finding {
    let (name, role, variable) = (database.name.as_str(), database.owner.role.as_str(), &database.owner.password);
    let Some(password) = passwords.get(variable.as_str()) else {
        return Finding::unseen(REFUSED, format!("whether `{role}` can log in: `{variable}` is not in .env"));
    };
    let before = ["run", "--rm", "-e", "PGPASSWORD", "-e", "PGCONNECT_TIMEOUT=10"];
    let behind = ["-U", role, "-d", name, "-XAtqw", "-c", "SELECT 1"];
    let said = password.lend(|password| {
        docker.ask_with(&[before.as_slice(), client, behind.as_slice()].concat(), Some(("PGPASSWORD", password)))
    });
    let complaint = match said {
        Ok(_) => return Finding::ok(REFUSED, format!("`{role}` logs in to `{name}` with the password of .env")),
        Err(silence) => silence.text(),
    };
    let problem = if complaint.contains("password authentication failed") {
        Finding::problem(REFUSED, format!("the server refuses the password of `{role}` that .env has"), UP)
    } else if complaint.contains("pg_hba.conf") {
        let help = "the first start of the server was cut off; `docker compose logs postgres-ensure` says how to go on";
        Finding::problem(REFUSED, format!("the server lets `{role}` not in from other containers"), help)
    } else if complaint.contains("does not exist") {
        Finding::problem(MISSING, format!("`{role}` finds no database `{name}`"), UP)
    } else if complaint.contains("could not") || complaint.contains("refused") || complaint.contains("timeout") {
        Finding::problem(UNREACHABLE, "the server can't be reached from another container", UP)
    } else {
        Finding::unseen(REFUSED, format!("whether `{role}` can log in to `{name}`"))
    };
    problem.shown_by(&complaint)
}
