//! Knows what of a hand-kept server its section can't say, and what gives way to what codelab-gen writes. Must not
//! know the fields of the section.

use std::ops::Range;

use super::container::{Initdb, is_own};
use crate::compose::nodes;
use crate::deployment::INITDB_ARGS;
use crate::import::ledger::Ledger;
use crate::import::recognition::INIT_SCRIPTS;
use crate::import::scope::Scope;
use crate::import::server::Server;
use crate::import::{environment, mounts};
use crate::profile::Raw;
use crate::target::compose::{self, SERVER_RELIED_ON};
use crate::value::{Mount, MountSource, VolumeName};
use crate::yaml::Node;

/// Where images of PostgreSQL make their socket.
const SOCKET: &str = "/var/run/postgresql";

/// The variable of images of PostgreSQL for the folder of the data.
const PGDATA: &str = "PGDATA";

/// Whether a new volume runs scripts of the user's: the one of codelab-gen would come between them.
pub(super) fn has_own_scripts(node: &Node<'_>, scope: &Scope, ledger: &mut Ledger<'_>) -> bool {
    let items = nodes::child(node, "volumes").map(nodes::items).unwrap_or_default();
    let mounted = items.iter().filter_map(|item| mounts::mount(item, "postgres.volume", ledger));
    let scripts = mounted.filter(|mount| mount.target.as_str().starts_with(INIT_SCRIPTS));
    let script = compose::INIT_SCRIPT;
    let script = script.path();
    let is_ours = |mount: &Mount| matches!(&mount.source, MountSource::Bind(path) if path.as_str().ends_with(script));
    let (ours, own): (Vec<_>, Vec<_>) = scripts.partition(is_ours);
    !own.is_empty() || (scope.is_generated && ours.is_empty())
}

/// What a section has no field for, and `compose:` must not say.
pub(super) fn leave_rest(server: &Server<'_, '_>, name: &str, scope: &Scope, ledger: &mut Ledger<'_>) {
    const TAKEN: [&str; 3] = ["POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_DB"];
    let node = &server.entry.value;
    // beside `NAME` the image takes no `NAME_FILE`
    let says_initdb = Initdb::of(node).is_some();
    let is_taken = |given: &&environment::Given| {
        TAKEN.contains(&given.name.trim_end_matches("_FILE")) || (given.name == INITDB_ARGS && says_initdb)
    };
    for given in environment::of(node).iter().filter(|given| !is_taken(given) && !is_own(given)) {
        let raw = match (given.name.as_str(), &server.folder) {
            (PGDATA, None) => continue,
            (PGDATA, Some(folder)) => Some(Raw::text(folder)),
            (_, _) => given.raw_beside(server.name(), ledger),
        };
        let Some(raw) = raw else { continue };
        let raw = Raw::Mapping(vec![(given.name.clone(), raw)]);
        let why = format!("gives `{}`, which the server's section can't say", given.name);
        ledger.leave(name, "environment", raw, &given.span, &why);
    }
    for item in nodes::child(node, "volumes").map(nodes::items).unwrap_or_default() {
        leave_mount(server, name, item, scope, ledger);
    }
    if let Some(check) = nodes::entry(node, "healthcheck").filter(|_| !scope.is_generated) {
        let message = format!("`healthcheck` of `{}` gives way to that of codelab-gen", server.name());
        let help = "it asks over TCP, so that a volume in preparation is not ready";
        ledger.note(Some(&check.key_span), message, help);
    }
    for entry in nodes::entries(node).iter().filter(|entry| SERVER_RELIED_ON.contains(&entry.key.as_ref())) {
        ledger.leave(
            name,
            &entry.key,
            Raw::of(&entry.value),
            &entry.key_span,
            "is nothing that a server's section says",
        );
    }
}

fn leave_mount(server: &Server<'_, '_>, name: &str, item: &Node<'_>, scope: &Scope, ledger: &mut Ledger<'_>) {
    let mount = mounts::mount(item, "postgres.volume", ledger);
    let target = mount.as_ref().map(|mount| mount.target.as_str()).unwrap_or_default();
    let is_socket = || {
        let socket = MountSource::Volume(VolumeName::postgres_socket());
        target == SOCKET && mount.as_ref().is_some_and(|mount| mount.source == socket)
    };
    if mount.as_ref() == Some(&server.data) || is_socket() {
        return;
    }
    let written = nodes::text(item).and_then(|text| text.split(':').nth(1)).or(nodes::text_of(item, "target"));
    if written.map(|target| target.trim_end_matches('/')) == Some(SOCKET) {
        return note_socket(&item.span, ledger);
    }
    let script = compose::INIT_SCRIPT;
    let script = script.path();
    let is_ours = |text: &str| text.split(':').next().is_some_and(|source| source.ends_with(script));
    if nodes::text(item).is_some_and(is_ours) && target.starts_with(INIT_SCRIPTS) {
        if scope.is_generated {
            return;
        }
        let message = format!("`{script}` gives way to the script of codelab-gen, which runs at every start");
        ledger.note(Some(&item.span), message, "the old one is kept as `.orig`; look whether it does more");
        return;
    }
    let why = match mounts::place(item, ledger) {
        Some(place) if place == server.data => "mounts the server's data in a way that the section can't say",
        Some(_) | None => "mounts something beside the server's data",
    };
    let raw = Raw::Sequence(vec![Raw::of(item)]);
    ledger.leave(name, "volumes", raw, &item.span, why);
}

/// The folder of the socket is a volume now, by which postgres-ensure logs in.
pub(super) fn drop_socket(node: &Node<'_>, compose: &mut Vec<(String, Raw)>, ledger: &mut Ledger<'_>) {
    let is_socket = |raw: &Raw| {
        let Raw::Scalar { text, .. } = raw else { return false };
        text.split(':').next().map(|target| target.trim_end_matches('/')) == Some(SOCKET)
    };
    let Some(at) = compose.iter().position(|(key, _)| key == "tmpfs") else { return };
    let Some((_, tmpfs)) = compose.get_mut(at) else { return };
    let is_empty = match tmpfs {
        Raw::Sequence(items) => {
            let count = items.len();
            items.retain(|item| !is_socket(item));
            if items.len() == count {
                return;
            }
            items.is_empty()
        }
        one if is_socket(one) => true,
        Raw::Scalar { .. } | Raw::Mapping(_) => return,
    };
    if is_empty {
        compose.remove(at);
    }
    note_socket(nodes::entry(node, "tmpfs").map_or(&node.span, |entry| &entry.key_span), ledger);
}

fn note_socket(span: &Range<usize>, ledger: &mut Ledger<'_>) {
    let message = format!("what is mounted at `{SOCKET}` gives way to a volume");
    ledger.note(Some(span), message, "by the socket in it postgres-ensure logs in");
}
