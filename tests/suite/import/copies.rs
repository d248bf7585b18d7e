//! The server's password stands in one variable after an import, so that a new one reaches everybody; where it does not, that
//! is told with the place and the way out.

use std::fs;

use super::{folder, import, profile_of};
use crate::support::{Finish as _, codelab_gen, read, stderr, stdout};

const PASSWORD: &str = "kq83hfKD93jfls02";

fn compose(password: &str, more: &str) -> String {
    format!(
        "services:\n  api:\n    image: api:1\n    environment: {{ DATABASE_URL: 'postgresql://shop:{password}@db:5432/shop' }}\n    \
         depends_on: [db]\n{more}  db:\n    image: postgres:16\n    environment: {{ POSTGRES_USER: shop, POSTGRES_PASSWORD: \
         '{password}', POSTGRES_DB: shop }}\n    volumes: ['pg:/var/lib/postgresql/data']\nvolumes: {{ pg: {{}} }}\n"
    )
}

/// Imports, generates, and gives the server a new password; all files but `.env`, `.env`, and what was told then.
fn rotated(files: &[(&str, &str)]) -> (String, String, String) {
    let folder = folder(files);
    let run = import(folder.path(), &[]);
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    for arguments in [&["--force"][..], &["rotate", "POSTGRES_PASSWORD"]] {
        let run = codelab_gen(folder.path()).args(arguments).finish();
        assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
        if arguments.len() > 1 {
            let text = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap_or_default();
            let all =
                text("profiles/imported.yaml") + &text("docker-compose.yml") + &text("docker-compose.override.yml");
            return (all, text(".env"), stderr(&run));
        }
    }
    unreachable!()
}

#[test]
fn what_copies_the_servers_password_refers_to_its_one_variable() {
    for (more, reference) in [
        (
            "  work: { image: 'w:1', depends_on: [db], environment: { RESULTS: 'db+postgresql://shop:PW@db/shop' } }\n",
            "db+postgresql://shop:${POSTGRES_PASSWORD}@db/shop",
        ),
        (
            "  work: { image: 'w:1', environment: { RESULTS: 'db+postgresql://shop:PW@db/shop' } }\n",
            "db+postgresql://shop:${POSTGRES_PASSWORD}@db/shop",
        ),
        (
            "  work: { image: 'w:1', environment: { NC: 'pg://db:5432?u=shop&p=PW&d=shop' } }\n",
            "pg://db:5432?u=shop&p=${POSTGRES_PASSWORD}&d=shop",
        ),
        (
            "  work: { image: 'w:1', command: 'run --uri postgresql://shop:PW@db:5432/shop' }\n",
            "--uri postgresql://shop:${POSTGRES_PASSWORD}@db:5432/shop",
        ),
        (
            "  work: { image: 'w:1', environment: { DATABASE_PASSWORD: 'PW' } }\n",
            "DATABASE_PASSWORD: { secret: POSTGRES_PASSWORD }",
        ),
        ("  work: { image: 'w:1', environment: ['DB_PASSWORD=PW'] }\n", "DB_PASSWORD: { secret: POSTGRES_PASSWORD }"),
    ] {
        for (written, dotenv) in [
            (PASSWORD, String::new()),
            ("${DB_PW}", format!("DB_PW={PASSWORD}\n")),
            ("${DB_PW:-kq83hfKD93jfls02}", String::new()),
            ("${POSTGRES_PASSWORD}", format!("POSTGRES_PASSWORD={PASSWORD}\n")),
        ] {
            let text = compose(written, &more.replace("PW", written));
            let (all, after, told) = rotated(&[("docker-compose.yml", &text), (".env", &dotenv)]);
            assert!(all.contains(reference), "{more} {written}: {all}");
            assert!(!all.contains("DB_PW"), "{more} {written}: {all}");
            let block = after.split("# >>> codelab-gen").nth(1).unwrap();
            assert!(!block.contains(PASSWORD), "{more} {written}: {after}");
            // the line that nothing reads any more is the user's
            assert_eq!(told.contains("still has the old value"), written == "${DB_PW}", "{more} {written}: {told}");
        }
    }
}

/// By a file of variables a container would go on with the old one; what it gives stands in the profile now.
#[test]
fn what_a_file_gives_follows_the_one_variable_too() {
    let text = compose("${POSTGRES_PASSWORD}", "").replace(
        "    environment: { DATABASE_URL: 'postgresql://shop:${POSTGRES_PASSWORD}@db:5432/shop' }\n",
        "    env_file: FILE\n",
    );
    let parts = format!("DB_HOST=db\nDB_USER=shop\nDB_NAME=shop\nDB_PASSWORD={PASSWORD}\n");
    for (path, name) in
        [("app.env", "app.env"), ("${APP_ENV:-app.env}", "app.env"), ("./.env", ".env"), ("${APP_ENV:-.env}", ".env")]
    {
        let own = format!("POSTGRES_PASSWORD={PASSWORD}\n{}", if name == ".env" { parts.as_str() } else { "" });
        let files = [("docker-compose.yml", &*text.replace("FILE", path)), (".env", &own), ("app.env", &parts)];
        let profile = profile_of(&files);
        assert!(profile.contains("      DB_PASSWORD: { database: password }\n"), "{path}: {profile}");
        let (all, _, told) = rotated(&files);
        assert!(all.contains("      DB_PASSWORD: ${POSTGRES_PASSWORD:?"), "{path}: {all}");
        let line = if name == ".env" { "line 4 of .env: `DB_PASSWORD` still" } else { "line 4 of app.env still" };
        assert!(told.contains(line) || path.contains('$'), "{path}: {told}");
    }
}

/// What shares the value by chance, and what another server has, is nobody's copy.
#[test]
fn what_only_looks_like_a_copy_stays() {
    for more in [
        "  store: { image: 'minio:1', environment: { MINIO_ROOT_PASSWORD: 'PW' } }\n",
        "  other: { image: 'o:1', environment: { OTHER_URL: 'postgresql://shop:PW@elsewhere:5432/shop' } }\n",
        "  sql: { image: 'mysql:8', environment: { MYSQL_PASSWORD: 'PW' } }\n",
    ] {
        let dotenv = format!("DB_PW={PASSWORD}\n");
        let text = compose("${DB_PW}", &more.replace("PW", "${DB_PW}"));
        let (all, after, _) = rotated(&[("docker-compose.yml", &text), (".env", &dotenv)]);
        assert!(all.contains("DB_PW"), "{more}: {all}");
        assert!(after.contains(&format!("DB_PW={PASSWORD}")), "{more}: {after}");
    }
    let mysql = "  sql: { image: 'mysql:8', environment: { MYSQL_PASSWORD: '${DB_PW}' } }\n";
    let profile =
        profile_of(&[("docker-compose.yml", &compose("${DB_PW}", mysql)), (".env", &format!("DB_PW={PASSWORD}\n"))]);
    assert!(profile.contains("MYSQL_PASSWORD: { secret: DB_PW }"), "{profile}");
}

/// A secret of `.env` that has the password in it can't refer to another one; import says so, and so does the new password.
#[test]
fn a_copy_that_has_to_stay_is_told_with_its_place_and_the_way_out() {
    let more = "  work: { image: 'w:1', environment: { RESULTS_URL: '${RESULTS_URL}' } }\n";
    let text = compose("${POSTGRES_PASSWORD}", more);
    let dotenv = format!("POSTGRES_PASSWORD={PASSWORD}\nRESULTS_URL=db+postgresql://shop:{PASSWORD}@db/shop\n");
    let files = [("docker-compose.yml", text.as_str()), (".env", &dotenv)];
    let folder = folder(&files);
    let said = stderr(&import(folder.path(), &[]));
    assert!(said.contains("the secret `RESULTS_URL` has the server's password in it"), "{said}");
    assert!(said.contains("`codelab-gen rotate RESULTS_URL --from-env`") && !said.contains(PASSWORD), "{said}");
    let (_, _, told) = rotated(&files);
    assert!(told.contains("the secret `RESULTS_URL` still has the old value of `POSTGRES_PASSWORD` in it"), "{told}");
    assert!(!told.contains(PASSWORD), "{told}");
}

/// A line of the user's that follows the one variable is right as it is.
#[test]
fn a_line_that_refers_to_the_password_is_not_told() {
    let dotenv = format!("POSTGRES_PASSWORD={PASSWORD}\nOWN=postgresql://shop:${{POSTGRES_PASSWORD}}@db/shop\n");
    let (_, after, told) = rotated(&[("docker-compose.yml", &compose("${POSTGRES_PASSWORD}", "")), (".env", &dotenv)]);
    assert!(after.contains("OWN=postgresql://shop:${POSTGRES_PASSWORD}@db/shop"), "{after}");
    assert!(!told.contains("still has"), "{told}");
}

/// A server is who it is by its container's name and by what its networks call it, too; links go on.
#[test]
fn the_servers_host_has_several_names() {
    let with = |host: &str, api: &str, server: &str| {
        compose(PASSWORD, "")
            .replace("@db:5432", &format!("@{host}:5432"))
            .replace("    depends_on: [db]\n", api)
            .replace("    image: postgres:16\n", &format!("    image: postgres:16\n{server}"))
    };
    let alias = "    networks: { default: { aliases: [store] } }\n";
    for (host, api, server, kept) in [
        ("shop-db", "", "    container_name: shop-db\n", "container_name: shop-db"),
        ("shop-db", "", "    container_name: ${NAME:-shop-db}\n", "container_name: \"${NAME:-shop-db}\""),
        ("store", "", alias, "- store"),
        ("db", "    links: [db]\n", "", "- postgres:db"),
        ("data", "    links: ['db:data', 'db']\n", "", "- postgres:data"),
    ] {
        let folder = folder(&[("docker-compose.yml", &with(host, api, server))]);
        let run = import(folder.path(), &[]);
        assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
        let profile = read(folder.path(), "profiles/imported.yaml");
        assert!(profile.contains("\npostgres: #") && profile.contains(kept), "{host}: {profile}");
        if host != "data" {
            assert!(profile.contains("      env: DATABASE_URL #"), "{host}: {profile}");
        }
        let run = codelab_gen(folder.path()).args(["--force"]).finish();
        assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
        assert!(!(stdout(&run) + &stderr(&run)).contains("another one of"), "{host}: {}", stdout(&run));
    }
    let other = with("elsewhere", "", "    container_name: shop-db\n");
    assert!(!profile_of(&[("docker-compose.yml", &other)]).contains("\npostgres: #"));
}
