//! Knows what can be wrong with a volume: there is none, or it is nearly full. Must not know what is on it.

use super::living::Living;
use super::object::Object;
use super::status::mounted;
use super::warned::Events;
use crate::report::Finding;
use crate::spelling::quoted;

const CHECK: &str = "claims";

/// From so many per cent on a volume is nearly full.
const NEARLY_FULL: u64 = 90;

/// Why a claim gets no volume, as the cluster says it.
const REFUSED: [&str; 2] = ["ProvisioningFailed: ", "FailedBinding: "];

/// How it is with each claim.
pub(super) fn findings(living: &Living<'_>) -> Vec<Finding> {
    let is_bound = |claim: &&Object| claim.text("/status/phase") == "Bound";
    let (bound, others): (Vec<_>, Vec<_>) = living.claims.iter().partition(is_bound);
    let mut found: Vec<_> = bound.into_iter().map(|claim| space(claim.name(), living)).collect();
    if !others.is_empty() {
        // that none is there is no warning for every class
        let events = living.kubectl.with_field("events", "involvedObject.kind=PersistentVolumeClaim");
        let events = Events::new(events.unwrap_or_default());
        found.extend(others.into_iter().map(|claim| without(claim, &events, living)));
    }
    found
}

/// A claim that has no volume.
fn without(claim: &Object, events: &Events, living: &Living<'_>) -> Finding {
    let name = claim.name();
    let said = events.about("PersistentVolumeClaim", name);
    let is_refused = REFUSED.iter().any(|refused| said.contains(refused));
    if claim.text("/status/phase") == "Pending" && !is_refused {
        let message = format!("whether the claim `{name}` gets a volume: it waits for one");
        return Finding::unseen(CHECK, message).shown_by(&said);
    }
    let help = format!(
        "see `kubectl get storageclass`, write one of these as `class` in its `storage`, then `kubectl delete pvc/{name} && {}`; \
         nothing is on it yet",
        living.remedies.renew()
    );
    let lost = "the administrator of the cluster must say what became of the volume".to_owned();
    let is_lost = claim.text("/status/phase") == "Lost";
    let message = format!("the claim `{name}` {}", if is_lost { "has lost its volume" } else { "gets no volume" });
    Finding::problem(CHECK, message, if is_lost { lost } else { help }).shown_by(&said)
}

/// How full a volume is, as the container says that has it.
fn space(name: &str, living: &Living<'_>) -> Finding {
    let runs = living.pods.iter().filter(|pod| pod.text("/status/phase") == "Running" && !pod.is_ending());
    let asked = runs.flat_map(|pod| mounted(pod).into_iter().map(move |mount| (pod.name(), mount)));
    let place = asked.clone().find(|(_, (_, _, claim))| *claim == name);
    let Some((pod, (container, folder, _))) = place else {
        return Finding::ok(CHECK, format!("the claim `{name}` has a volume; no pod has it now"));
    };
    let said = living.kubectl.ask_inside(pod, container, &["df", "-P", "-k", folder]);
    let Some(used) = said.ok().as_deref().and_then(per_cent) else {
        return Finding::unseen(
            CHECK,
            format!("how full the claim `{name}` is: `{container}` has no `df` that says it"),
        );
    };
    let message = format!("{used} % of the claim `{name}` at {} are used", quoted(folder));
    if used < NEARLY_FULL {
        return Finding::ok(CHECK, message);
    }
    let help = "remove what is not needed, or give it more `storage`: docs/kubernetes.md says how a volume grows";
    Finding::warning(CHECK, message, help)
}

/// The share behind three numbers in the last line: who names devices and folders may write signs into them.
fn per_cent(said: &str) -> Option<u64> {
    let words: Vec<_> = said.lines().next_back()?.split_whitespace().collect();
    let share = |words: &[&str]| {
        let (share, numbers) = words.split_last()?;
        let are_numbers = numbers.iter().all(|word| word.parse::<u64>().is_ok());
        share.strip_suffix('%').filter(|_| are_numbers)?.parse().ok()
    };
    words.windows(4).find_map(share).filter(|share| *share <= 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_df_says_one_number_is_taken() {
        let head = "Filesystem 1024-blocks Used Available Capacity Mounted on\n";
        for (said, expected) in [
            ("/dev/sda1 100 91 9 91% /app/data\n", Some(91)),
            ("a b 1 1 0 100% /app/50 % data\n", Some(100)),
            ("a 1 1 0 1000% /data\n", None),
            ("a 1 1 0 -1% /data\n", None),
            ("a 1 1 0 - /data\n", None),
        ] {
            assert_eq!(per_cent(&format!("{head}{said}")), expected, "{said}");
        }
        assert_eq!(per_cent("df: not found\n"), None);
    }
}
