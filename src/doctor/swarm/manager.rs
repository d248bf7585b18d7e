//! Knows whether the engine that docker reaches is a manager of a Swarm. Must not know what runs there.

use serde_json::Value;

use super::super::docker::Docker;
use super::object::{is_id, text};
use crate::report::Finding;

pub(super) const CHECK: &str = "swarm";

/// The number of the node whose engine is asked, with what is told of it.
///
/// # Errors
/// With what is in the way.
pub(super) fn find(docker: &Docker) -> Result<(String, Finding), Finding> {
    let said = docker
        .greet(&["info", "--format", "{{json .Swarm}}"])
        .map_err(|silence| Finding::unseen(CHECK, "the Swarm of the engine").shown_by(&silence.text()))?;
    let found: Value = serde_json::from_str(said.trim()).unwrap_or_default();
    judge(&found)
}

fn judge(found: &Value) -> Result<(String, Finding), Finding> {
    let switch = "`docker context ls` shows the engines that docker knows, `docker context use NAME` takes a manager";
    let node = text(found, "/NodeID");
    let error = text(found, "/Error");
    match text(found, "/LocalNodeState") {
        "active" if found.pointer("/ControlAvailable").and_then(Value::as_bool) != Some(true) => {
            let message = "the engine that docker reaches is no manager of its Swarm: it does not know what runs there";
            Err(Finding::problem(CHECK, message, switch).shown_by(error))
        }
        // a manager without a majority knows of none of the others
        "active" if !error.is_empty() => {
            let message = "the managers of the Swarm have no majority";
            Err(Finding::problem(CHECK, message, "start the engines of the lost managers").shown_by(error))
        }
        "active" if is_id(node) => Ok((node.to_owned(), Finding::ok(CHECK, "docker reaches a manager of the Swarm"))),
        "locked" => {
            Err(Finding::problem(CHECK, "the Swarm is locked on this engine", "docker swarm unlock").shown_by(error))
        }
        _ => {
            let help = format!("docker swarm init, on the first manager; or: {switch}");
            Err(Finding::problem(CHECK, "the engine that docker reaches is in no Swarm", help).shown_by(error))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_a_manager_is_asked() {
        let found = |state: &str, is_manager: bool, error: &str| {
            let swarm = json!({
                "LocalNodeState": state, "ControlAvailable": is_manager, "NodeID": "abc1", "Error": error,
            });
            judge(&swarm).map(|(node, _)| node).map_err(|finding| finding.message)
        };
        assert_eq!(found("active", true, ""), Ok("abc1".to_owned()));
        for (state, is_manager, error, message) in [
            ("active", false, "", "no manager"),
            ("active", true, "The swarm does not have a leader.", "no majority"),
            ("locked", false, "", "locked"),
            ("inactive", false, "", "in no Swarm"),
            ("", false, "", "in no Swarm"),
        ] {
            assert!(found(state, is_manager, error).unwrap_err().contains(message), "{state}");
        }
    }
}
