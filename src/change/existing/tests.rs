//! What is read of a folder: every name that counts, and every permission.

use std::collections::HashMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::*;
use crate::target::compose;

fn folder_with(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn read(folder: &Path, secret_paths: &[String]) -> Existing {
    Existing::read(Some(&Folder::open(folder).unwrap()), &[], secret_paths).unwrap()
}

fn existing(files: &[(&str, &str)]) -> Existing {
    read(folder_with(files).path(), &[])
}

#[test]
fn what_looks_like_a_secret_in_dotenv_is_one() {
    let dotenv = "MAIL_PASSWORD=word1\nSESSION_SECRET='word2'\nAPI_TOKEN=\"word3\"\nAPI_KEY= word4 \nPASSWORD_OLD=word5\n\
                  A__DB_URL=postgresql://u:word6@h/d\nURL=redis://:word7@h\nNAME=word8\nHOST=word9\nEMPTY_KEY=\n\
                  password=word10\nPASSWORD\nMAIL_CREDENTIALS=word14\nMAIL_PASSPHRASE=word15\nDB_PASSWD=word16\nDB_PASS=word17\n\
                  COMPASS=word18\n";
    let existing =
        existing(&[(".env", dotenv), ("secrets/a", "word11\n"), ("secrets/b", "word12\r\n"), ("other/c", "word13")]);
    let mut found: Vec<_> = existing.secrets().iter().map(|secret| secret.lend(str::to_owned)).collect();
    found.sort_unstable();
    let mut expected = [1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 14, 15, 16, 17].map(|number| format!("word{number}"));
    expected.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn a_folder_of_secrets_is_closed_only_where_nobody_else_may_do_anything_there() {
    let folder = folder_with(&[("secrets/a", "x")]);
    for (mode, is_open) in [
        (0o700, false),
        (0o710, true),
        (0o720, true),
        (0o740, true),
        (0o701, true),
        (0o702, true),
        (0o704, true),
        (0o755, true),
    ] {
        fs::set_permissions(folder.path().join("secrets"), Permissions::from_mode(mode)).unwrap();
        let existing = read(folder.path(), &[]);
        assert_eq!(existing.is_open("secrets/a"), is_open, "{mode:o}");
    }
    assert!(!existing(&[]).is_open("secrets/a"));
}

#[test]
fn the_file_of_a_secret_is_read_with_its_permissions_or_told_why_not() {
    let folder = folder_with(&[("secrets/a", "x\n"), ("secrets/b", "y")]);
    fs::set_permissions(folder.path().join("secrets/a"), Permissions::from_mode(0o640)).unwrap();
    symlink("b", folder.path().join("secrets/link")).unwrap();
    let paths = ["a", "link", "missing"].map(|name| format!("secrets/{name}"));
    let existing = read(folder.path(), &paths);
    let file = existing.secret_file("secrets/a").unwrap();
    assert_eq!((file.text.as_str(), file.mode), ("x\n", 0o640));
    assert!(existing.secret_file("secrets/b").is_none(), "nobody asked for it");
    let link = existing.secret("secrets/link").unwrap().as_ref().err();
    assert_eq!(link, Some(&RefusalReason::Link("secrets/link".into())));
    assert!(existing.secret("secrets/missing").is_none());
}

#[test]
fn the_compose_file_is_the_one_that_compose_takes() {
    let text = |name: &str| format!("name: {name}\nservices: {{}}\n");
    let names = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
    for first in 0..names.len() {
        let texts: Vec<_> = names[first..].iter().map(|name| (*name, text(&name.replace('.', "-")))).collect();
        let files: Vec<_> = texts.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let existing = existing(&files);
        assert_eq!(existing.compose_file().as_deref(), Some(names[first]));
        assert_eq!(existing.standing().unwrap().project(), Some(names[first].replace('.', "-")));
    }
    let ours = "# codelab-gen: profile=p format=1 body=0123456789abcdef\nname: ours\nservices: {}\n";
    let twin = existing(&[("docker-compose.yml", ours), ("compose.yaml", "services: {}\n")]);
    assert_eq!((twin.compose_file().as_deref(), twin.has_own_compose()), (Some("docker-compose.yml"), true));
    assert_eq!(existing(&[("other.yml", "services: {}\n")]).compose_file(), None);
    assert!(existing(&[("docker-compose.yml", "a: [")]).standing().is_none());

    let folder = folder_with(&[]);
    fs::write(folder.path().join("docker-compose.yml"), b"\xff").unwrap();
    assert_eq!(read(folder.path(), &[]).compose_file().as_deref(), Some("docker-compose.yml"));
    fs::remove_file(folder.path().join("docker-compose.yml")).unwrap();
    fs::create_dir(folder.path().join("docker-compose.yml")).unwrap();
    assert_eq!(read(folder.path(), &[]).compose_file(), None);
}

#[test]
fn the_file_beside_it_is_the_first_one_that_is_there() {
    let names = [
        "compose.override.yml",
        "compose.override.yaml",
        "docker-compose.override.yml",
        "docker-compose.override.yaml",
    ];
    for first in 0..names.len() {
        let text = |name: &str| format!("volumes: {{ data: {{ name: {} }} }}\n", name.replace('.', "-"));
        let texts: Vec<_> = names[first..].iter().map(|name| (*name, text(name))).collect();
        let files: Vec<_> = texts.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let expected = [("data".to_owned(), names[first].replace('.', "-"))];
        assert_eq!(existing(&files).volumes_beside(), expected);
    }
    assert_eq!(existing(&[]).volumes_beside(), []);
}

const BLOCK: &str =
    "# >>> codelab-gen: x\nPOSTGRES_USER=u\nAPI_KEY='a b'\nA__DB_URL=postgresql://u:p@h/d\n# <<< codelab-gen\n";

fn values(existing: &Existing, matters: &[&str]) -> Vec<(String, String)> {
    let values = existing.values(|key| matters.contains(&key)).unwrap();
    values.iter().map(|(key, secret)| (key.clone(), secret.lend(str::to_owned))).collect()
}

#[test]
fn the_values_of_dotenv_are_those_of_its_block_else_of_the_users_lines_that_matter() {
    let pairs = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect::<Vec<_>>()
    };
    let url = ("A__DB_URL", "postgresql://u:p@h/d");
    let with_block = existing(&[(".env", &format!("B=1\nMINE=first\nMINE=last\n{BLOCK}C=2\n"))]);
    assert_eq!(values(&with_block, &["API_KEY"]), pairs(&[("POSTGRES_USER", "u"), ("API_KEY", "a b"), url]));
    let with_own = pairs(&[("POSTGRES_USER", "u"), ("API_KEY", "a b"), url, ("MINE", "last")]);
    assert_eq!(values(&with_block, &["MINE"]), with_own, "it would be in the block");
    assert!(!with_block.is_to_be_adopted());
    assert_eq!(with_block.dotenv().users_keys(), ["B", "MINE", "MINE", "C"]);
    assert_eq!(with_block.dotenv().users_values().get("MINE").map(String::as_str), Some("last"));
    assert_eq!(with_block.dotenv().users_values().get("API_KEY"), None);
    let all = with_block.dotenv().all_values();
    assert_eq!((all.get(url.0).map(String::as_str), all.get("MINE").map(String::as_str)), (Some(url.1), Some("last")));

    let without = existing(&[(".env", "B=1\nC=2\nA__DB_URL=sqlite:///x\nexport D=3\n")]);
    assert_eq!(values(&without, &["B", "X"]), pairs(&[("B", "1")]));
    assert!(without.is_to_be_adopted());
    assert_eq!(without.dotenv().users_keys(), ["B", "C", "A__DB_URL", "D"]);
    assert_eq!(without.dotenv().users_values().get("C").map(String::as_str), Some("2"));
    assert_eq!(without.dotenv().users_values().get("D").map(String::as_str), Some("3"), "as Compose reads it");
    let all = [("B", "1"), ("C", "2"), ("A__DB_URL", "sqlite:///x"), ("D", "3")];
    let all = all.map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!(without.dotenv().all_values(), HashMap::from(all));

    let nothing = existing(&[]);
    assert_eq!(values(&nothing, &["B"]), []);
    assert!(
        !nothing.is_to_be_adopted()
            && nothing.dotenv().users_keys().is_empty()
            && nothing.dotenv().all_values().is_empty()
    );
    assert_eq!(nothing.dotenv().users_values().get("B"), None);
}

#[test]
fn a_line_of_the_block_that_readers_differ_on_is_told_by_its_number_in_the_file() {
    let odd = format!("B=1\n\n{}", BLOCK.replace("'a b'", "a b"));
    let reasons = |text: &str| {
        let refusals = existing(&[(".env", text)]).values(|key| key == "B").unwrap_err();
        assert!(refusals.iter().all(|refusal| refusal.file.is(&compose::DOTENV)));
        refusals.into_iter().map(|refusal| refusal.reason).collect::<Vec<_>>()
    };
    assert_eq!(reasons(&odd), [RefusalReason::OddLine(5)]);
    assert_eq!(reasons("A=1\nB=$NONE\n"), [RefusalReason::OddValue { key: "B".to_owned(), line: 2 }]);
    assert_eq!(reasons(&BLOCK.replace("# <<<", "# <<")), [RefusalReason::BrokenMarks]);
}

#[test]
fn the_mark_is_that_of_the_compose_file_else_of_dotenv() {
    let line = |profile: &str| format!("codelab-gen: profile={profile} format=1 body=0123456789abcdef");
    let compose = format!("# {}\nservices: {{}}\n", line("compose"));
    let dotenv = format!("# >>> {}\nA=1\n# <<< codelab-gen\n", line("dotenv"));
    let profile = |files: &[(&str, &str)]| {
        let folder = folder_with(files);
        let mark = Existing::read_mark(folder.path()).unwrap().map(|(mark, _)| mark.profile);
        assert_eq!(read(folder.path(), &[]).mark().map(|mark| mark.profile), mark);
        mark
    };
    assert_eq!(profile(&[("docker-compose.yml", &compose), (".env", &dotenv)]).as_deref(), Some("compose"));
    assert_eq!(profile(&[("docker-compose.yml", "services: {}\n"), (".env", &dotenv)]).as_deref(), Some("dotenv"));
    assert_eq!(profile(&[(".env", &dotenv)]).as_deref(), Some("dotenv"));
    assert_eq!(profile(&[(".env", "A=1\n")]), None);
    assert_eq!(profile(&[]), None);
}

#[test]
fn what_killed_runs_left_is_found_in_every_folder_of_outputs() {
    let files = [
        ".env.codelab-gen.tmp",
        "scripts/.init-postgres.sh.codelab-gen.tmp",
        "secrets/.a.codelab-gen.tmp",
        "env.codelab-gen.tmp",
        ".env.tmp",
        "other/.env.codelab-gen.tmp",
    ];
    let folder = folder_with(&files.map(|name| (name, "x")));
    fs::create_dir(folder.path().join(".folder.codelab-gen.tmp")).unwrap();
    let existing = read(folder.path(), &[]);
    let expected: Vec<_> = files[..3].iter().map(|name| folder.path().join(name)).collect();
    assert_eq!(existing.leftovers(), expected);

    let linked = folder_with(&[]);
    symlink(folder.path().join("secrets"), linked.path().join("secrets")).unwrap();
    let existing = read(linked.path(), &[]);
    assert!(existing.leftovers().is_empty() && existing.secrets().is_empty(), "what a link leads to is not ours");
}

#[test]
fn what_may_not_be_written_through_is_told_with_the_reason() {
    let reason = |path: &str, prepare: &dyn Fn(&Path)| {
        let folder = folder_with(&[]);
        prepare(folder.path());
        let existing = read(folder.path(), &[]);
        let output = outputs().find(|output| output.path() == path).unwrap();
        existing.output(&output).map(|found| found.file.as_ref().err().cloned())
    };
    let write = |path: &Path| fs::write(path, "x").unwrap();
    assert_eq!(reason(".env", &|_| {}), None);
    assert_eq!(reason(".env", &|folder| write(&folder.join(".env"))), Some(None));
    assert_eq!(
        reason(".env", &|folder| symlink("x", folder.join(".env")).unwrap()),
        Some(Some(RefusalReason::Link(".env".into())))
    );
    assert_eq!(
        reason(".env", &|folder| fs::create_dir(folder.join(".env")).unwrap()),
        Some(Some(RefusalReason::NotAFile))
    );
    assert_eq!(
        reason(".env", &|folder| fs::write(folder.join(".env"), b"\xff").unwrap()),
        Some(Some(RefusalReason::NotUtf8))
    );
    let script = "scripts/db/databases.sh";
    assert_eq!(
        reason(script, &|folder| symlink("x", folder.join("scripts")).unwrap()),
        Some(Some(RefusalReason::Link("scripts".into())))
    );
    assert_eq!(
        reason(script, &|folder| write(&folder.join("scripts"))),
        Some(Some(RefusalReason::NotAFolder("scripts".into())))
    );
    let deep = |folder: &Path| {
        fs::create_dir(folder.join("scripts")).unwrap();
        write(&folder.join("scripts/db"));
    };
    assert_eq!(reason(script, &deep), Some(Some(RefusalReason::NotAFolder("scripts/db".into()))));
    let file = tempfile::NamedTempFile::new().unwrap();
    assert!(Folder::open(file.path()).is_err(), "a file in the place of the folder itself is no reason of a file");
}

#[test]
fn an_original_gets_the_first_free_name_and_none_where_it_is_kept_already() {
    let original = |files: &[(&str, &str)]| {
        let folder = folder_with(files);
        let existing = read(folder.path(), &[]);
        let original = existing.output(&compose::DOTENV).unwrap().original.clone();
        original.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
    };
    let env = (".env", "A=1\n");
    assert_eq!(original(&[env]).as_deref(), Some(".env.orig"));
    assert_eq!(original(&[env, (".env.orig", "A=2\n")]).as_deref(), Some(".env.orig.2"));
    assert_eq!(original(&[env, (".env.orig", ""), (".env.orig.2", "")]).as_deref(), Some(".env.orig.3"));
    assert_eq!(original(&[env, (".env.orig", ""), (".env.orig.3", "A=1\n")]).as_deref(), Some(".env.orig.2"));
    assert_eq!(original(&[env, (".env.orig", "A=1\n")]), None);
    assert_eq!(original(&[env, (".env.orig", ""), (".env.orig.2", "A=1\n")]), None);
    assert_eq!(original(&[env, (".env.orig/folder", "A=1\n")]).as_deref(), Some(".env.orig.2"));
}

#[test]
fn secrets_that_the_deployment_does_not_use_are_kept_and_nothing_else() {
    let keys = ["POSTGRES_USER", "POSTGRES_DB", "A__DB_URL", "API_KEY", "OLD_KEY", "bad-key"];
    let block = keys.map(|key| (key.to_owned(), Secret::new("x".to_owned()).unwrap())).into();
    let kept = unused_secrets(&block, |key| key.as_str() == "API_KEY");
    assert_eq!(kept.keys().map(EnvironmentKey::as_str).collect::<Vec<_>>(), ["OLD_KEY"]);
}
