//! Knows which databases of the server a service opens with another role than the server's own. Must not know what
//! follows from that, nor how a profile is laid out.

use super::found::Home;
use super::reached;
use super::words::of_flags;
use crate::import::ledger::Ledger;
use crate::import::server::Server;

/// The names of those databases. Who names none opens one that is called as the role is, or as a word of the program.
pub(super) fn opened(home: &Home<'_>, server: &Server<'_, '_>, ledger: &Ledger<'_>) -> Vec<String> {
    let own = server.user.as_str();
    let of_parts = reached::other_login(home, server, ledger);
    let other = of_parts.as_ref().map(|(user, _)| user.clone());
    let mut names = Vec::new();
    for target in reached::targets(home, server, ledger) {
        let user = target.user.or_else(|| other.clone()).filter(|user| user != own);
        names.extend(user.map(|user| target.database.unwrap_or(user)));
    }
    names.extend(of_parts.map(|(user, name)| name.unwrap_or(user)));
    let of_flags = of_flags(home.words);
    let is_there = server.is_called(of_flags.host.strip_suffix(":5432").unwrap_or(&of_flags.host));
    if let Some(user) = of_flags.user.filter(|user| is_there && user != own) {
        match of_flags.database {
            Some(name) => names.push(name),
            None => names.extend(home.words.iter().cloned().chain([user])),
        }
    }
    names
}
