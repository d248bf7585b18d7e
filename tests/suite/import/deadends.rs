//! What comes after an import works: the command that it prints, a bare run, the same `.env` without an import.

use std::fs;
use std::path::Path;

use super::{ONE, folder, import};
use crate::support::{Finish as _, codelab_gen, read, stderr, stdout, tree};

const KEYS: &str = "services:\n  api:\n    image: api:1\n    environment: { A_KEY: '${A_KEY}', MODE: '${MODE}' }\n";

/// Imports and runs every command that is printed behind `next:` and `then:`, as somebody would type it.
fn follow(folder: &Path, arguments: &[&str]) -> String {
    let run = import(folder, arguments);
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    let mut told = stderr(&run);
    let printed = stdout(&run);
    let commands =
        printed.lines().filter_map(|line| line.split_once(": ").filter(|(word, _)| matches!(*word, "next" | "then")));
    for (_, command) in commands {
        let words: Vec<_> = command.split_whitespace().skip(1).collect();
        let run = codelab_gen(folder).args(&words).finish();
        let expected = i32::from(words.contains(&"--diff"));
        assert_eq!(run.status.code(), Some(expected), "{command}: {}", stderr(&run));
        told += &stderr(&run);
    }
    told
}

/// The value that the block of `.env` gives a key.
fn in_block(folder: &Path, key: &str) -> String {
    let dotenv = read(folder, ".env");
    let block = dotenv.split_once("# >>> codelab-gen").unwrap().1;
    block.lines().find_map(|line| line.strip_prefix(&format!("{key}="))).unwrap_or_default().to_owned()
}

#[test]
fn a_value_that_only_other_readers_read_otherwise_is_taken_as_compose_reads_it() {
    for (line, value, left) in [
        ("A_KEY=abcdefgh # keep it", "abcdefgh", "# keep it\n"),
        ("A_KEY=\"abcdefgh\" # keep it", "abcdefgh", "# keep it\n"),
        ("export A_KEY=abcdefgh", "abcdefgh", ""),
        ("A_KEY = abcdefgh", "abcdefgh", ""),
        ("A_KEY=<your key>", "'<your key>'", ""),
        ("A_KEY=ab cd efgh", "'ab cd efgh'", ""),
        ("A_KEY=it's mine", "\"it's mine\"", ""),
        ("A_KEY=first\nA_KEY=second12", "second12", "# replaced by the block of codelab-gen: A_KEY=first\n"),
        ("A_KEY=\"one\r\ntwo\"\r\nX=1\r", "'one", "X=1\r\n"),
        ("BASE=abcd\nA_KEY=\"${BASE}efgh\"", "abcdefgh", "BASE=abcd\n"),
    ] {
        let dotenv = format!("# mine\n{line}\nMODE=live\n");
        let folder = folder(&[("docker-compose.yml", KEYS), (".env", &dotenv)]);
        let told = follow(folder.path(), &[]);
        assert_eq!(in_block(folder.path(), "A_KEY"), value, "{line}");
        let own = format!("# mine\n{left}MODE=live\n");
        assert!(read(folder.path(), ".env").starts_with(&own), "{line}: {}", read(folder.path(), ".env"));
        assert!(told.contains("the readers of .env read these lines differently: `A_KEY` (line "), "{line}: {told}");
        let check = codelab_gen(folder.path()).args(["--check"]).finish();
        assert_eq!(check.status.code(), Some(0), "{line}: {}", stderr(&check));
    }
}

#[test]
fn a_dotenv_without_an_import_is_told_all_at_once_with_what_to_write() {
    let folder = folder(&[(".env", "POSTGRES_USER=$ME\nX=$ME\nPOSTGRES_PASSWORD=\"a\\nb\"\n")]);
    let before = tree(folder.path());
    let run = codelab_gen(folder.path()).args(["-p", "prod"]).finish();
    assert_eq!(run.status.code(), Some(4), "{}", stderr(&run));
    for line in ["write line 1 as `POSTGRES_USER='VALUE'`", "write line 3 as `POSTGRES_PASSWORD='VALUE'`"] {
        assert!(stderr(&run).contains(line), "{line}: {}", stderr(&run));
    }
    assert_eq!(tree(folder.path()), before);
}

#[test]
fn lines_of_the_server_move_into_the_block_once_a_profile_has_one() {
    let own = "POSTGRES_USER=codelab\nPOSTGRES_PASSWORD=kq83hfKD93jfls02\nPOSTGRES_DB=codelab\n";
    for first in ["dev", "prod"] {
        let folder = folder(&[(".env", own)]);
        for profile in [first, "mixed"] {
            let run = codelab_gen(folder.path()).args(["-p", profile, "--accept", "engine"]).finish();
            assert_eq!(run.status.code(), Some(0), "{first}, {profile}: {}", stderr(&run));
            if profile == "mixed" {
                assert!(stdout(&run).contains("secret    POSTGRES_PASSWORD: kept from .env\n"), "{}", stdout(&run));
                let moved = "of your lines in `.env` moved into the block";
                assert_eq!(stderr(&run).contains(moved), first == "dev", "{}", stderr(&run));
            }
        }
        assert_eq!(in_block(folder.path(), "POSTGRES_PASSWORD"), "kq83hfKD93jfls02");
        assert_eq!(read(folder.path(), ".env").matches("POSTGRES_PASSWORD=").count(), 1);
    }
    let both = folder(&[]);
    codelab_gen(both.path()).args(["-p", "prod"]).finish();
    let dotenv = format!("POSTGRES_PASSWORD=kq83hfKD93jfls02\n{}", read(both.path(), ".env"));
    fs::write(both.path().join(".env"), &dotenv).unwrap();
    let run = codelab_gen(both.path()).finish();
    assert_eq!(run.status.code(), Some(4));
    let line =
        dotenv.lines().position(|line| line.starts_with("POSTGRES_PASSWORD=") && !line.ends_with("fls02")).unwrap() + 1;
    assert!(stderr(&run).contains(&format!("on line {line} of ")), "{line}: {}", stderr(&run));
    assert!(
        stderr(&run).contains("put the value that holds, which is that of the later line, into the block"),
        "{}",
        stderr(&run)
    );
}

#[test]
fn a_bare_run_finds_the_only_profile_and_asks_among_several() {
    let folder = folder(&[("docker-compose.yml", ONE)]);
    import(folder.path(), &[]);
    let run = codelab_gen(folder.path()).args(["--force"]).finish();
    assert!(
        stdout(&run).starts_with("profile imported (profiles/imported.yaml), the only one of the project\n"),
        "{}",
        stdout(&run)
    );
    fs::remove_file(folder.path().join("docker-compose.yml")).unwrap();
    fs::remove_file(folder.path().join(".env.example")).unwrap();
    fs::write(folder.path().join("profiles/base.yaml"), "format: 1\n").unwrap();
    let run = codelab_gen(folder.path()).finish();
    assert_eq!(run.status.code(), Some(0), "a base can't be meant: {}", stderr(&run));
    fs::remove_file(folder.path().join("docker-compose.yml")).unwrap();
    fs::write(folder.path().join("profiles/other.yaml"), "format: 1\nextends: imported\n").unwrap();
    let run = codelab_gen(folder.path()).finish();
    assert_eq!(run.status.code(), Some(2));
    assert_eq!(
        stderr(&run),
        "error: the project has 2 profiles, and nothing says which one is meant\n  |\n  = help: name one: `codelab-gen -p \
         imported`, `codelab-gen -p other`\n"
    );
    fs::write(folder.path().join("profiles/dev-sqlite.yaml"), "format: 1\nextends: imported\n").unwrap();
    let run = codelab_gen(folder.path()).finish();
    assert!(
        stdout(&run).starts_with("profile dev-sqlite (profiles/dev-sqlite.yaml), the default\n"),
        "{}",
        stderr(&run)
    );
}

#[test]
fn a_link_in_the_place_of_dotenv_is_told_before_anything_is_written() {
    let folder = folder(&[("docker-compose.yml", KEYS), ("real.env", "A_KEY=abcdefgh\n")]);
    std::os::unix::fs::symlink("real.env", folder.path().join(".env")).unwrap();
    let before = tree(folder.path());
    let run = import(folder.path(), &[]);
    assert_eq!(run.status.code(), Some(5), "{}", stderr(&run));
    assert!(stderr(&run).contains("`.env` is a symbolic link, and lines move into it"), "{}", stderr(&run));
    assert_eq!(tree(folder.path()), before);
}

#[test]
fn where_nothing_is_gained_nothing_is_written() {
    let folder = folder(&[("docker-compose.yml", ONE)]);
    let before = tree(folder.path());
    let run = codelab_gen(folder.path()).arg("import").finish();
    assert_eq!((run.status.code(), stdout(&run).as_str()), (Some(0), "nothing was written\n"), "{}", stderr(&run));
    assert!(
        stderr(&run).contains("keep `docker-compose.yml` as it is; `codelab-gen import --anyway`"),
        "{}",
        stderr(&run)
    );
    assert_eq!(tree(folder.path()), before);
    let with_database =
        ONE.to_owned() + "    environment: { A__DB_URL: 'sqlite:////data/a.db' }\n    volumes: ['./data:/data']\n";
    fs::write(folder.path().join("docker-compose.yml"), with_database).unwrap();
    let run = codelab_gen(folder.path()).arg("import").finish();
    assert!(stdout(&run).contains("next: "), "{}", stderr(&run));
}

#[test]
fn a_secret_that_nobody_gave_is_asked_for_between_the_commands() {
    let compose =
        "services:\n  api:\n    image: api:1\n    environment: { A_KEY: '${A_KEY:?no}', B_KEY: '${B_KEY:?no}' }\n";
    let folder = folder(&[("docker-compose.yml", compose), (".env", "B_KEY=abcdefgh\n")]);
    let run = import(folder.path(), &[]);
    let asked = "then: read -rs A_KEY && export A_KEY # it has no value in .env\nthen: codelab-gen ";
    assert!(stdout(&run).contains(asked) && !stdout(&run).contains("read -rs B_KEY"), "{}", stdout(&run));
    let run = codelab_gen(folder.path()).args(["-p", "imported", "--force"]).env("A_KEY", "abcdefgh").finish();
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
}

#[test]
fn an_example_of_the_users_own_is_completed() {
    let compose =
        "services:\n  api: { image: 'api:1', env_file: .env, environment: { SESSION_SECRET: '${SESSION_SECRET}' } }\n";
    let example = "# how to fill it: see the handbook\nSESSION_SECRET=\nMODE=live\nMAIL_FROM=<you>\n";
    let dotenv = "SESSION_SECRET=q1w2e3r4t5y6\nMODE=live\nMAIL_FROM=a@example.com\n";
    let folder = folder(&[("docker-compose.yml", compose), (".env.example", example), (".env", dotenv)]);
    import(folder.path(), &[]);
    let refused = codelab_gen(folder.path()).args(["-p", "imported"]).finish();
    let help = "`--force` puts the block of codelab-gen into it, leaves your other lines";
    assert!(stderr(&refused).contains(help), "{}", stderr(&refused));
    let run = codelab_gen(folder.path()).args(["-p", "imported", "--force"]).finish();
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    assert!(!stderr(&run).contains("stayed outside"), "`env_file` reads all: {}", stderr(&run));
    let completed = read(folder.path(), ".env.example");
    let own = "# how to fill it: see the handbook\nMODE=live\nMAIL_FROM=<you>\n\n# >>> codelab-gen: ";
    assert!(completed.starts_with(own) && completed.contains("\nSESSION_SECRET=\n"), "{completed}");
    assert_eq!(read(folder.path(), ".env.example.orig"), example);
    for arguments in [&["--check"][..], &[]] {
        let run = codelab_gen(folder.path()).args(arguments).finish();
        assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
        assert_eq!(read(folder.path(), ".env.example"), completed);
    }
    let edited = completed.replace("SESSION_SECRET=\n", "SESSION_SECRET=filled-in-1\n");
    fs::write(folder.path().join(".env.example"), edited).unwrap();
    let run = codelab_gen(folder.path()).args(["--check"]).finish();
    assert_eq!(run.status.code(), Some(1), "a secret in a file that is committed");
}

#[test]
fn what_nothing_reads_is_told_only_where_that_is_so() {
    let service = |line: &str| {
        format!("services:\n  api:\n    image: api:1\n    environment: {{ A_KEY: '${{A_KEY}}' }}\n    {line}\n")
    };
    for (line, beside, more, is_told) in [
        ("restart: always", "", "", true),
        ("restart: always", "services: { api: { command: 'x ${LEGACY}' } }\n", "", false),
        ("restart: always", "", "LATER=${LEGACY}\n", false),
        ("env_file: .env", "", "", false),
        ("env_file: other.env", "", "", true),
        ("stop_signal: '${LEGACY}'", "", "", false),
    ] {
        let (compose, dotenv) = (service(line), format!("A_KEY=abcdefgh\nLEGACY=1\n{more}"));
        let mut files = vec![("docker-compose.yml", compose.as_str()), (".env", &dotenv), ("other.env", "")];
        if !beside.is_empty() {
            files.push(("docker-compose.override.yml", beside));
        }
        let folder = folder(&files);
        let told = follow(folder.path(), &[]);
        assert_eq!(told.contains("`LEGACY`"), is_told, "{line} {beside} {more}: {told}");
    }
}

#[test]
fn a_secret_that_stands_in_defaults_becomes_a_line_and_its_references_stay() {
    let compose = "services:\n  api: { image: 'api:1', environment: { CACHE_URL: 'redis://:${CACHE_PASSWORD:-quietly-kept-9}@cache:6379/0' } }\n  \
                   cache: { image: 'redis:7', command: 'redis-server --requirepass ${CACHE_PASSWORD:-quietly-kept-9}' }\n";
    let folder = folder(&[("docker-compose.yml", compose)]);
    follow(folder.path(), &[]);
    assert_eq!(read(folder.path(), ".env"), "CACHE_PASSWORD=quietly-kept-9\n");
    let all: Vec<_> = ["docker-compose.yml", "docker-compose.override.yml", "profiles/imported.yaml"]
        .map(|name| read(folder.path(), name))
        .into();
    assert!(all.iter().all(|text| !text.contains("quietly-kept-9")), "{all:?}");
    assert!(all.concat().contains("redis://:${CACHE_PASSWORD}@cache:6379/0"), "{all:?}");
    assert!(all.concat().contains("--requirepass ${CACHE_PASSWORD}"), "{all:?}");
}

#[test]
fn services_of_any_name_and_images_of_any_repository_are_taken_over() {
    let compose = "services:\n  shop.api: { image: 'api:1', depends_on: [ShopWeb, 2fauth, _x] }\n  ShopWeb: { image: 'web:1' }\n  2fauth:\n    image: \
                   'f:1'\n    environment: { DB: 'sqlite:////data/a.db' }\n    volumes: ['./d:/data']\n  _x: { build: \
                   'https://example.com/x.git#v1:app' }\n  y: { build: { context: 'github.com/x/y', target: t } }\n";
    let folder = folder(&[("docker-compose.yml", compose)]);
    follow(folder.path(), &[]);
    let written = read(folder.path(), "docker-compose.yml");
    for line in [
        "  shop.api:\n",
        "  ShopWeb:\n",
        "      DB: ${S_2FAUTH__DB_URL:-sqlite:////data/a.db}\n",
        "    build: \"https://example.com/x.git#v1:app\"\n",
        "      context: https://github.com/x/y\n",
    ] {
        assert!(written.contains(line), "{line}: {written}");
    }
    let set = ["--set", "services.\"shop.api\".port=80", "--force"];
    let run = codelab_gen(folder.path()).args(set).finish();
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
}
