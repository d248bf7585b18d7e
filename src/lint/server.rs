//! Knows what a server may be asked for and perhaps does not have: connections, extensions that are a superuser's, libraries.
//! Must not know what it certainly does not have.

use crate::deployment::{Demand, Deployment, Host, Slots};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::field::FieldPath;
use crate::postgres::extension;
use crate::resolve::missing_libraries;
use crate::spelling::quoted;

/// Every such warning.
pub(super) fn warnings(deployment: &Deployment) -> Vec<Diagnostic> {
    let Some(server) = &deployment.server else { return Vec::new() };
    let of_roles = Demand::of(&deployment.services).filter_map(|demand| beyond_role(&demand));
    let mut warnings: Vec<_> = of_roles.collect();
    warnings.extend(server.slots().and_then(|slots| beyond_server(deployment, slots)));
    match &server.host {
        Host::Container(container) => {
            warnings.extend(missing_libraries(container, &server.databases).into_iter().map(not_loaded));
        }
        // what an operator runs has images of the operator's own
        Host::Operated(_) => {}
        Host::External(_) => warnings.extend(superusers(deployment)),
    }
    warnings
}

fn beyond_role(demand: &Demand<'_>) -> Option<Diagnostic> {
    let limit = demand.limit.filter(|limit| demand.certain() <= *limit && demand.likely() > *limit)?;
    let message = format!(
        "with the usual pool the service opens up to {} connections, and its role may have {limit}",
        demand.likely()
    );
    let help = format!("write the pool that it has, such as `pool: {}`", demand.fitting(limit));
    Some(Diagnostic::warning(Code::ConnectionBudget, database(demand), message, help))
}

fn beyond_server(deployment: &Deployment, slots: Slots) -> Option<Diagnostic> {
    let all: u64 = Demand::of(&deployment.services).map(|demand| demand.limited(demand.likely())).sum();
    if all <= slots.free() {
        return None;
    }
    let largest = Demand::of(&deployment.services).max_by_key(|demand| demand.limited(demand.likely()))?;
    let message = format!(
        "with the usual pools the services open up to {all} connections, and the server has {} for them: {} less {} that it \
         keeps",
        slots.free(),
        slots.all,
        slots.kept
    );
    let enough = slots.enough_for(all);
    let help = format!(
        "write the pools that they have, such as `pool: 5` in `database`, or `max_connections: {enough}` in `settings` of the \
         `postgres` section"
    );
    Some(Diagnostic::warning(Code::ConnectionBudget, database(&largest), message, help))
}

fn database(demand: &Demand<'_>) -> Place {
    let name = &demand.service.name;
    let first = demand.service.databases_on_server().find(|(database, _)| !database.pool.is_written);
    Place::key(&first.map_or_else(|| FieldPath::root().key("services").key(name), |(database, _)| database.path(name)))
}

fn not_loaded(library: &str) -> Diagnostic {
    let message = format!("an extension works only where the server loads {} at its start", quoted(library));
    let help = format!(
        "write `shared_preload_libraries: {library}` in `settings` of the `postgres` section, behind what the image itself loads"
    );
    let place = Place::value(&FieldPath::root().key("postgres").key("image"));
    Diagnostic::warning(Code::ExtensionNotLoaded, place, message, help)
}

/// Extensions that the administrator of an external server may not create, should he be no superuser.
fn superusers(deployment: &Deployment) -> Vec<Diagnostic> {
    let mut warnings = Vec::new();
    let services = deployment.services.iter();
    for (service, database) in services.flat_map(|it| it.databases_on_server().map(move |(database, _)| (it, database)))
    {
        let at = database.path(&service.name).key("postgres").key("extensions");
        let known = database.extensions.iter().filter_map(|name| extension(name.as_str()));
        for known in known.filter(|known| !known.is_trusted) {
            let name = known.name;
            let message =
                format!("only a superuser may create the extension `{name}`, or who the server's provider lets");
            let help = format!("let the administrator run `CREATE EXTENSION \"{name}\"` in the database first");
            warnings.push(Diagnostic::warning(Code::ExtensionNeedsSuperuser, Place::key(&at), message, help));
        }
    }
    warnings
}
