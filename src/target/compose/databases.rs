//! Knows what the scripts for backups and the like must know of the databases: names, files, places.
//! Must not know a password, nor what the scripts do.

use serde::Serialize;

use crate::deployment::{Deployment, External, Host, Server, Service};
use crate::placement::Placement;
use crate::render::Header;
use crate::url::ConnectionUrl;
use crate::value::{Choice as _, Rights};

#[derive(Serialize)]
pub(super) struct DatabasesView {
    #[serde(flatten)]
    header: Header,
    services: Vec<ServiceView>,
    server: Option<ServerView>,
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
}

#[derive(Serialize)]
struct ServerView {
    role: String,
    database: String,
    external: Option<ExternalView>,
}

#[derive(Serialize)]
struct ExternalView {
    host: String,
    port: u16,
    tls: &'static str,
    certificates: String,
    image: String,
}

/// The file's content; nothing where no service has a database.
pub(super) fn view(deployment: &Deployment, placement: &Placement) -> Option<DatabasesView> {
    let services: Vec<_> =
        deployment.services.iter().filter(|service| owns(service)).filter_map(service_view).collect();
    let server = deployment.server.as_ref().map(|server| server_view(server, placement));
    (!services.is_empty()).then(|| DatabasesView { header: Header::new(deployment.stage, placement), services, server })
}

/// Whether a database is this service's to back up, to restore and to move: what it may only read or write is its owner's.
fn owns(service: &Service) -> bool {
    !service.uses_postgres() || service.database.as_ref().is_some_and(|database| database.rights == Rights::Owner)
}

fn service_view(service: &Service) -> Option<ServiceView> {
    let database = service.database.as_ref()?;
    let url = match &database.url {
        ConnectionUrl::Postgres(url) => Some(url),
        ConnectionUrl::Sqlite(_) => None,
    };
    let data = service.mounts.first().filter(|_| service.has_data);
    Some(ServiceView {
        name: service.name.to_string(),
        engine: database.url.engine().as_str(),
        sqlite_file: database.sqlite_file.as_ref().map(ToString::to_string),
        data_folder: data.map(|data| data.target.to_string()),
        url_variable: database.given.as_ref().map(|given| given.variable.to_string()),
        database: url.map(|url| url.database.to_string()),
        role: url.map(|url| url.login.role.to_string()),
        password: url.map(|url| url.login.password.to_string()),
    })
}

fn server_view(server: &Server, placement: &Placement) -> ServerView {
    let (database, external) = match &server.host {
        Host::Container(container) => (container.database.to_string(), None),
        Host::Operated(operated) => (operated.database.to_string(), None),
        Host::External(external) => (String::new(), Some(external_view(external, placement))),
    };
    ServerView { role: server.user.to_string(), database, external }
}

fn external_view(external: &External, placement: &Placement) -> ExternalView {
    let External { host, port, tls, client } = external;
    let certificates = tls.certificates_file().map(|path| placement.from_out(path)).unwrap_or_default();
    let image = client.as_ref().map(ToString::to_string).unwrap_or_default();
    ExternalView { host: host.clone(), port: port.get(), tls: tls.mode().as_str(), certificates, image }
}
