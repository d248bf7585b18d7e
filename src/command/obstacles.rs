//! Knows what of the outside world keeps a run from its work, and the way out of each. Must not know what the work is.

use std::path::{Path, PathBuf};

use crate::change::{Existing, ReadFault, WriteFault};
use crate::outcome::Failure;
use crate::placement::Placement;
use crate::render::{Mark, is_recordable};
use crate::spelling::{self, quoted};

/// Whether the outputs still say what selected the profile: another run may have had the folder before this one.
pub(super) fn check_still_recorded(recorded: Option<&(PathBuf, Mark)>) -> Result<(), Failure> {
    let Some((folder, mark)) = recorded else { return Ok(()) };
    let now = Existing::read_mark(folder).map_err(read_failure)?;
    if now.is_none_or(|(now, _)| (now.profile, now.root) == (mark.profile.clone(), mark.root.clone())) {
        return Ok(());
    }
    let message = "another run has given these outputs another profile while this one waited";
    Err(Failure::outside(message, "run it again, or name the profile with `--profile`"))
}

pub(super) fn read_failure(fault: ReadFault) -> Failure {
    let ReadFault { path, error } = fault;
    if error.kind() == std::io::ErrorKind::NotADirectory {
        return not_a_folder(&path);
    }
    if error.kind() == std::io::ErrorKind::TimedOut {
        return occupied(&path);
    }
    Failure::outside(format!("can't read `{}`: {error}", spelling::path(&path)), "look at its permissions")
}

fn not_a_folder(path: &Path) -> Failure {
    Failure::outside(
        format!("`{}` can't be there: a part of its path is a file", spelling::path(path)),
        "move that file away, or choose another folder with `--out`",
    )
}

/// Another process keeps the folder locked.
fn occupied(path: &Path) -> Failure {
    Failure::outside(
        format!("another process keeps `{}` locked", spelling::path(path)),
        "`fuser --verbose FOLDER` shows which one; end it, or wait for it",
    )
}

pub(super) fn write_failure(fault: WriteFault) -> Failure {
    let WriteFault { path, error, is_partial } = fault;
    if error.kind() == std::io::ErrorKind::NotADirectory {
        return not_a_folder(&path);
    }
    if error.kind() == std::io::ErrorKind::TimedOut {
        return occupied(&path);
    }
    if error.kind() == std::io::ErrorKind::AlreadyExists {
        let message = format!("`{}` is needed, and something else is there", spelling::path(&path));
        return Failure::outside(message, "move that away; every file is as it was");
    }
    let help = if is_partial {
        "look at the space on its disk, then run the same command again: other files are new already, each as a whole"
    } else {
        "look at the permissions of its folder and at the space on its disk; every file is as it was"
    };
    Failure::outside(format!("can't write `{}`: {error}", spelling::path(&path)), help)
}

/// A header is one line of fields, so what it records must fit in there.
pub(super) fn check_recordable(placement: &Placement) -> Result<(), Failure> {
    if placement.root.contains([':', '\u{fffd}']) {
        return Err(Failure::Usage {
            message: format!("the project's path {} holds a colon, or is not UTF-8", quoted(&placement.root)),
            help: "rename the folder: Docker Compose could not mount what is below it".to_owned(),
        });
    }
    if [&placement.profile, &placement.root].into_iter().all(|text| is_recordable(text)) {
        return Ok(());
    }
    Err(Failure::Usage {
        message: "the path of the profile or of the project holds a control character, one that is not seen, or a \
                  field of a header such as ` root=`"
            .to_owned(),
        help: "rename the file or folder: the outputs record the path in one line".to_owned(),
    })
}
