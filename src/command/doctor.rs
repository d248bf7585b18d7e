//! Knows the straight line of `doctor`: look at everything, change nothing, tell what is wrong and what mends it.
//! Must not know how any of it is looked at.

mod container;
mod containers;
mod disk;
mod docker;
mod engine;
mod ensure;
mod external;
mod files;
mod finding;
mod leaks;
mod load;
mod login;
mod mask;
mod memory;
mod remedy;
mod rights;
mod server;
mod service;
mod session;
mod sqlite;
mod tables;
mod volume;

use indexmap::IndexMap;

use self::containers::Containers;
use self::docker::Docker;
use self::external::Elsewhere;
use self::finding::{Finding, Verdict};
use self::mask::Mask;
use self::remedy::Remedies;
use super::target::{Target, first_line, select};
use super::{World, print, print_document};
use crate::change::Existing;
use crate::cli::{DoctorArgs, Format};
use crate::deployment::{Host, secret_file_path};
use crate::outcome::{Exit, Failure};
use crate::report::{self, Document};
use crate::secret::Secret;
use crate::spelling::raw_path;
use crate::value::SecretsIn;

/// What no look from outside can tell.
const INVISIBLE: &str = "what each connection sets for itself: `PRAGMA foreign_keys`, `pool_pre_ping`, `expire_on_commit`, the sizes of pools";

/// Finds out what is wrong with a deployment.
pub(super) fn doctor(args: &DoctorArgs, world: &World) -> Result<Exit, Failure> {
    let selection = select(&args.target, true, world)?;
    if args.format == Format::Human {
        print(&first_line(&selection))?;
    }
    let target = Target::resolve(selection, &args.target, world)?;
    let findings = findings(&target, args, world)?;
    let worst = findings.iter().map(|finding| finding.verdict).max();
    match args.format {
        Format::Human => print(&text(&findings))?,
        Format::Json => print_document(&Document::Checkup(document(&findings)))?,
    }
    Ok(if worst == Some(Verdict::Problem) { Exit::Different } else { Exit::Done })
}

fn findings(target: &Target, args: &DoctorArgs, world: &World) -> Result<Vec<Finding>, Failure> {
    let existing = target.existing(target.opened()?.as_ref())?;
    let made_with = existing.mark().map(|mark| mark.settings).unwrap_or_default();
    let made_with: Vec<_> =
        made_with.into_iter().filter(|setting| !target.placement.settings.contains(setting)).collect();
    let remedies = Remedies::new(target, &args.target, &world.current, &made_with);
    let mut found = files::outputs(&super::generate::drift(target, &existing)?, &made_with, &remedies);
    found.extend(files::twin(target, &existing, world, &remedies));
    found.extend(files::environment(target, &existing, world, &remedies));
    found.extend(files::contexts(target));
    found.extend(files::data(target, world));
    let passwords = passwords(target, &existing, world);
    let mut secrets = existing.secrets();
    secrets.extend(passwords.values().cloned());
    let docker = Docker::new(&target.folder);
    let versions = engine::versions(&docker, world);
    let answers = versions.iter().all(|finding| finding.verdict != Verdict::Problem);
    found.extend(versions);
    let mut running = Vec::new();
    if answers {
        if files::unset_secrets(target, world).is_empty() {
            found.extend(engine::legible(&docker, &remedies));
        }
        let containers = Containers::ask(&docker, &raw_path(&target.folder));
        running = containers.running();
        secrets.extend(containers.secrets());
        found.extend(living(target, world, &passwords, &containers, &docker, &remedies));
    }
    found.extend(files::ports(target, &existing, world, &running));
    found.push(Finding::unseen("connections-settings", INVISIBLE));
    let mask = Mask::new(&secrets);
    Ok(found.into_iter().map(|finding| finding.masked(&mask)).collect())
}

/// What only a reachable engine can tell.
fn living(
    target: &Target,
    world: &World,
    passwords: &IndexMap<String, Secret>,
    containers: &Containers,
    docker: &Docker,
    remedies: &Remedies<'_>,
) -> Vec<Finding> {
    let deployment = &target.deployment;
    if let Some(unknown) = containers.unknown(remedies) {
        return vec![unknown];
    }
    let mut found = containers.findings(deployment, docker, remedies);
    if let Some(server) = &deployment.server {
        found.extend(match &server.host {
            Host::Container(container) => {
                server::Asked { server, container, containers, docker, passwords, remedies }.findings()
            }
            Host::External(external) => {
                Elsewhere { server, external, passwords, docker, remedies }.findings(target, world)
            }
        });
    }
    found.extend(service::services(deployment, containers, docker, remedies));
    found.extend(tables::migrations(deployment, containers, docker, remedies));
    found.extend(leaks::findings(deployment, passwords, containers, docker, remedies));
    found
}

/// The secrets as services get them, by their names.
fn passwords(target: &Target, existing: &Existing, world: &World) -> IndexMap<String, Secret> {
    let mut passwords = existing.values(|_| true).unwrap_or_default();
    passwords.retain(|name, _| target.deployment.secrets.keys().any(|secret| secret.as_str() == name));
    for name in target.deployment.secret_files() {
        let file = existing.secret_file(&secret_file_path(name));
        let secret = file.and_then(|file| Secret::new(file.text.trim_end_matches(['\n', '\r']).to_owned()));
        passwords.extend(secret.map(|secret| (name.to_string(), secret)));
    }
    if target.deployment.secrets_in == SecretsIn::Environment {
        let set = |name: &crate::value::EnvironmentKey| (world.environment)(name.as_str()).ok().flatten();
        let names = target.deployment.secrets.keys();
        passwords.extend(names.filter_map(|name| Some((name.to_string(), Secret::new(set(name)?)?))));
    }
    passwords
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
