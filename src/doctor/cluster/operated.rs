//! Knows what CloudNativePG says of its servers, roles, databases and certificates. Must not know how it makes them.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::kinds::{OPERATED, PART_OF};
use super::living::Living;
use super::object::{Object, is_name};
use super::pods::trouble;
use crate::report::Finding;
use crate::value::ServiceName;

const CHECK: &str = "operator";

const CERTIFICATES: &str = "certificates";

/// What the operator says of servers with which all is well.
const HEALTHY: &str = "Cluster in healthy state";

/// The operator renews a certificate a week before its end; with less left, it has not.
const DAYS_LEFT: i64 = 6;

const SECONDS_OF_DAY: u64 = 86_400;

/// How it is with the servers of the operator; nothing where there are none in the profile.
pub(super) fn findings(living: &Living<'_>) -> Vec<Finding> {
    let server = living.subject.deployment.server.as_ref();
    if server.is_none_or(|server| server.operated().is_none()) {
        return Vec::new();
    }
    let label = format!("{PART_OF}={}", living.subject.deployment.project);
    let asked = |kind: &str| living.kubectl.labelled(&format!("{kind}.postgresql.cnpg.io"), &label);
    let clusters = match asked("clusters") {
        Ok(clusters) => clusters,
        Err(silence) => {
            let said = silence.text();
            let is_absent = said.contains("resource type");
            let help = "an administrator of the cluster installs it: https://cloudnative-pg.io/";
            let absent = Finding::problem(CHECK, "CloudNativePG is not in this cluster", help);
            let unseen = Finding::unseen(CHECK, "what CloudNativePG says of the servers");
            return vec![if is_absent { absent } else { unseen }.shown_by(&said)];
        }
    };
    let name = ServiceName::postgres();
    let Some(cluster) = clusters.iter().find(|cluster| cluster.name() == name.as_str()) else {
        return vec![Finding::problem(CHECK, format!("`{name}` is not in the cluster"), living.remedies.up())];
    };
    let pods = living.pods.iter().filter(|pod| pod.label(OPERATED) == name.as_str() && !pod.is_ending());
    let mut found: Vec<_> = pods.filter_map(|pod| trouble(pod, name.as_str(), living)).collect();
    found.push(of_servers(cluster));
    for kind in ["databaseroles", "databases"] {
        match asked(kind) {
            Ok(objects) => found.extend(objects.iter().map(|object| of_object(object, living))),
            Err(silence) => {
                let message = format!("whether the operator's {kind} are in line");
                found.push(Finding::unseen(CHECK, message).shown_by(&silence.text()));
            }
        }
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / SECONDS_OF_DAY;
    found.extend(certificates(cluster, i64::try_from(now).unwrap_or_default()));
    found
}

/// How many servers there are, and what the operator makes of it.
fn of_servers(cluster: &Object) -> Finding {
    let ready = cluster.number("/status/readyInstances").unwrap_or_default();
    let wanted = cluster.number("/spec/instances").unwrap_or(1);
    let message = format!("{ready} of {wanted} servers are ready");
    let (phase, why) = (cluster.text("/status/phase"), cluster.text("/status/phaseReason"));
    if phase == HEALTHY && ready >= wanted {
        return Finding::ok(CHECK, message);
    }
    let help = "see `kubectl describe clusters.postgresql.cnpg.io postgres`; while one server is ready, services work";
    let said = format!("{phase}\n{why}");
    let is_ready = cluster.condition("Ready").is_some_and(|ready| ready.is_true);
    let found = if ready > 0 && is_ready {
        Finding::warning(CHECK, message, help)
    } else {
        Finding::problem(CHECK, message, help)
    };
    found.shown_by(&said)
}

/// Whether the operator has done what a role or database asks for.
fn of_object(object: &Object, living: &Living<'_>) -> Finding {
    let what = if object.kind() == "Database" { "database" } else { "role" };
    let name = object.name();
    let is_current = object.number("/status/observedGeneration") == object.number("/metadata/generation");
    match object.at("/status/applied").and_then(Value::as_bool) {
        Some(true) if is_current => Finding::ok(CHECK, format!("the {what} of `{name}` is in line")),
        Some(false) => {
            let message = format!("the {what} of `{name}` is not in line");
            let help = format!("fix what the line above says, then `{}`", living.remedies.renew());
            Finding::problem(CHECK, message, help).shown_by(object.text("/status/message"))
        }
        Some(true) | None => Finding::unseen(
            CHECK,
            format!("whether the {what} of `{name}` is in line: the operator has not said so yet"),
        ),
    }
}

/// Which certificates end soon; `today` is a day since 1970.
fn certificates(cluster: &Object, today: i64) -> Vec<Finding> {
    let ends = cluster.at("/status/certificates/expirations").and_then(Value::as_object);
    let ends = ends.into_iter().flatten().filter(|(name, _)| is_name(name));
    let known: Vec<_> = ends.filter_map(|(name, end)| Some((name, day(end.as_str()?)? - today))).collect();
    let soon = known.iter().filter(|(_, left)| *left < DAYS_LEFT);
    let finding = |(name, left): &(&String, i64)| {
        let help =
            "the operator renews its own a week before their end: see its log; one of yours you renew in that Secret";
        if *left < 0 {
            return Finding::problem(CERTIFICATES, format!("the certificate in `{name}` has ended"), help);
        }
        Finding::warning(CERTIFICATES, format!("the certificate in `{name}` ends in {left} days"), help)
    };
    let found: Vec<_> = soon.map(finding).collect();
    match known.iter().map(|(_, left)| left).min() {
        Some(left) if found.is_empty() => {
            vec![Finding::ok(CERTIFICATES, format!("the certificates of the servers hold for {left} days"))]
        }
        _ => found,
    }
}

/// The day since 1970 of a time such as `2027-02-28 17:53:46 +0000 UTC`.
fn day(time: &str) -> Option<i64> {
    let mut parts = time.split_whitespace().next()?.splitn(3, '-').map(str::parse::<i64>);
    let (year, month, day) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // a year that begins in March has its odd day at its end
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year / 4 - year / 100 + year / 400;
    let days_before = (153 * month + 2) / 5;
    // 1970 began so many days after the first of March of the year 0
    Some(365 * year + leap_days + days_before + day - 1 - 719_468)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::object::listed;
    use super::*;

    fn object(text: &Value) -> Object {
        listed(json!({ "items": [text] })).remove(0)
    }

    #[test]
    fn days_are_counted_as_calendars_do() {
        for (time, expected) in [
            ("1970-01-01 00:00:00 +0000 UTC", Some(0)),
            ("2000-02-29 23:59:59 +0000 UTC", Some(11_016)),
            ("2000-03-01 00:00:00 +0000 UTC", Some(11_017)),
            ("2027-02-28 17:53:46 +0000 UTC", Some(20_877)),
            ("2027-13-01", None),
            ("99999999999999999999-01-01", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(day(time), expected, "{time}");
        }
    }

    #[test]
    fn a_certificate_that_was_not_renewed_is_told_before_its_end() {
        let ends = json!({ "postgres-ca": "2027-02-28 17:53:46 +0000 UTC", "postgres-server": "2027-02-20 17:53:46 +0000 UTC" });
        let cluster = object(&json!({
            "metadata": { "name": "postgres" }, "status": { "certificates": { "expirations": ends } }
        }));
        for (today, verdict, count) in [
            (20_800, "ok", 1),
            (20_863, "ok", 1),
            (20_864, "warning", 1),
            (20_870, "problem", 1),
            (20_878, "problem", 2),
        ] {
            let found = certificates(&cluster, today);
            assert_eq!((found[0].verdict.as_str(), found.len()), (verdict, count), "{today}: {found:?}");
        }
    }

    #[test]
    fn servers_are_sound_only_where_the_operator_says_so() {
        for (phase, ready, condition, verdict) in [
            (HEALTHY, 2, "True", "ok"),
            ("Failing over", 1, "True", "warning"),
            ("Setting up primary", 0, "False", "problem"),
        ] {
            let cluster = object(&json!({
                "metadata": { "name": "postgres" }, "spec": { "instances": 2 },
                "status": { "phase": phase, "readyInstances": ready, "conditions": [{ "type": "Ready", "status": condition }] }
            }));
            assert_eq!(of_servers(&cluster).verdict.as_str(), verdict, "{phase}");
        }
    }
}
