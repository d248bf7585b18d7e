//! Knows what can be wrong with PostgreSQL in its container: unreachable, another version, a database that is missing or
//! somebody else's. Must not know how one logs in from elsewhere, what is taken of the server, nor SQLite.

use super::connections::{CONNECTIONS, MISSING, REFUSED, UNREACHABLE, full, is_full};
use super::container::Container;
use super::databases::Owners;
use super::docker::Silence;
use super::living::Living;
use super::login::Client;
use super::session::{DATABASE, Session};
use super::volume::{Volume, version};
use super::{collation, disk, load, preparing, rights};
use crate::deployment::{self, OwnedDatabase, Server};
use crate::report::{Condition, Finding};
use crate::value::{Access, ServiceName};

/// The server's container, and what one may ask it.
struct Asked<'a> {
    server: &'a Server,
    container: &'a deployment::Container,
    living: &'a Living<'a>,
}

/// All that is asked of a server in its container.
pub(super) fn findings(living: &Living<'_>) -> Vec<Finding> {
    let contained = living.subject.deployment.contained_server();
    contained.map(|(server, container)| Asked { server, container, living }.findings()).unwrap_or_default()
}

impl Asked<'_> {
    fn findings(&self) -> Vec<Finding> {
        let found = self.living.containers.of(ServiceName::postgres().as_str());
        let Some(running) = found.filter(|found| found.stays()) else {
            return vec![self.volume(found).stopped()];
        };
        if let Some(work) = preparing::still(running, self.living.docker) {
            // what is half made while a volume is made is damage behind it
            let damage = (work == preparing::RECOVERING).then(|| self.volume(Some(running)).damage()).flatten();
            return vec![damage.unwrap_or_else(|| preparing::finding(UNREACHABLE, work, self.living.remedies))];
        }
        let session = self.session(running);
        let major = match session.major() {
            Ok(major) => major,
            Err(silence) => return vec![self.silent(running, &silence)],
        };
        let mut found = vec![Finding::ok(UNREACHABLE, "the server answers"), version(major, self.container.major)];
        let taken = load::taken(&session, self.living.remedies);
        match Owners::ask(&session) {
            Ok(owners) => found.extend(self.databases(running, &owners)),
            Err(silence) => found.push(Finding::unseen(MISSING, "the databases").shown_by(&silence.text())),
        }
        let is_full = |finding: &Finding| finding.check == CONNECTIONS && finding.verdict == Condition::Problem;
        if taken.iter().any(is_full) {
            // who has them is known, and each login would tell it again
            found.retain(|finding| !is_full(finding));
        }
        found.extend(taken);
        found.extend(collation::outdated(&session, self.living.remedies));
        found.push(disk::left(&session, self.living.remedies));
        if self.server.access == Access::PerService {
            found.extend(rights::excessive(self.server, &session, self.living.remedies));
        }
        found
    }

    fn volume<'v>(&'v self, of: Option<&'v Container>) -> Volume<'v> {
        Volume { container: self.container, of, docker: self.living.docker, remedies: self.living.remedies }
    }

    fn session<'s>(&'s self, running: &'s Container) -> Session<'s> {
        let docker = self.living.docker;
        let inside = move |variables: &[&str], program: &[&str]| {
            let variables = variables.iter().flat_map(|variable| ["-e", *variable]).chain([running.id()]);
            docker.ask_inside(&variables.chain(program.iter().copied()).collect::<Vec<_>>())
        };
        Session::new(Box::new(inside), self.server.user.as_str())
    }

    fn silent(&self, running: &Container, silence: &Silence) -> Finding {
        let text = silence.text();
        if is_full(&text) {
            let holders = load::holders(self.server, running, self.living.docker);
            return full(&format!("{holders}\n{text}"), self.living.remedies);
        }
        let volume = self.volume(Some(running));
        let user = self.server.user.as_str();
        for what in [("role", user), ("database", DATABASE)] {
            let (kind, name) = what;
            if text.starts_with("psql: error") && text.contains(&format!("{kind} \"{name}\" does not exist")) {
                return volume.lacks(&format!("{kind} `{name}`"), &text);
            }
        }
        if ["no password supplied", "password authentication failed"].iter().any(|words| text.contains(words)) {
            let message = format!("the server refuses the password of `{user}` that its container has");
            let help = "with `local_auth: password` the server has the old one: give it the new one with `scripts/db/psql.sh \
                        --superuser postgres -c '\\password'` while the old one is in .env, then change it there";
            return Finding::problem(REFUSED, message, help).shown_by(&text);
        }
        if let Some(damage) = volume.damage() {
            return damage;
        }
        if running.health() == "starting" {
            return Finding::unseen(UNREACHABLE, "the server, which is still starting").shown_by(&text);
        }
        let message = "the server runs and does not answer";
        let restart = self.living.remedies.there("docker compose restart postgres");
        let log = running.log(self.living.docker);
        Finding::problem(UNREACHABLE, message, restart).shown_by(&format!("{log}\n{text}"))
    }

    /// Whether each database is there, belongs to who logs in to it, and lets him in.
    fn databases(&self, running: &Container, owners: &Owners) -> Vec<Finding> {
        let image = running.image();
        let client = running.network().map(|network| {
            // the image has a volume of its own for data, which Docker would make for the client as well
            Client::new(image, &["--network", network, "--tmpfs", self.container.data_folder()], "postgres", "5432")
        });
        self.server.databases.iter().flat_map(|database| self.database(database, owners, client.as_ref())).collect()
    }

    fn database(&self, database: &OwnedDatabase, owners: &Owners, client: Option<&Client<'_>>) -> Vec<Finding> {
        let Living { passwords, docker, remedies, .. } = *self.living;
        let owned = owners.judge(database, remedies);
        if owned.verdict != Condition::Ok {
            return vec![owned];
        }
        let logins = match client {
            Some(client) => client.log_in(database, passwords, docker, remedies),
            None => vec![Finding::unseen(UNREACHABLE, "the server from elsewhere: it is on no network")],
        };
        std::iter::once(owned).chain(logins).collect()
    }
}
