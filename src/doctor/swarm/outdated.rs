//! Knows whether what runs is what the files say: variables, images, how many. Must not know why it is not, and shows no value.

use super::living::Living;
use super::object::Service;
use crate::deployment::Program;
use crate::report::Finding;

pub(super) const CHECK: &str = "outdated";

/// Each service that the next deployment would change.
pub(super) fn findings(living: &Living<'_>) -> Vec<Finding> {
    let deployment = living.subject.deployment;
    let values = living.subject.existing.values(|_| true).unwrap_or_default();
    let mut found = Vec::new();
    for service in &living.services {
        let name = service.name(living.stack());
        let old = service.environment().filter(|(key, value)| values.get(*key).is_some_and(|now| !now.is_text(value)));
        let mut old: Vec<_> = old.map(|(key, _)| format!("`{key}`")).collect();
        old.sort_unstable();
        if !old.is_empty() {
            let message = format!("`{name}` still has another {} than .env", old.join(", "));
            found.push(Finding::problem(CHECK, message, living.remedies.up()));
        }
        let Some(known) = deployment.services.iter().find(|known| known.name.as_str() == name) else { continue };
        if let Program::Image(image) | Program::BuiltAs(_, image) = &known.program {
            found.extend(of_image(service, name, &image.to_string(), living));
        }
        let wanted = known.replicas.map_or(1, |replicas| u64::from(replicas.get()));
        if let Some(number) = service.replicas().filter(|number| *number != wanted) {
            let message = format!("`{name}` shall have {number} tasks by hand, and {wanted} as the profile says");
            found.push(Finding::warning(CHECK, message, living.remedies.up()));
        }
    }
    if let Some((_, container)) = deployment.contained_server()
        && let Some(service) = living.service("postgres")
    {
        found.extend(of_image(service, "postgres", &container.image.to_string(), living));
    }
    if found.is_empty() && !living.services.is_empty() {
        found.push(Finding::ok(CHECK, "what runs is what the files say"));
    }
    found
}

fn of_image(service: &Service, name: &str, image: &str, living: &Living<'_>) -> Option<Finding> {
    let wanted = image.split_once('@').map_or(image, |(name, _)| name);
    (service.image() != wanted).then(|| {
        let message = format!("`{name}` runs another image than the profile says");
        Finding::problem(CHECK, message, living.remedies.up())
            .shown_by(&format!("runs: {}\nprofile: {image}", service.image()))
    })
}
