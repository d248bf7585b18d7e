//! What each reason means for each kind of file.

use super::*;
use crate::target::compose;

#[test]
fn only_what_was_written_by_hand_can_be_forced_and_only_the_folder_is_an_obstacle() {
    let path = || PathBuf::from("x");
    for (reason, dotenv, compose, is_obstacle) in [
        (RefusalReason::NotOurs, true, true, false),
        (RefusalReason::Edited, true, true, false),
        (RefusalReason::OtherCompose("compose.yaml"), true, true, false),
        (RefusalReason::ComposeFile(1), true, true, false),
        (RefusalReason::Rival, false, false, false),
        (RefusalReason::NotUtf8, false, true, false),
        (RefusalReason::Link(path()), false, false, false),
        (RefusalReason::NotAFile, false, false, true),
        (RefusalReason::NotAFolder(path()), false, false, true),
        (RefusalReason::CarriageReturns, false, false, false),
        (RefusalReason::BrokenMarks, false, false, false),
        (RefusalReason::OddLine(1), false, false, false),
        (RefusalReason::KeyOutside { key: "A".to_owned(), inside: 1, outside: 2 }, false, false, false),
        (RefusalReason::OddValue { key: "A".to_owned(), line: 1 }, false, false, false),
    ] {
        assert_eq!(reason.can_be_forced(&compose::DOTENV), dotenv, "{reason:?}");
        assert_eq!(reason.can_be_forced(&compose::FILE), compose, "{reason:?}");
        assert_eq!(reason.is_obstacle(), is_obstacle, "{reason:?}");
    }
}

#[test]
fn a_refused_file_tells_what_it_is() {
    let secret = || RefusedFile::Secret("secrets/a".to_owned());
    for (file, path, holds_secrets, is_block) in [
        (RefusedFile::Output(compose::DOTENV), ".env", true, true),
        (RefusedFile::Output(compose::DOTENV_EXAMPLE), ".env.example", false, false),
        (RefusedFile::Output(compose::FILE), "docker-compose.yml", false, false),
        (secret(), "secrets/a", true, false),
    ] {
        assert_eq!((file.path(), file.holds_secrets(), file.is_block()), (path, holds_secrets, is_block));
        assert_eq!(file.is(&compose::FILE), path == "docker-compose.yml");
        assert_eq!(file.is(&compose::DOTENV), is_block);
    }
}
