//! Knows what PostgreSQL itself says in its pod: that it answers, its version, whose its databases are, what its roles may do,
//! what is taken of it. Must not know how its pod is, nor what an operator makes of it.

use super::super::connections::{MISSING, UNREACHABLE};
use super::super::databases::Owners;
use super::super::session::Session;
use super::super::{collation, disk, load, rights, volume};
use super::kinds::OPERATED;
use super::living::Living;
use super::object::{Object, list, text};
use crate::deployment::Host;
use crate::report::Finding;
use crate::value::{Access, PostgresMajor, ServiceName};

/// The container of the server, in the pod of either kind.
const CONTAINER: &str = "postgres";

/// The label of the server of an operator that is written to.
const ROLE: (&str, &str) = ("cnpg.io/instanceRole", "primary");

/// Where the server of an operator has its socket, and who its superuser is there.
const OPERATED_SOCKET: &str = "PGHOST=/controller/run";
const OPERATED_USER: &str = "postgres";

/// All that is asked of a server in a pod; nothing where none runs, which is told of its pods.
pub(super) fn findings(living: &Living<'_>) -> Vec<Finding> {
    let Some(server) = &living.subject.deployment.server else { return Vec::new() };
    let (major, is_operated) = match &server.host {
        Host::Container(container) => (container.major, false),
        Host::Operated(operated) => (operated.major, true),
        Host::External(_) => return Vec::new(),
    };
    let Some(pod) = pod(living, is_operated) else { return Vec::new() };
    let (user, more) = if is_operated { (OPERATED_USER, Some(OPERATED_SOCKET)) } else { (server.user.as_str(), None) };
    let inside = move |variables: &[&str], program: &[&str]| {
        let variables = variables.iter().copied().chain(more);
        let command: Vec<_> = std::iter::once("env").chain(variables).chain(program.iter().copied()).collect();
        living.kubectl.ask_inside(pod.name(), CONTAINER, &command)
    };
    let session = Session::new(Box::new(inside), user);
    let said = match session.major() {
        Ok(said) => said,
        Err(silence) => return vec![silent(pod, &silence.text(), living)],
    };
    let mut found = vec![Finding::ok(UNREACHABLE, "the server answers"), version(said, major, is_operated, living)];
    match Owners::ask(&session) {
        Ok(owners) => {
            found.extend(server.databases.iter().map(|database| owners.judge(database, living.remedies)));
        }
        Err(silence) => found.push(Finding::unseen(MISSING, "the databases").shown_by(&silence.text())),
    }
    found.extend(load::taken(&session, living.remedies));
    found.extend(collation::outdated(&session, living.remedies));
    found.push(disk::left(&session, living.remedies));
    if server.access == Access::PerService {
        found.extend(rights::excessive(server, &session, living.remedies));
    }
    found
}

/// The pod of the server that is written to, where its container runs.
fn pod<'l>(living: &'l Living<'_>, is_operated: bool) -> Option<&'l Object> {
    let name = ServiceName::postgres();
    let is_its = |pod: &&Object| {
        if is_operated {
            pod.label(OPERATED) == name.as_str() && pod.label(ROLE.0) == ROLE.1 && !pod.is_ending()
        } else {
            living.pods_of(name.as_str()).any(|own| own.name() == pod.name())
        }
    };
    let runs = |pod: &&Object| {
        let containers = pod.at("/status").map(|status| list(status, "/containerStatuses")).unwrap_or_default();
        containers.iter().any(|one| text(one, "/name") == CONTAINER && one.pointer("/state/running").is_some())
    };
    living.pods.iter().find(|pod| is_its(pod) && runs(pod))
}

/// That it does not answer: one that is not ready yet may still be made.
fn silent(pod: &Object, said: &str, living: &Living<'_>) -> Finding {
    let is_forbidden = said.contains("orbidden");
    let is_ready = pod.condition("Ready").is_some_and(|ready| ready.is_true);
    if is_forbidden || !is_ready {
        let help = is_forbidden.then(|| "an administrator of the cluster lets you `create` `pods/exec`".to_owned());
        return Finding { help, ..Finding::unseen(UNREACHABLE, "what the server says of itself") }.shown_by(said);
    }
    let help = living.remedies.there(&format!("kubectl logs {} -c {CONTAINER}", pod.name()));
    Finding::problem(UNREACHABLE, "the server runs and does not answer", help).shown_by(said)
}

fn version(said: u16, wanted: PostgresMajor, is_operated: bool, living: &Living<'_>) -> Finding {
    if !is_operated || said == wanted.get() {
        return volume::version(said, wanted);
    }
    let message = format!("the server is PostgreSQL {said}, the profile says {wanted}");
    let help = format!(
        "`{}` applies the files; an upgrade takes its time: kubectl get clusters.postgresql.cnpg.io",
        living.remedies.up()
    );
    Finding::warning(volume::VERSION, message, help)
}
