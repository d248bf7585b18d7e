//! Knows what the scripts for backups and the like must know of the databases: names, files, places.
//! Must not know a password, nor what the scripts do.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use crate::deployment::{Certificates, Database, Deployment, External, ExternalTls, Host, Server, Service};
use crate::placement::Placement;
use crate::render::{Dialect, Header, Output, Template};
use crate::value::{Choice as _, Rights, Runs, ServiceName};

/// The file.
pub(super) const OUTPUT: Output = Output::text("scripts/db/databases.sh");

/// Its text.
pub(super) const TEXT: Template = Template(include_str!("../../templates/scripts/db/databases.sh.j2"), Dialect::Shell);

/// Where the databases and services are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// On this machine.
    Here,
    /// In a cluster, where each object is found by its labels.
    Cluster,
}

#[derive(Serialize)]
pub(super) struct DatabasesView {
    #[serde(flatten)]
    header: Header,
    services: Vec<ServiceView>,
    /// Those whose databases are nobody else's to back up.
    own: Vec<String>,
    /// The others: jobs, each with the database of another service.
    jobs: Vec<String>,
    server: Option<ServerView>,
    cluster: Option<ClusterView>,
}

/// What else is to be known where all of it is in a cluster.
#[derive(Serialize)]
struct ClusterView {
    project: String,
    pull_secrets: Vec<String>,
}

#[derive(Serialize)]
struct ServiceView {
    name: String,
    engine: &'static str,
    sqlite_file: Option<String>,
    data_folder: Option<String>,
    url_variable: Option<String>,
    database: Option<String>,
    role: Option<String>,
    password: Option<String>,
    /// The jobs that run on its database before it.
    jobs: Vec<String>,
    /// What else it and these wait for, but for the server.
    needs: Vec<String>,
}

#[derive(Serialize)]
struct ServerView {
    role: String,
    database: String,
    is_operated: bool,
    external: Option<ExternalView>,
}

#[derive(Serialize)]
struct ExternalView {
    host: String,
    port: u16,
    tls: &'static str,
    certificates: String,
    ca_secret: String,
    image: String,
}

/// The file's content; nothing where no service has a database.
pub(super) fn view(deployment: &Deployment, placement: &Placement, place: Place) -> Option<DatabasesView> {
    let all = all(deployment).filter(|(_, database)| owns(database));
    let services: Vec<_> = all.map(|(service, database)| service_view(service, database, deployment)).collect();
    let server = deployment.server.as_ref().map(|server| server_view(server, placement));
    let jobs = sharing_jobs(deployment);
    let names = services.iter().map(|service| service.name.clone());
    let (jobs, own) = names.partition(|name| jobs.contains(name.as_str()));
    let header = Header::new(deployment.stage, placement);
    let cluster = (place == Place::Cluster).then(|| cluster_view(deployment));
    (!services.is_empty()).then_some(DatabasesView { header, services, own, jobs, server, cluster })
}

/// Whether by the text of such a file a service has a SQLite file beside its database on the server.
#[must_use]
pub fn has_both(text: &str, service: &str) -> bool {
    let in_function = |name: &str| {
        let lines =
            text.lines().skip_while(move |line| *line != format!("{name}() {{")).take_while(|line| *line != "}");
        lines
            .filter_map(|line| line.trim_start().split_once(") echo "))
            .any(|(name, _)| name.trim_matches('\'') == service)
    };
    in_function("sqlite_file_of") && in_function("database_of")
}

/// Every database of every service.
fn all(deployment: &Deployment) -> impl Iterator<Item = (&Service, &Database)> {
    deployment.services.iter().flat_map(|service| service.databases().map(move |database| (service, database)))
}

/// The databases of jobs that belong to services that always run, as scripts name them.
fn sharing_jobs(deployment: &Deployment) -> HashSet<String> {
    let (jobs, others): (Vec<_>, Vec<_>) = all(deployment).partition(|(service, _)| service.runs.ends());
    let owned: HashSet<_> = others.into_iter().map(|(_, database)| database.kept_in.as_str()).collect();
    let shares = |(_, database): &(_, &Database)| owned.contains(database.kept_in.as_str());
    jobs.into_iter().filter(shares).map(|(job, database)| database.called(&job.name)).collect()
}

/// The jobs that a service waits for and that have this database of it, as scripts name them, the first to run first; and what
/// else all of them wait for.
fn before<'d>(
    service: &'d Service,
    database: &Database,
    deployment: &'d Deployment,
) -> (Vec<String>, Vec<&'d ServiceName>) {
    if service.runs.ends() {
        return Default::default();
    }
    let shared = |job: &'d Service| job.databases().find(|own| own.kept_in == database.kept_in);
    let sharing = deployment.services.iter().filter(|other| other.runs == Runs::Once);
    let sharing: HashMap<&ServiceName, (&Service, &Database)> =
        sharing.filter_map(|job| Some((&job.name, (job, shared(job)?)))).collect();
    let (mut jobs, mut needs): (Vec<&Service>, Vec<&ServiceName>) = Default::default();
    let mut left = vec![(service, false)];
    let mut seen = HashSet::new();
    while let Some((at, is_done)) = left.pop() {
        if is_done {
            jobs.push(at);
        } else if seen.insert(&at.name) {
            left.push((at, true));
            for (name, _) in at.depends_on.iter().rev() {
                match sharing.get(name) {
                    Some((job, _)) => left.push((*job, false)),
                    None if *name != ServiceName::postgres() && !needs.contains(&name) => needs.push(name),
                    None => {}
                }
            }
        }
    }
    jobs.retain(|job| job.name != service.name);
    let called = |job: &&Service| sharing.get(&job.name).map(|(job, own)| own.called(&job.name));
    if jobs.is_empty() { Default::default() } else { (jobs.iter().filter_map(called).collect(), needs) }
}

/// Whether a database is its service's to back up, to restore and to move: what that may only read or write is its owner's.
fn owns(database: &Database) -> bool {
    !database.is_on_server() || database.rights == Rights::Owner
}

fn service_view(service: &Service, database: &Database, deployment: &Deployment) -> ServiceView {
    let (jobs, needs) = before(service, database, deployment);
    let url = database.on_server();
    let data = service.mounts.first().filter(|_| service.has_data);
    ServiceView {
        name: database.called(&service.name),
        engine: database.url.engine().as_str(),
        sqlite_file: database.sqlite_file.as_ref().map(ToString::to_string),
        data_folder: data.map(|data| data.target.to_string()),
        url_variable: database.given.as_ref().map(|given| given.variable.to_string()),
        database: url.map(|url| url.database.to_string()),
        role: url.map(|url| url.login.role.to_string()),
        password: url.map(|url| url.login.password.to_string()),
        jobs,
        needs: needs.into_iter().map(ToString::to_string).collect(),
    }
}

fn server_view(server: &Server, placement: &Placement) -> ServerView {
    let is_operated = server.operated().is_some();
    let (database, external) = match &server.host {
        Host::Container(container) => (container.database.to_string(), None),
        Host::Operated(operated) => (operated.database.to_string(), None),
        Host::External(external) => (String::new(), Some(external_view(external, placement))),
    };
    ServerView { role: server.user.to_string(), database, is_operated, external }
}

fn cluster_view(deployment: &Deployment) -> ClusterView {
    let pull_secrets = deployment.image_pull_secrets.iter().map(ToString::to_string).collect();
    ClusterView { project: deployment.project.to_string(), pull_secrets }
}

fn external_view(external: &External, placement: &Placement) -> ExternalView {
    let External { host, port, tls, client } = external;
    let certificates = tls.certificates_file().map(|path| placement.from_out(path)).unwrap_or_default();
    let ca_secret = match tls {
        ExternalTls::VerifyFull(Some(Certificates::Secret(name))) => name.clone(),
        ExternalTls::VerifyFull(_) | ExternalTls::Require | ExternalTls::Disable => String::new(),
    };
    let image = client.as_ref().map(ToString::to_string).unwrap_or_default();
    ExternalView { host: host.clone(), port: port.get(), tls: tls.mode().as_str(), certificates, ca_secret, image }
}
