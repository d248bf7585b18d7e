//! Knows which keys of `.env` a deployment has, in their order, and what each one holds.
//! Must not know any value of a secret, nor how a file says it.

use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;

use super::{Database, Deployment, PublishedPort, Server, Service, Variable};
use crate::field::FieldPath;
use crate::url::ConnectionUrl;
use crate::value::{EnvironmentKey, SecretRule, SecretsIn, ServiceImage, VariableName};

/// The keys of `.env`, by section.
#[derive(Debug, Clone, Default)]
pub struct DotenvKeys<'d> {
    /// What the server's image, or the administrator's script, makes its roles of.
    pub server: Vec<DotenvKey<'d>>,
    /// The connection URLs of the services.
    pub urls: Vec<DotenvKey<'d>>,
    /// All other secrets.
    pub secrets: Vec<DotenvKey<'d>>,
}

/// A key with what it holds.
#[derive(Debug, Clone)]
pub struct DotenvKey<'d> {
    /// The key.
    pub name: String,
    /// What it holds.
    pub holds: Holds<'d>,
}

/// What a key of `.env` holds.
#[derive(Debug, Clone, Copy)]
pub enum Holds<'d> {
    /// A text that is no secret.
    Text(&'d str),
    /// The value of this secret.
    Secret(&'d EnvironmentKey),
    /// A connection URL, which may contain a secret.
    Url(&'d ConnectionUrl),
}

/// The folder of secrets' files in the output folder.
pub const SECRET_FOLDER: &str = "secrets";

/// Where the file of a secret stands in the output folder.
#[must_use]
pub fn secret_file_path(name: &EnvironmentKey) -> String {
    format!("{SECRET_FOLDER}/{}", name.as_str().to_ascii_lowercase())
}

/// The key of the role that the server is made with.
pub const POSTGRES_USER: &str = "POSTGRES_USER";

/// The key of the database that the server is made with.
pub const POSTGRES_DB: &str = "POSTGRES_DB";

impl DotenvKey<'_> {
    /// Whether a secret is in what it holds.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        match self.holds {
            Holds::Text(_) => false,
            Holds::Secret(_) => true,
            Holds::Url(url) => url.password().is_some(),
        }
    }
}

impl<'d> DotenvKeys<'d> {
    fn without(mut self, drops: impl Fn(&DotenvKey<'d>) -> bool) -> Self {
        for section in [&mut self.server, &mut self.urls, &mut self.secrets] {
            section.retain(|key| !drops(key));
        }
        self
    }

    /// All of them, in their order.
    pub fn into_all(self) -> impl Iterator<Item = DotenvKey<'d>> {
        self.server.into_iter().chain(self.urls).chain(self.secrets)
    }

    /// The names of all of them.
    #[must_use]
    pub fn names(&self) -> HashSet<&str> {
        let Self { server, urls, secrets } = self;
        server.iter().chain(urls).chain(secrets).map(|key| key.name.as_str()).collect()
    }
}

impl Deployment {
    /// Every key of `.env`.
    #[must_use]
    pub fn dotenv_keys(&self) -> DotenvKeys<'_> {
        let keys = self.all_keys();
        match self.secrets_in {
            SecretsIn::Dotenv => keys,
            SecretsIn::Environment | SecretsIn::External => keys.without(DotenvKey::is_secret),
            SecretsIn::Files => {
                let of_server: HashSet<_> = self.passwords_of_server().into_iter().collect();
                keys.without(|key| matches!(key.holds, Holds::Secret(name) if of_server.contains(name)))
            }
        }
    }

    /// Every key that `.env` has where all secrets stand there, wherever they stand.
    #[must_use]
    pub fn all_keys(&self) -> DotenvKeys<'_> {
        let of_server = self.passwords_of_server();
        let is_of_server: HashSet<_> = of_server.iter().copied().collect();
        let secret = |name| DotenvKey { name: ToString::to_string(name), holds: Holds::Secret(name) };
        let databases = self.services.iter().flat_map(Service::databases);
        DotenvKeys {
            server: self.server.as_ref().map(|server| server_keys(server, &of_server)).unwrap_or_default(),
            urls: databases.filter_map(url_key).collect(),
            secrets: self.secrets.keys().filter(|name| !is_of_server.contains(name)).map(secret).collect(),
        }
    }

    fn passwords_of_server(&self) -> Vec<&EnvironmentKey> {
        self.server.as_ref().map(Server::passwords).unwrap_or_default()
    }

    /// The fields of the profile that keys of `.env` follow from; secrets are not among them.
    #[must_use]
    pub fn fields_of_keys(&self) -> HashMap<&str, FieldPath> {
        let postgres = FieldPath::root().key("postgres");
        let of_server = [(POSTGRES_USER, postgres.key("user")), (POSTGRES_DB, postgres.key("database"))];
        let each =
            self.services.iter().flat_map(|service| service.databases().map(move |database| (service, database)));
        let of_services = each.filter_map(|(service, database)| {
            Some((database.given.as_ref()?.key.as_str(), database.path(&service.name)))
        });
        of_server.into_iter().filter(|_| self.server.is_some()).chain(of_services).collect()
    }

    /// The secrets that stand in files of their own, for the server alone.
    #[must_use]
    pub fn secret_files(&self) -> Vec<&EnvironmentKey> {
        match (self.secrets_in, &self.server) {
            (SecretsIn::Files, Some(server)) => server.passwords(),
            (SecretsIn::Files, None) | (SecretsIn::Dotenv | SecretsIn::Environment | SecretsIn::External, _) => {
                Vec::new()
            }
        }
    }

    /// The secrets whose values codelab-gen keeps; in the environment they are a secret manager's.
    #[must_use]
    pub fn kept_secrets(&self) -> IndexMap<EnvironmentKey, SecretRule> {
        match self.secrets_in {
            SecretsIn::Dotenv | SecretsIn::Files => self.secrets.clone(),
            SecretsIn::Environment | SecretsIn::External => IndexMap::new(),
        }
    }

    /// The variables that containers and images take from `.env` or the shell, each once, with what holds where one is not
    /// set.
    #[must_use]
    pub fn variables(&self) -> IndexMap<&EnvironmentKey, String> {
        let mut variables = IndexMap::new();
        for service in &self.services {
            let of_environment = of_environment(&service.environment);
            let of_image = service.program.image().and_then(ServiceImage::follows);
            let of_image = of_image.map(|(name, default)| (name, default.to_owned()));
            let of_port = port_variable(service.publish.as_ref());
            for (name, default) in of_image.into_iter().chain(of_port).chain(of_environment) {
                variables.entry(name).or_insert(default);
            }
        }
        if let Some((_, container)) = self.contained_server() {
            let of_port = port_variable(container.publish.as_ref());
            for (name, default) in of_port.into_iter().chain(of_environment(&container.environment)) {
                variables.entry(name).or_insert(default);
            }
        }
        variables
    }
}

/// The variables that those of a container follow.
fn of_environment(environment: &[(VariableName, Variable)]) -> impl Iterator<Item = (&EnvironmentKey, String)> {
    environment.iter().filter_map(|(_, variable)| match variable {
        Variable::Environment { name, default } => Some((name, default.clone().unwrap_or_default())),
        Variable::Literal(_) | Variable::Secret(_) | Variable::Url(_) => None,
    })
}

/// The key of a URL that a service gets.
fn url_key(database: &Database) -> Option<DotenvKey<'_>> {
    let given = database.given.as_ref()?;
    Some(DotenvKey { name: given.key.to_string(), holds: Holds::Url(&database.url) })
}

fn port_variable(port: Option<&PublishedPort>) -> Option<(&EnvironmentKey, String)> {
    let port = port?;
    Some((port.variable.as_ref()?, port.port.to_string()))
}

fn server_keys<'d>(server: &'d Server, passwords: &[&'d EnvironmentKey]) -> Vec<DotenvKey<'d>> {
    let text = |name: &str, text: &'d str| DotenvKey { name: name.to_owned(), holds: Holds::Text(text) };
    let mut keys = Vec::new();
    for &password in passwords {
        let secret = DotenvKey { name: password.to_string(), holds: Holds::Secret(password) };
        if *password == server.administrator_password {
            let database = server.container().map(|container| text(POSTGRES_DB, container.database.as_str()));
            keys.extend([text(POSTGRES_USER, server.user.as_str()), secret]);
            keys.extend(database);
        } else {
            keys.push(secret);
        }
    }
    keys
}
