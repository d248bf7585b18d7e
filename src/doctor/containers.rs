//! Knows what can be wrong with containers: missing, ended, unhealthy. Must not know databases.

use super::container::{Container, Containers};
use super::docker::Docker;
use super::ensure;
use super::living::Living;
use super::memory;
use super::preparing;
use super::remedy::Remedies;
use crate::deployment::Deployment;
use crate::report::Finding;
use crate::value::ServiceName;

const CHECK: &str = "containers";

/// How a program ends that was stopped by hand, and not by itself.
const STOPPED: [i64; 3] = [0, 137, 143];

/// One service, as the profile has it.
struct Wanted {
    name: ServiceName,
    runs_once: bool,
    replicas: usize,
}

/// That Docker does not say what is with the containers; all else would be guessed.
pub(super) fn unknown(containers: &Containers, remedies: &Remedies<'_>) -> Option<Finding> {
    let silence = containers.silence()?;
    let help = format!("look again; `{}` shows them too", remedies.there("docker compose ps --all"));
    let message = "the containers: Docker lists them, and does not say what they are";
    Some(Finding { help: Some(help), ..Finding::unseen(CHECK, message) }.shown_by(&silence.text()))
}

/// Whether each container is as it should be.
pub(super) fn findings(living: &Living<'_>) -> Vec<Finding> {
    let Living { subject, containers, docker, remedies, .. } = *living;
    if containers.all().is_empty() {
        return vec![Finding::problem(CHECK, "the deployment has no containers", remedies.up())];
    }
    let all = wanted(subject.deployment);
    let of_service = |wanted| of_service(wanted, containers, docker, remedies);
    let mut found: Vec<_> = all.iter().flat_map(of_service).collect();
    let is_known = |container: &&Container| all.iter().any(|wanted| wanted.name.as_str() == container.service());
    let strangers = containers.all().iter().filter(|container| !is_known(container));
    let mut strangers: Vec<_> = strangers.map(Container::service).collect();
    strangers.dedup();
    found.extend(strangers.into_iter().map(|name| {
        Finding::warning(
            CHECK,
            format!("`{name}` is no service of the profile, and has a container"),
            format!("{} --remove-orphans", remedies.up()),
        )
    }));
    found
}

fn of_service(wanted: &Wanted, containers: &Containers, docker: &Docker, remedies: &Remedies<'_>) -> Vec<Finding> {
    let service = wanted.name.as_str();
    let containers: Vec<_> = containers.all().iter().filter(|container| container.service() == service).collect();
    if containers.is_empty() {
        let missing = Finding::problem(CHECK, format!("`{service}` has no container"), remedies.up());
        let by_hand = Finding::ok(CHECK, format!("`{service}` is started by hand alone"));
        return vec![if is_started_by_up(service, docker) { missing } else { by_hand }];
    }
    let several = wanted.replicas > 1 || containers.len() > 1;
    let name = |container: &Container| if several { container.name().to_owned() } else { service.to_owned() };
    let finding = |container: &&Container| finding(container, &name(container), wanted, docker, remedies);
    let mut found: Vec<_> = containers.iter().map(finding).collect();
    if containers.len() < wanted.replicas {
        let message = format!("`{service}` has {} of {} containers", containers.len(), wanted.replicas);
        found.push(Finding::warning(CHECK, message, remedies.up()));
    }
    found
}

/// Whether `docker compose up` starts a service: one that has a profile of Compose is left alone. What can't be told is
/// started.
fn is_started_by_up(service: &str, docker: &Docker) -> bool {
    let services = docker.ask(&["compose", "config", "--services"]);
    services.map_or(true, |services| services.lines().any(|line| line.trim() == service))
}

/// All services that should have containers.
fn wanted(deployment: &Deployment) -> Vec<Wanted> {
    let container = deployment.contained_server().map(|(_, container)| container);
    let server = container.map(|_| Wanted { name: ServiceName::postgres(), runs_once: false, replicas: 1 });
    let ensure = container.filter(|container| container.ensure);
    let ensure = ensure.map(|_| Wanted { name: ServiceName::postgres_ensure(), runs_once: true, replicas: 1 });
    let backup = deployment.backups.as_ref();
    let backup = backup.map(|_| Wanted { name: ServiceName::postgres_backup(), runs_once: false, replicas: 1 });
    let services = deployment.services.iter().map(|service| Wanted {
        name: service.name.clone(),
        runs_once: service.runs.ends(),
        replicas: service.replicas.map_or(1, |replicas| usize::from(replicas.get())),
    });
    server.into_iter().chain(ensure).chain(backup).chain(services).collect()
}

fn finding(container: &Container, name: &str, wanted: &Wanted, docker: &Docker, remedies: &Remedies<'_>) -> Finding {
    let service = &wanted.name;
    let help = || looking(service, remedies);
    let problem = |what: &str, help: String| Finding::problem(CHECK, format!("`{name}` {what}"), help);
    let is_server = *service == ServiceName::postgres();
    if let Some(work) = is_server.then(|| preparing::still(container, docker)).flatten() {
        return preparing::finding(CHECK, work, remedies);
    }
    match (container.state(), container.health()) {
        ("running", _) if wanted.runs_once => {
            Finding::unseen(CHECK, format!("whether `{name}` ends well: it still runs"))
        }
        ("running", "healthy") => Finding::ok(CHECK, format!("`{name}` runs and is healthy")),
        ("running", "unhealthy") => {
            problem("runs, but its health check fails", help()).shown_by(&(container.log(docker) + &container.probe()))
        }
        ("running", "starting") if container.restarts() > 0 => again(container, name, service, docker, remedies),
        ("running", "starting") => Finding::unseen(CHECK, format!("whether `{name}` works: it is still starting")),
        ("running", _) if memory::was_used_up(container, docker) => out_of_memory(name, service, remedies),
        ("running", _) if container.restarts() > 0 => {
            let message = format!("`{name}` runs, and was started again {} times", container.restarts());
            Finding::warning(CHECK, message, help()).shown_by(&container.log(docker))
        }
        ("running", _) => Finding::ok(CHECK, format!("`{name}` runs; it has no health check")),
        ("exited", _) if wanted.runs_once && container.exit_code() == Some(0) => {
            Finding::ok(CHECK, format!("`{name}` has done its work"))
        }
        ("exited", _) if memory::was_used_up(container, docker) => out_of_memory(name, service, remedies),
        ("exited", _) if *service == ServiceName::postgres_ensure() => ensure::refused(container, docker, remedies),
        ("exited", _) => {
            let code = container.exit_code().unwrap_or(-1);
            let help = if !wanted.runs_once && STOPPED.contains(&code) { remedies.up() } else { help() };
            problem(&format!("ended with exit code {code}"), help).shown_by(&container.log(docker))
        }
        ("restarting", _) => again(container, name, service, docker, remedies),
        ("paused", _) => problem("is paused", remedies.there(&format!("docker compose unpause {service}"))),
        (state, _) => problem(&format!("is `{state}`"), remedies.up()),
    }
}

/// What to do where only the service itself can say what is wrong.
fn looking(service: &ServiceName, remedies: &Remedies<'_>) -> String {
    let logs = remedies.there(&format!("docker compose logs {service}"));
    format!("see `{logs}`, fix it, then `{}`", remedies.up())
}

/// Of a container that does not stay.
fn again(
    container: &Container,
    name: &str,
    service: &ServiceName,
    docker: &Docker,
    remedies: &Remedies<'_>,
) -> Finding {
    if memory::was_used_up(container, docker) {
        return out_of_memory(name, service, remedies);
    }
    let message = format!("`{name}` ends and is started again and again");
    let help = if container.exit_code() == Some(0) {
        let renew = remedies.renew();
        format!(
            "where it is to end by itself, write `runs: once` at it in the profile, then `{renew}`; else {}",
            looking(service, remedies)
        )
    } else {
        looking(service, remedies)
    };
    Finding::problem(CHECK, message, help).shown_by(&container.log(docker))
}

fn out_of_memory(name: &str, service: &ServiceName, remedies: &Remedies<'_>) -> Finding {
    let help =
        format!("write larger `limits: {{ memory: … }}` for `{service}` in the profile, then `{}`", remedies.renew());
    Finding::problem(CHECK, format!("`{name}` was ended, because it used more memory than it may"), help)
}
