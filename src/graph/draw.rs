//! Knows which nodes and edges a deployment has. Must not know any language of drawings.

use super::board::Board;
use super::{Graph, Id, Kind, Relation};
use crate::deployment::{
    Backups, Container, Deployment, Host, Program, PublishedPort, REPOSITORY, SOCKET_FOLDER, Server, Service,
    destination,
};
use crate::target::{Target, compose::Extras};
use crate::url::{ConnectionUrl, SqliteUrl};
use crate::value::{ContainerPath, Mount, MountSource, ServiceName, StartCondition, VolumeName};

impl Graph {
    /// Draws a deployment; the same one always gives the same graph.
    #[must_use]
    pub fn of(deployment: &Deployment, extras: &Extras) -> Self {
        let mut board = Board::default();
        for service in &deployment.services {
            draw_service(service, deployment, extras, &mut board);
        }
        if let Some(server) = &deployment.server {
            draw_server(server, deployment, extras, &mut board);
        }
        for service in &deployment.services {
            draw_relations(service, deployment, &mut board);
        }
        if let Some((_, container)) = deployment.contained_server() {
            draw_container_relations(container, deployment, &mut board);
        }
        board.finish(deployment.project.as_str())
    }
}

fn draw_service(service: &Service, deployment: &Deployment, extras: &Extras, board: &mut Board) {
    let program = match &service.program {
        Program::Image(image) | Program::BuiltAs(_, image) => image_text(&image.to_string()),
        Program::Built(build) => format!("built from {}", build.context),
    };
    let replicas = service.replicas.map(|replicas| format!("{} {}", replicas.get(), deployment.target.replicas()));
    let lines: Vec<_> = [service.name.as_str(), &program].into_iter().chain(replicas.as_deref()).collect();
    let group = deployment.target.group_of_service(service, deployment, extras);
    board.member(Kind::Service, service.name.as_str(), &lines, group);
}

/// An image; its digest as short as Docker shows it.
fn image_text(text: &str) -> String {
    const SHOWN: usize = 12;
    match text.split_once("@sha256:") {
        Some((name, digest)) => format!("{name}@sha256:{}…", digest.get(..SHOWN).unwrap_or(digest)),
        None => text.to_owned(),
    }
}

/// The server with its databases.
fn draw_server(server: &Server, deployment: &Deployment, extras: &Extras, board: &mut Board) {
    let (id, group) = match &server.host {
        Host::Container(container) => {
            let group = deployment.target.group_of_server(deployment, extras);
            let name = ServiceName::postgres();
            let lines = [name.as_str(), &image_text(&container.image.to_string())];
            (board.member(Kind::Service, name.as_str(), &lines, group.clone()), group)
        }
        Host::Operated(operated) => {
            let name = ServiceName::postgres();
            let instances = format!("{} servers", operated.instances);
            let lines = [name.as_str(), &image_text(&operated.image.to_string()), &instances];
            let group = deployment.target.group_of_server(deployment, extras);
            (board.member(Kind::Service, name.as_str(), &lines, group.clone()), group)
        }
        Host::External(external) => {
            let lines = [&format!("{}:{}", external.host, external.port), "outside of the deployment"];
            (board.node(Kind::ExternalServer, &external.host, &lines), None)
        }
    };
    for database in &server.databases {
        let name = database.name.as_str();
        let database = board.member(Kind::Database, name, &[name, "PostgreSQL"], group.clone());
        board.edge(&database, &id, Relation::IsOn);
    }
    if let Some(name) = server.container().and_then(|container| deployment.target.ensured_by(container)) {
        board.node(Kind::Service, name.as_str(), &[name.as_str(), "brings databases in line", "at every start"]);
    }
}

/// What a service has to do with everything else.
fn draw_relations(service: &Service, deployment: &Deployment, board: &mut Board) {
    let id = drawn(&service.name, board);
    if let Some(port) = &service.publish {
        draw_port(port, &id, deployment.target, board);
    }
    let files = draw_databases(service, &id, board);
    for mount in &service.mounts {
        // the way from a service to the folder of its SQLite files leads through these
        let kept: Vec<_> = files.iter().filter(|(_, kept)| *kept == mount).map(|(file, _)| file).collect();
        let from = if kept.is_empty() { vec![&id] } else { kept };
        for from in from {
            draw_mount(mount, from, deployment.target, board);
        }
    }
    for (name, condition) in deployment.target.waits_for(deployment, service) {
        let other = drawn(&name, board);
        board.edge(&id, &other, Relation::WaitsFor(condition));
    }
}

fn drawn(name: &ServiceName, board: &mut Board) -> Id {
    board.node(Kind::Service, name.as_str(), &[name.as_str()])
}

/// Leads a service to its databases. A SQLite file comes back with the mount that it is kept in.
fn draw_databases<'s>(service: &'s Service, id: &Id, board: &mut Board) -> Vec<(Id, &'s Mount)> {
    let mut files = Vec::new();
    for database in service.databases() {
        let drawn = match &database.url {
            ConnectionUrl::Postgres(url) => {
                let name = url.database.as_str();
                board.node(Kind::Database, name, &[name, "PostgreSQL"])
            }
            ConnectionUrl::Sqlite(SqliteUrl { file, .. }) => {
                let kept = service.mounts.iter().find(|mount| mount.target.strip(file).is_some());
                let file = draw_sqlite_file(file, kept, board);
                files.extend(kept.map(|kept| (file.clone(), kept)));
                file
            }
        };
        board.edge(id, &drawn, Relation::Uses);
    }
    files
}

/// Services that open the same file of the same mount share it.
fn draw_sqlite_file(file: &ContainerPath, kept: Option<&Mount>, board: &mut Board) -> Id {
    let place = kept.and_then(|mount| Some(format!("{}/{}", source(mount), mount.target.strip(file)?)));
    let place = place.unwrap_or_else(|| file.to_string());
    board.node(Kind::SqliteFile, &place, &[file.as_str(), "SQLite"])
}

fn source(mount: &Mount) -> &str {
    match &mount.source {
        MountSource::Volume(name) => name.as_str(),
        MountSource::Bind(path) => path.as_str(),
    }
}

fn draw_mount(mount: &Mount, from: &Id, on: Target, board: &mut Board) {
    let to = draw_source(&mount.source, on, board);
    let mode = if mount.read_only { ":ro" } else { "" };
    board.edge(from, &to, Relation::Mounts(format!("{}{mode}", mount.target)));
}

fn draw_source(source: &MountSource, on: Target, board: &mut Board) -> Id {
    match source {
        MountSource::Volume(name) => draw_volume(name, board),
        MountSource::Bind(path) => {
            let whose = if on.runs_here() { "on the host" } else { "a file of the project" };
            board.node(Kind::HostPath, path.as_str(), &[path.as_str(), whose])
        }
    }
}

fn draw_volume(name: &VolumeName, board: &mut Board) -> Id {
    board.node(Kind::Volume, name.as_str(), &[name.as_str(), "volume"])
}

fn draw_port(port: &PublishedPort, to: &Id, on: Target, board: &mut Board) {
    let PublishedPort { address, port, variable, target } = port;
    if !on.publishes_on_a_host() {
        let outside = board.node(Kind::Host, "", &["outside of the namespace"]);
        board.edge(&outside, to, Relation::Publishes(target.to_string()));
        return;
    }
    let port = match variable {
        Some(variable) => format!("${{{variable}:-{port}}}"),
        None => port.to_string(),
    };
    let host = board.node(Kind::Host, "", &["the host"]);
    board.edge(&host, to, Relation::Publishes(format!("{address}:{port} to {target}")));
}

/// What the server's container has to do with the host, its volumes, and the container that brings it in line.
fn draw_container_relations(container: &Container, deployment: &Deployment, board: &mut Board) {
    let on = deployment.target;
    let id = drawn(&ServiceName::postgres(), board);
    // elsewhere nothing outside reaches the server
    if let Some(port) = container.publish.as_ref().filter(|_| on.publishes_on_a_host()) {
        draw_port(port, &id, on, board);
    }
    let data = draw_source(container.volume.source(), on, board);
    board.edge(&id, &data, Relation::Mounts(container.data_folder().to_owned()));
    let ensure = on.ensured_by(container).map(|ensure| drawn(&ensure, board));
    if let Some(ensure) = &ensure {
        board.edge(ensure, &id, Relation::WaitsFor(StartCondition::Healthy));
    }
    if ensure.is_some() || deployment.backups.is_some() {
        let socket = draw_volume(&VolumeName::postgres_socket(), board);
        board.edge(&id, &socket, Relation::Mounts(SOCKET_FOLDER.to_owned()));
        if let Some(ensure) = &ensure {
            board.edge(ensure, &socket, Relation::Mounts(format!("{SOCKET_FOLDER}:ro")));
        }
    }
    if let Some(backups) = &deployment.backups {
        draw_backup(backups, container, on, board);
    }
}

/// The container that backs the server up.
fn draw_backup(backups: &Backups, container: &Container, on: Target, board: &mut Board) {
    let name = ServiceName::postgres_backup();
    let id = board.node(Kind::Service, name.as_str(), &[name.as_str(), "backs the server up", "all the time"]);
    let server = drawn(&ServiceName::postgres(), board);
    board.edge(&id, &server, Relation::WaitsFor(StartCondition::Healthy));
    for (source, target) in [
        (container.volume.source().clone(), format!("{}:ro", container.data_folder())),
        (MountSource::Volume(VolumeName::postgres_socket()), SOCKET_FOLDER.to_owned()),
        (destination(&backups.to), REPOSITORY.to_owned()),
        (MountSource::Volume(VolumeName::backup_work()), format!("{REPOSITORY}-work")),
    ] {
        let to = draw_source(&source, on, board);
        board.edge(&id, &to, Relation::Mounts(target));
    }
}
