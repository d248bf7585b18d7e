//! Knows which Secrets of somebody else have the name of one that is made of files here. Must not know what is in any.

use std::collections::HashMap;

use crate::deployment::{Certificates, Deployment, Host};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::field::FieldPath;
use crate::target::kubernetes::{container, server};
use crate::value::SecretsIn;

/// Secrets that the profile names for what somebody else made. One called as ours would become ours: kustomize puts the hash
/// of our Secret behind the name, wherever a manifest has it.
pub(super) fn faults(deployment: &Deployment) -> Vec<Diagnostic> {
    if deployment.secrets_in == SecretsIn::External {
        return Vec::new();
    }
    let own = own(deployment);
    let root = FieldPath::root();
    let pulls = deployment.image_pull_secrets.iter().enumerate();
    let pulls = pulls.map(|(index, name)| (name.as_str(), root.key("image_pull_secrets").key(index)));
    let certificates = deployment.server.as_ref().and_then(|server| match (&server.host, server.certificates()?) {
        (Host::External(_), Certificates::Secret(name)) => Some(name),
        (_, _) => None,
    });
    let at = root.key("postgres").key("external").key("ca_secret");
    let named: Vec<(String, FieldPath)> =
        pulls.map(|(name, at)| (name.to_owned(), at)).chain(certificates.map(|name| (name.clone(), at))).collect();
    let clash = |(name, at): (String, FieldPath)| {
        let whose = own.get(&name)?;
        let message = format!("the Secret `{name}` is the one that is made for {whose}");
        let help = format!("give the other one another name in the cluster, such as `{name}-2`, and write that here");
        Some(Diagnostic::error(Code::TargetName, Place::value(&at), message, help))
    };
    named.into_iter().filter_map(clash).collect()
}

/// The Secrets that are made of files, with what each is for.
fn own(deployment: &Deployment) -> HashMap<String, String> {
    let services = deployment.services.iter();
    let services = services.filter(|service| !container::secret_keys(service, deployment).is_empty());
    let services = services.map(|service| (service.name.to_string(), format!("the service `{}`", service.name)));
    let of_server = server::secrets(deployment).into_iter().map(|name| (name, "the server".to_owned()));
    services.chain(of_server).collect()
}
