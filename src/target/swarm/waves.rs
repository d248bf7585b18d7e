//! Knows the order in which services are deployed: what others wait for comes before them. Must not know how one is waited for.

use std::collections::{HashMap, HashSet};

use crate::deployment::Deployment;
use crate::value::{ServiceName, StartCondition};

/// The services, those first that wait for no other one. Swarm itself starts all of them together.
pub(super) fn waves(deployment: &Deployment) -> Vec<Vec<ServiceName>> {
    let mut needs: Vec<(ServiceName, Vec<ServiceName>)> = Vec::new();
    if let Some((_, container)) = deployment.contained_server() {
        needs.push((ServiceName::postgres(), Vec::new()));
        if container.ensure {
            needs.push((ServiceName::postgres_ensure(), vec![ServiceName::postgres()]));
        }
    }
    for service in &deployment.services {
        let waits = deployment.waits_for(service).into_iter();
        needs.push((service.name.clone(), waits.map(|(name, _): (ServiceName, StartCondition)| name).collect()));
    }
    let all: HashSet<ServiceName> = needs.iter().map(|(name, _)| name.clone()).collect();
    let mut wave_of: HashMap<ServiceName, usize> = HashMap::new();
    // a circle is a fault of the profile, so each round places at least one
    for _ in 0..needs.len() {
        for (name, waits) in &needs {
            let known = waits.iter().filter(|other| all.contains(*other));
            let after: Option<Vec<usize>> = known.map(|other| wave_of.get(other).copied()).collect();
            if let Some(after) = after {
                wave_of.insert(name.clone(), after.into_iter().max().map_or(0, |wave| wave + 1));
            }
        }
        if wave_of.len() == needs.len() {
            break;
        }
    }
    let last = wave_of.values().copied().max().unwrap_or_default();
    let of = |wave: usize| {
        let names = needs.iter().map(|(name, _)| name).filter(|name| wave_of.get(*name) == Some(&wave));
        names.cloned().collect::<Vec<_>>()
    };
    (0..=last).map(of).filter(|names| !names.is_empty()).collect()
}
