//! Knows what followed a variable and no longer does. Must not know what the variable holds.

use std::collections::{BTreeMap, BTreeSet};

use super::difference::{self, Difference};
use super::improvement::Improvement;
use super::judge::Judge;
use super::referred;
use super::verdict::{Frozen, Verdict};
use super::worlds::{MARK, World, followed};
use crate::compose::{Tree, nodes};
use crate::interpolation::{Otherwise, Part, Template};
use crate::value::ServiceName;
use crate::yaml::{Content, Node};

/// Keys that are looked at entry by entry.
const BY_ENTRY: [&str; 2] = ["environment", "labels"];

/// Looks at what only the loud world tells apart, in what is the same or meant in the quiet one.
pub(super) fn look(judge: &Judge<'_>, quiet: &World, loud: &World, verdict: &mut Verdict) {
    let bare = bare_names(judge);
    for (path, differs) in places(loud) {
        let steps: Vec<_> = path.iter().map(String::as_str).collect();
        let ["services", service, below @ ..] = steps.as_slice() else {
            let sides = [at(&loud.before, &steps), at(&loud.after, &steps)];
            let [had, has] = sides.map(followed);
            if had.is_subset(&has) && referred::stand_for_values(&has.difference(&had).collect(), sides, quiet) {
                continue; // such as a password in a text of `configs:`; the line of `.env` is told
            }
            let faults = differs.into_iter().filter(|found| judge.improvement(found).is_none());
            faults.for_each(|found| verdict.fault(found));
            continue;
        };
        if verdict.faults.iter().any(|fault| fault.path.starts_with(&path) || path.starts_with(&fault.path)) {
            continue;
        }
        if judge.is_url(service, below) {
            verdict.improvements.entry(Improvement::Url).or_default().insert((*service).to_owned());
            continue;
        }
        let (before, after) = (at(&loud.before, &steps), at(&loud.after, &steps));
        let (had, has) = (followed(before), followed(after));
        let gained: BTreeSet<_> = has.difference(&had).filter(|name| !judge.proof.keys.contains(*name)).collect();
        let all_gained: BTreeSet<_> = has.difference(&had).collect();
        if !gained.is_empty() && referred::stand_for_values(&all_gained, [before, after], quiet) {
            verdict.improvements.entry(Improvement::Reference).or_default().insert((*service).to_owned());
            continue;
        }
        let lost: BTreeSet<_> = had.difference(&has).cloned().collect();
        let is_shells = |name: &String| {
            let key = (judge.today(service), below.first().copied().unwrap_or_default().to_owned());
            quiet.dotenv.get(name).is_none() && bare.get(&key).is_some_and(|names| names.contains(name))
        };
        if differs.iter().all(|found| judge.improvement(found) == Some(Improvement::Rest)) {
            continue;
        }
        let meant = differs.iter().all(|found| judge.improvement(found).is_some());
        let is_only_other = lost.is_empty() && has.is_subset(&had) && !meant;
        if !gained.is_empty() || lost.iter().any(is_shells) || is_only_other {
            verdict.fault(Difference { path: path.clone(), before: before.cloned(), after: after.cloned() });
            continue;
        }
        let key = below.join(".");
        // what codelab-gen writes into `.env` is the profile's to say
        let lost = lost.into_iter().filter(|name| !judge.proof.keys.contains(name));
        let frozen = |variable| Frozen { variable, service: (*service).to_owned(), key: key.clone() };
        verdict.frozen.extend(lost.map(frozen));
    }
}

/// The differences of a world by the keys of services, or by the entries of such a key.
fn places(world: &World) -> BTreeMap<Vec<String>, Vec<Difference>> {
    let mut places: BTreeMap<Vec<String>, Vec<Difference>> = BTreeMap::new();
    let found = difference::between(&world.before, &world.after);
    // a name that follows a variable is another one on each side
    let is_loud = |found: &Difference| found.path.get(3).is_some_and(|name| name.contains(MARK));
    let loud: BTreeSet<Vec<String>> =
        found.iter().filter(|found| is_loud(found)).map(|found| found.path.iter().take(3).cloned().collect()).collect();
    for found in found {
        let depth = match found.path.get(2) {
            _ if found.service().is_none() => 1,
            Some(key)
                if BY_ENTRY.contains(&key.as_str()) && !loud.contains(found.path.get(..3).unwrap_or_default()) =>
            {
                4
            }
            Some(_) | None => 3,
        };
        let path = found.path.iter().take(depth).cloned().collect();
        places.entry(path).or_default().push(found);
    }
    places
}

fn at<'t>(tree: &'t Tree, steps: &[&str]) -> Option<&'t Tree> {
    steps.iter().try_fold(tree, |tree, step| tree.get(step))
}

impl Judge<'_> {
    /// What a service is called today.
    fn today(&self, service: &str) -> String {
        let server = self.proof.server.filter(|_| service == ServiceName::postgres().as_str());
        server.unwrap_or(service).to_owned()
    }
}

/// The variables that stand in a key of a service without a default, by the service and the key.
fn bare_names(judge: &Judge<'_>) -> BTreeMap<(String, String), BTreeSet<String>> {
    let mut all: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for layer in judge.proof.before.layers {
        let services = nodes::child(layer.root, "services").map(nodes::entries).unwrap_or_default();
        for service in services {
            for key in nodes::entries(&service.value) {
                let names = all.entry((service.key.to_string(), key.key.to_string())).or_default();
                bare(&key.value, names);
            }
        }
    }
    all
}

fn bare(node: &Node<'_>, names: &mut BTreeSet<String>) {
    match &node.content {
        Content::Scalar(scalar) => {
            if let Some(template) = Template::parse(&scalar.text) {
                bare_in(&template, names);
            }
        }
        Content::Sequence(items) => items.iter().for_each(|item| bare(item, names)),
        Content::Mapping(entries) => entries.iter().for_each(|entry| bare(&entry.value, names)),
    }
}

fn bare_in(template: &Template, names: &mut BTreeSet<String>) {
    for part in template.parts() {
        let Part::Reference(reference) = part else { continue };
        match &reference.otherwise {
            Otherwise::Default { text, .. } => bare_in(text, names),
            Otherwise::Empty | Otherwise::Required { .. } | Otherwise::Alternative { .. } => {
                names.insert(reference.name.clone());
            }
        }
    }
}
