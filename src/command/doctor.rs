//! Knows the straight line of `doctor`: look at everything, change nothing, tell what is wrong and what mends it.
//! Must not know how any of it is looked at.

mod containers;
mod docker;
mod files;
mod finding;
mod server;
mod service;

use indexmap::IndexMap;

use self::containers::Containers;
use self::docker::{Docker, Silence};
use self::finding::{Finding, Verdict};
use super::target::{Target, first_line, select};
use super::{World, print, print_document};
use crate::change::Existing;
use crate::cli::{DoctorArgs, Format};
use crate::deployment::{Host, secret_file_path};
use crate::outcome::{Exit, Failure};
use crate::report::{self, Document};
use crate::secret::Secret;

/// The oldest versions that the outputs were run on, of Docker's engine and of Docker Compose.
const OLDEST: [(&str, (u64, u64)); 2] = [("engine", (20, 10)), ("compose", (2, 20))];

/// What no look from outside can tell.
const INVISIBLE: &str = "what each connection sets for itself: `PRAGMA foreign_keys`, `pool_pre_ping`, `expire_on_commit`, the sizes of pools";

/// Finds out what is wrong with a deployment.
pub(super) fn doctor(args: &DoctorArgs, world: &World) -> Result<Exit, Failure> {
    let selection = select(&args.target, true, world)?;
    if args.target.format == Format::Human {
        print(&first_line(&selection))?;
    }
    let target = Target::resolve(selection, &args.target, world)?;
    let findings = findings(&target, world)?;
    let worst = findings.iter().map(|finding| finding.verdict).max();
    match args.target.format {
        Format::Human => print(&text(&findings))?,
        Format::Json => print_document(&Document::Checkup(document(&findings)))?,
    }
    Ok(if worst == Some(Verdict::Problem) { Exit::Different } else { Exit::Done })
}

fn findings(target: &Target, world: &World) -> Result<Vec<Finding>, Failure> {
    let existing = target.existing()?;
    let mut found = files::outputs(&super::generate::drift(target, &existing)?);
    found.extend(files::twin(target));
    found.extend(files::environment(target, &existing, world));
    found.extend(files::contexts(target));
    found.extend(files::data(target, world));
    let passwords = passwords(target, &existing);
    let docker = Docker::new(&target.folder, existing.secrets());
    let versions = versions(&docker);
    let answers = versions.iter().all(|finding| finding.verdict != Verdict::Problem);
    found.extend(versions);
    if answers {
        found.extend(living(target, &passwords, &docker));
    } else {
        found.extend(files::ports(target, &[]));
    }
    found.push(Finding::unseen("connections-settings", INVISIBLE));
    Ok(found)
}

/// What only a reachable engine can tell.
fn living(target: &Target, passwords: &IndexMap<String, Secret>, docker: &Docker) -> Vec<Finding> {
    let containers = match Containers::ask(docker) {
        Ok(containers) => containers,
        Err(silence) => {
            let help = "`docker compose config` shows what it does not understand";
            let message = "Docker Compose can't read the deployment";
            return vec![Finding::problem("compose-file", message, help).shown_by(&silence.text())];
        }
    };
    let deployment = &target.deployment;
    let mut found = containers.findings(deployment, docker);
    found.extend(files::ports(target, &containers.running()));
    if let Some(server) = &deployment.server {
        found.extend(match &server.host {
            Host::Container(container) => {
                let project = containers.project().unwrap_or(deployment.project.as_str());
                server::Asked { server, container, containers: &containers, project, docker, passwords }.findings()
            }
            Host::External(external) => server::external(server, external, passwords, docker),
        });
    }
    found.extend(service::services(deployment, &containers, docker));
    found.extend(containers::migrations(deployment, &containers, docker));
    found
}

/// The passwords of the server's roles, where they are kept.
fn passwords(target: &Target, existing: &Existing) -> IndexMap<String, Secret> {
    let mut passwords = existing.values(|_| true).unwrap_or_default();
    for name in target.deployment.secret_files() {
        let file = existing.secret_file(&secret_file_path(name));
        let secret = file.and_then(|file| Secret::new(file.text.trim_end_matches(['\n', '\r']).to_owned()));
        passwords.extend(secret.map(|secret| (name.to_string(), secret)));
    }
    passwords
}

/// Whether Docker is there, answers and is new enough.
fn versions(docker: &Docker) -> Vec<Finding> {
    const CHECK: &str = "docker";
    let questions =
        [("engine", ["version", "--format", "{{.Server.Version}}"]), ("compose", ["compose", "version", "--short"])];
    let mut found = Vec::new();
    for ((what, question), (_, oldest)) in questions.into_iter().zip(OLDEST) {
        let name = if what == "engine" { "the Docker engine" } else { "Docker Compose" };
        found.push(match docker.ask(&question) {
            Err(Silence::NotInstalled) => {
                let help = "install Docker Engine with its Compose plugin: https://docs.docker.com/engine/install/";
                return vec![Finding::problem(CHECK, "the program `docker` is not installed", help)];
            }
            Err(silence) if what == "engine" => {
                let help =
                    "start it (`sudo systemctl start docker`), or let your user in (`sudo usermod -aG docker $USER`)";
                Finding::problem(CHECK, "the Docker engine does not answer", help).shown_by(&silence.text())
            }
            Err(silence) => {
                let help = "install the plugin: https://docs.docker.com/compose/install/linux/";
                Finding::problem(CHECK, "Docker Compose does not answer", help).shown_by(&silence.text())
            }
            Ok(version) => match number(&version) {
                Some(number) if number < oldest => {
                    let (major, minor) = oldest;
                    let message = format!("{name} is {}, older than {major}.{minor}", version.trim());
                    Finding::warning(CHECK, message, "update it; with older versions nothing was tried")
                }
                Some(_) => Finding::ok(CHECK, format!("{name} is {}", version.trim())),
                None => Finding::unseen(CHECK, format!("the version of {name}, which says `{}`", version.trim())),
            },
        });
    }
    found
}

/// The first two numbers of a version.
fn number(version: &str) -> Option<(u64, u64)> {
    let mut parts = version.trim().trim_start_matches('v').split(['.', '-', '+']);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// All findings for people, the worst last, where the eye is.
fn text(findings: &[Finding]) -> String {
    let mut sorted: Vec<_> = findings.iter().collect();
    sorted.sort_by_key(|finding| finding.verdict);
    let mut lines = Vec::new();
    for Finding { verdict, check, message, evidence, help } in sorted {
        let check = if *verdict == Verdict::Ok { String::new() } else { format!("[{check}] ") };
        lines.push(format!("{:<9} {check}{message}\n", verdict.as_str()));
        lines.extend(evidence.iter().map(|line| format!("            | {line}\n")));
        lines.extend(help.iter().map(|help| format!("  = help: {help}\n")));
    }
    let count = |verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
    let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let problems = plural(count(Verdict::Problem), "problem");
    let warnings = plural(count(Verdict::Warning), "warning");
    lines.push(format!("{problems}, {warnings}, {} not to be seen\n", count(Verdict::Unseen)));
    lines.concat()
}

fn document(findings: &[Finding]) -> report::Checkup {
    let finding = |finding: &Finding| report::Finding {
        verdict: match finding.verdict {
            Verdict::Ok => report::Condition::Ok,
            Verdict::Unseen => report::Condition::Unseen,
            Verdict::Warning => report::Condition::Warning,
            Verdict::Problem => report::Condition::Problem,
        },
        check: finding.check.to_owned(),
        message: finding.message.clone(),
        evidence: finding.evidence.clone(),
        help: finding.help.clone(),
    };
    report::Checkup { findings: findings.iter().map(finding).collect() }
}
