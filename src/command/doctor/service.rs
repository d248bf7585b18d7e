//! Knows what can be wrong inside of a service's container: the driver, the SQLite file. Must not know PostgreSQL.

use serde_json::Value;

use super::containers::Containers;
use super::docker::{Docker, Silence};
use super::finding::Finding;
use crate::deployment::{Database, Deployment, Service};
use crate::url::ConnectionUrl;
use crate::value::Driver;

const DRIVER: &str = "driver";
const FILE: &str = "sqlite-file";
const SLOW: &str = "slow-sqlite";

/// File systems on which SQLite's locks are slow, or not to be relied on.
const REMOTE_FILE_SYSTEMS: [&str; 9] =
    ["nfs", "nfs4", "cifs", "smb3", "9p", "virtiofs", "fakeowner", "fuse.grpcfuse", "fuse.osxfs"];

/// Looks, and changes nothing: the file is opened for reading only. It gets the module to import and the file, each may
/// be empty.
const PROBE: &str = r#"
import importlib, json, os, sqlite3, sys
module, file = sys.argv[1:3]
found = {}
if module:
    try:
        importlib.import_module(module)
    except Exception as error:
        found["driver"] = f"{type(error).__name__}: {error}"
if file:
    folder = os.path.dirname(file)
    found["folder"] = os.path.isdir(folder)
    found["exists"] = os.path.isfile(file)
    found["writable"] = os.access(folder, os.W_OK) and (not found["exists"] or os.access(file, os.W_OK))
    mounts = [line.split()[1:3] for line in open("/proc/mounts")]
    holding = [mount for mount in mounts if (folder + "/").startswith(mount[0].rstrip("/") + "/")]
    found["file_system"] = max(holding, key=lambda mount: len(mount[0]))[1] if holding else ""
    if found["exists"]:
        try:
            connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
            found["journal"] = connection.execute("PRAGMA journal_mode").fetchone()[0]
        except sqlite3.Error as error:
            found["error"] = str(error)
print(json.dumps(found))
"#;

/// Looks into every service that has a database and runs.
pub(super) fn services(deployment: &Deployment, containers: &Containers, docker: &Docker) -> Vec<Finding> {
    let mut found = Vec::new();
    for service in &deployment.services {
        let Some(database) = &service.database else { continue };
        let name = service.name.as_str();
        if !containers.of(name).is_some_and(super::containers::Container::is_running) {
            found.push(Finding::unseen(DRIVER, format!("the inside of `{name}`, which does not run")));
            continue;
        }
        found.extend(look_into(service, database, docker));
    }
    found
}

fn look_into(service: &Service, database: &Database, docker: &Docker) -> Vec<Finding> {
    let name = service.name.as_str();
    let (module, file) = match &database.url {
        ConnectionUrl::Sqlite { file, .. } => ("aiosqlite", file.as_str()),
        ConnectionUrl::Postgres(url) => (driver_module(url.driver), ""),
    };
    let probe = ["compose", "exec", "-T", name, "python", "-c", PROBE, module, file];
    let answer = docker.ask(&probe).and_then(|text| {
        serde_json::from_str::<Value>(&text).map_err(|error| Silence::Failed(format!("unreadable answer: {error}")))
    });
    let answer = match answer {
        Ok(answer) => answer,
        Err(silence) => {
            let message = format!("the inside of `{name}`: its image has no Python that could look");
            return vec![Finding::unseen(DRIVER, message).shown_by(&silence.text())];
        }
    };
    let mut found = driver(name, module, &answer).into_iter().collect::<Vec<_>>();
    if !file.is_empty() {
        found.extend(sqlite(name, file, &answer));
    }
    found
}

fn driver_module(driver: Driver) -> &'static str {
    match driver {
        Driver::Asyncpg => "asyncpg",
        Driver::Psycopg => "psycopg",
        Driver::Plain => "",
    }
}

fn driver(service: &str, module: &str, answer: &Value) -> Option<Finding> {
    if module.is_empty() {
        return None;
    }
    let Some(error) = answer.get("driver").and_then(Value::as_str) else {
        return Some(Finding::ok(DRIVER, format!("the image of `{service}` has `{module}`")));
    };
    // a service may open SQLite by another driver
    let message = format!("the image of `{service}` lacks the driver `{module}`");
    let help = format!("add `{module}` to what its image installs, then `docker compose up -d --build --wait`");
    let found = match module {
        "aiosqlite" => Finding::warning(DRIVER, message, help),
        _ => Finding::problem(DRIVER, message, help),
    };
    Some(found.shown_by(error))
}

fn sqlite(service: &str, file: &str, answer: &Value) -> Vec<Finding> {
    let is = |key: &str| answer.get(key).and_then(Value::as_bool) == Some(true);
    let text = |key: &str| answer.get(key).and_then(Value::as_str).unwrap_or_default();
    if !is("folder") {
        let message = format!("the folder of `{file}` does not exist in `{service}`");
        return vec![Finding::problem(FILE, message, "make it, or let the service make it at its start")];
    }
    if !is("writable") {
        let message = format!("`{service}` can't write to `{file}` or its folder");
        let help = "`codelab-gen` prints the command where `user:` says who the service runs as; else give the folder to the \
                    image's user";
        return vec![Finding::problem(FILE, message, help)];
    }
    let mut found = Vec::new();
    found.push(match (is("exists"), text("error")) {
        (false, _) => Finding::warning(FILE, format!("`{service}` has not made `{file}` yet"), "use the service once"),
        (true, "") => Finding::ok(FILE, format!("`{file}` of `{service}` is there and can be written")),
        (true, error) => {
            let help = "`scripts/db/restore.sh` brings back a backup";
            Finding::problem(FILE, format!("`{file}` of `{service}` can't be opened"), help).shown_by(error)
        }
    });
    let file_system = text("file_system");
    if REMOTE_FILE_SYSTEMS.contains(&file_system) {
        let message =
            format!("`{file}` of `{service}` lies on `{file_system}`, where SQLite is slow and its locks fail");
        found.push(Finding::warning(SLOW, message, "write `data: NAME:/…` with a named volume"));
    }
    match text("journal") {
        "" => {}
        "wal" => found.push(Finding::ok(SLOW, format!("`{file}` of `{service}` is in WAL mode, on `{file_system}`"))),
        mode => {
            let message = format!("`{file}` of `{service}` has journal_mode `{mode}`: who reads waits for who writes");
            found.push(Finding::warning(SLOW, message, "let the service run `PRAGMA journal_mode=WAL` once"));
        }
    }
    found
}
