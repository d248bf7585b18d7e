//! Knows what `init-postgres.sh` makes: roles, databases, extensions. Sees names of variables, never a password.

use serde::Serialize;

use super::Header;
use crate::deployment::{Deployment, External, ExternalTls, Host, OwnedDatabase, Server};
use crate::placement::Placement;
use crate::url::Login;
use crate::value::{Access, Choice as _};

#[derive(Serialize)]
pub(in crate::render) struct InitScriptView {
    #[serde(flatten)]
    header: Header,
    required: Vec<String>,
    passwords: Vec<String>,
    external: Option<ExternalView>,
    administrator: Option<RoleView>,
    closes_databases: bool,
    has_extensions: bool,
    roles: Vec<RoleView>,
    databases: Vec<DatabaseView>,
}

#[derive(Serialize)]
struct ExternalView {
    host: String,
    port: u16,
    tls: &'static str,
    verifies: bool,
    ca: Option<String>,
}

#[derive(Serialize)]
struct RoleView {
    name: String,
    password: String,
}

#[derive(Serialize)]
struct DatabaseView {
    name: String,
    owner: String,
    extensions: Vec<String>,
}

/// The script's content; nothing where no service uses PostgreSQL.
pub(in crate::render) fn view(deployment: &Deployment, placement: &Placement) -> Option<InitScriptView> {
    let server = deployment.server.as_ref()?;
    let secret_files = deployment.secret_files();
    let administrator = server
        .container()
        .map(|_| RoleView { name: server.user.to_string(), password: server.administrator_password.to_string() });
    let known = |login: &&Login| administrator.as_ref().is_none_or(|role| role.name != login.role.as_str());
    let roles: Vec<_> = server.logins().into_iter().filter(known).map(role_view).collect();
    Some(InitScriptView {
        header: Header::new(deployment, placement),
        required: required(server, administrator.as_ref(), &roles),
        passwords: secret_files.into_iter().map(ToString::to_string).collect(),
        external: match &server.host {
            Host::Container(_) => None,
            Host::External(external) => Some(external_view(external, placement)),
        },
        closes_databases: server.access == Access::PerService,
        has_extensions: server.databases.iter().any(|database| !database.extensions.is_empty()),
        administrator,
        roles,
        databases: server.databases.iter().map(database_view).collect(),
    })
}

/// The variables without which the script does nothing.
fn required(server: &Server, administrator: Option<&RoleView>, roles: &[RoleView]) -> Vec<String> {
    let user = match &server.host {
        Host::Container(_) => "POSTGRES_USER",
        Host::External(_) => "INIT_POSTGRES_USER",
    };
    let passwords = administrator.into_iter().chain(roles).map(|role| role.password.clone());
    std::iter::once(user.to_owned()).chain(passwords).collect()
}

fn role_view(login: &Login) -> RoleView {
    RoleView { name: login.role.to_string(), password: login.password.to_string() }
}

fn database_view(database: &OwnedDatabase) -> DatabaseView {
    let OwnedDatabase { name, owner, extensions } = database;
    DatabaseView {
        name: name.to_string(),
        owner: owner.role.to_string(),
        extensions: extensions.iter().map(ToString::to_string).collect(),
    }
}

fn external_view(external: &External, placement: &Placement) -> ExternalView {
    let External { host, port, tls } = external;
    let ca = match tls {
        ExternalTls::VerifyFull(ca) => ca.as_ref().map(|path| placement.from_out(path)),
        ExternalTls::Require | ExternalTls::Disable => None,
    };
    let verifies = matches!(tls, ExternalTls::VerifyFull(_));
    ExternalView { host: host.clone(), port: port.get(), tls: tls.mode().as_str(), verifies, ca }
}
