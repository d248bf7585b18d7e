//! Knows which names of a profile can be those of objects, and the name to use where one can't. Must not know the objects.

use std::collections::HashSet;

use crate::deployment::{Deployment, Service};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::field::FieldPath;
use crate::profile::{Profile, given};
use crate::spelling::quoted;
use crate::target::kubernetes::object::is_service_name;
use crate::target::kubernetes::wait::{FOR_DATABASE, FOR_SERVICES};
use crate::value::{Mount, MountSource, Runs, is_dns_label};

/// The longest name of a label of DNS.
const LONGEST: usize = 63;

/// That of a `CronJob`, to which the cluster adds the time of each Job
/// (<https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/>).
const LONGEST_OF_SCHEDULE: usize = 52;

/// Names that something else has, each with what a service of that name would be in the way of.
const KEPT: [(&str, &str); 4] = [
    ("kustomization", "the file of the service {} would be the one that kustomize reads"),
    // each container of a pod has a name of its own
    (FOR_DATABASE, "the container {} in the pods of a service waits for its database"),
    (FOR_SERVICES, "the container {} in the pods of a service waits for other services"),
    // where the deployment's namespace is `default`, applying it would lead the whole cluster to our pods
    ("kubernetes", "by the Service {} of the namespace `default` programs find the cluster's own API"),
];

/// Every name that can't be that of an object.
pub(super) fn faults(profile: &Profile) -> Vec<Diagnostic> {
    let root = FieldPath::root();
    let mut faults = Vec::new();
    if let Some(project) = profile.project.get().filter(|project| !is_label(project.as_str())) {
        let message = format!(
            "the project {} can't be the label of an object, which ends with a letter or digit",
            quoted(project.as_str())
        );
        let help = format!("call it `{}`", project.as_str().trim_end_matches(['-', '_']));
        faults.push(Diagnostic::error(Code::TargetName, Place::value(&root.key("project")), message, help));
    }
    let taken: HashSet<&str> = given(&profile.services).map(|(name, _)| name.as_str()).collect();
    for (name, _) in given(&profile.services) {
        let own = name.as_str();
        let further = own.strip_prefix(FOR_DATABASE).and_then(|rest| rest.strip_prefix('-'));
        let waits = further.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
        let kept = KEPT.iter().find(|(kept, _)| *kept == own || waits && *kept == FOR_DATABASE);
        let message = match kept {
            Some((_, message)) => message.replace("{}", &quoted(name.as_str())),
            None if is_service_name(name.as_str()) => continue,
            None => format!(
                "{} can't be a name in a cluster's DNS: lower-case letters, digits and `-`, a letter first",
                quoted(name.as_str())
            ),
        };
        let help = call_it(&suggestion(name.as_str(), "s-", LONGEST, |name| taken.contains(name)));
        faults.push(Diagnostic::error(Code::TargetName, Place::key(&root.key("services").key(name)), message, help));
    }
    faults.extend(volumes(profile));
    faults
}

/// A service that runs by a schedule, and whose name has no room for the time of each run.
pub(super) fn of_schedule(service: &Service, deployment: &Deployment) -> Option<Diagnostic> {
    let (name, length) = (service.name.as_str(), service.name.as_str().len());
    (matches!(service.runs, Runs::Scheduled(_)) && length > LONGEST_OF_SCHEDULE).then(|| {
        let message = format!(
            "what runs by a schedule has a name of at most {LONGEST_OF_SCHEDULE} characters in a cluster, found {length}"
        );
        let is_taken = |name: &str| deployment.services.iter().any(|other| other.name.as_str() == name);
        let help = call_it(&suggestion(name, "s-", LONGEST_OF_SCHEDULE, is_taken));
        let place = Place::key(&FieldPath::root().key("services").key(&service.name));
        Diagnostic::error(Code::TargetName, place, message, help)
    })
}

fn call_it(name: &str) -> String {
    format!("call the service `{name}`, also where others name it")
}

/// A service with a name that the operator has for what it makes.
pub(in crate::target::kubernetes) fn of_operator(service: &Service, deployment: &Deployment) -> Diagnostic {
    let name = service.name.as_str();
    let is_taken = |name: &str| deployment.services.iter().any(|other| other.name.as_str() == name);
    let message = format!("the operator calls objects of its own {}", quoted(name));
    let help = call_it(&suggestion(name, "s-", LONGEST, is_taken));
    let place = Place::key(&FieldPath::root().key("services").key(&service.name));
    Diagnostic::error(Code::TargetName, place, message, help)
}

/// The named volumes, each where it is used first.
fn volumes(profile: &Profile) -> Vec<Diagnostic> {
    let (mut seen, mut faults) = (HashSet::new(), Vec::new());
    let mut places = Vec::new();
    for (name, service) in given(&profile.services) {
        let at = FieldPath::root().key("services").key(name);
        places.extend(service.data.get().map(|mount| (mount, at.key("data"))));
        let others = service.volumes.get().into_iter().flatten().enumerate();
        places.extend(others.map(|(index, mount)| (mount, at.key("volumes").key(index))));
    }
    let named: Vec<_> = places.iter().filter_map(|(mount, at)| Some((volume(mount)?, at))).collect();
    let taken: HashSet<&str> = named.iter().map(|(name, _)| *name).collect();
    for (name, at) in named {
        if is_dns_label(name) || !seen.insert(name) {
            continue;
        }
        let message =
            format!("the volume {} can't be the name of a claim: lower-case letters, digits and `-`", quoted(name));
        let help =
            format!("call it `{}` wherever it is named", suggestion(name, "v-", LONGEST, |name| taken.contains(name)));
        faults.push(Diagnostic::error(Code::TargetName, Place::value(at), message, help));
    }
    faults
}

fn volume(mount: &Mount) -> Option<&str> {
    match &mount.source {
        MountSource::Volume(name) => Some(name.as_str()),
        MountSource::Bind(_) => None,
    }
}

/// Whether a text can be the value of a label.
fn is_label(text: &str) -> bool {
    text.ends_with(|c: char| c.is_ascii_alphanumeric())
}

/// A name that is one, as near as can be, and nobody else's.
fn suggestion(name: &str, before_digit: &str, longest: usize, is_taken: impl Fn(&str) -> bool) -> String {
    let known = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let plain: String = name.chars().map(known).collect();
    let plain = plain.trim_matches('-');
    let begins = plain.starts_with(|c: char| c.is_ascii_lowercase());
    let plain = if begins { plain.to_owned() } else { format!("{before_digit}{plain}") };
    // what ends so had no letter
    let cut = |longest: usize| plain.get(..longest).unwrap_or(&plain).trim_end_matches('-').to_owned();
    let is_kept = |name: &str| KEPT.iter().any(|(kept, _)| *kept == name);
    let (mut found, mut number) = (cut(longest), 1);
    while is_taken(&found) || is_kept(&found) {
        number += 1;
        found = format!("{}-{number}", cut(longest.saturating_sub(5)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_to_use_is_one_and_nobodys() {
        for (name, expected) in [
            ("auth_service", "auth-service"),
            ("Shop.Web", "shop-web"),
            ("2fauth", "s-2fauth"),
            ("_x", "x"),
            ("a-", "a"),
            ("___", "s"),
            ("kustomization", "kustomization-2"),
            ("wait-for-database", "wait-for-database-2"),
            ("Kubernetes", "kubernetes-2"),
        ] {
            let found = suggestion(name, "s-", LONGEST, |_| false);
            assert_eq!(found, expected);
            assert!(is_service_name(&found), "{found}");
        }
        assert_eq!(suggestion("a_b", "s-", LONGEST, |name| ["a-b", "a-b-2"].contains(&name)), "a-b-3");
        let long = suggestion(&"9".repeat(63), "s-", LONGEST, |name| name.len() == 63);
        assert!(is_service_name(&long) && long.len() < 63, "{long}");
    }
}
