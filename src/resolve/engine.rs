//! Knows which engines a database section describes, and which one it is of. Must not know what follows from that.

use crate::profile::Database;
use crate::value::Engine;

/// The engines that a database section describes.
pub(super) fn described(database: &Database) -> Vec<Engine> {
    let sqlite = database.sqlite.is_given().then_some(Engine::Sqlite);
    let postgres = database.postgres.is_given().then_some(Engine::Postgres);
    sqlite.into_iter().chain(postgres).collect()
}

/// The engine of a database, where the profile has this one for those that choose none; nothing where nobody chooses.
pub(super) fn engine_of(database: &Database, default: Option<Engine>) -> Option<Engine> {
    database.engine.copied().or_else(|| match described(database).as_slice() {
        [only] => Some(*only),
        _ => default,
    })
}
