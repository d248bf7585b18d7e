//! Knows what can be wrong with a server of PostgreSQL that runs elsewhere, as a client in a container of its own sees it.
//! Must not know how one logs in.

use std::path::PathBuf;

use super::connections::{ENCRYPTION, UNREACHABLE};
use super::living::Living;
use super::login::Client;
use crate::deployment::{External, Host, Server};
use crate::report::Finding;
use crate::spelling::{self, raw_path};
use crate::value::{Choice as _, Tls};

/// The variable by which psql finds certificates.
const CERTIFICATES: &str = "PGSSLROOTCERT";

/// Where Debian and Alpine have the certificates that everybody trusts.
const TRUSTED: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Where the client finds them.
const INSIDE: &str = "/certificates.pem";

/// A server elsewhere, and what its clients know.
struct Elsewhere<'a> {
    server: &'a Server,
    external: &'a External,
    living: &'a Living<'a>,
}

/// Whether each owner of a database logs in to it, where the server is elsewhere.
pub(super) fn findings(living: &Living<'_>) -> Vec<Finding> {
    match &living.subject.deployment.server {
        Some(server @ Server { host: Host::External(external), .. }) => {
            Elsewhere { server, external, living }.findings()
        }
        Some(_) | None => Vec::new(),
    }
}

impl Elsewhere<'_> {
    fn findings(&self) -> Vec<Finding> {
        let Some(image) = &self.external.client else {
            let message = "the external server: the profile names no image with psql";
            let help = Some("write `image: postgres:16-alpine` in the `postgres` section".to_owned());
            return vec![Finding { help, ..Finding::unseen(UNREACHABLE, message) }];
        };
        let tls = match self.tls() {
            Ok(options) => options,
            Err(finding) => return vec![finding],
        };
        // whichever major version it is, its data would lie below this folder
        let data = ["--tmpfs", "/var/lib/postgresql", "--tmpfs", "/var/lib/postgresql/data"];
        let options: Vec<_> = data.into_iter().chain(tls.iter().map(String::as_str)).collect();
        let (image, port) = (image.to_string(), self.external.port.to_string());
        let client = Client::new(&image, &options, &self.external.host, &port);
        let databases = self.server.databases.iter();
        let Living { passwords, docker, remedies, .. } = *self.living;
        databases.flat_map(|database| client.log_in(database, passwords, docker, remedies)).collect()
    }

    /// What makes a client protect its connection as services do.
    fn tls(&self) -> Result<Vec<String>, Finding> {
        let mode = self.external.tls.mode();
        let mut options = vec!["-e".to_owned(), format!("PGSSLMODE={}", mode.as_str())];
        if mode == Tls::VerifyFull {
            let certificates = self.certificates()?;
            let mount = format!("type=bind,source={},target={INSIDE},readonly", raw_path(&certificates));
            options.extend(["--mount".to_owned(), mount, "-e".to_owned(), format!("{CERTIFICATES}={INSIDE}")]);
        }
        Ok(options)
    }

    /// The file that the server's certificate is verified by: the profile's, or one of this machine that stands for those
    /// of services' images.
    fn certificates(&self) -> Result<PathBuf, Finding> {
        if let Some(path) = self.external.tls.certificates_file() {
            let file = self.living.subject.root.join(path.as_str());
            let message = format!("the certificates `{path}` of the PostgreSQL server do not exist");
            let missing = || Finding::problem(ENCRYPTION, message, "put them there, then restart the services");
            return if file.is_file() { Ok(file) } else { Err(missing()) };
        }
        let exported = (self.living.subject.environment)(CERTIFICATES).ok().flatten();
        let file = self.living.subject.current.join(exported.as_deref().unwrap_or(TRUSTED));
        let help = || Some(format!("set {CERTIFICATES} to the file with the certificates that you trust"));
        let message =
            || format!("the external server: `{}`, by which it would be verified, is not there", spelling::path(&file));
        if file.is_file() { Ok(file) } else { Err(Finding { help: help(), ..Finding::unseen(ENCRYPTION, message()) }) }
    }
}
