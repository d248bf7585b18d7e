//! What is the user's, and what happens to it.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use crate::support::{Finish as _, codelab_gen, read, run, stderr, stdout, tree, value};

#[test]
fn files_that_are_not_ours_are_refused_all_at_once_and_stay() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(".env.example"), "MINE=\n").unwrap();
    fs::write(folder.path().join("docker-compose.yml"), "services: {}\n").unwrap();
    let run = run(folder.path(), &["-p", "prod"]);
    assert_eq!(run.status.code(), Some(4), "{}", stderr(&run));
    let text = stderr(&run);
    assert!(text.contains(".env.example` is there already, and codelab-gen did not write it"), "{text}");
    assert!(text.contains("docker-compose.yml` is there already, and codelab-gen did not write it"), "{text}");
    assert!(
        text.contains("`--force` replaces it and keeps it as docker-compose.yml.orig")
            && text.contains("`--force` puts the block of codelab-gen into it, leaves your other lines")
            && text.ends_with("nothing was written\n"),
        "{text}"
    );
    assert_eq!(read(folder.path(), ".env.example"), "MINE=\n");
    assert_eq!(read(folder.path(), "docker-compose.yml"), "services: {}\n");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn a_dotenv_of_the_users_own_is_adopted_with_its_password() {
    let folder = tempfile::tempdir().unwrap();
    let mine = "# hand-kept\nPOSTGRES_USER=codelab\nPOSTGRES_PASSWORD='my own p@ssword'\nPOSTGRES_DB=old_db\n\
                COMPOSE_PROFILES=a\nLEGACY=1\n# AUTH_SERVICE__DB_URL=sqlite:///data/auth.db\n";
    fs::write(folder.path().join(".env"), mine).unwrap();
    let adopted = run(folder.path(), &["-p", "prod"]);
    assert_eq!(adopted.status.code(), Some(0), "{}", stderr(&adopted));
    let dotenv = read(folder.path(), ".env");
    let (before, block) = dotenv.split_at(dotenv.find("# >>> codelab-gen").unwrap());
    assert_eq!(
        before,
        "# hand-kept\n# replaced by the block of codelab-gen: POSTGRES_DB=old_db\nCOMPOSE_PROFILES=a\nLEGACY=1\n\
         # AUTH_SERVICE__DB_URL=sqlite:///data/auth.db\n\n"
    );
    assert_eq!(value(block, "POSTGRES_PASSWORD"), "'my own p@ssword'");
    assert!(value(block, "AUTH_SERVICE__DB_URL").contains(":my%20own%20p%40ssword@"), "{block}");
    let notes = stderr(&adopted);
    assert!(notes.contains("`.env` was adopted") && notes.contains("`LEGACY` stayed outside of it"), "{notes}");
    assert!(!notes.contains("COMPOSE_PROFILES"), "{notes}");
    let again = run(folder.path(), &[]);
    assert!(stdout(&again).contains("unchanged .env\n"), "{}", stdout(&again));
    assert!(!stderr(&again).contains("adopted"), "{}", stderr(&again));
}

#[test]
fn a_dotenv_that_readers_read_differently_is_not_adopted() {
    for (mine, line) in
        [("A=1\nPOSTGRES_PASSWORD=\"$p@ss\"\n", 2), ("POSTGRES_PASSWORD='p@ss'x\n", 1), ("A=\"p@ss\n", 1)]
    {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(".env"), mine).unwrap();
        let run = run(folder.path(), &["-p", "prod"]);
        assert_eq!(run.status.code(), Some(4), "{}", stderr(&run));
        assert!(stderr(&run).contains(&format!("line {line} of ")), "{}", stderr(&run));
        assert!(!stderr(&run).contains("p@ss"), "{}", stderr(&run));
        assert_eq!(read(folder.path(), ".env"), mine);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

#[test]
fn an_edited_output_is_refused_and_stays() {
    for name in ["docker-compose.yml", "scripts/init-postgres.sh", ".env.example"] {
        let folder = tempfile::tempdir().unwrap();
        run(folder.path(), &["-p", "prod"]);
        let edited = format!("{}# mine\n", read(folder.path(), name));
        fs::write(folder.path().join(name), &edited).unwrap();
        let run = run(folder.path(), &["-p", "dev", "--accept", "engine"]);
        let expected = if name.starts_with("scripts") { Some(0) } else { Some(4) };
        assert_eq!(run.status.code(), expected, "{name}: {}", stderr(&run));
        assert_eq!(read(folder.path(), name), edited);
    }
}

#[test]
fn lines_of_the_users_own_stay_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &["-p", "dev"]);
    let block = read(folder.path(), ".env");
    let (before, after) = ("# mine\nCOMPOSE_PROJECT_NAME=other\n\n", "\nexport  ODD = 'x' # y\nlast line without end");
    fs::write(folder.path().join(".env"), format!("{before}{block}{after}")).unwrap();
    let run = run(folder.path(), &["-p", "prod"]);
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    let dotenv = read(folder.path(), ".env");
    assert!(dotenv.starts_with(before) && dotenv.ends_with(after), "{dotenv}");
    assert!(dotenv.contains("\nPOSTGRES_USER=codelab\n"), "{dotenv}");
}

#[test]
fn a_key_on_both_sides_of_the_mark_and_an_odd_line_are_refused_with_their_line() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &["-p", "prod"]);
    let block = read(folder.path(), ".env");
    let odd = 2 + block.lines().position(|line| line.starts_with("POSTGRES_DB=")).unwrap();
    for (dotenv, line, what) in [
        (format!("# mine\nPOSTGRES_DB=x\n{block}"), 2, "`POSTGRES_DB` is in the block"),
        (format!("{block}\nexport POSTGRES_USER=x\n"), block.lines().count() + 2, "`POSTGRES_USER` is in the block"),
        (format!("# mine\n{}", block.replace("POSTGRES_DB=codelab", "POSTGRES_DB=a b")), odd, "in a way that not all"),
    ] {
        fs::write(folder.path().join(".env"), &dotenv).unwrap();
        let run = run(folder.path(), &[]);
        assert_eq!(run.status.code(), Some(4), "{}", stderr(&run));
        let text = stderr(&run);
        assert!(
            text.contains(what)
                && (text.contains(&format!("line {line} of ")) || text.contains(&format!("on line {line}\n"))),
            "{line}: {text}"
        );
        assert_eq!(read(folder.path(), ".env"), dotenv);
    }
}

#[test]
fn links_and_folders_in_the_place_of_outputs_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let target = tempfile::tempdir().unwrap();
    symlink(target.path(), folder.path().join("scripts")).unwrap();
    let linked = run(folder.path(), &["-p", "prod"]);
    assert_eq!(linked.status.code(), Some(4), "{}", stderr(&linked));
    assert!(stderr(&linked).contains("symbolic link"), "{}", stderr(&linked));
    assert_eq!(fs::read_dir(target.path()).unwrap().count(), 0);

    let folder = tempfile::tempdir().unwrap();
    symlink(target.path(), folder.path().join("secrets")).unwrap();
    let linked = run(folder.path(), &["-p", "prod", "--set", "secrets_in=files"]);
    assert_eq!(linked.status.code(), Some(4), "{}", stderr(&linked));
    assert!(stderr(&linked).contains("secrets` is a symbolic link"), "{}", stderr(&linked));
    assert_eq!(fs::read_dir(target.path()).unwrap().count(), 0);
    assert_eq!(run(folder.path(), &["-p", "prod"]).status.code(), Some(0), "without files it is not in the way");

    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(".env")).unwrap();
    let run = run(folder.path(), &["-p", "prod"]);
    assert_eq!(run.status.code(), Some(5), "{}", stderr(&run));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_copied_example_with_a_password_is_recognized() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &["-p", "prod"]);
    let example =
        read(folder.path(), ".env.example").replace("POSTGRES_PASSWORD=\n", "POSTGRES_PASSWORD=by_hand_0123456789\n");
    fs::write(folder.path().join(".env"), example).unwrap();
    let adopted = run(folder.path(), &[]);
    assert_eq!(adopted.status.code(), Some(0), "{}", stderr(&adopted));
    let dotenv = read(folder.path(), ".env");
    assert_eq!(value(&dotenv, "POSTGRES_PASSWORD"), "by_hand_0123456789");
    assert!(value(&dotenv, "AUTH_SERVICE__DB_URL").contains(":by_hand_0123456789@"), "{dotenv}");
}

#[test]
fn windows_line_ends_and_broken_marks_are_told_as_that() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &["-p", "prod"]);
    let dotenv = read(folder.path(), ".env");
    for (broken, what) in [
        (dotenv.replace('\n', "\r\n"), "has line ends of Windows"),
        (dotenv.replace("# <<< codelab-gen\n", ""), "not exactly one first and one last mark"),
        (format!("{dotenv}{dotenv}"), "not exactly one first and one last mark"),
    ] {
        fs::write(folder.path().join(".env"), &broken).unwrap();
        let run = run(folder.path(), &[]);
        assert_eq!(run.status.code(), Some(4), "{}", stderr(&run));
        assert!(stderr(&run).contains(what), "{}", stderr(&run));
        assert_eq!(read(folder.path(), ".env"), broken);
    }
}

#[test]
fn force_keeps_what_it_replaces_under_a_name_that_nothing_has() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &["-p", "prod"]);
    let compose = read(folder.path(), "docker-compose.yml");
    for (edit, original) in [("# one\n", "docker-compose.yml.orig"), ("# two\n", "docker-compose.yml.orig.2")] {
        let edited = format!("{compose}{edit}");
        fs::write(folder.path().join("docker-compose.yml"), &edited).unwrap();
        let forced = run(folder.path(), &["--force"]);
        assert_eq!(forced.status.code(), Some(0), "{}", stderr(&forced));
        assert!(stdout(&forced).contains(&format!("kept      {original}\n")), "{}", stdout(&forced));
        assert_eq!(read(folder.path(), original), edited);
        assert_eq!(read(folder.path(), "docker-compose.yml"), compose);
    }
    assert_eq!(read(folder.path(), "docker-compose.yml.orig"), format!("{compose}# one\n"));
    fs::write(folder.path().join("docker-compose.yml"), format!("{compose}# two\n")).unwrap();
    let again = run(folder.path(), &["--force"]);
    assert!(!stdout(&again).contains("\nkept "), "a copy is there already: {}", stdout(&again));
    assert!(!folder.path().join("docker-compose.yml.orig.3").exists());
    let unchanged = run(folder.path(), &["--force"]);
    assert!(stdout(&unchanged).contains("unchanged docker-compose.yml\n"), "{}", stdout(&unchanged));
}

#[test]
fn a_forced_dotenv_keeps_its_secrets_and_the_users_lines() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &["-p", "prod"]);
    let dotenv = format!("# mine\n{}LATER=1\n", read(folder.path(), ".env"));
    let edited = dotenv.replace("/auth_db\n", "/other_db\n");
    fs::write(folder.path().join(".env"), &edited).unwrap();
    let forced = run(folder.path(), &["--force"]);
    assert_eq!(forced.status.code(), Some(0), "{}", stderr(&forced));
    assert_eq!(read(folder.path(), ".env"), dotenv);
    assert_eq!(read(folder.path(), ".env.orig"), edited);
    assert_eq!(fs::metadata(folder.path().join(".env.orig")).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn what_can_not_be_read_for_sure_is_not_forced() {
    for (name, content, code) in [(".env", &b"A=\xff\n"[..], 4), (".env", b"POSTGRES_PASSWORD=$NONE\n", 4)] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(name), content).unwrap();
        let before = tree(folder.path());
        let run = run(folder.path(), &["-p", "prod", "--force"]);
        assert_eq!(run.status.code(), Some(code), "{}", stderr(&run));
        assert_eq!(tree(folder.path()), before);
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("docker-compose.yml"), b"# caf\xe9\n").unwrap();
    assert_eq!(run(folder.path(), &["-p", "prod"]).status.code(), Some(4));
    let unread = run(folder.path(), &["-p", "prod", "--force"]);
    assert!(stderr(&unread).contains("`docker-compose.yml` can't be read whole"), "{}", stderr(&unread));
    assert_eq!(run(folder.path(), &["-p", "prod", "--force", "--accept", "volume"]).status.code(), Some(0));
    assert_eq!(fs::read(folder.path().join("docker-compose.yml.orig")).unwrap(), b"# caf\xe9\n");
}

#[test]
fn a_block_that_a_profile_does_not_need_goes_and_the_users_lines_stay() {
    let folder = tempfile::tempdir().unwrap();
    let plain = "format: 1\nproject: codelab\nstage: development\nservices: { web: { image: 'nginx:1.27' } }\n";
    fs::write(folder.path().join("web.yaml"), plain).unwrap();
    for (own, expected) in [("", None), ("# mine\n", Some("# mine\n"))] {
        run(folder.path(), &["-p", "dev", "-o", "deploy"]);
        let deploy = folder.path().join("deploy");
        let dotenv = format!("{own}{}", read(&deploy, ".env"));
        fs::write(deploy.join(".env"), dotenv).unwrap();
        let without = run(folder.path(), &["-p", "./web.yaml", "-o", "deploy"]);
        assert_eq!(without.status.code(), Some(0), "{}", stderr(&without));
        assert_eq!(fs::read_to_string(deploy.join(".env")).ok().as_deref(), expected);
    }
}

#[test]
fn git_is_asked_about_files_that_hold_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let path = std::env::var_os("PATH").unwrap();
    let git = |arguments: &[&str]| {
        let mut command = std::process::Command::new("git");
        // nothing of the user's: a list of what to ignore everywhere, or the repository of a hook that runs the tests
        command.env_clear().env("PATH", &path).env("GIT_CONFIG_NOSYSTEM", "1");
        let status = command.current_dir(folder.path()).args(arguments).status().unwrap();
        assert!(status.success(), "git {arguments:?}");
    };
    git(&["init", "--quiet"]);
    fs::write(folder.path().join(".gitignore"), "secrets/\n").unwrap();
    let with_git = |arguments: &[&str]| {
        let mut command = codelab_gen(folder.path());
        command.args(arguments).env("PATH", &path).env("GIT_CONFIG_NOSYSTEM", "1").finish()
    };
    let first = stderr(&with_git(&["-p", "prod"]));
    let lines = "add to .gitignore:\n      .env\n      .env.*\n      !.env.example\n      *.orig*\n      backups/\n      \
                 .*.codelab-gen.tmp\n";
    assert!(first.contains(lines), "{first}");
    assert!(!stderr(&with_git(&["-p", "prod"])).contains(".gitignore"), "told once");
    git(&["add", "--force", ".env"]);
    let tracked = "git tracks `.env`, which holds secrets";
    assert!(stderr(&with_git(&["--check"])).contains(tracked));
    assert!(stderr(&with_git(&["--set", "services.auth-service.database.postgres=new_db"])).contains(tracked));

    fs::remove_file(folder.path().join(".env")).unwrap();
    git(&["rm", "--quiet", "--cached", ".env"]);
    let all = ".env\n.env.*\n!.env.example\n*.orig*\nsecrets/\nbackups/\n.*.codelab-gen.tmp\n";
    fs::write(folder.path().join(".gitignore"), all).unwrap();
    let quiet = stderr(&with_git(&["-p", "prod"]));
    assert!(!quiet.contains("git"), "{quiet}");

    let first_run_with = |ignored: &str| {
        fs::remove_file(folder.path().join(".env")).unwrap();
        fs::write(folder.path().join(".gitignore"), ignored).unwrap();
        stderr(&with_git(&["-p", "prod"]))
    };
    let left_out = first_run_with(&all.replace("!.env.example\n", ""));
    let note = "note: git would leave out `.env.example`, which holds none and is to be committed\n  = help: add to \
                .gitignore:\n      !.env.example\n";
    assert!(left_out.contains(note), "{left_out}");
    let ignored_whole = first_run_with("*\n");
    assert!(!ignored_whole.contains("git"), "{ignored_whole}");
}

#[test]
fn a_second_compose_file_that_would_win_is_told() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &["-p", "dev"]);
    fs::write(folder.path().join("compose.yaml"), "services: {}\n").unwrap();
    let told = stderr(&run(folder.path(), &["-p", "dev"]));
    assert!(told.contains("warning: Docker Compose takes `compose.yaml` and not `docker-compose.yml`"), "{told}");
}

#[test]
fn a_password_that_only_a_url_has_is_adopted_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let mine = "AUTH_SERVICE__DB_URL=postgresql+asyncpg://codelab:real%40password%2Fof+mine@postgres:5432/auth_db\n";
    fs::write(folder.path().join(".env"), mine).unwrap();
    let adopted = run(folder.path(), &["-p", "prod"]);
    assert!(stdout(&adopted).contains("POSTGRES_PASSWORD: kept from .env\n"), "{}", stdout(&adopted));
    assert_eq!(value(&read(folder.path(), ".env"), "POSTGRES_PASSWORD"), "real@password/of+mine");
}
