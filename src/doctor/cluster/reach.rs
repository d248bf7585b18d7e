//! Knows which context and namespace kubectl talks to, and whether a cluster answers there. Must not know what runs in it.

use std::path::Path;

use serde_json::Value;

use super::super::silence::Silence;
use super::kubectl::{Kubectl, Place};
use super::object::text;
use crate::report::Finding;
use crate::spelling::quoted;

pub(super) const CHECK: &str = "cluster";

/// What a cluster says to somebody whom it does not know, or no longer.
const REFUSED: [&str; 4] = ["Unauthorized", "must be logged in", "forbidden", "getting credentials"];

/// kubectl where a cluster answers, with what it says before anything else: where it looks.
///
/// # Errors
/// With what is in the way.
pub(super) fn kubectl(folder: &Path) -> Result<(Kubectl, Finding), Vec<Finding>> {
    let settings = Kubectl::settings(folder).map_err(|silence| vec![unset(&silence)])?;
    let Some(place) = place(&settings) else {
        return Err(vec![unset(&Silence::Failed(String::new()))]);
    };
    let (context, namespace) = (quoted(&place.context), quoted(&place.namespace));
    let asked = Finding::ok(CHECK, format!("kubectl talks to the context {context}, namespace {namespace}"));
    let kubectl = Kubectl::new(folder, place);
    match kubectl.greet() {
        Ok(version) if !text(&version, "/serverVersion/gitVersion").is_empty() => Ok((kubectl, asked)),
        Ok(_) => Err(vec![asked, silent(&context, "")]),
        Err(silence) => Err(vec![asked, silent(&context, &silence.text())]),
    }
}

/// What kubectl's settings say of the place, as far as they are complete.
fn place(settings: &Value) -> Option<Place> {
    let context = text(settings, "/current-context");
    let namespace = text(settings, "/contexts/0/context/namespace");
    let namespace = if namespace.is_empty() { "default" } else { namespace };
    let place = || Place { context: context.to_owned(), namespace: namespace.to_owned() };
    (!context.is_empty()).then(place)
}

/// That kubectl has no context, or is not there.
fn unset(silence: &Silence) -> Finding {
    if *silence == Silence::NotInstalled {
        let help = "install it: https://kubernetes.io/docs/tasks/tools/";
        return Finding::problem(CHECK, "the program `kubectl` is not installed", help);
    }
    let help = "`kubectl config get-contexts` shows those that there are, `kubectl config use-context NAME` takes one; the \
                administrator of the cluster has the file for `KUBECONFIG`";
    Finding::problem(CHECK, "kubectl has no context, so no cluster is asked", help).shown_by(&silence.text())
}

fn silent(context: &str, said: &str) -> Finding {
    let (what, help) = if REFUSED.iter().any(|word| said.contains(word)) {
        ("does not let you in", "log in to it again, as its administrator says")
    } else {
        ("does not answer", "start it, or the way to it (VPN); another one: kubectl config use-context NAME")
    };
    Finding::problem(CHECK, format!("the cluster of the context {context} {what}"), help).shown_by(said)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_place_is_that_of_kubectl_and_nothing_is_guessed() {
        let settings =
            |context: &str, of: Value| json!({ "current-context": context, "contexts": [{ "context": of }] });
        let place = |settings| place(&settings).map(|place| (place.context, place.namespace));
        let both = |context: &str, namespace: &str| Some((context.to_owned(), namespace.to_owned()));
        assert_eq!(place(settings("a b", json!({ "namespace": "shop" }))), both("a b", "shop"));
        assert_eq!(place(settings("a", json!({ "user": "me" }))), both("a", "default"));
        assert_eq!(place(settings("", json!({ "namespace": "shop" }))), None);
        assert_eq!(place(json!([])), None);
    }

    #[test]
    fn who_is_not_let_in_is_told_from_who_hears_nothing() {
        for (said, message) in [
            ("error: You must be logged in to the server (Unauthorized)", "does not let you in"),
            ("The connection to the server 127.0.0.1:6443 was refused", "does not answer"),
            ("no answer within 20 seconds", "does not answer"),
        ] {
            assert!(silent("`a`", said).message.ends_with(message), "{said}");
        }
    }
}
