//! Knows what of a profile is left out on Kubernetes. Must not know what can't run there at all.

use super::wait::{self, Unseen};
use super::{capacity, server, workload};
use crate::deployment::{Deployment, Service};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::field::FieldPath;
use crate::profile::Raw;
use crate::spelling::quoted;
use crate::target::compose::Extras;

/// Every warning about what a profile says in vain.
pub(in crate::target) fn warnings(deployment: &Deployment, extras: &Extras) -> Vec<Diagnostic> {
    let root = FieldPath::root();
    let mut warnings = Vec::new();
    warnings.extend(raw_keys(&extras.top, &root));
    warnings.extend(raw_keys(&extras.server, &root.key("postgres")));
    for service in &deployment.services {
        let at = root.key("services").key(&service.name);
        warnings.extend(raw_keys(extras.service(&service.name), &at));
        warnings.extend(unseen(service, deployment, &at));
        warnings.extend(labels(service, &at));
        if service.limits.pids.is_some() {
            let message = "a pod has no limit of its processes: the kubelet sets one for all pods of a node";
            let help = "remove it for this target, or ask who runs the cluster for `podPidsLimit`";
            warnings.push(in_vain(Place::value(&at.key("limits").key("pids")), message, help));
        }
    }
    warnings.extend(server::warnings(deployment));
    warnings.extend(capacity::warnings(deployment));
    warnings
}

/// Those of them that say what is not there.
pub(in crate::target) fn left_out(deployment: &Deployment, extras: &Extras) -> Vec<Diagnostic> {
    warnings(deployment, extras).into_iter().filter(|warning| warning.code == Code::LeftOut).collect()
}

fn in_vain(place: Place, message: impl Into<String>, help: impl Into<crate::help::Help>) -> Diagnostic {
    Diagnostic::warning(Code::LeftOut, place, message, help)
}

/// Keys of Compose mean nothing elsewhere.
fn raw_keys(keys: &[(String, Raw)], at: &FieldPath) -> Option<Diagnostic> {
    let names: Vec<_> = keys.iter().map(|(key, _)| quoted(key)).collect();
    (!names.is_empty()).then(|| {
        let message = format!("Kubernetes knows no key of Compose: {}", names.join(", "));
        let help = "remove `compose`; what the profile has no field for goes into an overlay with patches";
        in_vain(Place::key(&at.key("compose")), message, help)
    })
}

/// What a pod does not wait for.
fn unseen(service: &Service, deployment: &Deployment, at: &FieldPath) -> Vec<Diagnostic> {
    let warning = |(name, condition): &(crate::value::ServiceName, crate::value::StartCondition)| {
        let unseen = wait::seen(name, *condition, deployment).err()?;
        let (why, help) = match unseen {
            Unseen::End => ("no pod sees that it has ended", "let the program try again until that is done"),
            Unseen::Start => ("all pods start together", "wait for `healthy`, or let the program try again"),
            Unseen::NoPort => ("it has no `port` that would answer", "give it a `port`, or let the program try again"),
            Unseen::NoImage => {
                ("without a PostgreSQL there is no image with a shell to wait with", "let the program try again")
            }
        };
        let message = format!("`{}` starts without waiting for `{name}`: {why}", service.name);
        Some(in_vain(Place::value(&at.key("depends_on").key(name)), message, help))
    };
    service.depends_on.iter().filter_map(warning).collect()
}

/// Labels become annotations, whose names have fewer characters.
fn labels(service: &Service, at: &FieldPath) -> Vec<Diagnostic> {
    let names = service.labels.iter().map(|(name, _)| name).filter(|name| !workload::is_annotation(name));
    let warning = |name: &String| {
        let message = format!("{} can't be the name of an annotation, which a label becomes here", quoted(name));
        let help =
            "write letters, digits, `-`, `_` and `.`, at most 63 characters, with a prefix such as `example.com/`";
        in_vain(Place::key(&at.key("labels").key(name)), message, help)
    };
    names.map(warning).collect()
}
