//! Knows what can be wrong with a server of PostgreSQL that runs elsewhere, as a client in a container of its own sees it.
//! Must not know how one logs in.

use std::path::PathBuf;

use indexmap::IndexMap;

use super::docker::Docker;
use super::finding::Finding;
use super::login::{Client, ENCRYPTION};
use super::remedy::Remedies;
use super::server::UNREACHABLE;
use super::subject::Subject;
use crate::deployment::{External, ExternalTls, Server};
use crate::secret::Secret;
use crate::spelling::{self, raw_path};
use crate::value::{Choice as _, Tls};

/// The variable by which psql finds certificates.
const CERTIFICATES: &str = "PGSSLROOTCERT";

/// Where Debian and Alpine have the certificates that everybody trusts.
const TRUSTED: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Where the client finds them.
const INSIDE: &str = "/certificates.pem";

/// A server elsewhere, and what its clients know.
pub(super) struct Elsewhere<'a> {
    pub(super) server: &'a Server,
    pub(super) external: &'a External,
    pub(super) passwords: &'a IndexMap<String, Secret>,
    pub(super) docker: &'a Docker,
    pub(super) remedies: &'a Remedies<'a>,
}

impl Elsewhere<'_> {
    /// Whether each owner of a database logs in to it.
    pub(super) fn findings(&self, subject: &Subject<'_>) -> Vec<Finding> {
        let Some(image) = &self.external.client else {
            let message = "the external server: the profile names no image with psql";
            let help = Some("write `image: postgres:16-alpine` in the `postgres` section".to_owned());
            return vec![Finding { help, ..Finding::unseen(UNREACHABLE, message) }];
        };
        let tls = match self.tls(subject) {
            Ok(options) => options,
            Err(finding) => return vec![finding],
        };
        // whichever major version it is, its data would lie below this folder
        let data = ["--tmpfs", "/var/lib/postgresql", "--tmpfs", "/var/lib/postgresql/data"];
        let options: Vec<_> = data.into_iter().chain(tls.iter().map(String::as_str)).collect();
        let (image, port) = (image.to_string(), self.external.port.to_string());
        let client = Client::new(&image, &options, &self.external.host, &port);
        let databases = self.server.databases.iter();
        databases.map(|database| client.log_in(database, self.passwords, self.docker, self.remedies)).collect()
    }

    /// What makes a client protect its connection as services do.
    fn tls(&self, subject: &Subject<'_>) -> Result<Vec<String>, Finding> {
        let mode = self.external.tls.mode();
        let mut options = vec!["-e".to_owned(), format!("PGSSLMODE={}", mode.as_str())];
        if mode == Tls::VerifyFull {
            let certificates = self.certificates(subject)?;
            let mount = format!("type=bind,source={},target={INSIDE},readonly", raw_path(&certificates));
            options.extend(["--mount".to_owned(), mount, "-e".to_owned(), format!("{CERTIFICATES}={INSIDE}")]);
        }
        Ok(options)
    }

    /// The file that the server's certificate is verified by: the profile's, or one of this machine that stands for those
    /// of services' images.
    fn certificates(&self, subject: &Subject<'_>) -> Result<PathBuf, Finding> {
        if let ExternalTls::VerifyFull(Some(path)) = &self.external.tls {
            let file = subject.root.join(path.as_str());
            let message = format!("the certificates `{path}` of the PostgreSQL server do not exist");
            let missing = || Finding::problem(ENCRYPTION, message, "put them there, then start the services anew");
            return if file.is_file() { Ok(file) } else { Err(missing()) };
        }
        let exported = (subject.environment)(CERTIFICATES).ok().flatten();
        let file = subject.current.join(exported.as_deref().unwrap_or(TRUSTED));
        let help = || Some(format!("set {CERTIFICATES} to the file with the certificates that you trust"));
        let message =
            || format!("the external server: `{}`, by which it would be verified, is not there", spelling::path(&file));
        if file.is_file() { Ok(file) } else { Err(Finding { help: help(), ..Finding::unseen(ENCRYPTION, message()) }) }
    }
}
