//! Knows what a cluster says of a container in a pod. Must not know what is wrong with one.

use serde_json::Value;

use super::object::{Object, is_name, list, reason, text};

/// A container, as the status of its pod has it.
#[derive(Clone, Copy)]
pub(super) struct Container<'a> {
    status: &'a Value,
    is_init: bool,
}

/// What it does now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State<'a> {
    /// It does not run, for this reason, and with these words.
    Waiting(&'a str, &'a str),
    Runs,
    /// With this exit code.
    Ended(i64),
}

impl<'a> Container<'a> {
    /// Those of a pod, in the order that they are started in.
    pub(super) fn all(pod: &'a Object) -> Vec<Self> {
        let of = |pointer, is_init| pod.list(pointer).iter().map(move |status| Self { status, is_init });
        let all = of("/status/initContainerStatuses", true).chain(of("/status/containerStatuses", false));
        all.filter(|container| is_name(container.name())).collect()
    }

    pub(super) fn name(&self) -> &'a str {
        text(self.status, "/name")
    }

    pub(super) fn image(&self) -> &'a str {
        text(self.status, "/image")
    }

    /// Whether it ends before the others start.
    pub(super) fn is_init(&self) -> bool {
        self.is_init
    }

    pub(super) fn state(&self) -> State<'a> {
        if let Some(waiting) = self.status.pointer("/state/waiting") {
            return State::Waiting(reason(text(waiting, "/reason")), text(waiting, "/message"));
        }
        match self.status.pointer("/state/terminated/exitCode").and_then(Value::as_i64) {
            Some(code) => State::Ended(code),
            None => State::Runs,
        }
    }

    pub(super) fn is_ready(&self) -> bool {
        self.says("/ready")
    }

    /// Whether its startup probe has held once.
    pub(super) fn has_started(&self) -> bool {
        self.says("/started")
    }

    pub(super) fn restarts(&self) -> u64 {
        self.status.pointer("/restartCount").and_then(Value::as_u64).unwrap_or_default()
    }

    /// Why it ended last.
    pub(super) fn last_reason(&self) -> &'a str {
        self.end().map(|end| text(end, "/reason")).unwrap_or_default()
    }

    /// How it ended last, as a part of a sentence.
    pub(super) fn last_end(&self) -> String {
        let code = self.end().and_then(|end| end.pointer("/exitCode")?.as_i64());
        code.map_or_else(|| "somehow".to_owned(), |code| format!("with exit code {code}"))
    }

    fn end(&self) -> Option<&'a Value> {
        self.status.pointer("/state/terminated").or_else(|| self.status.pointer("/lastState/terminated"))
    }

    fn says(&self, pointer: &str) -> bool {
        self.status.pointer(pointer).and_then(Value::as_bool) == Some(true)
    }
}

/// The folders of a pod's containers where claims are mounted: container, folder, claim.
pub(super) fn mounted(pod: &Object) -> Vec<(&str, &str, &str)> {
    let claims: Vec<_> = pod
        .list("/spec/volumes")
        .iter()
        .map(|volume| (text(volume, "/name"), text(volume, "/persistentVolumeClaim/claimName")))
        .filter(|(_, claim)| is_name(claim))
        .collect();
    let mut found = Vec::new();
    for container in pod.list("/spec/containers").iter().filter(|container| is_name(text(container, "/name"))) {
        for mount in list(container, "/volumeMounts") {
            let claim = claims.iter().find(|(volume, _)| *volume == text(mount, "/name"));
            found.extend(claim.map(|(_, claim)| (text(container, "/name"), text(mount, "/mountPath"), *claim)));
        }
    }
    found
}
