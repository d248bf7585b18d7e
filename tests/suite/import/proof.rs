//! An import generates in memory and compares: what would mean something else stays as it was, or nothing is written.

use super::kinds::{SERVER, generated};
use super::{folder, import};
use crate::support::{Finish as _, codelab_gen, read, stderr};

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
    let why = "`db` stays a service like the others, and gets no `postgres` section: `environment.POSTGRES_DB` would mean \
               something else";
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
