//! Knows who waits for a service that ends by itself. Must not know how a database is opened, nor what a service does.

use std::collections::{HashMap, HashSet};

use indexmap::IndexSet;

use super::jobs::Jobs;
use super::scope::Faults;
use crate::deployment::Service;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::field::FieldPath;
use crate::value::{Runs, ServiceName, StartCondition};

/// So many jobs may share one database: those that share it wait for each of them.
const MOST: usize = 64;

/// Lets each service that shares the database of a job with `runs: once` wait until that has ended, unless the profile says what it waits
/// for, or the job waits for the service.
pub(super) fn let_others_wait(jobs_of_profile: &Jobs<'_>, services: &mut [Service], faults: &mut Faults) {
    let places: HashMap<ServiceName, usize> =
        services.iter().enumerate().map(|(place, service)| (service.name.clone(), place)).collect();
    let mut sharing: HashMap<String, (Vec<usize>, Vec<usize>)> = HashMap::new();
    for (place, service) in services.iter().enumerate() {
        let databases: IndexSet<_> = service.databases().map(|database| database.kept_in.clone()).collect();
        for database in databases {
            let (jobs, others) = sharing.entry(database).or_default();
            match service.runs {
                Runs::Once if !jobs_of_profile.is_waited_for(&service.name) => {}
                Runs::Once => jobs.push(place),
                Runs::Always => others.push(place),
                Runs::Scheduled(_) => {}
            }
        }
    }
    let mut sharing: Vec<_> = sharing.into_values().filter(|(jobs, _)| !jobs.is_empty()).collect();
    sharing.sort_unstable();
    for (jobs, others) in sharing {
        if let Some(job) = jobs.get(MOST).and_then(|job| services.get(*job)) {
            let message = format!("more than {MOST} services that end by themselves share one database");
            let help = "let one of them do the work of several";
            faults.push(Diagnostic::error(Code::SharedDatabase, place(&job.name), message, help));
            continue;
        }
        for job in jobs {
            let before = reached(job, services, &places);
            let Some(name) = services.get(job).map(|job| job.name.clone()) else { continue };
            for other in others.iter().filter(|other| !before.contains(other)) {
                let Some(other) = services.get_mut(*other) else { continue };
                if other.depends_on.iter().all(|(known, _)| *known != name) {
                    other.depends_on.push((name.clone(), StartCondition::Completed));
                }
            }
        }
    }
}

/// Checks each schedule, whatever keeps it.
pub(super) fn check(services: &[Service], faults: &mut Faults) {
    for service in services {
        let Runs::Scheduled(schedule) = &service.runs else { continue };
        if let Some(range) = schedule.backward_range() {
            let message = format!("the range `{range}` ends before it begins");
            let help = "write the smaller number first, or two ranges with a comma between them";
            faults.add(Code::JobSchedule, place(&service.name), message, help);
        }
    }
}

/// Every service that must run before this one.
fn reached(from: usize, services: &[Service], places: &HashMap<ServiceName, usize>) -> HashSet<usize> {
    let mut seen = HashSet::new();
    let mut left = vec![from];
    while let Some(place) = left.pop() {
        let edges = services.get(place).map(|service| service.depends_on.as_slice()).unwrap_or_default();
        let next = edges.iter().filter_map(|(name, _)| places.get(name).copied());
        left.extend(next.filter(|place| seen.insert(*place)));
    }
    seen
}

fn place(service: &ServiceName) -> Place {
    Place::value(&FieldPath::root().key("services").key(service).key("runs"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deployment::Restart;
    use crate::resolve::resolved;
    use crate::url::ConnectionUrl;

    const SERVER: &str = "postgres: { image: 'postgres:16-alpine', user: shop, access: per_service }\n";

    fn profile(services: &str) -> String {
        format!("format: 1\nproject: shop\nstage: production\nservices:\n{services}{SERVER}")
    }

    /// Who waits for what, without what every service waits for.
    fn edges(services: &str) -> Vec<String> {
        let deployment = resolved(&profile(services));
        let of = |service: &Service| {
            let edges = service.depends_on.iter();
            edges.map(|(name, until)| format!("{} {name} {until}", service.name)).collect::<Vec<_>>()
        };
        deployment.services.iter().flat_map(of).collect()
    }

    #[test]
    fn who_shares_the_database_of_a_job_waits_for_it_unless_the_job_waits_for_him() {
        let job = "  seed: { image: 'a:1', runs: once, database: { postgres: api } }\n";
        let api = "  api: { image: 'a:1', database: { postgres: api } }\n";
        let other = "  other: { image: 'a:1', database: { postgres: other } }\n";
        assert_eq!(edges(&[job, api, other].concat()), ["api seed completed"]);
        let started = api.replace("image:", "depends_on: { seed: started }, image:");
        assert_eq!(edges(&[job, &started].concat()), ["api seed started"], "what is written is meant");
        let listed = api.replace("image:", "depends_on: [seed], image:");
        assert_eq!(edges(&[job, &listed].concat()), ["api seed completed"]);
        let behind = job.replace("runs:", "depends_on: [api], runs:");
        assert_eq!(edges(&[&behind, api].concat()), ["seed api started"]);
        let by_hand = job.replace("runs: once", "runs: once, compose: { profiles: [x] }");
        assert_eq!(edges(&[&by_hand, api].concat()), [""; 0]);
        let migrate = job.replace("seed:", "migrate:");
        let second = job.replace("runs:", "depends_on: { migrate: completed }, runs:");
        let derived =
            [&job.replace("runs: once, ", ""), &api.replace("image:", "depends_on: { seed: completed }, image:")];
        let worker = "  worker: { image: 'a:1', database: { postgres: api, rights: write } }\n";
        let waits = edges(&[derived[0].as_str(), derived[1].as_str(), worker].concat());
        assert_eq!(waits, ["api seed completed"], "nothing but what is written tells that it ends");
        let both = ["seed migrate completed", "api seed completed", "api migrate completed"];
        assert_eq!(edges(&[second.as_str(), &migrate, api].concat()), both);
    }

    #[test]
    fn a_file_is_shared_as_a_database_of_the_server_is() {
        let service = |name: &str, more: &str| {
            format!("  {name}: {{ image: 'a:1', data: 'files:/srv/data', {more}database: {{ sqlite: data/a.db }} }}\n")
        };
        let services = [service("api", ""), service("job", "runs: once, ")].concat();
        assert_eq!(edges(&services), ["api job completed"]);
        let elsewhere = services.replacen("'files:/srv/data'", "'other:/srv/data'", 1);
        assert_eq!(edges(&elsewhere), [""; 0]);
    }

    #[test]
    fn a_job_has_the_role_of_the_service_that_always_runs_and_its_limits() {
        let services = "  migrate: { image: 'a:1', runs: once, database: { postgres: { name: api, statement_timeout: \
                        1h }, driver: psycopg }, environment: { PW: { database: password } } }\n  \
                        api: { image: 'a:1', database: { postgres: { name: api, connection_limit: 20 } } }\n";
        let deployment = resolved(&profile(services));
        let [migrate, api] = deployment.services.as_slice() else { panic!() };
        assert_eq!((migrate.restart, api.restart), (Restart::Never, Restart::UnlessStopped));
        for service in [migrate, api] {
            let ConnectionUrl::Postgres(url) = &service.database.as_ref().unwrap().url else { panic!() };
            assert_eq!((url.login.role.as_str(), url.login.password.as_str()), ("api", "API__DB_PASSWORD"));
        }
        let crate::deployment::Variable::Secret(password) = &migrate.environment[0].1 else { panic!() };
        assert_eq!(password.as_str(), "API__DB_PASSWORD");
        let [database] = deployment.server.as_ref().unwrap().databases.as_slice() else { panic!() };
        let limits = &database.limits;
        assert_eq!(
            limits.connections.map(crate::value::ConnectionCount::get),
            Some(20),
            "the service's own comes first"
        );
        assert_eq!(limits.statement.as_ref().map(ToString::to_string).as_deref(), Some("1h"));
    }

    #[test]
    fn a_job_owns_a_database_that_no_other_service_owns() {
        let services = "  mig: { image: 'a:1', runs: once, database: { postgres: api, rights: owner } }\n  \
                        w: { image: 'a:1', database: { postgres: api, rights: write } }\n";
        let deployment = resolved(&profile(services));
        let [database] = deployment.server.as_ref().unwrap().databases.as_slice() else { panic!() };
        assert_eq!(database.owner.role.as_str(), "mig");
        let members: Vec<_> = database.members.iter().map(|member| member.login.role.as_str()).collect();
        assert_eq!(members, ["w"]);
    }

    #[test]
    fn no_order_of_many_jobs_makes_a_circle() {
        let services = "  a: { image: 'a:1', database: { postgres: x, shared: true } }\n  \
                        b: { image: 'a:1', database: { postgres: x, shared: true } }\n  \
                        j: { image: 'a:1', runs: once, depends_on: [b], database: { postgres: x } }\n  \
                        k: { image: 'a:1', runs: once, depends_on: [a], database: { postgres: x } }\n";
        let text = profile(services).replace("access: per_service", "access: shared");
        let deployment = resolved(&text);
        let places: HashMap<_, _> =
            deployment.services.iter().enumerate().map(|(place, service)| (service.name.clone(), place)).collect();
        for place in 0..deployment.services.len() {
            assert!(!reached(place, &deployment.services, &places).contains(&place));
        }
    }
}
