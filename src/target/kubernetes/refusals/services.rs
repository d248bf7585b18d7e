//! Knows what of a service can't run in pods: what lies on this host, and who it runs as. Must not know its volumes.

use crate::diagnostic::{Code, Diagnostic, Place};
use crate::field::FieldPath;
use crate::profile::{Profile, Service};
use crate::spelling::quoted;
use crate::target::kubernetes::security::Identity;
use crate::value::{HostAddress, ServiceImage, ServiceName, Stage};

/// What of a service can't run there.
pub(super) fn faults(name: &ServiceName, service: &Service, profile: &Profile) -> Vec<Diagnostic> {
    let at = FieldPath::root().key("services").key(name);
    let stage = profile.stage.copied().unwrap_or(Stage::Development);
    let image = match service.image.get() {
        Some(image) => image_fault(image, service, stage, &at),
        None if service.build.is_given() => Some(unnamed(&at)),
        None => None,
    };
    image.into_iter().chain(published(service, &at)).chain(user(service, stage, &at)).collect()
}

/// A node pulls every image.
fn unnamed(at: &FieldPath) -> Diagnostic {
    let message = "the service is built here, but its image has no name by which a node could pull it";
    let help = "add `image: REGISTRY/NAME:TAG`, build it as that, and push it";
    Diagnostic::error(Code::TargetUnsupported, Place::key(&at.key("build")), message, help)
}

fn image_fault(image: &ServiceImage, service: &Service, stage: Stage, at: &FieldPath) -> Option<Diagnostic> {
    let place = Place::value(&at.key("image"));
    if let Some((variable, _)) = image.follows() {
        let message =
            format!("the tag follows the variable `{variable}`, which nobody sets where a manifest is applied");
        let help = format!("write the tag itself, such as `{}`; for one run `--set` gives another", image.usual());
        return Some(Diagnostic::error(Code::TargetUnsupported, place, message, help));
    }
    // an image that is not built here was looked at already
    (service.build.is_given() && stage == Stage::Production && image.usual().is_floating()).then(|| {
        let message = format!("every node may pull another image as {}", quoted(&image.to_string()));
        let help = "write the version that you push as its tag";
        Diagnostic::error(Code::TargetUnsupported, place, message, help)
    })
}

/// A Service is reached from all of the cluster, or by what the user puts before it.
fn published(service: &Service, at: &FieldPath) -> Option<Diagnostic> {
    let publish = service.publish.get().filter(|publish| !publish.address.is_loopback())?;
    let named = if publish.address == HostAddress::EVERY {
        "all of them".to_owned()
    } else {
        quoted(&publish.address.to_string())
    };
    let message = format!("a pod is published on no address of a host, and `publish` names {named}");
    let help =
        format!("write `publish: {}`, and let an Ingress or a Gateway of your own lead to the Service", publish.port);
    Some(Diagnostic::error(Code::TargetUnsupported, Place::value(&at.key("publish")), message, help))
}

/// Kubernetes knows numbers only; and where `restricted` is enforced, that root is none of them.
fn user(service: &Service, stage: Stage, at: &FieldPath) -> Option<Diagnostic> {
    let fault = |place: Place, message: String, help: &'static str| {
        Some(Diagnostic::error(Code::TargetUnsupported, place, message, help))
    };
    let place = Place::value(&at.key("user"));
    let written = service.user.get().map(|user| user.0.as_str()).filter(|user| !user.is_empty());
    let Some(written) = written else {
        if !stage.is_strict() {
            return None;
        }
        let message = format!("in {stage} a pod does not run as root, and the profile names no other user");
        return fault(Place::key(at), message, HELP);
    };
    match Identity::read(written) {
        None => {
            let message = format!("a pod runs as a user in numbers, found {}", quoted(written));
            fault(place, message, HELP)
        }
        Some(identity) if identity.user == 0 && stage.is_strict() => {
            fault(place, format!("in {stage} a pod does not run as root"), HELP)
        }
        Some(_) => None,
    }
}

const HELP: &str = "write `user: \"UID:GID\"` with the numbers that the image's own user has, such as `\"1000:1000\"`";
