//! What becomes of a file, whatever stands in its place.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::disk::Folder;
use crate::target::compose;

fn wanted(name: &str, path: &str, public: Option<&str>) -> WantedSecret {
    let public = public.map(str::to_owned);
    WantedSecret { name: name.to_owned(), path: path.to_owned(), mode: 0o644, secret: None, public }
}

#[test]
fn the_file_of_a_url_differs_without_its_password_as_well() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("secrets")).unwrap();
    fs::write(folder.path().join("secrets/a"), "postgresql://u:mine@h/d\n").unwrap();
    let folder = Folder::open(folder.path()).unwrap();
    let existing = Existing::read(Some(&folder), &[], &["secrets/a".to_owned()]).unwrap();
    for (public, kind, is_drift) in [
        (Some("postgresql://u@h/d"), ChangeKind::Unchanged, false),
        (Some("postgresql://u@h/other"), ChangeKind::Updated, true),
        (None, ChangeKind::Unchanged, false),
    ] {
        let change = plan_secret(wanted("A__DB_URL", "secrets/a", public), &existing);
        assert_eq!((change.kind, change.is_drift()), (kind, is_drift), "{public:?}");
    }
    let missing = plan_secret(wanted("A__DB_URL", "secrets/b", Some("postgresql://u@h/d")), &existing);
    assert_eq!((missing.kind, missing.is_drift()), (ChangeKind::Created, false));
}

#[test]
fn the_file_of_a_secret_is_written_where_its_value_or_who_can_read_it_is_another() {
    use ChangeKind::{Conflict, Created, Mode, Unchanged, Updated};
    for (stands, mode, folder_mode, secret, kind) in [
        (None, 0, 0o700, Some("new"), Created),
        (None, 0, 0o700, None, Created),
        (Some("new"), 0o644, 0o700, Some("new"), Unchanged),
        (Some("new"), 0o644, 0o700, None, Unchanged),
        (Some("old"), 0o644, 0o700, Some("new"), Updated),
        (Some("new\n"), 0o644, 0o700, Some("new"), Updated),
        (Some("new"), 0o600, 0o700, Some("new"), Mode),
        (Some("new"), 0o644, 0o750, Some("new"), Mode),
        (Some("new"), 0o600, 0o750, Some("new"), Mode),
        (Some("new"), 0o600, 0o700, None, Unchanged),
        (Some("\0"), 0o644, 0o700, Some("new"), Conflict),
    ] {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("secrets")).unwrap();
        let path = folder.path().join("secrets/a");
        if let Some(text) = stands {
            let bytes = if text == "\0" { b"\xff" } else { text.as_bytes() };
            fs::write(&path, bytes).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        }
        fs::set_permissions(folder.path().join("secrets"), Permissions::from_mode(folder_mode)).unwrap();
        let folder = Folder::open(folder.path()).unwrap();
        let existing = Existing::read(Some(&folder), &[], &["secrets/a".to_owned()]).unwrap();
        let secret = secret.and_then(|secret| Secret::new(secret.to_owned()));
        let wanted = WantedSecret { secret, ..wanted("A", "secrets/a", None) };
        let change = plan_secret(wanted, &existing);
        assert_eq!(change.kind, kind, "{stands:?} {mode:o} {folder_mode:o}");
        assert_eq!(change.reason, (kind == Conflict).then_some(RefusalReason::NotUtf8));
        assert_eq!(change.path, "secrets/a");
    }
}

#[test]
fn an_example_that_somebody_filled_in_holds_a_secret() {
    for (text, is_filled) in [
        ("POSTGRES_USER=u\nPOSTGRES_PASSWORD=\nA__DB_URL=x://u:${POSTGRES_PASSWORD}@h/d\n", false),
        ("POSTGRES_PASSWORD=mine\n", true),
        ("POSTGRES_PASSWORD=mine\r\n", true),
        ("A__DB_URL=x://u:mine@h/d\n", true),
        ("A__DB_URL=x://u:@h/d\n", false),
        ("A__DB_URL=sqlite:///data/a.db\n", false),
        ("API_KEY=\n", false),
        ("API_KEY='a b'\n", true),
        ("", false),
    ] {
        assert_eq!(holds_secret(text), is_filled, "{text}");
    }
}

#[test]
fn a_change_is_named_by_the_most_that_changes() {
    for (stands, text, kind) in [
        ("a\n", "a\n", ChangeKind::Mode),
        ("a\r\nb\r\n", "a\nb\n", ChangeKind::LineEnds),
        ("a\r\nb\n", "a\nb\n", ChangeKind::LineEnds),
        ("a\r\n", "b\n", ChangeKind::Updated),
        ("a\n", "b\n", ChangeKind::Updated),
        ("a\rb\n", "ab\n", ChangeKind::Updated),
    ] {
        let file = ExistingFile { text: stands.to_owned(), mode: 0o644 };
        let Action::Write { kind: found, text: Some(new), original } =
            write_action(text.to_owned(), &file, Some("x.orig".into()))
        else {
            panic!("{stands:?}")
        };
        assert_eq!((found, new.as_str(), original), (kind, text, Some(PathBuf::from("x.orig"))), "{stands:?}");
    }
}

#[test]
fn only_a_file_that_is_as_it_was_written_is_ours_to_replace() {
    let marked = "# codelab-gen: profile=p format=1 body=0123456789abcdef\nservices: {}\n";
    assert_eq!(ownership(&compose::FILE, marked), Some(RefusalReason::Edited));
    assert_eq!(ownership(&compose::FILE, "services: {}\n"), Some(RefusalReason::NotOurs));
    assert_eq!(ownership(&compose::DOTENV_EXAMPLE, "A=\n"), Some(RefusalReason::NotOurs));
    assert_eq!(ownership(&compose::DOTENV, "A=1\n"), None, "its other lines are the user's");
}
