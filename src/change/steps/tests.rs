//! The order of the steps, whole: what a kill between two of them leaves depends on nothing else.

#![expect(clippy::disallowed_methods, reason = "what a test says is read by those who wrote its paths")]

use super::*;
use crate::target::compose;

const OWN: &str = "secret";

fn change(output: Output, action: Action) -> Change {
    Change { output, keys: Vec::new(), mode: None, before: None, action }
}

fn written(output: Output, original: Option<&str>) -> Change {
    let original = original.map(|name| Path::new("/out").join(name));
    let text = Some(output.path().to_owned());
    change(output, Action::Write { kind: ChangeKind::Updated, text, original })
}

fn secret_file(name: &str, kind: ChangeKind, secret: Option<&str>) -> SecretChange {
    let secret = secret.and_then(|secret| Secret::new(secret.to_owned()));
    SecretChange { path: format!("secrets/{name}"), kind, reason: None, mode: 0o644, secret }
}

fn described(step: &Step<'_>) -> String {
    let name = |path: &Path| path.strip_prefix("/out").unwrap().display().to_string();
    match step {
        Step::Sweep { temporary } => format!("sweep {}", name(temporary)),
        Step::MakeFolder { folder } => format!("make {}", name(folder)),
        Step::CloseFolder { folder } => format!("close {}", name(folder)),
        Step::Write { path: _, temporary, mode, content } => {
            let content = match content {
                Content::Text(text) => (*text).to_owned(),
                Content::Secret(secret) => secret.lend(str::to_owned),
            };
            format!("write {} {mode:o} {content}", name(temporary))
        }
        Step::Copy { from, temporary, mode } => format!("copy {} to {} {mode:o}", name(from), name(temporary)),
        Step::Keep { temporary, original } => format!("keep {} as {}", name(temporary), name(original)),
        Step::Replace { temporary, path } => format!("replace {} by {}", name(path), name(temporary)),
        Step::Remove { path } => format!("remove {}", name(path)),
        Step::RemoveFolder { folder } => format!("remove folder {}", name(folder)),
        Step::Sync { folder } => format!("sync {}", name(folder)),
    }
}

fn change_set(secret_files: Vec<SecretChange>, changes: Vec<Change>) -> ChangeSet {
    ChangeSet {
        folder: "/out".into(),
        secret_files,
        changes,
        leftovers: vec!["/out/.env.codelab-gen.tmp".into()],
        ..ChangeSet::default()
    }
}

#[test]
fn originals_are_on_the_disk_before_anything_is_replaced_and_what_goes_goes_last() {
    let secrets = vec![
        secret_file("new", ChangeKind::Created, Some(OWN)),
        secret_file("same", ChangeKind::Unchanged, Some(OWN)),
        secret_file("withheld", ChangeKind::Created, None),
    ];
    let changes = vec![
        written(compose::DOTENV, Some(".env.orig")),
        change(compose::DOTENV_EXAMPLE, Action::Keep),
        change(compose::INIT_SCRIPT, Action::Remove),
        written(compose::DATABASES, Some("scripts/db/databases.sh.orig.2")),
        change(
            Output::program("scripts/db/psql.sh"),
            Action::Write { kind: ChangeKind::Updated, text: None, original: None },
        ),
        written(compose::FILE, None),
    ];
    let changes = change_set(secrets, changes);
    let described: Vec<_> = steps(&changes).iter().map(described).collect();
    let expected = [
        "sweep .env.codelab-gen.tmp",
        "make secrets",
        "close secrets",
        "write secrets/.new.codelab-gen.tmp 644 secret",
        "copy .env to .env.orig.codelab-gen.tmp 600",
        "write .env.codelab-gen.tmp 600 .env",
        "make scripts",
        "make scripts/db",
        "copy scripts/db/databases.sh to scripts/db/.databases.sh.orig.2.codelab-gen.tmp 644",
        "write scripts/db/.databases.sh.codelab-gen.tmp 644 scripts/db/databases.sh",
        "write .docker-compose.yml.codelab-gen.tmp 644 docker-compose.yml",
        "keep .env.orig.codelab-gen.tmp as .env.orig",
        "keep scripts/db/.databases.sh.orig.2.codelab-gen.tmp as scripts/db/databases.sh.orig.2",
        "sync ",
        "sync scripts/db",
        "replace secrets/new by secrets/.new.codelab-gen.tmp",
        "replace .env by .env.codelab-gen.tmp",
        "replace scripts/db/databases.sh by scripts/db/.databases.sh.codelab-gen.tmp",
        "replace docker-compose.yml by .docker-compose.yml.codelab-gen.tmp",
        "remove scripts/init-postgres.sh",
        "sync ",
        "sync scripts/db",
        "sync secrets",
        "sync scripts",
        "remove folder scripts/backups",
        "remove folder scripts/db",
        "remove folder kubernetes",
        "remove folder scripts",
    ];
    assert_eq!(described, expected);
}

#[test]
fn another_compose_file_goes_when_ours_is_in_its_place() {
    let aside = |name: &str, original: Option<&str>| {
        let path = |name: &str| Path::new("/out").join(name);
        Aside { from: path(name), original: original.map(path) }
    };
    let aside = vec![aside("compose.yaml", Some("compose.yaml.orig")), aside("docker-compose.yaml", None)];
    let changes = ChangeSet { aside, ..change_set(Vec::new(), vec![written(compose::FILE, None)]) };
    let described: Vec<_> = steps(&changes).iter().map(described).collect();
    let expected = [
        "sweep .env.codelab-gen.tmp",
        "write .docker-compose.yml.codelab-gen.tmp 644 docker-compose.yml",
        "copy compose.yaml to .compose.yaml.orig.codelab-gen.tmp 644",
        "keep .compose.yaml.orig.codelab-gen.tmp as compose.yaml.orig",
        "sync ",
        "replace docker-compose.yml by .docker-compose.yml.codelab-gen.tmp",
        "remove compose.yaml",
        "remove docker-compose.yaml",
        "sync ",
        "sync ",
    ];
    assert_eq!(described.get(..expected.len()).unwrap_or_default(), expected);
}

#[test]
fn an_original_of_a_script_is_no_program() {
    let changes = change_set(Vec::new(), vec![written(compose::INIT_SCRIPT, Some("scripts/init-postgres.sh.orig"))]);
    let described: Vec<_> = steps(&changes).iter().map(described).collect();
    let copied = "copy scripts/init-postgres.sh to scripts/.init-postgres.sh.orig.codelab-gen.tmp 644".to_owned();
    assert!(described.contains(&copied), "{described:?}");
    let written = "write scripts/.init-postgres.sh.codelab-gen.tmp 755 scripts/init-postgres.sh".to_owned();
    assert!(described.contains(&written), "{described:?}");
}
