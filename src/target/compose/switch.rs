//! Knows which services open another database, and where their data stays. Must not know whether that is wanted.

use super::before::{After, Before};
use super::extras::Extras;
use super::networks::NETWORKS;
use super::standing::{StandingService, StandingUrl};
use crate::deployment::{Database, GivenUrl, Service};
use crate::interpolation::Template;
use crate::profile::Raw;
use crate::url::{ConnectionUrl, SqliteUrl, percent_decode};
use crate::value::{DatabasePart, Engine, ServiceName};

/// A service that opens another database: of another engine, or another one of the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineSwitch {
    /// The service.
    pub service: String,
    /// The engine of the database that it leaves.
    pub from: Engine,
    /// The engine of the one that it opens.
    pub to: Engine,
    /// Where its data stays, in words.
    pub stays: String,
}

/// Every service that opens another database.
pub(crate) fn engine_switches(before: &Before<'_>, after: After<'_>) -> Vec<EngineSwitch> {
    let services = after.deployment.services.iter();
    services.filter_map(|service| engine_switch(service, before, after.extras)).collect()
}

fn engine_switch(service: &Service, before: &Before<'_>, extras: &Extras) -> Option<EngineSwitch> {
    let database = service.database.as_ref()?;
    let standing = before.standing.service(service.name.as_str())?;
    let text = match &database.given {
        Some(given) => url_text(standing, given, before)?,
        None => part_text(standing, database, DatabasePart::Address).unwrap_or_default(),
    };
    let text = Template::parse(&text).map_or_else(|| text.clone(), |template| template.filled(before.value));
    let name = part_text(standing, database, DatabasePart::Name).unwrap_or_default();
    let host = part_text(standing, database, DatabasePart::Host).unwrap_or_default();
    let url = StandingUrl::read(&text).or_else(|| StandingUrl::of_parts(&name, &host))?;
    let (to, is_same) = match &database.url {
        ConnectionUrl::Sqlite(SqliteUrl { path, file, .. }) => {
            let opened = percent_decode(url.opened).unwrap_or_else(|| url.opened.to_owned());
            let opened = opened.trim_start_matches('/');
            let is_path = url.opened == path.to_string() || opened == file.as_str().trim_start_matches('/');
            (Engine::Sqlite, is_path)
        }
        ConnectionUrl::Postgres(wanted) => {
            let is_database = url.opened == wanted.database.as_str() || url.opened.contains('$');
            let is_host =
                url.host.is_empty() || is_same_host(url.host, &wanted.host, before) || has_alias(extras, url.host);
            (Engine::Postgres, is_database && is_host)
        }
    };
    let data = before.standing.server().and_then(StandingService::data_of_server);
    let stays = match (url.engine, data) {
        (Engine::Sqlite, _) => {
            format!("in `{}`", standing.file_on_host(url.opened).unwrap_or_else(|| url.opened.to_owned()))
        }
        (Engine::Postgres, Some(data)) => format!("in the database `{}` of the volume `{}`", url.opened, data.source),
        (Engine::Postgres, None) => format!("in the database `{}` on `{}`", url.opened, url.host),
    };
    let changes = url.engine != to || !is_same;
    changes.then(|| EngineSwitch { service: service.name.to_string(), from: url.engine, to, stays })
}

/// Whether a host is the one that is wanted; the server in a container may have had another name.
fn is_same_host(host: &str, wanted: &str, before: &Before<'_>) -> bool {
    let is_server = || before.standing.servers().any(|server| server.is_called(host));
    host == wanted || (wanted == ServiceName::postgres().as_str() && is_server())
}

/// Whether the server in a container is called so on a network: then it is the one that had this name.
fn has_alias(extras: &Extras, host: &str) -> bool {
    let networks = extras.server.iter().filter(|(key, _)| key == NETWORKS).map(|(_, networks)| networks);
    let each = networks.flat_map(|networks| match networks {
        Raw::Mapping(entries) => entries.as_slice(),
        Raw::Scalar { .. } | Raw::Sequence(_) => &[],
    });
    each.filter_map(|(_, network)| network.get("aliases")).any(|aliases| match aliases {
        Raw::Sequence(names) => names.iter().any(|name| matches!(name, Raw::Scalar { text, .. } if text == host)),
        Raw::Scalar { .. } | Raw::Mapping(_) => false,
    })
}

/// The URL that a service opens now: the default in the Compose file, else what `.env` says.
fn url_text(standing: &StandingService, given: &GivenUrl, before: &Before<'_>) -> Option<String> {
    let reference = format!("${{{}", given.key);
    let is_url = |(name, value): &&(String, String)| name == given.variable.as_str() || value.starts_with(&reference);
    let written = standing.environment.iter().find(is_url).map(|(_, value)| value.clone());
    match written {
        Some(text) if StandingUrl::read(&text).is_some() => Some(text),
        Some(_) | None => (before.value)(given.key.as_str()),
    }
}

/// What the variable holds that has a part of the database.
fn part_text(standing: &StandingService, database: &Database, wanted: DatabasePart) -> Option<String> {
    let (variable, _) = database.parts.iter().find(|(_, part)| *part == wanted)?;
    standing.environment.iter().find(|(name, _)| name == variable.as_str()).map(|(_, value)| value.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resolve::resolved;
    use crate::target::compose::Standing;

    #[test]
    fn a_service_that_gets_parts_leaves_what_they_say() {
        let profile = |engine: &str| {
            format!(
                "format: 1\nproject: shop\nstage: ci\nengine: {engine}\npostgres: {{ image: 'postgres:16', user: u }}\n\
                 services:\n  a:\n    image: 'a:1'\n    data: './data:/data'\n    environment:\n      \
                 {{ K: {{ database: driver }}, N: {{ database: name }}, H: {{ database: host }} }}\n    \
                 database: {{ sqlite: /data/a.db, postgres: a, give_url: false, driver: laravel }}\n"
            )
        };
        for (engine, name, host, left) in [
            ("sqlite", "/data/a.db", "", None),
            ("sqlite", "/data/b.db", "", Some(Engine::Sqlite)),
            ("sqlite", "a", "postgres", Some(Engine::Postgres)),
            ("postgres", "a", "postgres", None),
            ("postgres", "b", "postgres", Some(Engine::Postgres)),
            ("postgres", "a", "elsewhere", Some(Engine::Postgres)),
            ("postgres", "/data/a.db", "", Some(Engine::Sqlite)),
            ("postgres", "", "", None),
        ] {
            let deployment = resolved(&profile(engine));
            let compose = format!(
                "services:\n  a:\n    image: a\n    environment: {{ N: '{name}', H: '{host}' }}\n    volumes: ['./data:/data']\n"
            );
            let standing = Standing::read(&compose).unwrap();
            let before = Before {
                standing: &standing,
                file: "docker-compose.yml",
                mark: None,
                folder_project: String::new(),
                has_project_override: false,
                volumes_beside: Vec::new(),
                value: &|_| None,
            };
            let switch = engine_switch(&deployment.services[0], &before, &Extras::default());
            assert_eq!(switch.map(|switch| switch.from), left, "{engine} {name} {host}");
        }
    }

    #[test]
    fn a_service_opens_what_its_variable_says_else_what_dotenv_says() {
        let profile = "format: 1\nproject: shop\nstage: ci\nservices:\n  \
                       a: { image: 'a:1', data: './data:/data', database: { sqlite: /data/a.db } }\n";
        let deployment = resolved(profile);
        let database = deployment.services[0].database.as_ref().unwrap();
        let given = database.given.as_ref().unwrap();
        let variable = given.variable.as_str();
        for (name, value, opened) in [
            (variable, "sqlite:///x.db", "sqlite:///x.db"),
            (variable, "${A__DB_URL:-sqlite:///x.db}", "${A__DB_URL:-sqlite:///x.db}"),
            (variable, "${A__DB_URL:?no}", "sqlite:///dotenv.db"),
            (variable, "${A__DB_URL}", "sqlite:///dotenv.db"),
            ("OTHER", "${A__DB_URL-sqlite:///x.db}", "${A__DB_URL-sqlite:///x.db}"),
            ("OTHER", "sqlite:///x.db", "sqlite:///dotenv.db"),
        ] {
            let compose = format!("services:\n  a:\n    image: a\n    environment:\n      {name}: '{value}'\n");
            let standing = Standing::read(&compose).unwrap();
            let before = Before {
                standing: &standing,
                file: "docker-compose.yml",
                mark: None,
                folder_project: String::new(),
                has_project_override: false,
                volumes_beside: Vec::new(),
                value: &|key| (key == "A__DB_URL").then(|| "sqlite:///dotenv.db".to_owned()),
            };
            let text = url_text(standing.service("a").unwrap(), given, &before);
            assert_eq!(text.as_deref(), Some(opened), "{name}: {value}");
        }
    }
}
