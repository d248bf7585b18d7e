//! Kinds of what real deployments have, each in several forms: imported and generated, it means what it meant.

use std::fs;
use std::path::Path;

use super::{ONE, SECRET, folder, import, refused};
use crate::support::{Finish as _, codelab_gen, read, stderr, stdout};

pub(super) const SERVER: &str = "  db:\n    image: postgres:16\n    environment: { POSTGRES_USER: shop, POSTGRES_PASSWORD: \
                      '${POSTGRES_PASSWORD}', POSTGRES_DB: shop }\n    volumes: ['pg:/var/lib/postgresql/data']\nvolumes: { pg: \
                      {} }\n";

/// Imports and generates; the profile, the Compose file and the one beside it.
pub(super) fn generated(files: &[(&str, &str)]) -> (tempfile::TempDir, String, String) {
    let folder = folder(files);
    let run = import(folder.path(), &[]);
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    let run = codelab_gen(folder.path()).args(["--profile", "imported", "--force"]).finish();
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    let text = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap_or_default();
    let told = stderr(&run) + &stdout(&run);
    let all = text("profiles/imported.yaml") + &text("docker-compose.yml") + &text("docker-compose.override.yml");
    (folder, all, told)
}

/// Of a variable that neither `.env` nor a default gives, only the shell knows what it holds.
#[test]
fn a_variable_of_the_shell_is_never_taken_for_nothing() {
    let service = |line: &str| format!("services:\n  api:\n    image: api:1\n    {line}\n");
    for (line, kept) in [
        ("volumes: ['${HOME}/uploads:/up']", "${HOME}/uploads:/up"),
        ("volumes: ['$PWD/uploads:/up']", "$PWD/uploads:/up"),
        ("volumes: [{type: bind, source: '${HOME}/u', target: /up}]", "source: \"${HOME}/u\""),
        ("command: serve --at ${HOSTNAME}", "command: \"serve --at ${HOSTNAME}\""),
        ("user: '${UID}'", "user: \"${UID}\""),
        ("labels: { a: 'x ${USER}' }", "a: \"x ${USER}\""),
        ("environment: { A: 'x ${USER}' }", "A: \"x ${USER}\""),
    ] {
        let (_, all, _) = generated(&[("docker-compose.yml", &service(line))]);
        assert!(all.contains(kept), "{line}: {all}");
    }
    let (_, all, _) = generated(&[("docker-compose.yml", &service("command: serve ${A:-one}"))]);
    assert!(all.contains("command: [serve, one]") || all.contains("serve one"), "{all}");
    let folder = folder(&[("docker-compose.yml", &service("command: serve ${A:-one}"))]);
    let said = stderr(&import(folder.path(), &[]));
    assert!(said.contains("`A` is not in .env; its default is in the profile now: `services.api.command`"), "{said}");
}

/// A line of `.env` may refer to those before it.
#[test]
fn references_inside_of_dotenv_are_followed() {
    let compose = "services:\n  api:\n    image: api:1\n    command: serve ${URL}\n";
    for (dotenv, expected) in [
        ("SITE=a.example\nURL=https://${SITE}/x\n", Some("serve https://a.example/x")),
        ("SITE=a.example\nURL=\"https://$SITE/x\"\n", Some("serve https://a.example/x")),
        ("SITE=a.example\nURL=${SITE} # why\n", Some("serve a.example")),
        ("URL='https://${SITE}/x'\n", Some("serve https://$${SITE}/x")),
        ("URL=https://${SITE}/x\nSITE=late\n", None),
    ] {
        let (_, all, _) = generated(&[("docker-compose.yml", compose), (".env", dotenv)]);
        let plain = all.replace(['"', '[', ']', ','], "");
        let left = "    command: serve ${URL}\n";
        assert!(plain.contains(expected.unwrap_or(left)), "{dotenv}: {all}");
        assert_eq!(plain.contains(left), expected.is_none(), "{dotenv}: {all}");
    }
    let compose = format!(
        "services:\n  api:\n    image: api:1\n    environment: {{ DATABASE_URL: '${{DATABASE_URL}}' }}\n{SERVER}"
    );
    let dotenv = "POSTGRES_PASSWORD=abc123xyz789\nDATABASE_URL=postgresql://shop:${POSTGRES_PASSWORD}@db:5432/shop\n";
    let (folder, all, told) = generated(&[("docker-compose.yml", &compose), (".env", dotenv)]);
    assert!(all.contains("      postgres: shop\n"), "{all}");
    assert!(!told.contains("another one of postgres"), "the server is the same, by another name: {told}");
    let dotenv = read(folder.path(), ".env");
    let (block, line) = (dotenv.find("# >>> codelab-gen").unwrap(), dotenv.find("DATABASE_URL=").unwrap());
    assert!(block < line, "a line can only refer to what stands before it: {dotenv}");
}

#[test]
fn defaults_names_and_edges_of_services_are_not_lost() {
    let with_api = |api: &str| format!("services:\n  api:\n    image: api:1\n{api}{SERVER}");
    let password = "POSTGRES_PASSWORD=abc123xyz789\n";
    let own = "services:\n  api:\n    image: api:1\n    environment: { PGUSER: '${POSTGRES_USER:-shop}' }\n";
    let listed = "services:\n  api:\n    image: api:1\n    labels: ['a.${STACK}.b=1', 'a=1', 'a=2']\n";
    let port = "services:\n  api:\n    image: api:1\n    ports: ['${AT:-8000}:8000']\n";
    let slow = "services:\n  api:\n    image: api:1\n    stop_grace_period: ${WAIT}\n";
    let restart = format!("{URL}    depends_on: {{ db: {{ condition: service_healthy, restart: true }} }}\n");
    let network = format!("{URL}    networks: [database]\n");
    let network = with_api(&network).replace("image: postgres:16\n", "image: postgres:16\n    networks: [database]\n");
    for (compose, dotenv, expected) in [
        (own, "", "PGUSER: shop\n"),
        (listed, "STACK=shop\n", "a.shop.b: \"1\"\n      a: \"2\"\n"),
        (port, "AT=127.0.0.1:9\n", "    ports:\n      - \"${AT:-8000}:8000\"\n"),
        (port, "AT=9\n", "      - \"${AT:-8000}:8000\"\n"),
        (slow, "WAIT=1m\n", "    stop_grace_period: 1m\n"),
        (slow, "WAIT=1d\n", "  api:\n    stop_grace_period: \"${WAIT}\"\n"),
        (&with_api(&restart), password, "        condition: service_healthy\n        restart: true\n"),
        (&network, password, "      database:\n        aliases:\n          - db\n"),
    ] {
        let (_, all, _) = generated(&[("docker-compose.yml", compose), (".env", dotenv)]);
        assert!(all.contains(expected), "{expected}: {all}");
    }
    refused(&[("docker-compose.yml", listed)], 3, &["the name of a label of `api` follows a variable: `a.${STACK}.b`"]);
}

/// Under any usual name, whatever reads it, and also where it is one word that names other things too.
#[test]
fn secrets_of_any_usual_name_stay_out_of_the_profile() {
    let compose = format!(
        "services:\n  api:\n    image: api:1\n    command: serve --password ${{CACHE_PWD}}\n    build: {{ context: ., args: {{ \
         AUTH: '${{REGISTRY_AUTH}}' }} }}\n    healthcheck: {{ test: ['CMD-SHELL', 'probe ${{PROBE_PASSWORD_2}}'] }}\n    \
         environment: {{ SECRET_KEY_BASE: {SECRET}-1, DB_PWD: {SECRET}-2, API_TOKENS: {SECRET}-3, spring.password: \
         {SECRET}-4 }}\n"
    );
    let dotenv = format!("CACHE_PWD={SECRET}\nREGISTRY_AUTH={SECRET}\nPROBE_PASSWORD_2={SECRET}\n");
    let (folder, all, _) = generated(&[("docker-compose.yml", &compose), (".env", &dotenv), ("Dockerfile", "")]);
    assert!(!all.contains(SECRET), "{all}");
    assert!(all.contains("spring.password: \"${SPRING_PASSWORD}\""), "{all}");
    let dotenv = read(folder.path(), ".env");
    for line in ["SECRET_KEY_BASE", "DB_PWD", "API_TOKENS", "SPRING_PASSWORD"] {
        assert!(dotenv.contains(&format!("{line}={SECRET}-")), "{line}: {dotenv}");
    }
    let word = "services:\n  api:\n    image: example/shopware:1\n    environment: { DB_NAME: shopware, DB_PASSWORD: \
                shopware }\n";
    let (_, all, _) = generated(&[("docker-compose.yml", word)]);
    assert!(all.contains("image: example/shopware:1\n") && all.contains("DB_NAME: shopware\n"), "{all}");
    assert!(all.contains("DB_PASSWORD: ${DB_PASSWORD:?"), "{all}");
    let two = format!(
        "services:\n  crm-db:\n    image: postgres:16\n    environment: {{ POSTGRES_PASSWORD: {SECRET}-crm }}\n    volumes: \
         ['crm:/var/lib/postgresql/data']\n  api:\n    image: api:1\n    environment: {{ A__DB_URL: \
         'postgresql://shop:{SECRET}-shop@postgres:5432/shop' }}\n  postgres:\n    image: postgres:16\n    environment: {{ \
         POSTGRES_USER: shop, POSTGRES_PASSWORD: {SECRET}-shop }}\n    volumes: ['pg:/var/lib/postgresql/data']\nvolumes: \
         {{ crm: {{}}, pg: {{}} }}\n"
    );
    let (folder, _, _) = generated(&[("docker-compose.yml", &two)]);
    let dotenv = read(folder.path(), ".env");
    for line in [format!("POSTGRES_PASSWORD={SECRET}-shop"), format!("CRM_DB__POSTGRES_PASSWORD={SECRET}-crm")] {
        assert!(dotenv.lines().any(|known| known == line), "{dotenv}");
    }
}

/// Import ends with a command, which then works.
#[test]
fn what_generating_would_refuse_is_told_by_the_import() {
    let compose = "services:\n  api:\n    image: api:1\n    environment: { A_KEY: '${A_KEY}', B_KEY: '${B_KEY}' }\n";
    for line in ["A_KEY=\"a\\nb\"", "A_KEY=$NONE", "A_KEY='a'b"] {
        let dotenv = format!("{line}\nB_KEY=x-$NONE\n");
        let files = [("docker-compose.yml", compose), (".env", dotenv.as_str())];
        refused(&files, 3, &["of .env gives `A_KEY` in a form", "of .env gives `B_KEY` in a form"]);
    }
    let fixed = "volumes: { uploads: { name: shop_uploads } }\n";
    let compose = format!("services:\n  api:\n    image: api:1\n    volumes: ['uploads:/up']\n{fixed}");
    let outer = folder(&[("shop/docker-compose.yml", &compose)]);
    let shop = outer.path().join("shop");
    assert_eq!(import(&shop, &[]).status.code(), Some(0));
    let run = codelab_gen(&shop).args(["--profile", "imported", "--force"]).finish();
    assert_eq!(run.status.code(), Some(0), "Compose calls it so before and after: {}", stderr(&run));
    let renamed = compose.replace("uploads:/up", "old:/up").replace("{ uploads:", "{ old:");
    let outer = folder(&[("shop/docker-compose.yml", &renamed)]);
    let shop = outer.path().join("shop");
    assert_eq!(import(&shop, &[]).status.code(), Some(0));
    let run = codelab_gen(&shop).args(["--profile", "imported", "--force"]).finish();
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    assert!(!stdout(&run).contains("nothing mounts"), "it is the same volume to Docker: {}", stdout(&run));
}

const URL: &str = "    environment: { A__DB_URL: 'postgresql://shop:${POSTGRES_PASSWORD}@db:5432/shop' }\n";

/// A deployment of a server called `db`, a service that uses it, and what is added to that.
fn with_server(more: &str) -> String {
    format!("services:\n  api:\n    image: api:1\n{URL}{more}{SERVER}")
}

#[test]
fn a_server_is_named_anew_by_those_who_share_its_container() {
    let dotenv = (".env", "POSTGRES_PASSWORD=abc123xyz789\n");
    for (more, now) in [
        ("network_mode: 'service:db'", "network_mode: service:postgres\n"),
        ("pid: 'service:db'", "pid: service:postgres\n"),
        ("ipc: 'service:db'", "ipc: service:postgres\n"),
        ("volumes_from: ['db:ro']", "- postgres:ro\n"),
        ("volumes_from: [db]", "- postgres\n"),
        ("volumes_from: [dbs, db]", "- dbs\n"),
    ] {
        let others = "  dbs: { image: 'a:1' }\n";
        let side = format!("  side: {{ image: 'a:1', {more} }}\n{others}");
        let (_, all, _) = generated(&[("docker-compose.yml", &with_server(&side)), dotenv]);
        let plain = all.replace('"', "");
        assert!(plain.contains(now) && all.contains("postgres-ensure"), "{more}: {all}");
    }
    let free = "  side: { image: 'a:1', network_mode: 'service:api' }\n";
    let (_, all, _) = generated(&[("docker-compose.yml", &with_server(free)), dotenv]);
    assert!(all.contains("postgres-ensure"), "{all}");
    let beside = "services:\n  db: { ports: ['5433:5432'] }\n";
    let beside = format!("{beside}  api:\n{URL}");
    let files = [("docker-compose.yml", &*with_server("")), dotenv, ("docker-compose.override.yml", &*beside)];
    let (_, all, _) = generated(&files);
    assert!(all.contains("  db:\n    image: postgres:16\n") && !all.contains("postgres-ensure"), "{all}");
}

/// Who shared a network with the server still does; who only has its name somewhere has nothing to do with it.
#[test]
fn the_server_is_reached_by_those_who_reached_it() {
    let dotenv = (".env", "POSTGRES_PASSWORD=abc123xyz789\n");
    let aliases = "      default:\n        aliases:\n          - db\n";
    for (more, stays) in [
        ("  adminer: { image: 'adminer:4' }\n", true),
        ("  adminer: { image: 'adminer:4', networks: [default] }\n", true),
        ("  adminer: { image: 'adminer:4', networks: { default: {} } }\n", true),
        ("  web: { image: 'web:1', networks: [front] }\n", false),
        ("  web: { image: 'web:1', network_mode: host }\n", false),
        ("", false),
    ] {
        let (_, all, _) = generated(&[("docker-compose.yml", &with_server(more)), dotenv]);
        assert_eq!(all.contains(aliases), stays, "{more}: {all}");
    }
    for (variable, needs) in [
        ("STORE_HOST: db", true),
        ("DBHOST: db", true),
        ("STORE: 'redis://u:p@db/0'", true),
        ("STORE: 'http://db/x'", true),
        ("STORE: 'db:5432'", true),
        ("STORE: 'user=x host=db'", true),
        ("STORE_KIND: db", false),
        ("STORE: 'a-db:5432'", false),
        ("STORE: 'db.example:5432'", false),
        ("STORE: 'db:x'", false),
    ] {
        let more = format!("  report: {{ image: 'a:1', environment: {{ {variable} }} }}\n");
        let (_, all, _) = generated(&[("docker-compose.yml", &with_server(&more)), dotenv]);
        assert_eq!(all.contains("    depends_on: { postgres: started }\n"), needs, "{variable}: {all}");
    }
}

/// `env_file: .env` gives a container all of it, whatever the names.
#[test]
fn what_comes_by_a_file_of_variables_is_known() {
    let compose = "services:\n  api: { image: 'api:1', env_file: [.env] }\n  postgres:\n    image: postgres:16\n    env_file: \
                   .env\n    volumes: ['pg:/var/lib/postgresql/data']\nvolumes: { pg: {} }\n";
    let dotenv = "POSTGRES_USER=shop\nPOSTGRES_PASSWORD=abc123xyz789\nPOSTGRES_DB=shop\nOTHER__DB_URL=sqlite:///x.db\n\
                  DATABASE_URL=postgresql+asyncpg://shop:abc123xyz789@postgres:5432/shop\n";
    let (_, all, _) = generated(&[("docker-compose.yml", compose), (".env", dotenv)]);
    assert!(all.contains("      postgres: shop\n      env: DATABASE_URL"), "{all}");
    assert!(all.contains("\npostgres:") && all.contains("  user: shop\n"), "{all}");
}

/// The next `git add` would commit what import has put into `.env`.
#[test]
fn git_is_told_of_a_dotenv_that_holds_secrets_now() {
    let compose = format!("services:\n  api:\n    image: api:1\n    environment: {{ API_KEY: {SECRET} }}\n");
    let git = |folder: &Path| {
        let made = std::process::Command::new("git").args(["init", "--quiet"]).current_dir(folder).status();
        assert!(made.unwrap().success());
    };
    for (ignored, is_told) in [("", true), (".env*\n*.orig*\nsecrets/\nbackups/\n.*.tmp\n!.env.example\n", false)] {
        let folder = folder(&[("docker-compose.yml", &compose), (".gitignore", ignored)]);
        git(folder.path());
        let said = stderr(&import(folder.path(), &[]));
        assert_eq!(said.contains("git would take files that hold secrets"), is_told, "{ignored}: {said}");
        assert_eq!(said.contains("      .env\n"), is_told, "{said}");
    }
    let folder = folder(&[("docker-compose.yml", ONE)]);
    git(folder.path());
    assert_eq!(stderr(&import(folder.path(), &[])), "", "no secret was moved");
}
