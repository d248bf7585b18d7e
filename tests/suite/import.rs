//! `import`: a deployment that is kept by hand becomes a profile. What Docker Compose understands of it before and after
//! is compared in `tests/conformance/test_import.py`.

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

/// Imports; the secret shows neither in what is printed nor in a file that was written.
fn import(folder: &Path, arguments: &[&str]) -> Output {
    let run = codelab_gen(folder).arg("import").args(arguments).finish();
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
    let run = codelab_gen(folder.path()).args(["-p", "imported"]).finish();
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
        "    image: api:2\n",
        "    publish: { env: PORT, default: 8080, address: \"0.0.0.0\" }\n",
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
        "note: what `TAG` holds stands in the profile now: `services.api.image`",
        "note: what `PORT` holds stands in the profile now: `services.api.environment.URL`",
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
        (stack("postgres:14", "shop", data), "its image does not tell a version of PostgreSQL from 15 on"),
        (stack("postgres:16", "shop", "./pg:/var/lib/postgresql/data"), "its data stands in the folder `./pg`"),
        (stack("postgres:18", "shop", data), "its data is mounted at `/var/lib/postgresql/data`"),
        (stack("postgres:16", "shop", "pg:/other"), "its data stands in no named volume"),
        (stack("postgres:16", "admin", data), "no service has a connection URL that leads to it"),
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
    let secret_in_command = format!("services:\n  r:\n    image: r:1\n    command: r --pass {SECRET}\n");
    let conflict = format!(
        "services:\n  api: {{ image: 'api:1', environment: {{ DB: 'postgresql://postgres:pw@postgres/x' }} }}\n  postgres:\n    \
         image: postgres:16\n    environment: {{ POSTGRES_PASSWORD: {SECRET} }}\n    volumes: \
         ['pg:/var/lib/postgresql/data']\n"
    );
    let dotenv = format!("R_PASSWORD={SECRET}\n");
    for (text, dotenv, told) in [
        (unclosed.as_str(), "", &["error[syntax]", "--> docker-compose.yml:1:"][..]),
        ("services:\n  a: [\n", "", &["error[syntax]", "--> docker-compose.yml:"]),
        ("services:\n  a: {image: x}\n  a: {image: y}\n", "", &["error[duplicate-key]"]),
        ("services: {}\n", "", &["the file has no services"]),
        ("services:\n  a: { command: x }\n", "", &["error[no-program]", "docker-compose.yml:2:3", "neither"]),
        ("services:\n  a: { image: 'x:${TAG}' }\n", "", &["error[no-program]", "docker-compose.yml:2:15"]),
        ("services:\n  a: { build: 'https://x/y.git' }\n", "", &["is built in a way that a profile can't say"]),
        ("services:\n  A.b: { image: x }\n", "", &["expected a service name", "found `A.b`"]),
        (ONE, "A='open\n", &["error[syntax]", ".env:1", "a quote is open"]),
        (
            "services:\n  a: { image: x, environment: { K: '${K}' } }\n",
            "K=a$b\n",
            &["line 1 of .env gives `K` in a form that not all of its readers read alike"],
        ),
        (&broken_reference, "", &["`A_KEY` refers to a variable in a form that Compose does not read"]),
        (&secret_in_command, &dotenv, &["`command` of `r` holds the value of the secret `R_PASSWORD`"]),
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

const SERVER: &str = "  db:\n    image: postgres:16\n    environment: { POSTGRES_USER: shop, POSTGRES_PASSWORD: \
                      '${POSTGRES_PASSWORD}', POSTGRES_DB: shop }\n    volumes: ['pg:/var/lib/postgresql/data']\nvolumes: { pg: \
                      {} }\n";

/// Imports and generates; the profile, the Compose file and the one beside it.
fn generated(files: &[(&str, &str)]) -> (tempfile::TempDir, String, String) {
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
    assert!(
        said.contains("`A` is not in .env; its default stands in the profile now: `services.api.command`"),
        "{said}"
    );
}

/// A line of `.env` may refer to those before it.
#[test]
fn references_inside_of_dotenv_are_followed() {
    let compose = "services:\n  api:\n    image: api:1\n    command: serve ${URL}\n";
    for (dotenv, expected) in [
        ("SITE=a.example\nURL=https://${SITE}/x\n", Some("serve https://a.example/x")),
        ("SITE=a.example\nURL=\"https://$SITE/x\"\n", Some("serve https://a.example/x")),
        ("SITE=a.example\nURL=${SITE} # why\n", None),
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
    let restart = format!("{URL}    depends_on: {{ db: {{ condition: service_healthy, restart: true }} }}\n");
    let network = format!("{URL}    networks: [database]\n");
    let network = with_api(&network).replace("image: postgres:16\n", "image: postgres:16\n    networks: [database]\n");
    for (compose, dotenv, expected) in [
        (own, "", "PGUSER: shop\n"),
        (listed, "STACK=shop\n", "a.shop.b: \"1\"\n      a: \"2\"\n"),
        (port, "AT=127.0.0.1:9\n", "    ports:\n      - \"${AT:-8000}:8000\"\n"),
        (port, "AT=9\n", "      - \"0.0.0.0:${AT:-8000}:8000\"\n"),
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
    for (line, told) in [
        ("A_KEY=abc # why", "`A_KEY` is written in a form"),
        ("export A_KEY=abc", "`A_KEY` is written in a form"),
        ("A_KEY=a b", "`A_KEY` is written in a form"),
        ("A_KEY=<your key>", "`A_KEY` is written in a form"),
        ("A_KEY=abc\nA_KEY=abd", "`A_KEY` is set twice"),
    ] {
        let dotenv = format!("{line}\nB_KEY=x y\n");
        let files = [("docker-compose.yml", compose), (".env", dotenv.as_str())];
        refused(&files, 3, &[told, "`B_KEY` is written in a form"]);
    }
    let fixed = "volumes: { uploads: { name: shop_uploads } }\n";
    let compose = format!("services:\n  api:\n    image: api:1\n    volumes: ['uploads:/up']\n{fixed}");
    let outer = folder(&[("shop/docker-compose.yml", &compose)]);
    let shop = outer.path().join("shop");
    assert_eq!(import(&shop, &[]).status.code(), Some(0));
    let run = codelab_gen(&shop).args(["--profile", "imported", "--force"]).finish();
    assert_eq!(run.status.code(), Some(0), "Compose calls it so before and after: {}", stderr(&run));
}

const URL: &str = "    environment: { A__DB_URL: 'postgresql://shop:${POSTGRES_PASSWORD}@db:5432/shop' }\n";

/// A deployment of a server called `db`, a service that uses it, and what is added to that.
fn with_server(more: &str) -> String {
    format!("services:\n  api:\n    image: api:1\n{URL}{more}{SERVER}")
}

#[test]
fn a_server_that_others_name_stays_a_service_of_its_name() {
    let dotenv = (".env", "POSTGRES_PASSWORD=abc123xyz789\n");
    for more in [
        "  side: { image: 'a:1', network_mode: 'service:db' }\n",
        "  side: { image: 'a:1', pid: 'service:db' }\n",
        "  side: { image: 'a:1', ipc: 'service:db' }\n",
        "  side: { image: 'a:1', volumes_from: ['db:ro'] }\n",
        "  side: { image: 'a:1', links: ['db:store'] }\n",
    ] {
        let (_, all, _) = generated(&[("docker-compose.yml", &with_server(more)), dotenv]);
        assert!(all.contains("  db:\n    image: postgres:16\n") && !all.contains("postgres-ensure"), "{more}: {all}");
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
