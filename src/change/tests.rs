//! What a change set says of itself.

use super::*;
use crate::target::{DangerKind, compose};

fn change(output: Output, before: Option<&str>, action: Action) -> Change {
    Change { output, keys: Vec::new(), mode: None, before: before.map(str::to_owned), action }
}

fn write(kind: ChangeKind) -> Action {
    Action::Write { kind, text: Some("new".to_owned()), original: Some("x.orig".into()) }
}

fn refuse(reasons: Vec<RefusalReason>) -> Action {
    Action::Refuse { reasons, text: "wanted".to_owned() }
}

fn change_set(secret_files: Vec<SecretChange>, changes: Vec<Change>) -> ChangeSet {
    ChangeSet { folder: "/out".into(), secret_files, changes, ..ChangeSet::default() }
}

#[test]
fn every_kind_of_change_has_its_word() {
    use ChangeKind::{Conflict, Created, LineEnds, Mode, Removed, Unchanged, Updated};
    let kinds = [Created, Updated, LineEnds, Mode, Unchanged, Removed, Conflict];
    let words = ["created", "updated", "line-ends", "mode", "unchanged", "removed", "conflict"];
    assert_eq!(kinds.map(ChangeKind::as_str), words);
    let kinds = [KeyChangeKind::Missing, KeyChangeKind::Stale, KeyChangeKind::Different];
    assert_eq!(kinds.map(KeyChangeKind::as_str), ["missing", "stale", "different"]);
    let kinds = [DangerKind::Engine, DangerKind::Project, DangerKind::Volume, DangerKind::Major, DangerKind::Flavour];
    assert_eq!(kinds.map(DangerKind::as_str), ["engine", "project", "volume", "major", "flavour"]);
    assert_eq!(DangerKind::Target.as_str(), "target");
}

#[test]
fn a_change_tells_its_kind_its_original_and_its_reasons() {
    let reasons = vec![RefusalReason::NotOurs, RefusalReason::NotUtf8];
    let original = Some(Path::new("x.orig"));
    for (action, kind, original, reasons) in [
        (Action::Keep, ChangeKind::Unchanged, None, vec![]),
        (write(ChangeKind::Mode), ChangeKind::Mode, original, vec![]),
        (Action::Remove, ChangeKind::Removed, None, vec![]),
        (refuse(reasons.clone()), ChangeKind::Conflict, None, reasons),
    ] {
        let change = change(compose::FILE, None, action);
        assert_eq!((change.kind(), change.original(), change.reasons()), (kind, original, reasons.as_slice()));
    }
}

#[test]
fn drift_is_what_differs_from_what_is_committed() {
    let key = || vec![KeyChange { key: "A".to_owned(), kind: KeyChangeKind::Missing, line: None }];
    for kind in [ChangeKind::Created, ChangeKind::Updated, ChangeKind::LineEnds, ChangeKind::Mode] {
        assert!(change(compose::FILE, None, write(kind)).is_drift(), "{kind:?}");
        for (before, keys, is_drift) in
            [(None, vec![], false), (None, key(), false), (Some("x"), vec![], false), (Some("x"), key(), true)]
        {
            let change = Change { keys, ..change(compose::DOTENV, before, write(kind)) };
            assert_eq!(change.is_drift(), is_drift, "{kind:?} of .env, before: {before:?}");
        }
    }
    assert!(change(compose::FILE, Some("x"), Action::Remove).is_drift());
    for output in [compose::FILE, compose::DOTENV] {
        assert!(!Change { keys: key(), ..change(output.clone(), Some("x"), Action::Keep) }.is_drift());
        assert!(change(output, Some("x"), refuse(vec![RefusalReason::NotOurs])).is_drift());
    }
}

#[test]
fn the_compose_text_is_what_stands_or_would_stand_after_the_run() {
    for (action, text) in [
        (Action::Keep, Some("old")),
        (write(ChangeKind::Updated), Some("new")),
        (refuse(Vec::new()), Some("wanted")),
        (Action::Remove, None),
    ] {
        let other = change(compose::DOTENV, Some("other"), Action::Keep);
        let changes = change_set(Vec::new(), vec![other, change(compose::FILE, Some("old"), action)]);
        assert_eq!(changes.compose_text(), text);
    }
    assert_eq!(change_set(Vec::new(), Vec::new()).compose_text(), None);
}

#[test]
fn every_reason_is_told_with_its_file() {
    let secret = |path: &str, reason| SecretChange {
        path: path.to_owned(),
        kind: ChangeKind::Conflict,
        reason,
        mode: 0o644,
        secret: None,
    };
    let changes = change_set(
        vec![secret("secrets/a", Some(RefusalReason::NotAFile)), secret("secrets/b", None)],
        vec![
            change(compose::DOTENV, None, refuse(vec![RefusalReason::OddLine(1), RefusalReason::OddLine(2)])),
            change(compose::FILE, None, write(ChangeKind::Created)),
        ],
    );
    let refusal = |file, reason| Refusal { file, reason };
    let expected = [
        refusal(RefusedFile::Secret("secrets/a".to_owned()), RefusalReason::NotAFile),
        refusal(RefusedFile::Output(compose::DOTENV), RefusalReason::OddLine(1)),
        refusal(RefusedFile::Output(compose::DOTENV), RefusalReason::OddLine(2)),
    ];
    assert_eq!(changes.refusals(), expected);
}

#[test]
fn a_difference_of_dotenv_shows_keys_and_never_a_value() {
    use KeyChangeKind::{Different, Missing, Stale};
    let keys = [("A", Missing), ("B", Stale), ("C", Different)];
    let keys = keys.map(|(key, kind)| KeyChange { key: key.to_owned(), kind, line: None }).into();
    let dotenv = Change { keys, ..change(compose::DOTENV, Some("B=hidden"), write(ChangeKind::Updated)) };
    let changes = change_set(Vec::new(), Vec::new());
    let expected = "--- .env (keys only)\n+++ .env (keys only)\n+A\n-B\n~C\n";
    assert_eq!(changes.difference(&dotenv).as_deref(), Some(expected));
    assert_eq!(changes.difference(&change(compose::DOTENV, Some("B=1"), write(ChangeKind::Mode))), None);
}

#[test]
fn a_difference_shows_what_changes_of_a_file_of_ours_and_hides_secrets() {
    let ours = "# codelab-gen: profile=p format=1 body=0123456789abcdef\na: hidden1\n";
    let wanted = ours.replace("a: hidden1", "a: hidden2");
    let secrets = ["hidden1", "hidden2"].map(|secret| Secret::new(secret.to_owned()).unwrap()).into();
    let changes = ChangeSet { secrets, ..change_set(Vec::new(), Vec::new()) };
    let written = |kind| Action::Write { kind, text: Some(wanted.clone()), original: None };
    let refused = Action::Refuse { reasons: vec![RefusalReason::Edited], text: wanted.clone() };
    let of = |before: Option<&str>, action| changes.difference(&change(compose::FILE, before, action));
    let lines = |text: Option<String>| {
        let text = text.unwrap_or_default();
        text.lines().filter(|line| line.starts_with(['-', '+'])).map(str::to_owned).collect::<Vec<_>>()
    };
    let updated = lines(of(Some(ours), written(ChangeKind::Updated)));
    assert_eq!(updated, ["--- docker-compose.yml", "+++ docker-compose.yml", "-a: [secret]", "+a: [secret]"]);
    let edited = lines(of(Some(ours), refused));
    assert_eq!(edited[0], "--- docker-compose.yml (as codelab-gen would write it)");
    assert_eq!(edited[1..], ["+++ docker-compose.yml (as it is)", "-a: [secret]", "+a: [secret]"]);
    let created = lines(of(None, written(ChangeKind::Created)));
    assert_eq!((created[0].as_str(), created.len()), ("--- /dev/null", 4));
    for kind in [ChangeKind::Mode, ChangeKind::LineEnds] {
        assert_eq!(of(Some(ours), written(kind)), None);
    }
    assert_eq!(of(Some(ours), Action::Keep), None);
    assert_eq!(of(Some(ours), Action::Remove), None);
    assert_eq!(of(Some("a: mine\n"), written(ChangeKind::Updated)), None, "somebody's own");
    assert_eq!(of(Some(&wanted), written(ChangeKind::Updated)), None, "no text differs");
}
