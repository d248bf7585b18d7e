//! Knows where services want more connections than the server, or their role, has for them.
//! Must not know how a pool is made.

use super::scope::Faults;
use crate::deployment::{Demand, Server, Service, Slots};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::field::FieldPath;
use crate::profile::{Profile, given};

/// Faults: what the profile itself says of pools and containers can't be had. What only the usual pool exceeds is a warning.
pub(super) fn check(services: &[Service], server: Option<&Server>, profile: &Profile, faults: &mut Faults) {
    for demand in Demand::of(services) {
        check_role(&demand, profile, faults);
    }
    if let Some(slots) = server.and_then(Server::slots) {
        check_server(services, slots, profile, faults);
    }
}

fn check_role(demand: &Demand<'_>, profile: &Profile, faults: &mut Faults) {
    let Some(limit) = demand.limit.filter(|limit| demand.certain() > *limit) else { return };
    let opened = counted(demand, demand.certain());
    let message = format!("the service opens {opened}, and its role may have {limit}");
    let help = format!("write `connection_limit: {}`, or a smaller pool", demand.certain());
    let fault = Diagnostic::error(Code::ConnectionBudget, place(demand, profile), message, help);
    let limiting = demand.service.databases().find(|database| database.limits.connections.is_some());
    let at = limiting.map(|database| database.path(&demand.service.name).key("postgres").key("connection_limit"));
    faults.push(match at {
        Some(at) => fault.also(Place::value(&at), "the limit"),
        None => fault,
    });
}

fn check_server(services: &[Service], slots: Slots, profile: &Profile, faults: &mut Faults) {
    let all: u64 = Demand::of(services).map(|demand| demand.limited(demand.certain())).sum();
    let Some(largest) = Demand::of(services).max_by_key(|demand| demand.limited(demand.certain())) else { return };
    if all <= slots.free() {
        return;
    }
    let what = if Demand::of(services).count() > 1 { "the services open" } else { "the service opens" };
    let opened = connections(all);
    let message = format!(
        "{what} {opened}, and the server has {} for them: {} less {} that it keeps",
        slots.free(),
        slots.all,
        slots.kept
    );
    let enough = slots.enough_for(all);
    let help =
        format!("write `max_connections: {enough}` in `settings` of the `postgres` section, or less at services");
    let fault = Diagnostic::error(Code::ConnectionBudget, place(&largest, profile), message, help);
    let settings = profile.postgres.get().map(|postgres| &postgres.settings);
    let written = settings.is_some_and(|settings| given(settings).any(|(name, _)| name.as_str() == "max_connections"));
    let at = FieldPath::root().key("postgres").key("settings").key("max_connections");
    faults.push(if written { fault.also(Place::value(&at), "the server's") } else { fault });
}

/// A sum with where it comes from.
fn counted(demand: &Demand<'_>, sum: u64) -> String {
    let Demand { containers, unwritten, written, .. } = demand;
    match (*containers, *unwritten) {
        (1, _) | (_, 1..) => connections(sum),
        (containers, 0) => format!("{} ({containers} containers with {written} each)", connections(sum)),
    }
}

fn connections(number: u64) -> String {
    format!("{number} {}", if number == 1 { "connection" } else { "connections" })
}

/// Where a service says how many connections it opens.
fn place(demand: &Demand<'_>, profile: &Profile) -> Place {
    let at = FieldPath::root().key("services").key(&demand.service.name);
    let written = profile.services.get().and_then(|services| services.get(&demand.service.name)?.get());
    // of several pools the largest
    let pools = demand.service.databases_on_server().filter(|(database, _)| database.pool.is_written);
    let largest = pools.max_by_key(|(database, _)| database.pool.connections);
    match (largest, written) {
        (Some((database, _)), _) => Place::value(&database.path(&demand.service.name).key("pool")),
        (_, Some(written)) if written.replicas.is_given() => Place::value(&at.key("replicas")),
        _ => Place::key(&first_on_server(demand)),
    }
}

/// Where a service describes the first of its databases on the server.
fn first_on_server(demand: &Demand<'_>) -> FieldPath {
    let name = &demand.service.name;
    let first = demand.service.databases_on_server().next();
    first.map_or_else(|| FieldPath::root().key("services").key(name), |(database, _)| database.path(name))
}
