//! Knows which services open another database, and where their data stays. Must not know whether that is wanted.

use super::before::{After, Before};
use super::extras::Extras;
use super::networks::NETWORKS;
use super::standing::{StandingService, StandingUrl};
use crate::deployment::{Database, Deployment, GivenUrl, Service};
use crate::interpolation::Template;
use crate::profile::Raw;
use crate::spelling::shell_word;
use crate::url::{ConnectionUrl, SqliteUrl, percent_decode};
use crate::value::{DatabasePart, Engine, ServiceName};

/// How the keys of `.env` end that hold URLs.
const OF_URL: &str = "__DB_URL";

/// A service that opens another database: of another engine, or another one of the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineSwitch {
    /// The service; `SERVICE/NAME` for one of its further databases.
    pub service: String,
    /// The engine of the database that it leaves.
    pub from: Engine,
    /// The engine of the one that it opens.
    pub to: Engine,
    /// Where its data stays, in words.
    pub stays: String,
}

/// Every database of a service that becomes another one.
pub(crate) fn engine_switches(before: &Before<'_>, after: After<'_>) -> Vec<EngineSwitch> {
    let services = after.deployment.services.iter();
    let each = services.flat_map(|service| service.databases().map(move |database| (service, database)));
    each.filter_map(|(service, database)| engine_switch(service, database, before, after.extras)).collect()
}

fn engine_switch(service: &Service, database: &Database, before: &Before<'_>, extras: &Extras) -> Option<EngineSwitch> {
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
    let stays = stays(&url, standing, before);
    let changes = url.engine != to || !is_same;
    changes.then(|| EngineSwitch { service: database.called(&service.name), from: url.engine, to, stays })
}

/// Where the data of a database stays, in words.
fn stays(url: &StandingUrl<'_>, standing: &StandingService, before: &Before<'_>) -> String {
    let data = before.standing.server().and_then(StandingService::data_of_server);
    match (url.engine, data) {
        (Engine::Sqlite, _) => {
            format!("in `{}`", standing.file_on_host(url.opened).unwrap_or_else(|| url.opened.to_owned()))
        }
        (Engine::Postgres, Some(data)) => format!("in the database `{}` of the volume `{}`", url.opened, data.source),
        (Engine::Postgres, None) => format!("in the database `{}` on `{}`", url.opened, url.host),
    }
}

/// Every database of which a service that stays had the URL from us, and that no service has any more: what is told, and the
/// help.
pub(crate) fn left_databases(before: &Before<'_>, deployment: &Deployment) -> Vec<(String, String)> {
    let mut notes = Vec::new();
    for service in deployment.services.iter().filter(|_| before.mark.is_some()) {
        let Some(standing) = before.standing.service(service.name.as_str()) else { continue };
        let keys = standing.environment.iter().filter_map(|(_, value)| {
            let (key, _) = value.strip_prefix("${")?.split_once([':', '}'])?;
            let is_left = key.ends_with(OF_URL)
                && !service.databases().any(|it| it.given.as_ref().is_some_and(|given| given.key.as_str() == key));
            is_left.then_some((key, value))
        });
        for (key, value) in keys {
            let of_dotenv = (before.value)(key);
            let text = if StandingUrl::read(value).is_some() { Some(value.as_str()) } else { of_dotenv.as_deref() };
            let Some(url) = text.and_then(StandingUrl::read) else { continue };
            notes.extend(left(&service.name, &url, &stays(&url, standing, before), deployment));
        }
    }
    notes
}

/// That a service leaves a database, unless another one has it.
pub(in crate::target) fn left(
    service: &ServiceName,
    url: &StandingUrl<'_>,
    stays: &str,
    deployment: &Deployment,
) -> Option<(String, String)> {
    let opened = url.opened;
    let help = match url.engine {
        Engine::Sqlite => "remove the file once nobody needs it".to_owned(),
        Engine::Postgres => {
            let server = deployment.server.as_ref();
            if server.is_some_and(|server| server.databases.iter().any(|known| known.name.as_str() == opened)) {
                return None;
            }
            let drop = shell_word(format!("DROP DATABASE \"{opened}\""));
            match server {
                Some(server) if server.is_inside() => {
                    format!("once nobody needs it: `scripts/db/psql.sh --superuser postgres -c {drop}`")
                }
                Some(_) | None => "its administrator removes it once nobody needs it".to_owned(),
            }
        }
    };
    Some((format!("`{service}` does not have the database `{opened}` any more; its data stays {stays}"), help))
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
                mark: None,
                folder_project: String::new(),
                has_project_override: false,
                volumes_beside: Vec::new(),
                value: &|_| None,
            };
            let switch = engine_switch(
                &deployment.services[0],
                deployment.services[0].database.as_ref().unwrap(),
                &before,
                &Extras::default(),
            );
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
