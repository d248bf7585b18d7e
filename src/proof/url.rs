//! Knows whether two texts lead to the same server and database, where the server may have another name now. Must not know
//! which variable holds them.

use crate::url::{WrittenUrl, percent_decode};
use crate::value::ServiceName;

/// The port that PostgreSQL listens on.
const PORT: &str = "5432";

/// Whether a text means what another one meant; `names` is what the server is called today.
pub(super) fn leads_to_the_same(before: &str, after: &str, names: &[String]) -> bool {
    if names.is_empty() && !before.starts_with("sqlite:") {
        return before == after;
    }
    let own = ServiceName::postgres();
    if names.iter().any(|name| name == before) && after == own.as_str() {
        return true;
    }
    match (parts(before, names), parts(after, names)) {
        (Some(before), Some(after)) => before == after,
        (_, _) => words(before, names) == words(after, names),
    }
}

/// What a URL says, decoded.
#[derive(PartialEq, Eq)]
struct Parts {
    scheme: String,
    login: Option<(String, String)>,
    host: String,
    port: String,
    /// What stands behind the server.
    rest: String,
}

fn parts(text: &str, names: &[String]) -> Option<Parts> {
    let WrittenUrl { scheme, login, place } = WrittenUrl::read(text)?;
    let decoded = |text: &str| percent_decode(text).unwrap_or_else(|| text.to_owned());
    let login = login.map(|login| (decoded(login.user), decoded(login.password.unwrap_or_default())));
    let (host, rest) = place.split_at(place.find(['/', '?']).unwrap_or(place.len()));
    let (host, port) = host.split_once(':').map_or((host, None), |(host, port)| (host, Some(port)));
    let is_server =
        !names.is_empty() && (host == ServiceName::postgres().as_str() || names.iter().any(|name| name == host));
    // a step that leads nowhere
    let rest = if scheme.starts_with("sqlite") { rest.replace("/./", "/") } else { rest.to_owned() };
    // what another service or another protocol takes where no port is written is not known
    let usual = if is_server && scheme.contains("postgres") { PORT } else { "" };
    let port = port.unwrap_or(usual);
    let host = if is_server { ServiceName::postgres().to_string() } else { host.to_owned() };
    Some(Parts { scheme: scheme.to_owned(), login, host, port: port.to_owned(), rest })
}

/// The words of a text with the server's later name in the place of those of today, where it can be a host.
fn words<'t>(text: &'t str, names: &[String]) -> Vec<&'t str> {
    let mut words = Vec::new();
    let mut start = 0;
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    for (at, character) in text.char_indices().chain([(text.len(), ' ')]) {
        if !is_part(character) {
            let word = text.get(start..at).unwrap_or_default();
            let is_server = names.iter().any(|name| name == word);
            words.push(if is_server && is_host(text.get(..start).unwrap_or_default()) { "postgres" } else { word });
            words.extend(text.get(at..at + character.len_utf8()));
            start = at + character.len_utf8();
        }
    }
    words
}

/// Whether a host stands behind a text, and not another name or a step of a path.
fn is_host(before: &str) -> bool {
    const NAMES: [&str; 4] = ["host", "hostaddr", "server", "data source"];
    match before.trim_end().strip_suffix('=') {
        Some(name) => NAMES.iter().any(|host| name.trim_end().to_ascii_lowercase().ends_with(host)),
        None => before.is_empty() || before.ends_with('@') || before.ends_with("//"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_called_otherwise_is_the_same_one() {
        let names = ["db", "shop-db"].map(str::to_owned);
        for (before, after, is_same) in [
            ("postgresql://u:p@db/x", "postgresql://u:p@postgres:5432/x", true),
            ("postgresql://u:p%40@db:5432/x", "postgresql://u:p%40@postgres:5432/x", true),
            ("postgresql://u:p!@db/x", "postgresql://u:p%21@postgres:5432/x", true),
            ("postgresql://u:p@db:6000/x", "postgresql://u:p@postgres:5432/x", false),
            ("postgresql://u:p@db/x", "postgresql://u:p@postgres:5432/y", false),
            ("postgresql://u:p@db/x", "postgresql://u:q@postgres:5432/x", false),
            ("postgresql://u:p@db/x", "postgresql://v:p@postgres:5432/x", false),
            ("postgresql://u:p@db/x", "postgresql+asyncpg://u:p@postgres:5432/x", false),
            ("postgresql://u:p@db/x?a=b", "postgresql://u:p@postgres:5432/x", false),
            ("postgresql://u:p@other/x", "postgresql://u:p@postgres:5432/x", false),
            ("db", "postgres", true),
            ("db", "other", false),
            ("host=db port=5432", "host=postgres port=5432", true),
            ("host=db user=a", "host=postgres user=b", false),
            ("host=db dbname=db", "host=postgres dbname=db", true),
            ("host=db dbname=db", "host=postgres dbname=postgres", false),
            ("Server=db;Database=db", "Server=postgres;Database=db", true),
            ("Server=db;Database=db", "Server=postgres;Database=postgres", false),
            ("dbname = db host = db", "dbname = db host = postgres", true),
            ("dbname = db host = db", "dbname = postgres host = db", false),
            ("-d db", "-d postgres", false),
            ("db:5432/db", "postgres:5432/db", true),
            ("db:5432/db", "postgres:5432/postgres", false),
            ("http://db/x", "http://postgres:5432/x", false),
            ("postgresql://u:p@other/x", "postgresql://u:p@other:5432/x", false),
            ("postgresql://u:p@shop-db/x", "postgresql://u:p@postgres:5432/x", true),
            ("shop-db", "postgres", true),
            ("sqlite:///./data/x.db", "sqlite:///data/x.db", true),
            ("sqlite:///./data/x.db", "sqlite:////data/x.db", false),
        ] {
            assert_eq!(leads_to_the_same(before, after, &names), is_same, "{before} {after}");
        }
        assert!(!leads_to_the_same("db", "postgres", &[]));
        assert!(!leads_to_the_same("postgresql://u:p@postgres/x", "postgresql://u:p@postgres:5432/x", &[]));
    }
}
