//! Knows that secrets don't belong into logs, and what to do about one that is there. Must not show one, nor its line.

use super::container::Container;
use super::living::Living;
use super::remedy::Remedies;
use crate::deployment::Deployment;
use crate::report::Finding;
use crate::secret::Finder;
use crate::spelling::quoted;
use crate::value::SecretRule;
use crate::value::SecretsIn;

const CHECK: &str = "secret-in-log";

/// Which services have written which secrets into their logs, by the names of both.
pub(super) fn findings(living: &Living<'_>) -> Vec<Finding> {
    let Living { subject, passwords: secrets, containers, docker, remedies } = *living;
    if containers.all().is_empty() || secrets.is_empty() {
        return Vec::new();
    }
    let finder = Finder::new(secrets.iter().map(|(name, secret)| (name.as_str(), secret)));
    let mut told: Vec<(&str, Vec<&str>)> = Vec::new();
    for container in containers.all() {
        let found: Vec<_> = finder.found_in(&container.words(docker)).into_iter().collect();
        let known = told.iter().any(|(service, names)| *service == container.service() && *names == found);
        if !found.is_empty() && !known {
            told.push((Container::service(container), found));
        }
    }
    if told.is_empty() {
        return vec![Finding::ok(CHECK, "no secret is in the logs of the containers")];
    }
    told.iter().map(|(service, names)| finding(service, names, subject.deployment, remedies)).collect()
}

fn finding(service: &str, names: &[&str], deployment: &Deployment, remedies: &Remedies<'_>) -> Finding {
    let listed: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    let message = format!("the log of {} shows the value of {}", quoted(service), listed.join(" and "));
    let is_made_up = |name: &&&str| {
        let rule = deployment.secrets.iter().find(|(known, _)| known.as_str() == **name).map(|(_, rule)| rule);
        matches!(rule, Some(SecretRule::Generate))
    };
    let rotate = |from: &str| remedies.codelab_gen(&format!("rotate {}{from}", names.join(" ")));
    let change = match deployment.secrets_in {
        SecretsIn::Environment | SecretsIn::External => "give your secret manager another value".to_owned(),
        SecretsIn::Dotenv | SecretsIn::Files if names.iter().all(|name| is_made_up(&name)) => {
            format!("`{} && {}`", rotate(""), remedies.up())
        }
        SecretsIn::Dotenv | SecretsIn::Files => {
            format!("set another value in the environment, `{} && {}`", rotate(" --from-env"), remedies.up())
        }
    };
    let help = format!("switch off what logs it, such as `echo` of an engine or the level DEBUG; then {change}");
    Finding::warning(CHECK, message, help)
}
