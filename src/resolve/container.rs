//! Knows what services and the server have in common, as containers. Must not know which of them it is.

use super::scope::Faults;
use crate::deployment::Limits;
use crate::diagnostic::{Code, Place};
use crate::field::FieldPath;
use crate::profile::{self, Setting};
use crate::spelling::quoted;
use crate::value::{ImageReference, Stage};

/// What is written of the limits.
pub(super) fn limits(written: &Setting<profile::Limits>) -> Limits {
    let written = written.get().cloned().unwrap_or_default();
    Limits { memory: written.memory.get().cloned(), cpus: written.cpus.get().cloned(), pids: written.pids.copied() }
}

/// A tag that moves would change the program under people's data without anybody deciding it.
pub(super) fn check_pinned(image: &ImageReference, stage: Stage, at: &FieldPath, faults: &mut Faults) {
    if stage != Stage::Production || !image.is_floating() {
        return;
    }
    let message = match image.tag() {
        Some(tag) => format!("the tag {} means another image tomorrow", quoted(tag)),
        None => format!("the image {} has no tag, and so means another image tomorrow", quoted(&image.to_string())),
    };
    let help = "write the version that you tested as its tag, or its `@sha256:` digest";
    faults.add(Code::UnpinnedImage, Place::value(at), message, help);
}
