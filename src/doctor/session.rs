//! Knows how the server is asked as its superuser, so that nothing of a service's is run and nothing waits for one.
//! Must not know what is asked.

use serde::de::DeserializeOwned;

use super::silence::Silence;

/// What holds from before the first statement on. In the maintenance database no setting of a service's applies, and with
/// this path every name is PostgreSQL's own.
const OPTIONS: &str = "PGOPTIONS=-c search_path=pg_catalog,pg_temp -c default_transaction_read_only=on \
                       -c local_preload_libraries= -c client_min_messages=error -c statement_timeout=10s \
                       -c lock_timeout=2s -c standard_conforming_strings=on";

/// The password that the container has, which is asked for where the volume was made with `local_auth: password`.
const LOG_IN: &str = "[ -z \"${POSTGRES_PASSWORD_FILE:-}\" ] || POSTGRES_PASSWORD=$(cat \"$POSTGRES_PASSWORD_FILE\"); \
                      PGPASSWORD=${POSTGRES_PASSWORD:-} exec psql \"$@\"";

/// Where nothing of a service's is.
pub(super) const DATABASE: &str = "postgres";

/// Runs a program, with variables such as `A=b`, where the server is, and takes what it says.
pub(super) type Inside<'a> = Box<dyn Fn(&[&str], &[&str]) -> Result<String, Silence> + 'a>;

/// The server where it runs, and its superuser.
pub(super) struct Session<'a> {
    inside: Inside<'a>,
    user: &'a str,
}

impl<'a> Session<'a> {
    pub(super) fn new(inside: Inside<'a>, user: &'a str) -> Self {
        Self { inside, user }
    }

    /// The rows of one statement, by the socket.
    pub(super) fn ask(&self, sql: &str) -> Result<String, Silence> {
        let psql = ["sh", "-c", LOG_IN, "psql", "-XAtqw", "-U", self.user, "-d", DATABASE, "-c", sql];
        (self.inside)(&[OPTIONS, "PGCONNECT_TIMEOUT=10"], &psql)
    }

    /// A statement whose one value is JSON: a name may have tabs and line ends in it.
    pub(super) fn ask_json<T: DeserializeOwned>(&self, sql: &str) -> Result<T, Silence> {
        let said = self.ask(sql)?;
        serde_json::from_str(said.trim()).map_err(|error| Silence::Failed(format!("unreadable answer: {error}")))
    }

    /// The major version of the server.
    pub(super) fn major(&self) -> Result<u16, Silence> {
        self.ask_json("SELECT current_setting('server_version_num')::int / 10000")
    }

    /// What another program says there.
    pub(super) fn run(&self, program: &[&str]) -> Result<String, Silence> {
        (self.inside)(&[], program)
    }
}
