//! Knows the fault of what Docker Swarm can't run. Must not know what that is.

use crate::diagnostic::{Code, Diagnostic, Place};
use crate::help::Help;

pub(super) fn unsupported(place: Place, message: impl Into<String>, help: impl Into<Help>) -> Diagnostic {
    Diagnostic::error(Code::TargetUnsupported, place, message, help)
}
