//! Knows which variables of the environment may not be filled into a manifest. Must not know any value.

use crate::deployment::{Deployment, Variable};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::field::FieldPath;
use crate::secret::names_login;

/// Variables of containers that would be filled with what is a secret by its name. A manifest goes into git, and whoever wrote
/// the profile may be a stranger: on Compose such a value stays where it was.
pub(super) fn faults(deployment: &Deployment) -> Vec<Diagnostic> {
    let root = FieldPath::root();
    let services = deployment.services.iter();
    let services = services.map(|service| (root.key("services").key(&service.name), service.environment.as_slice()));
    let server =
        deployment.contained_server().map(|(_, container)| (root.key("postgres"), container.environment.as_slice()));
    let filled = services.chain(server).flat_map(|(at, environment)| {
        let at = at.key("environment");
        environment.iter().filter_map(move |(variable, holds)| match holds {
            Variable::Environment { name, .. } => Some((at.key(variable), variable, name)),
            Variable::Literal(_) | Variable::Secret(_) | Variable::Url(_) => None,
        })
    });
    let secret = filled.filter(|(_, variable, name)| names_login(variable.as_str()) || names_login(name.as_str()));
    let fault = |(at, _, name)| {
        let message =
            format!("the value of `{name}` is a secret by its name, and would be in a manifest, which goes into git");
        let help = format!("write `{{ secret: {name} }}`, and declare `{name}` below `secrets`");
        Diagnostic::error(Code::TargetUnsupported, Place::value(&at), message, help)
    };
    secret.map(fault).collect()
}
