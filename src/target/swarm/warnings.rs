//! Knows what of a profile is left out on Docker Swarm. Must not know what can't run there at all.

use crate::deployment::Deployment;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::field::FieldPath;
use crate::target::compose::Extras;

/// Every warning about what a profile says in vain.
pub(in crate::target) fn warnings(deployment: &Deployment, _extras: &Extras) -> Vec<Diagnostic> {
    no_new_privileges(deployment).into_iter().collect()
}

/// Those of them that say what is not there.
pub(in crate::target) fn left_out(deployment: &Deployment, extras: &Extras) -> Vec<Diagnostic> {
    warnings(deployment, extras)
}

/// `security_opt` is ignored (<https://github.com/moby/moby/issues/41371>). It is told once, since nothing in the profile is
/// to be changed for it.
fn no_new_privileges(deployment: &Deployment) -> Option<Diagnostic> {
    let of_services = deployment.services.iter().map(|service| &service.fences);
    let of_server = deployment.contained_server().into_iter();
    let of_server = of_server.flat_map(|(_, container)| [&container.fences, &container.preparation.fences]);
    of_services.chain(of_server).any(|fences| fences.no_new_privileges).then(|| {
        let message = "Swarm takes no `no-new-privileges`: programs in containers may gain rights by setuid";
        let help = "write `\"no-new-privileges\": true` into /etc/docker/daemon.json of each node, where it holds for all containers";
        Diagnostic::warning(Code::LeftOut, Place::value(&FieldPath::root().key("target")), message, help)
    })
}
