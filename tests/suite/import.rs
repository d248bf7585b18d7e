//! `import`: a deployment that is kept by hand becomes a profile. What Docker Compose understands of it before and after
//! is compared in `tests/conformance/test_import.py`.

mod copies;
mod deadends;
mod files;
mod kinds;
mod literals;
mod proof;
mod recognized;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Output;

use crate::support::{Finish as _, codelab_gen, is_long, read, stderr, stdout, tree};

/// A secret that must show nowhere but in `.env`.
const SECRET: &str = "hunter2-hunter2-hunter2";

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// Imports, also what has no database; the secret shows neither in what is printed nor in a file that was written.
fn import(folder: &Path, arguments: &[&str]) -> Output {
    let run = codelab_gen(folder).args(["import", "--anyway"]).args(arguments).finish();
    let said = stdout(&run) + &stderr(&run);
    assert!(!said.contains(SECRET), "{said}");
    for (path, _, content) in tree(folder) {
        let written = !path.ends_with(".env") && !path.to_string_lossy().contains("compose");
        let beside = path.to_string_lossy().ends_with("override.yml");
        let text = String::from_utf8_lossy(&content).into_owned();
        assert!(!(written || beside) || !text.contains(SECRET), "{}", path.display());
    }
    run
}

fn profile_of(files: &[(&str, &str)]) -> String {
    let folder = folder(files);
    let run = import(folder.path(), &[]);
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    read(folder.path(), "profiles/imported.yaml")
}

/// Imports a Compose file that must be refused, and looks that nothing was written.
fn refused(files: &[(&str, &str)], code: i32, told: &[&str]) {
    let folder = folder(files);
    let before = tree(folder.path());
    let run = import(folder.path(), &[]);
    let said = stderr(&run);
    assert_eq!(run.status.code(), Some(code), "{said}");
    for words in told {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert_eq!(tree(folder.path()), before, "something was written");
}

const ONE: &str = "services:\n  api:\n    image: api:1\n";

#[test]
fn a_profile_is_written_with_the_command_that_comes_next() {
    let folder = folder(&[("docker-compose.yml", ONE)]);
    let run = import(folder.path(), &["--name", "today"]);
    assert_eq!(
        stdout(&run),
        "created   schema/profile.schema.json\ncreated   profiles/today.yaml\nnext: codelab-gen --profile today --force \
         --diff\nthen: codelab-gen --profile today --force\n"
    );
    assert_eq!(stderr(&run), "");
    let diff = codelab_gen(folder.path()).args(["--profile", "today", "--force", "--diff"]).finish();
    assert_eq!(diff.status.code(), Some(1), "{}", stderr(&diff));
    assert_eq!(read(folder.path(), "docker-compose.yml"), ONE, "only generating touches it");
}

#[test]
fn both_engines_are_known_where_one_is_commented_out() {
    let text = "services:\n  auth-service:\n    image: auth:1\n    environment:\n      # - \
                AUTH_SERVICE__DB_URL=postgresql+psycopg://u:${POSTGRES_PASSWORD}@postgres/auth_db\n      - \
                AUTH_SERVICE__DB_URL=sqlite:///data/auth.db\n    volumes: [./auth/data:/app/data]\n    depends_on: \
                [postgres]\n  postgres:\n    image: postgres:16\n    environment: [POSTGRES_USER=u, POSTGRES_PASSWORD]\n    \
                volumes: [pg:/var/lib/postgresql/data]\nvolumes: { pg: }\n";
    let folder = folder(&[("docker-compose.yml", text), (".env", &format!("POSTGRES_PASSWORD={SECRET}\n"))]);
    let run = import(folder.path(), &[]);
    let profile = read(folder.path(), "profiles/imported.yaml");
    assert!(profile.contains("\nengine: sqlite #"), "{profile}");
    let database = "    database:\n      sqlite: data/auth.db\n      postgres: auth_db\n      driver: psycopg\n";
    assert!(profile.contains(database), "{profile}");
    assert!(profile.contains("\n  volume: pg\n") && !profile.contains("depends_on"), "{profile}");
    assert!(stderr(&run).contains("docker-compose.yml:9: `postgres` is not started any more"), "{}", stderr(&run));
    let switch = ["-p", "imported", "--set", "engine=postgres", "--force"];
    let switched = codelab_gen(folder.path()).args(switch).finish();
    assert_eq!(switched.status.code(), Some(0), "{}", stderr(&switched));
    let url = format!("AUTH_SERVICE__DB_URL=postgresql+psycopg://u:{SECRET}@postgres:5432/auth_db\n");
    assert!(read(folder.path(), ".env").contains(&url));
}

#[test]
fn the_project_keeps_its_name() {
    let named = format!("name: ${{STACK:-shop}}-live\n{ONE}");
    let cases = [
        (ONE, "", "my_shop2"),
        (named.as_str(), "", "shop-live"),
        (named.as_str(), "STACK=new\n", "new-live"),
        (named.as_str(), "COMPOSE_PROJECT_NAME=other\n", "other"),
    ];
    for (text, dotenv, expected) in cases {
        let folder = folder(&[("My_Shop 2/docker-compose.yml", text), ("My_Shop 2/.env", dotenv)]);
        let run = import(folder.path(), &["My_Shop 2"]);
        assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
        let profile = read(folder.path(), "My_Shop 2/profiles/imported.yaml");
        assert!(profile.contains(&format!("\nproject: {expected} #")), "{profile}");
        assert!(stdout(&run).contains("next: cd 'My_Shop 2' && codelab-gen --profile imported --force --diff\n"));
    }
}

#[test]
fn a_folder_below_the_profiles_keeps_its_outputs_and_its_paths() {
    let text =
        "services:\n  api:\n    build: ../api\n    volumes: [./data:/data, '../x:/x:ro']\n    env_file: api.env\n";
    let folder = folder(&[
        (".git/HEAD", ""),
        ("profiles/base.yaml", "format: 1\naliases: [first]\n"),
        ("deploy/live/compose.yaml", text),
    ]);
    let taken = import(folder.path(), &["deploy/live", "--name", "first"]);
    assert_eq!(taken.status.code(), Some(2));
    assert!(stderr(&taken).contains("`first` is a profile of this project already"), "{}", stderr(&taken));
    let run = import(folder.path(), &["deploy/live"]);
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    let profile = read(folder.path(), "profiles/imported.yaml");
    for line in
        ["\nout: ./deploy/live #", "build: ./deploy/api\n", "- ./deploy/live/data:/data\n", "- ./deploy/x:/x:ro\n"]
    {
        assert!(profile.contains(line), "{line}: {profile}");
    }
    let run = codelab_gen(folder.path()).args(["-p", "imported", "--force"]).finish();
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    let written = read(folder.path(), "deploy/live/docker-compose.yml");
    for line in [
        "build: ../../deploy/api\n",
        "- ../../deploy/live/data:/data\n",
        "- ../../deploy/x:/x:ro\n",
        "env_file: api.env\n",
    ] {
        assert!(written.contains(line), "{line}: {written}");
    }
}

#[test]
fn secrets_of_the_compose_file_move_to_the_end_of_dotenv() {
    let text = format!(
        "services:\n  a:\n    image: a:1\n    environment:\n      API_KEY: {SECRET}\n      BROKER: \
         redis://:{SECRET}@r:6379/0\n      JWT_SECRET: ${{JWT:-{SECRET}-jwt}}\n      EMPTY_TOKEN: ''\n      MAX_TOKENS: 5\n  \
         b:\n    image: b:1\n    environment: [API_KEY={SECRET}-of-b, 'GIVEN=${{JWT}}']\n"
    );
    let own = "# mine\nUNUSED = 'x' # odd\nLAST=1";
    let folder = folder(&[("docker-compose.yml", &text), (".env", own)]);
    fs::set_permissions(folder.path().join(".env"), fs::Permissions::from_mode(0o644)).unwrap();
    let run = import(folder.path(), &[]);
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    let expected = format!(
        "{own}\nAPI_KEY={SECRET}\nBROKER=redis://:{SECRET}@r:6379/0\nJWT_SECRET={SECRET}-jwt\nB__API_KEY={SECRET}-of-b\n"
    );
    assert_eq!(read(folder.path(), ".env"), expected);
    assert_eq!(fs::metadata(folder.path().join(".env")).unwrap().permissions().mode() & 0o777, 0o600);
    let profile = read(folder.path(), "profiles/imported.yaml");
    for line in [
        "      API_KEY: { secret: API_KEY }\n",
        "      BROKER: { secret: BROKER }\n",
        "      JWT_SECRET: { secret: JWT_SECRET }\n",
        "      EMPTY_TOKEN: \"\"\n",
        "      API_KEY: { secret: B__API_KEY }\n",
        "      GIVEN: { env: JWT, default: \"\" }\n",
        "  B__API_KEY: required\n",
    ] {
        assert!(profile.contains(line), "{line}: {profile}");
    }
    for told in ["updated   .env\n", "secret    B__API_KEY: taken from the Compose file into .env\n"] {
        assert!(stdout(&run).contains(told), "{}", stdout(&run));
    }
    let run = codelab_gen(folder.path()).args(["-p", "imported", "--force"]).finish();
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
}

#[test]
fn what_follows_a_variable_says_so_and_the_rest_is_fixed_and_told() {
    let text = "services:\n  api:\n    image: api:${TAG}\n    ports: ['${PORT}:80']\n    environment:\n      - A=${A}\n      \
                - B=${B}\n      - C=${C:-c$$}\n      - D=${D:?no}\n      - E=x$$y\n      - URL=http://h:${PORT}/\n      - \
                PASSED\n      - NONE\n";
    let dotenv = "TAG=2\nPORT=8080\nA=1\nPASSED=p\n";
    let folder = folder(&[("docker-compose.yml", text), (".env", dotenv)]);
    let run = import(folder.path(), &[]);
    let profile = read(folder.path(), "profiles/imported.yaml");
    for line in [
        "    image: \"api:${TAG:-2}\"\n",
        "    publish: { env: PORT, default: 8080, address: all }\n",
        "      A: { env: A }\n",
        "      B: { env: B, default: \"\" }\n",
        "      D: { env: D }\n",
        "      E: \"x$y\"\n",
        "      URL: http://h:8080/\n",
        "      PASSED: { env: PASSED }\n",
    ] {
        assert!(profile.contains(line), "{line}: {profile}");
    }
    let beside = read(folder.path(), "docker-compose.override.yml");
    assert!(beside.contains("      C: \"${C:-c$$}\"\n      NONE: null\n"), "{beside}");
    let said = stderr(&run);
    for told in [
        "note: docker-compose.yml:13: `environment` of `api` gives `NONE`, which is passed on where it is set",
        "note: what `PORT` holds is in the profile now: `services.api.environment.URL`",
    ] {
        assert!(said.contains(told), "{told}: {said}");
    }
}

#[test]
fn the_server_gets_its_section_only_where_that_says_all_of_it() {
    let stack = |image: &str, user: &str, volume: &str| {
        format!(
            "services:\n  api:\n    image: api:1\n    environment: {{ DB_URL: 'postgresql://shop:pw@db:5432/shop_api' }}\n  \
             db:\n    image: {image}\n    environment: {{ POSTGRES_USER: {user}, POSTGRES_PASSWORD: pw }}\n    volumes: \
             ['{volume}']\nvolumes: {{ pg: }}\n"
        )
    };
    let data = "pg:/var/lib/postgresql/data";
    for (text, why) in [
        (stack("postgres:14", "shop", data), "its PostgreSQL is older than 15"),
        (stack("bitnami/postgresql:16", "shop", data), "images of Bitnami keep their data elsewhere"),
        (stack("supabase/postgres:15.6.1", "shop", data), "in images of Supabase the role `postgres` is no superuser"),
        (stack("postgres:18", "shop", data), "its data is mounted at `/var/lib/postgresql/data`"),
        (stack("postgres:16", "shop", "pg:/var/lib/postgresql"), "its data is mounted at `/var/lib/postgresql`"),
        (stack("postgres:16", "shop", "pg:/var/lib/postgresql/data:ro"), "its data is mounted read-only"),
        (stack("postgres:16", "shop", "pg:/other"), "its data is in no volume or folder"),
        (stack("postgres:16", "admin", data), "no service is known to have a database on it"),
    ] {
        let folder = folder(&[("docker-compose.yml", &text)]);
        let run = import(folder.path(), &[]);
        assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
        let told = format!("`db` stays a service like the others, and gets no `postgres` section: {why}");
        let said = stderr(&run);
        assert!(said.contains(&told), "{told}: {said}");
        let profile = read(folder.path(), "profiles/imported.yaml");
        assert!(profile.contains("\n  db:\n") && !profile.contains("\npostgres:"), "{profile}");
    }
    let profile = profile_of(&[("docker-compose.yml", &stack("postgres:16", "shop", data))]);
    assert!(profile.contains("\npostgres: #") && !profile.contains("\n  db:\n"), "{profile}");
    assert!(profile.contains("      driver: plain\n      env: DB_URL #"), "{profile}");
}

#[test]
fn what_can_not_become_a_profile_is_told_at_its_place() {
    let unclosed = format!("services: {{ a: {{ environment: [A_KEY={SECRET}, ${{X}}] }} }}\n");
    let broken_reference =
        format!("services: {{ a: {{ image: 'a:1', environment: {{ A_KEY: '${{A|:-{SECRET}}}' }} }} }}\n");
    let conflict = format!(
        "services:\n  api: {{ image: 'api:1', environment: {{ DB: 'postgresql://postgres:{SECRET}@postgres/x' }} }}\n  postgres:\n    \
         image: postgres:16\n    environment: {{ POSTGRES_PASSWORD: {SECRET} }}\n    volumes: \
         ['pg:/var/lib/postgresql/data']\n"
    );
    for (text, dotenv, told) in [
        (unclosed.as_str(), "", &["error[syntax]", "--> docker-compose.yml:1:"][..]),
        ("services:\n  a: [\n", "", &["error[syntax]", "--> docker-compose.yml:"]),
        ("services:\n  a: {image: x}\n  a: {image: y}\n", "", &["error[duplicate-key]"]),
        ("services: {}\n", "", &["the file has no services"]),
        ("services:\n  a: { command: x }\n", "", &["error[no-program]", "docker-compose.yml:2:3", "neither"]),
        ("services:\n  a: { image: 'x:${TAG}' }\n", "", &["error[no-program]", "docker-compose.yml:2:15"]),
        ("services:\n  a: { build: '~/x' }\n", "", &["is built in a way that a profile can't say"]),
        ("services:\n  .a: { image: x }\n", "", &["expected a service name", "found `.a`"]),
        (ONE, "A='open\n", &["error[syntax]", ".env:1", "a quote is open"]),
        (
            "services:\n  a: { image: x, environment: { K: '${K}' } }\n",
            "K=a$b\n",
            &["line 1 of .env gives `K` in a form that not all of its readers read alike"],
        ),
        (&broken_reference, "", &["`A_KEY` refers to a variable in a form that Compose does not read"]),
        (&conflict, "POSTGRES_PASSWORD=another-one\n", &["its name means another value in .env"]),
    ] {
        let mut told = told.to_vec();
        told.push("nothing was imported, and nothing was written");
        refused(&[("docker-compose.yml", text), (".env", dotenv)], 3, &told);
    }
}

#[test]
fn a_dotenv_of_more_than_variables_is_not_searched_for() {
    let dotenv = format!("API_TOKEN={}\n", "x".repeat(4 * 1024 * 1024));
    refused(&[("docker-compose.yml", ONE), (".env", &dotenv)], 5, &["`.env` is larger than 4 MiB"]);
}

/// Found by fuzzing: what was written was no profile.
#[test]
fn a_key_that_is_too_long_for_a_profile_is_told_at_its_place() {
    let compose = format!("{ONE}    x: {{ y: [{{ {}: 1 }}] }}\n", "k".repeat(129));
    refused(
        &[("docker-compose.yml", &compose)],
        3,
        &["docker-compose.yml:4:", "expected a key of at most 128 characters"],
    );
    profile_of(&[("docker-compose.yml", &compose.replacen('k', "", 1))]);
}

#[test]
fn a_rule_of_profiles_that_forbids_it_is_told_in_the_profile_as_it_would_be() {
    let text = "services:\n  a: { image: 'a:1', ports: ['80:80'] }\n  b: { image: 'b:1', ports: ['80:80'] }\n";
    let told = ["error[port-clash]", "--> profiles/imported.yaml, as it would be:", "nothing was written"];
    refused(&[("docker-compose.yml", text)], 3, &told);
}

#[test]
fn what_is_missing_or_in_the_way_is_told_and_nothing_is_written() {
    refused(&[("other.yml", ONE)], 5, &["there is no Compose file in `.`", "help: name the folder"]);
    refused(&[("docker-compose.yml/x", "")], 5, &["can't read `docker-compose.yml`: it is a folder"]);
    refused(&[("docker-compose.yml", ONE), ("profiles/imported.yaml", "format: 1\n")], 2, &["choose another name"]);
    refused(
        &[("docker-compose.yml", ONE), ("schema/profile.schema.json", "{}")],
        2,
        &["is not a schema of codelab-gen"],
    );
    let two_ports = "services: { a: { image: 'a:1', ports: ['80:80', '81:81'] } }\n";
    refused(
        &[("docker-compose.yml", two_ports), ("docker-compose.override.yml", "services: { a: { init: true } }\n")],
        2,
        &["`docker-compose.override.yml` is there, and does not say all that it must", "- \"81:81\""],
    );
    let secret = format!("services: {{ a: {{ image: 'a:1', environment: {{ A_KEY: {SECRET} }} }} }}\n");
    refused(
        &[("docker-compose.yml", &secret), (".env", "# >>> codelab-gen: x\nA=1\n# <<< codelab-gen\n")],
        2,
        &[".env has a block of codelab-gen already"],
    );
    let folder = folder(&[("docker-compose.yml", ONE)]);
    fs::write(folder.path().join(".env"), b"A=\xff\n").unwrap();
    let run = import(folder.path(), &[]);
    assert_eq!(run.status.code(), Some(5));
    assert!(stderr(&run).contains("can't read `.env`: it is not UTF-8"), "{}", stderr(&run));
    let run = import(folder.path(), &["--name", "Not A Name"]);
    assert_eq!(run.status.code(), Some(2));
    assert!(!folder.path().join("profiles").exists());
}

#[test]
fn of_several_compose_files_that_one_counts_that_compose_takes() {
    let other = "services:\n  other:\n    image: other:1\n";
    let profile = profile_of(&[("docker-compose.yml", ONE), ("compose.yaml", other)]);
    assert!(profile.contains("\n  other:\n") && !profile.contains("\n  api:\n"), "{profile}");
    assert!(profile_of(&[("docker-compose.yml", ONE)]).contains("\n  api:\n"));
}

#[test]
fn without_any_one_line_a_stack_is_imported_or_refused_and_no_secret_shows() {
    let kept = crate::support::tests().join("conformance/hand_kept/seven");
    let (compose, dotenv) = (read(&kept, "docker-compose.yml"), read(&kept, ".env"));
    let hide = |text: &str| text.replace("0123456789abcdef", SECRET);
    let (compose, dotenv) = (hide(&compose), hide(&dotenv));
    let lines: Vec<_> = compose.lines().collect();
    let (mut tried, mut imported) = (0, 0);
    for left_out in (0..lines.len()).step_by(if is_long() { 1 } else { 4 }) {
        let text: Vec<_> =
            lines.iter().enumerate().filter(|(line, _)| *line != left_out).map(|(_, line)| *line).collect();
        let folder = folder(&[("docker-compose.yml", &text.join("\n")), (".env", &dotenv)]);
        let run = import(folder.path(), &[]);
        let code = run.status.code().unwrap();
        assert!([0, 3].contains(&code), "without line {}: {code}\n{}", left_out + 1, stderr(&run));
        let is_own_fault = stderr(&run).contains("as it would be");
        assert!(!is_own_fault, "without line {}: {}", left_out + 1, stderr(&run));
        tried += 1;
        imported += usize::from(code == 0);
    }
    assert!(imported > tried / 2, "only {imported} of {tried} were imported");
}
