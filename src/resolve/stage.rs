//! Knows what a deployment's stage decides for its containers: fences, restarts, logs, limits.
//! Must not know which programs run in them.

use crate::deployment::{
    CAPABILITIES_TO_STEP_DOWN, Fences, KeptLog, Limits, Preparation, Restart, SCRATCH, SOCKET_FOLDER,
};
use crate::value::{ByteSize, CpuCount, Hardening, Mount, ProcessCount, Stage};

/// What a service is kept from.
pub(super) fn fences_of_service(stage: Stage, hardening: Hardening, mounts: &[Mount]) -> Fences {
    let strict = hardening == Hardening::Strict;
    let is_mounted = mounts.iter().any(|mount| mount.target.as_str().trim_end_matches('/') == SCRATCH);
    Fences {
        no_new_privileges: strict || stage.is_strict(),
        capabilities: strict.then_some(&[]),
        scratch: strict.then(|| if is_mounted { Vec::new() } else { vec![SCRATCH] }),
    }
}

/// What the server is kept from. One that becomes another user by itself needs the rights to do so.
pub(super) fn fences_of_server(stage: Stage, has_user: bool, makes_socket: bool) -> Fences {
    if !stage.is_strict() {
        return Fences::default();
    }
    Fences {
        no_new_privileges: true,
        capabilities: Some(if has_user { &[] } else { &CAPABILITIES_TO_STEP_DOWN }),
        scratch: Some([SCRATCH].into_iter().chain(makes_socket.then_some(SOCKET_FOLDER)).collect()),
    }
}

/// The container that brings databases in line: it runs a shell and psql for a second.
pub(super) fn preparation(stage: Stage) -> Preparation {
    if !stage.is_strict() {
        return Preparation { fences: Fences::default(), limits: Limits::default(), log: None };
    }
    Preparation {
        fences: Fences { no_new_privileges: true, capabilities: Some(&[]), scratch: Some(vec![SCRATCH]) },
        limits: Limits {
            memory: Some(ByteSize::of_mebibytes(128)),
            cpus: Some(CpuCount::whole(1)),
            pids: ProcessCount::new(64),
        },
        log: kept_log(stage),
    }
}

/// Where others' data is, a container is started again.
pub(super) fn restart(stage: Stage) -> Restart {
    if stage.is_strict() { Restart::UnlessStopped } else { Restart::Never }
}

/// Docker keeps everything that a container ever said, unless it is told otherwise.
pub(super) fn kept_log(stage: Stage) -> Option<KeptLog> {
    stage.is_strict().then_some(KeptLog { mebibytes: 10, files: 3 })
}
