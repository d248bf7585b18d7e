//! Knows whose the databases of a server are, and whether they are there at all, wherever it runs.
//! Must not know who logs in to them.

use super::connections::MISSING;
use super::remedy::Remedies;
use super::session::Session;
use super::silence::Silence;
use crate::deployment::OwnedDatabase;
use crate::report::Finding;
use crate::spelling::quoted;

const OWNER: &str = "database-owner";

/// Each database of a server, with its owner.
pub(super) struct Owners(Vec<(String, String)>);

impl Owners {
    pub(super) fn ask(session: &Session<'_>) -> Result<Self, Silence> {
        let owners = "SELECT json_agg(json_build_array(datname, pg_get_userbyid(datdba))) FROM pg_database";
        session.ask_json(owners).map(Self)
    }

    /// Whether a database is there and belongs to who logs in to it.
    pub(super) fn judge(&self, database: &OwnedDatabase, remedies: &Remedies<'_>) -> Finding {
        let (name, role) = (database.name.as_str(), database.owner.role.as_str());
        match self.0.iter().find(|(known, _)| known == name).map(|(_, owner)| owner.as_str()) {
            None => {
                Finding::problem(MISSING, format!("the database `{name}` does not exist"), remedies.align_for(name))
            }
            // where each service has a role of its own, he may not even connect then
            Some(owner) if owner != role => {
                let message = format!("the database `{name}` belongs to {}, not to `{role}`", quoted(owner));
                Finding::problem(OWNER, message, remedies.align_for(name))
            }
            Some(_) => Finding::ok(MISSING, format!("the database `{name}` belongs to `{role}`")),
        }
    }
}
