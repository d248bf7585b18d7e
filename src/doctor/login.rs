//! Knows how one logs in to PostgreSQL from another container, as a service does, and what it means where that fails.
//! Must not know what else the server is asked.

use indexmap::IndexMap;

use super::connections::{CONNECTIONS, ENCRYPTION, MISSING, REFUSED, UNREACHABLE, full, is_full};
use super::docker::{Docker, is_no_image};
use super::remedy::Remedies;
use crate::deployment::OwnedDatabase;
use crate::report::Finding;
use crate::secret::Secret;
use crate::spelling::shell_word;
use crate::url::Login;

/// A container that lives for one question, and leaves nothing.
pub(super) struct Client<'a> {
    image: &'a str,
    options: Vec<String>,
    host: &'a str,
    port: &'a str,
}

impl<'a> Client<'a> {
    pub(super) fn new(image: &'a str, options: &[&str], host: &'a str, port: &'a str) -> Self {
        Self { image, options: options.iter().map(|&option| option.to_owned()).collect(), host, port }
    }

    /// Whether each role of a database logs in to it with the password that services have.
    pub(super) fn log_in(
        &self,
        database: &OwnedDatabase,
        passwords: &IndexMap<String, Secret>,
        docker: &Docker,
        remedies: &Remedies<'_>,
    ) -> Vec<Finding> {
        let each = database.logins();
        each.map(|login| self.log_in_as(login, database.name.as_str(), passwords, docker, remedies)).collect()
    }

    fn log_in_as(
        &self,
        login: &Login,
        name: &str,
        passwords: &IndexMap<String, Secret>,
        docker: &Docker,
        remedies: &Remedies<'_>,
    ) -> Finding {
        let (role, variable) = (login.role.as_str(), &login.password);
        let Some(password) = passwords.get(variable.as_str()) else {
            return Finding::unseen(REFUSED, format!("whether `{role}` can log in: `{variable}` has no value here"));
        };
        let run = ["--cap-drop", "ALL", "--read-only"];
        let variables = ["-e", "PGPASSWORD", "-e", "PGCONNECT_TIMEOUT=10"];
        let options: Vec<_> = self.options.iter().map(String::as_str).collect();
        let psql = ["--entrypoint", "psql", self.image, "-h", self.host, "-p", self.port, "-U", role, "-d", name];
        let question = ["-XAtqw", "-c", "SELECT 1"];
        let arguments = [run.as_slice(), &variables, &options, &psql, &question].concat();
        match password.lend(|password| docker.ask_anew(&arguments, Some(("PGPASSWORD", password)))) {
            Ok(_) => Finding::ok(REFUSED, format!("`{role}` logs in to `{name}` from another container")),
            Err(silence) => self.failed(role, name, &silence.text(), remedies).shown_by(&silence.text()),
        }
    }

    fn failed(&self, role: &str, name: &str, said: &str, remedies: &Remedies<'_>) -> Finding {
        let says = |words: &str| said.contains(words);
        let unseen = format!("whether `{role}` can log in to `{name}`");
        if !said.lines().any(|line| line.starts_with("psql: error")) {
            let help = is_no_image(said).then(|| format!("docker pull {}", shell_word(self.image)));
            return Finding { help, ..Finding::unseen(REFUSED, unseen) };
        }
        if is_full(said) {
            full(said, remedies)
        } else if says("too many connections for database") {
            let message = format!("all connections that `{name}` may have are taken");
            let help =
                format!("`ALTER DATABASE \"{name}\" CONNECTION LIMIT -1` takes back a limit that somebody gave it");
            Finding::problem(CONNECTIONS, message, help)
        } else if says("too many connections for") {
            let message = format!("`{role}` has all connections to `{name}` that it may have");
            Finding::problem(
                CONNECTIONS,
                message,
                "make the pools smaller, or write a larger `connection_limit` at the service's `database`",
            )
        } else if says("password authentication failed") {
            let message = format!("the server refuses the password of `{role}` that services have");
            Finding::problem(REFUSED, message, remedies.align_for(name))
        } else if says("pg_hba.conf") {
            let message = format!("the server does not let `{role}` in from other containers");
            Finding::problem(REFUSED, message, remedies.let_in())
        } else if says("SSL") || says("certificate") {
            let message = format!("{}:{} is not encrypted and verified as the profile says", self.host, self.port);
            Finding::problem(ENCRYPTION, message, encryption(said))
        } else if says("database \"") && says("does not exist") {
            let message = format!("the database `{name}` does not exist");
            Finding::problem(MISSING, message, remedies.align_for(name))
        } else if says("starting up") {
            Finding::unseen(REFUSED, unseen)
        } else if says("could not") || says("refused") || says("timeout") || says("No route") {
            let message = format!("{}:{} can't be reached from another container", self.host, self.port);
            Finding::problem(UNREACHABLE, message, remedies.reach())
        } else {
            Finding::problem(REFUSED, format!("`{role}` can't log in to `{name}`"), remedies.align_for(name))
        }
    }
}

/// What lets the connection to an external server be encrypted and verified, by what the client said.
fn encryption(said: &str) -> String {
    let step = if said.contains("does not support SSL") {
        "let its administrator switch TLS on; or, where nobody else is on the way there, write `tls: disable`"
    } else if said.contains("does not match host name") {
        "write a name that is in its certificate as `host`"
    } else {
        "write the file with the certificate of the authority that signed the server's one as `ca`"
    };
    format!("{step} in `postgres.external`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_of_encryption_has_a_step_of_its_own() {
        let failed =
            |text: &str| format!("psql: error: connection to server at \"db\" (10.0.0.2), port 5432 failed: {text}");
        for (said, step) in [
            ("server does not support SSL, but SSL was required", "`tls: disable`"),
            ("server certificate for \"db.internal\" does not match host name \"db\"", "as `host`"),
            ("SSL error: certificate verify failed", "as `ca`"),
        ] {
            assert!(encryption(&failed(said)).contains(step), "{said}");
        }
    }
}
