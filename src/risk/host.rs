//! Knows which files and folders of a machine must not be in a container. Must not know who mounts them.

use std::path::Path;

use super::found::{Base, Found, Ground};
use super::kind::RiskKind;
use crate::field::FieldPath;

/// What lets its reader become somebody else.
const PRIVATE: [&str; 9] =
    ["/root", "/home", "/proc", "/sys", "/dev", "/etc/shadow", "/etc/ssh", "/var/lib/docker", "/var/lib/containerd"];

/// What nobody but the machine's own system writes.
const SYSTEM: [&str; 12] =
    ["/bin", "/boot", "/etc", "/lib", "/lib64", "/opt", "/run", "/sbin", "/snap", "/usr", "/var", "/Users"];

/// Folders that a socket of an engine lies in, some way below.
const SOCKET_FOLDERS: [&str; 4] = ["/", "/run", "/var", "/var/run"];

/// The names of an engine's socket.
const SOCKETS: [&str; 6] =
    ["docker.sock", "containerd.sock", "podman.sock", "crio.sock", "buildkitd.sock", "dockershim.sock"];

/// What a mount of a path of the host gives; nothing for one of the project's own folders.
pub(super) fn mounted(ground: &Ground, written: &str, read_only: bool) -> Option<RiskKind> {
    let written = Path::new(written);
    if is_socket(written) {
        return Some(RiskKind::EngineSocket);
    }
    match ground {
        Ground::Inside => None,
        Ground::Whole => Some(RiskKind::Repository),
        Ground::Secrets => Some(RiskKind::AllSecrets),
        Ground::Elsewhere(real) => Some(elsewhere(real, read_only)),
    }
}

fn elsewhere(real: &Path, read_only: bool) -> RiskKind {
    let holds_socket = SOCKET_FOLDERS.iter().any(|folder| real == Path::new(folder));
    if is_socket(real) || holds_socket {
        return RiskKind::EngineSocket;
    }
    // a folder shows also what lies in it
    let is_private = PRIVATE.iter().any(|folder| real.starts_with(folder) || Path::new(folder).starts_with(real));
    let is_written = !read_only && SYSTEM.iter().any(|folder| real.starts_with(folder));
    if is_private || is_written { RiskKind::HostSystem } else { RiskKind::HostPath }
}

fn is_socket(path: &Path) -> bool {
    path.file_name().is_some_and(|name| SOCKETS.iter().any(|socket| name == *socket))
}

/// A file that Compose itself reads, and gives to a container.
pub(super) fn read_file(text: &str, path: &FieldPath, found: &mut Found<'_>) {
    let is_elsewhere = text.starts_with('~') || text.contains('$');
    let kind = match (found.ground)(Base::Out, text) {
        _ if is_elsewhere => RiskKind::HostPath,
        Ground::Inside => RiskKind::ProjectFile,
        Ground::Whole => RiskKind::Repository,
        Ground::Secrets => RiskKind::AllSecrets,
        Ground::Elsewhere(real) => elsewhere(&real, true),
    };
    found.say(kind, path, text);
}
