//! Knows what a hand-written connection URL says, which of them a profile can say, and where all others lead.
//! Must not know which service opens it.

use crate::secret::names_secret;
use crate::url::options::{Known, of_postgres, takes};
use crate::url::{WrittenUrl, driver_of, percent_decode};
use crate::value::{DatabaseName, Driver, SqlitePath, TextValue as _, UrlOptions};

/// A connection URL that a profile can say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Connection {
    /// `sqlite:///PATH`.
    Sqlite(SqlitePath),
    /// `SCHEME://USER:PASSWORD@HOST:PORT/DATABASE[?OPTIONS]`.
    Postgres(PostgresConnection),
}

/// The parts of a URL that leads to PostgreSQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PostgresConnection {
    pub(super) driver: Driver,
    pub(super) options: Option<UrlOptions>,
    pub(super) user: String,
    pub(super) password: String,
    pub(super) host: String,
    pub(super) port: String,
    pub(super) database: DatabaseName,
}

/// Where a text leads, in any of the forms that programs take; what it does not say is nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) host: String,
    pub(super) port: Option<String>,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    pub(super) database: Option<String>,
}

/// Words before `://`, without `+DRIVER`, by which programs mean PostgreSQL. `ecto` may mean another one as well: the host
/// decides.
const SCHEMES: [&str; 8] = ["postgres", "postgresql", "pgsql", "pg", "psql", "postgis", "timescaledb", "ecto"];

/// Options of a URL that say where it leads, in the place of what stands before them.
const LEADING: [&str; 5] = ["user", "host", "port", "dbname", "hostaddr"];

/// What stands before a URL that is meant for a program on the Java machine.
const MACHINES: [&str; 2] = ["jdbc:", "r2dbc:"];

/// Reads a URL of one of the two engines; nothing for any other text.
///
/// # Errors
/// Why a profile can't say it; never the URL, which holds a password.
pub(super) fn read(text: &str) -> Option<Result<Connection, String>> {
    let url = WrittenUrl::read(text)?;
    if let Some(driver) = url.scheme.strip_prefix("sqlite") {
        let path = url.place.strip_prefix('/').map(|path| path.trim_start_matches("./"));
        return Some(match (driver, path.map(SqlitePath::parse)) {
            ("", Some(Ok(path))) => Ok(Connection::Sqlite(path)),
            ("", Some(Err(_)) | None) => Err("its path is none that all readers of URLs read alike".to_owned()),
            (_, _) => Err(format!("a profile writes `sqlite:///`, and not `{}:///`", url.scheme)),
        });
    }
    is_scheme(url.scheme).then(|| postgres(url).map(Connection::Postgres))
}

fn is_scheme(scheme: &str) -> bool {
    SCHEMES.contains(&scheme.split('+').next().unwrap_or_default())
}

fn postgres(WrittenUrl { scheme, login, place }: WrittenUrl<'_>) -> Result<PostgresConnection, String> {
    let driver = driver_of(scheme).ok_or_else(|| format!("a profile has no driver that is written `{scheme}://`"))?;
    let unreadable = || "its parts can't be distinguished".to_owned();
    let login = login.ok_or_else(unreadable)?;
    let password = login.password.filter(|password| !password.is_empty()).ok_or("it has no password")?;
    let (place, query) = place.split_once('?').map_or((place, None), |(place, query)| (place, Some(query)));
    let options = query.filter(|query| !query.is_empty()).map(|query| options(query, driver)).transpose()?;
    let (host_and_port, database) = place.split_once('/').ok_or_else(unreadable)?;
    let (host, port) = host_and_port.split_once(':').unwrap_or((host_and_port, "5432"));
    let database = DatabaseName::parse(database).ok().filter(|name| !name.is_reserved() || name.as_str() == "postgres");
    Ok(PostgresConnection {
        driver,
        options,
        user: percent_decode(login.user).ok_or_else(unreadable)?,
        password: percent_decode(password).unwrap_or_else(|| password.to_owned()),
        host: host.to_owned(),
        port: port.to_owned(),
        database: database.ok_or_else(|| "its database has a name that a profile can't give".to_owned())?,
    })
}

/// # Errors
/// Why a profile can't take them.
fn options(query: &str, driver: Driver) -> Result<UrlOptions, String> {
    let options = UrlOptions::parse(query).map_err(|_| "its options have characters that a profile does not take")?;
    if options.names().any(|name| LEADING.contains(&name) || names_secret(name)) {
        return Err("an option of it says who logs in, or where".to_owned());
    }
    let is_taken = |known: &[Known], option: &str| {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        takes(known, name).zip(percent_decode(value)).is_some_and(|(takes, value)| takes.accepts(&value))
    };
    match of_postgres(driver) {
        Some(known) if !options.each().all(|option| is_taken(&known, option)) => {
            Err(format!("its options are none that `{driver}` takes"))
        }
        Some(_) | None => Ok(options),
    }
}

/// Where a text leads that means PostgreSQL, as a URL, or as names with values; nothing for any other text.
pub(super) fn target(text: &str) -> Option<Target> {
    let url = MACHINES.iter().find_map(|machine| text.strip_prefix(machine)).unwrap_or(text);
    match WrittenUrl::read(url) {
        Some(url) if is_scheme(url.scheme) => Some(target_of_url(url)),
        Some(_) => None,
        None => target_of_words(text),
    }
}

fn target_of_url(WrittenUrl { login, place, .. }: WrittenUrl<'_>) -> Target {
    let (place, query) = place.split_once('?').unwrap_or((place, ""));
    let (host_and_port, database) = place.split_once('/').unwrap_or((place, ""));
    let (host, port) = host_and_port.split_once(':').map_or((host_and_port, None), |(host, port)| (host, Some(port)));
    let option = |names: &[&str]| {
        let is_it = |name: &str| names.iter().any(|known| name.eq_ignore_ascii_case(known));
        query
            .split('&')
            .filter_map(|option| option.split_once('='))
            .find(|(name, _)| is_it(name))
            .map(|(_, value)| value)
    };
    let decoded = |text: &str| percent_decode(text).unwrap_or_else(|| text.to_owned());
    let some = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(decoded);
    Target {
        host: host.to_owned(),
        port: port.map(str::to_owned),
        user: some(login.map(|login| login.user).or_else(|| option(&["user", "u"]))),
        password: some(login.and_then(|login| login.password).or_else(|| option(&["password", "p"]))),
        database: some(Some(database).filter(|name| !name.is_empty()).or_else(|| option(&["database", "dbname", "d"]))),
    }
}

impl Target {
    /// Takes in what one word of a text says.
    fn learn(&mut self, key: &str, value: &str) {
        let key: String = key.to_ascii_lowercase().chars().filter(|c| !matches!(c, ' ' | '_' | '\t')).collect();
        let value = value.trim().trim_matches(['\'', '"']).to_owned();
        match key.as_str() {
            "host" | "server" | "datasource" | "hostname" => self.host = value,
            "port" => self.port = Some(value),
            "user" | "username" | "userid" | "uid" => self.user = Some(value),
            "password" | "pwd" => self.password = Some(value),
            "database" | "dbname" | "initialcatalog" => self.database = Some(value),
            _ => {}
        }
    }
}

/// Where a text of several lines leads, such as a file of settings: by the lines beside that which names a host like this.
pub(super) fn target_in_lines(text: &str, is_host: &dyn Fn(&str) -> bool) -> Option<Target> {
    let lines: Vec<_> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let pair = |line: &str| {
        let (key, value) = line.split_once([':', '='])?;
        Some((key.to_owned(), value.trim().trim_matches(['\'', '"']).to_owned()))
    };
    let names_it = |line: &&str| {
        let mut target = Target::default();
        if let Some((key, value)) = pair(line) {
            target.learn(&key, &value);
        }
        is_host(&target.host)
    };
    let at = lines.iter().position(names_it).filter(|_| lines.len() > 1)?;
    let indent = |line: &&str| line.len() - line.trim_start().len();
    let depth = lines.get(at).map(indent)?;
    let (before, behind) = lines.split_at(at);
    let is_beside = |line: &&&str| indent(line) == depth && !line.trim_start().starts_with('[');
    let beside = before.iter().rev().take_while(is_beside).chain(behind.iter().take_while(is_beside));
    let mut target = Target::default();
    for (key, value) in beside.filter_map(|line| pair(line)) {
        target.learn(&key, &value);
    }
    (target.user.is_some() || target.database.is_some()).then_some(target)
}

/// `Host=db;Port=5432;Database=shop;Username=shop;Password=…`, or the same between spaces.
fn target_of_words(text: &str) -> Option<Target> {
    let separator = if text.contains(';') { ';' } else { ' ' };
    let mut target = Target::default();
    for (key, value) in text.split(separator).filter_map(|part| part.split_once('=')) {
        target.learn(key, value);
    }
    if let Some((host, port)) = target.host.clone().split_once(':') {
        (target.host, target.port) = (host.to_owned(), Some(port.to_owned()));
    }
    let is_whole = !target.host.is_empty() && (target.user.is_some() || target.database.is_some());
    is_whole.then_some(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_urls_of_the_requirements_are_read() {
        let Some(Ok(Connection::Postgres(url))) =
            read("postgresql+asyncpg://codelab:p%40ss@postgres:5432/agent_runtime")
        else {
            panic!()
        };
        assert_eq!((url.driver, url.user.as_str(), url.password.as_str()), (Driver::Asyncpg, "codelab", "p@ss"));
        assert_eq!((url.host.as_str(), url.port.as_str()), ("postgres", "5432"));
        let path = |text| SqlitePath::parse(text).unwrap();
        let sqlite = |text| read(text).unwrap().unwrap();
        assert_eq!(sqlite("sqlite:///data/auth.db"), Connection::Sqlite(path("data/auth.db")));
        assert_eq!(sqlite("sqlite:///./data/auth.db"), Connection::Sqlite(path("data/auth.db")));
        assert_eq!(sqlite("sqlite:////absolute/path.db"), Connection::Sqlite(path("/absolute/path.db")));
    }

    #[test]
    fn a_driver_is_known_by_its_scheme_and_options_stay() {
        for (url, driver, options) in [
            ("postgres://u:p@h/d", Driver::Postgres, None),
            ("postgresql+psycopg2://u:p@h/d", Driver::Psycopg2, None),
            ("postgresql://u:p@h/d?schema=public&x=1", Driver::Plain, Some("schema=public&x=1")),
            ("postgresql://u:p@h/d?", Driver::Plain, None),
        ] {
            let Some(Ok(Connection::Postgres(read))) = read(url) else { panic!("{url}") };
            assert_eq!((read.driver, read.options.map(|it| it.to_string()).as_deref()), (driver, options), "{url}");
        }
    }

    #[test]
    fn what_a_profile_can_not_say_is_told_without_showing_it() {
        for url in [
            "sqlite+aiosqlite:///x.db",
            "sqlite://",
            "postgresql+pg8000://u:hunter22@h/d",
            "pgsql://u:hunter22@h/d",
            "postgresql://u:p@h/d?password=hunter22",
            "postgresql://u:hunter22@h/d?host=x",
            "postgresql://u:hunter22@h/d?a=b c",
            "postgresql://u:hunter22@h/template1",
            "postgresql://u@h/d",
            "postgresql://u:@h/d",
            "postgresql://h",
        ] {
            let why = read(url).unwrap().unwrap_err();
            assert!(!why.contains("hunter22"), "{why}");
        }
        assert_eq!(read("redis://:x@redis:6379/0"), None);
        assert_eq!(read("plain"), None);
    }

    #[test]
    fn the_server_of_a_url_keeps_its_port() {
        for (place, host, port) in [("h:6543", "h", "6543"), ("h:5432", "h", "5432"), ("h", "h", "5432")] {
            let url = format!("postgresql://u:p@{place}/d");
            let Some(Ok(Connection::Postgres(read))) = read(&url) else { panic!("{url}") };
            assert_eq!((read.host.as_str(), read.port.as_str()), (host, port));
        }
    }

    #[test]
    fn a_file_of_settings_leads_to_the_server_that_it_names() {
        let yaml = "cache:\n  host: c\n  user: x\ndb:\n  dbname: d\n  user: u\n  password: 'p'\n  host: h\n  port: 5432\nkey: k\n";
        let ini = "[cache]\nuser = x\n[db]\nhost = h\nuser = u\nname = n\n";
        let read = |text: &str| target_in_lines(text, &|host| host == "h");
        let found = read(yaml).unwrap();
        let texts = [&found.port, &found.user, &found.password, &found.database].map(|it| it.as_deref());
        assert_eq!(texts, [Some("5432"), Some("u"), Some("p"), Some("d")]);
        assert_eq!(read(ini).unwrap().user.as_deref(), Some("u"));
        for text in ["host: h", "host: h\nport: 1\n", "a: h\nuser: u\n", "db:\n  host: other\n  user: u\n"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_text_leads_to_the_same_place_in_every_form() {
        let all = (Some("5432"), Some("u"), Some("p@s"), Some("d"));
        for (text, (port, user, password, database)) in [
            ("postgres://u:p%40s@h:5432/d?sslmode=disable", all),
            ("ecto://u:p%40s@h/d", (None, Some("u"), Some("p@s"), Some("d"))),
            ("jdbc:postgresql://h:5432/d", (Some("5432"), None, None, Some("d"))),
            ("jdbc:postgresql://h/d?user=u&password=p%40s", (None, Some("u"), Some("p@s"), Some("d"))),
            ("r2dbc:postgresql://h/d", (None, None, None, Some("d"))),
            ("Host=h;Port=5432;Database=d;Username=u;Password=p@s", all),
            ("Server=h;User Id=u;Pwd=p@s;Initial Catalog=d", (None, Some("u"), Some("p@s"), Some("d"))),
            ("host=h port=5432 user=u password=p@s dbname=d sslmode=disable", all),
            ("pg://h:5432?u=u&p=p%40s&d=d", all),
            ("Data Source=h:5432;User_ID=u", (Some("5432"), Some("u"), None, None)),
        ] {
            let owned = |text: Option<&str>| text.map(str::to_owned);
            let expected = Target {
                host: "h".to_owned(),
                port: owned(port),
                user: owned(user),
                password: owned(password),
                database: owned(database),
            };
            assert_eq!(target(text), Some(expected), "{text}");
        }
        for text in ["http://h/d", "mysql://u:p@h/d", "h", "host=h", "a=b c=d", "Server=h;Timeout=3", ""] {
            assert_eq!(target(text), None, "{text}");
        }
    }
}
