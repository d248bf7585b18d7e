//! Knows what the pods of a service are kept from, by the Pod Security Standard `restricted` where the stage is strict, or
//! the user is not root and loses nothing by it (<https://kubernetes.io/docs/concepts/security/pod-security-standards/>).
//! Must not know what runs in them.

use crate::deployment::{Deployment, Fences, Service};
use crate::value::{LARGEST_USER as LARGEST, UserId};
use crate::yaml::document::{Mapping, Value};

/// A user in numbers, with a group where one is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) user: u32,
    pub(super) group: Option<u32>,
}

impl Identity {
    /// Reads `USER` or `USER:GROUP`; nothing where one of them is no number.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (user, group) = text.split_once(':').map_or((text, None), |(user, group)| (user, Some(group)));
        let number = |text: &str| {
            let is_number = !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
            text.parse::<u32>().ok().filter(|number| is_number && *number <= LARGEST)
        };
        let group = match group {
            Some(group) => Some(number(group)?),
            None => None,
        };
        Some(Self { user: number(user)?, group })
    }

    /// The same of what a profile says.
    pub(super) fn known(UserId { user, group }: UserId) -> Self {
        Self { user, group }
    }

    /// That of a service; nothing where its image says it.
    fn of(service: &Service) -> Option<Self> {
        Self::read(service.user.as_deref()?)
    }
}

/// What holds for all containers of a pod. What it mounts belongs to the group of its user.
pub(super) fn of_pod(service: &Service, deployment: &Deployment, has_claims: bool) -> Mapping {
    let identity = Identity::of(service);
    let is_restricted = is_restricted(service, deployment);
    let mut keys = Mapping::default();
    keys.push_given("runAsNonRoot", is_restricted.then(|| Value::bare("true")));
    keys.push_given("runAsUser", identity.map(|identity| Value::number(identity.user)));
    keys.push_given("runAsGroup", identity.and_then(|identity| identity.group).map(Value::number));
    if let Some(Identity { user, group }) = identity.filter(|identity| has_claims && identity.user != 0) {
        keys.push("fsGroup", Value::number(group.unwrap_or(user)).behind("who may write to the volumes"));
        keys.push("fsGroupChangePolicy", Value::text("OnRootMismatch"));
    }
    let seccomp = Mapping::from_iter([("type", Value::text("RuntimeDefault"))]);
    keys.push_given("seccompProfile", is_restricted.then(|| Value::from(seccomp).on_one_line()));
    keys
}

/// What holds for all containers of a pod whose user is known, and that user's volumes.
pub(super) fn of_user(Identity { user, group }: Identity) -> Mapping {
    let seccomp = Mapping::from_iter([("type", Value::text("RuntimeDefault"))]);
    let mut keys = Mapping::from_iter([("runAsNonRoot", Value::bare("true")), ("runAsUser", Value::number(user))]);
    keys.push_given("runAsGroup", group.map(Value::number));
    keys.push("fsGroup", Value::number(group.unwrap_or(user)).behind("who may write to the volumes"));
    keys.push("fsGroupChangePolicy", Value::text("OnRootMismatch"));
    keys.push("seccompProfile", Value::from(seccomp).on_one_line());
    keys
}

/// What holds for the container of a service.
pub(super) fn of_container(service: &Service, deployment: &Deployment) -> Mapping {
    let Fences { no_new_privileges, capabilities, scratch } = &service.fences;
    let is_restricted = is_restricted(service, deployment);
    of(is_restricted || *no_new_privileges, scratch.is_some(), is_restricted || capabilities.is_some())
}

/// Whether a pod keeps to `restricted`. What somebody else than root gains by privileges, he has no use for.
fn is_restricted(service: &Service, deployment: &Deployment) -> bool {
    deployment.stage.is_strict() || Identity::of(service).is_some_and(|identity| identity.user != 0)
}

/// What holds for a container of ours, which needs nothing.
pub(super) fn of_helper() -> Mapping {
    of(true, true, true)
}

fn of(no_new_privileges: bool, is_read_only: bool, drops: bool) -> Mapping {
    let all: Value = std::iter::once(Value::text("ALL")).collect();
    let capabilities = Value::from(Mapping::from_iter([("drop", all)])).on_one_line();
    let mut keys = Mapping::default();
    keys.push_given("allowPrivilegeEscalation", no_new_privileges.then(|| Value::bare("false")));
    keys.push_given("readOnlyRootFilesystem", is_read_only.then(|| Value::bare("true")));
    keys.push_given("capabilities", drops.then_some(capabilities));
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_read_in_numbers_only() {
        let some = |user, group| Some(Identity { user, group });
        for (text, expected) in [
            ("1000", some(1000, None)),
            ("1000:1001", some(1000, Some(1001))),
            ("0", some(0, None)),
            ("2147483647:0", some(LARGEST, Some(0))),
            ("2147483648", None),
            ("app", None),
            ("1000:app", None),
            ("1000:", None),
            (":1000", None),
            ("", None),
            ("+1", None),
            ("-1", None),
            ("1000:1000:1", None),
            ("99999999999999", None),
        ] {
            assert_eq!(Identity::read(text), expected, "{text}");
        }
    }
}
