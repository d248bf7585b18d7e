//! An import generates in memory and compares: what would mean something else stays as it was, or nothing is written.

use super::kinds::{SERVER, generated};
use super::{SECRET, folder, import};
use crate::support::{Finish as _, codelab_gen, read, stderr, stdout};

/// The block of codelab-gen would give a service that reads all of `.env` another value.
#[test]
fn a_server_stays_a_service_where_its_section_would_change_another_one() {
    let compose = format!(
        "services:\n  api:\n    image: api:1\n    environment: {{ A__DB_URL: \
         'postgresql://shop:${{POSTGRES_PASSWORD}}@db:5432/shop' }}\n  report: {{ image: 'report:1', env_file: .env }}\n{SERVER}"
    );
    let dotenv = |database: &str| format!("POSTGRES_PASSWORD=abc123xyz789\nPOSTGRES_DB={database}\n");
    for (database, stays) in [("shop", false), ("other", true)] {
        let (_, all, _) = generated(&[("docker-compose.yml", &compose), (".env", &dotenv(database))]);
        assert_eq!(all.contains("  db:\n    image: postgres:16\n"), stays, "{database}: {all}");
    }
    let folder = folder(&[("docker-compose.yml", &compose), (".env", &dotenv("other"))]);
    let said = stderr(&import(folder.path(), &[]));
    let why = "`db` stays a service like the others, and gets no `postgres` section: `environment.POSTGRES_DB` of \
               `report` would mean something else (a value that is not shown today, `shop` afterwards)";
    assert!(said.contains(why), "{said}");
}

/// Each improvement is told once, with the service.
#[test]
fn what_is_meant_to_change_is_told() {
    let compose = format!(
        "services:\n  api:\n    image: api:1\n    environment: {{ A__DB_URL: \
         'postgresql://shop:${{POSTGRES_PASSWORD}}@db:5432/shop' }}\n    env_file: .env\n{SERVER}"
    );
    let folder = folder(&[("docker-compose.yml", &compose), (".env", "POSTGRES_PASSWORD=abc123xyz789\n")]);
    let said = stderr(&import(folder.path(), &[]));
    for (line, told) in [
        (6, "`db` runs as the server of the profile"),
        (2, "`api` starts after `postgres-ensure` now, and meets the server on a network of its own"),
        (2, "`api` has its connection URL from codelab-gen now"),
        (2, "`api` gets all of .env (`env_file`), also what codelab-gen writes there now"),
    ] {
        assert_eq!(said.matches(&format!("note: docker-compose.yml:{line}: {told}\n")).count(), 1, "{told}: {said}");
    }
    assert!(!said.contains("no more"), "the password has its name already: {said}");
    let run = codelab_gen(folder.path()).args(["--profile", "imported", "--force"]).finish();
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    assert!(read(folder.path(), "docker-compose.yml").contains("postgres-ensure"));
}

/// The password of the server has one name in `.env`; a line of another name has no effect any more.
#[test]
fn a_variable_that_is_no_longer_followed_is_told() {
    let compose = format!(
        "services:\n  api:\n    image: api:1\n    environment: {{ A__DB_URL: \
         'postgresql://shop:${{DB_PASSWORD}}@db:5432/shop' }}\n{}",
        SERVER.replace("${POSTGRES_PASSWORD}", "${DB_PASSWORD}")
    );
    let folder = folder(&[("docker-compose.yml", &compose), (".env", "DB_PASSWORD=abc123xyz789\n")]);
    let said = stderr(&import(folder.path(), &[]));
    let told = "note: docker-compose.yml:5: `environment.POSTGRES_PASSWORD` of `db` follows `DB_PASSWORD` no more\n";
    assert!(said.contains(told), "{said}");
}

const APP: &str = "services:\n  app:\n    image: app:1\n    environment: { DATABASE_URL: \
                   'postgres://shop:${POSTGRES_PASSWORD}@db/shop' }\n";

fn dotenv_with(more: &str) -> String {
    format!("{more}POSTGRES_PASSWORD={SECRET}\n")
}

/// Under its new name a second server would run on the data of the first one.
#[test]
fn the_old_container_of_the_server_is_ended_whatever_the_files_are_called() {
    let compose = format!("{APP}{SERVER}");
    let ends = "docker compose up -d --wait --remove-orphans";
    for (name, line, arguments) in [
        ("docker-compose.yml", "", &[][..]),
        ("compose.yaml", "", &[]),
        ("base.yml", "COMPOSE_FILE=base.yml\n", &[]),
        ("base.yml", "", &["-f", "base.yml"]),
        ("stack.yml", "", &["stack.yml"]),
    ] {
        let folder = folder(&[(name, &compose), (".env", &dotenv_with(line))]);
        let run = import(folder.path(), arguments);
        assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
        let is_told = stdout(&run).contains(&format!("then: {ends} # else the old container of db goes on"));
        assert_eq!(is_told, !arguments.is_empty(), "{name}: {}", stdout(&run));
        let run = codelab_gen(folder.path()).args(["--profile", "imported", "--force"]).finish();
        assert!(stdout(&run).ends_with(&format!("next: {ends}\n")), "{name}: {}{}", stdout(&run), stderr(&run));
    }
}

/// Each command is typed in the same folder.
#[test]
fn the_command_that_ends_it_leads_to_the_deployment() {
    let folder = folder(&[("live/stack.yml", &format!("{APP}{SERVER}")), ("live/.env", &dotenv_with(""))]);
    let said = stdout(&import(folder.path(), &["live/stack.yml"]));
    assert!(said.contains("then: cd live && docker compose up -d --wait --remove-orphans # else"), "{said}");
}

/// A service on the networks of another one has none of its own, and reaches the server by those only.
#[test]
fn a_service_on_the_networks_of_another_one_is_told_as_that() {
    let vpn = APP.replace("    image: app:1\n", "    image: app:1\n    network_mode: service:vpn\n");
    let folder = folder(&[
        ("docker-compose.yml", &format!("{vpn}  vpn: {{ image: 'vpn:1' }}\n{SERVER}")),
        (".env", &dotenv_with("")),
    ]);
    let said = stderr(&import(folder.path(), &[]));
    assert!(
        said.contains("`app` starts after `postgres-ensure` now, and reaches the server by the same networks"),
        "{said}"
    );
    assert!(said.contains("`app` is on the networks of another service"), "{said}");
    assert!(said.contains("leave `networks` in `postgres.compose`"), "{said}");
    assert!(!said.contains("network of its own") && !said.contains("take `networks` out"), "{said}");
}

/// What a profile made can't always be made a profile again; then the profile is named.
#[test]
fn of_a_generated_file_its_profile_is_named() {
    let profile = "format: 1\nproject: shop\nstage: production\nengine: postgres\nservices:\n  api:\n    image: \
                   a.example/api:1.4\n    port: 8000\n    data: api-data:/app/data\n    healthcheck: { http: /health }\n    \
                   database: { sqlite: data/api.db, postgres: api }\npostgres: { image: 'postgres:16', user: shop, access: \
                   per_service }\n";
    let folder = folder(&[("shop.yaml", profile)]);
    let run = codelab_gen(folder.path()).args(["-p", "./shop.yaml"]).finish();
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    let run = import(folder.path(), &[]);
    assert_eq!(run.status.code(), Some(3), "{}", stderr(&run));
    let said = stderr(&run);
    assert!(said.contains("this file is generated from the profile `./shop.yaml`"), "{said}");
    assert!(said.contains("change that profile instead") && !said.contains("***"), "{said}");
}

/// Docker listens on IPv6 too where no address is written, and goes on doing so; an address that is written stays.
#[test]
fn a_port_listens_where_it_did() {
    for (port, profile, compose) in [
        ("8000:8000", "publish: all:8000\n", "- \"8000:8000\"\n"),
        ("${AT:-8001}:8000", "publish: { env: AT, default: 8001, address: all }\n", "- \"${AT:-8001}:8000\"\n"),
        ("0.0.0.0:8000:8000", "publish: \"0.0.0.0:8000\"\n", "- \"0.0.0.0:8000:8000\"\n"),
        ("[::]:8000:8000", "publish: \"[::]:8000\"\n", "- \"[::]:8000:8000\"\n"),
        ("127.0.0.1:8000:8000", "publish: 8000\n", "- \"127.0.0.1:8000:8000\"\n"),
        ("${HOST_IP:-}:8000:8000", "publish: all:8000\n", "- \"8000:8000\"\n"),
    ] {
        let app = APP.replace("app:1\n", &format!("app:1\n    ports: ['{port}']\n"));
        let files = [("docker-compose.yml", &*format!("{app}{SERVER}")), (".env", &dotenv_with(""))];
        let (_, all, told) = generated(&files);
        assert!(all.contains(profile) && all.contains(compose), "{port}: {all}");
        assert!(!told.contains("IPv"), "{port}: {told}");
    }
}

/// A folder that several services mount is told once, and so is each line of the file.
#[test]
fn nothing_is_told_twice() {
    let mounting = "services:\n  one: { image: 'o:1', volumes: ['./media:/media'] }\n  two: { image: 't:1', volumes: \
                    ['./media:/m'] }\n";
    let compose =
        APP.replace("services:\n", mounting).replace("app:1\n", "app:1\n    ports: ['1:1', '2:2/udp', '3:3/udp']\n");
    let (_, _, told) = generated(&[("docker-compose.yml", &format!("{compose}{SERVER}")), (".env", &dotenv_with(""))]);
    let line = "note: `media`, which `one`, `two` mount, does not exist; Docker would create a folder of root's\n";
    assert_eq!((told.matches(line).count(), told.matches("`media`").count()), (1, 1), "{told}");
    let folder = folder(&[("docker-compose.yml", &format!("{compose}{SERVER}")), (".env", &dotenv_with(""))]);
    let said = stderr(&import(folder.path(), &[]));
    assert_eq!(said.matches("`ports` of `app` publishes more than one port").count(), 1, "{said}");
}

/// What a server may use decides some of its settings, and takes none of its own away.
#[test]
fn a_server_gets_the_settings_that_follow_from_its_limits() {
    let limited = "image: postgres:16\n    mem_limit: 2g\n    command: postgres -c work_mem=8MB -c max_wal_size=2GB\n";
    let compose = format!(
        "services:\n  api:\n    image: api:1\n    environment: {{ A__DB_URL: \
         'postgresql://shop:${{POSTGRES_PASSWORD}}@db:5432/shop' }}\n{}",
        SERVER.replace("image: postgres:16\n", limited)
    );
    let (_, all, _) = generated(&[("docker-compose.yml", &compose), (".env", "POSTGRES_PASSWORD=abc123xyz789\n")]);
    assert!(all.contains("postgres-ensure"), "{all}");
    for setting in ["work_mem=8MB", "max_wal_size=2GB", "shared_buffers=512MB", "effective_cache_size=1536MB"] {
        assert!(all.contains(setting), "{setting}: {all}");
    }
}
