//! Knows how a service, a task and a node of a Swarm are read. Must not know what is wrong with one.
//!
//! A node that joined a Swarm has a say in its name and in what becomes of its tasks: a name stands in a command only if it
//! can be one, and everything else is evidence.

use serde_json::Value;

/// What `docker service inspect` says.
#[derive(Debug, Clone)]
pub(super) struct Service(pub(super) Value);

/// What `docker inspect --type task` says.
#[derive(Debug, Clone)]
pub(super) struct Task(pub(super) Value);

/// What `docker node inspect` says.
#[derive(Debug, Clone)]
pub(super) struct Node(pub(super) Value);

pub(super) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Whether this is what Docker numbers its objects by.
pub(super) fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= 64 && text.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
}

/// Whether a host or a context is called so.
pub(super) fn is_host(text: &str) -> bool {
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+');
    text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.len() <= 253 && text.chars().all(known)
}

impl Service {
    pub(super) fn id(&self) -> &str {
        text(&self.0, "/ID")
    }

    /// Its name in the stack.
    pub(super) fn name(&self, stack: &str) -> &str {
        let name = text(&self.0, "/Spec/Name");
        name.strip_prefix(stack).and_then(|rest| rest.strip_prefix('_')).unwrap_or(name)
    }

    /// Its image as it was asked for: what a registry made of that stands behind it.
    pub(super) fn image(&self) -> &str {
        let image = text(&self.0, "/Spec/TaskTemplate/ContainerSpec/Image");
        image.split_once('@').map_or(image, |(name, _)| name)
    }

    /// How many tasks there shall be, where it always runs.
    pub(super) fn replicas(&self) -> Option<u64> {
        self.0.pointer("/Spec/Mode/Replicated/Replicas").and_then(Value::as_u64)
    }

    pub(super) fn is_job(&self) -> bool {
        self.0.pointer("/Spec/Mode/ReplicatedJob").is_some()
    }

    /// How often a job was begun anew.
    pub(super) fn iteration(&self) -> u64 {
        self.0.pointer("/JobStatus/JobIteration/Index").and_then(Value::as_u64).unwrap_or_default()
    }

    /// What became of its last change.
    pub(super) fn update(&self) -> (&str, &str) {
        (text(&self.0, "/UpdateStatus/State"), text(&self.0, "/UpdateStatus/Message"))
    }

    /// Its variables.
    pub(super) fn environment(&self) -> impl Iterator<Item = (&str, &str)> {
        let variables = list(&self.0, "/Spec/TaskTemplate/ContainerSpec/Env").iter();
        variables.filter_map(|variable| variable.as_str()?.split_once('='))
    }

    /// The labels that its node must have, with their values.
    pub(super) fn pins(&self) -> impl Iterator<Item = (&str, &str)> {
        let constraints = list(&self.0, "/Spec/TaskTemplate/Placement/Constraints").iter();
        constraints.filter_map(|constraint| {
            let (label, value) = constraint.as_str()?.split_once("==")?;
            Some((label.trim().strip_prefix("node.labels.")?, value.trim()))
        })
    }
}

impl Task {
    pub(super) fn id(&self) -> &str {
        text(&self.0, "/ID")
    }

    pub(super) fn service(&self) -> &str {
        text(&self.0, "/ServiceID")
    }

    pub(super) fn node(&self) -> &str {
        text(&self.0, "/NodeID")
    }

    pub(super) fn container(&self) -> &str {
        text(&self.0, "/Status/ContainerStatus/ContainerID")
    }

    pub(super) fn state(&self) -> &str {
        text(&self.0, "/Status/State")
    }

    pub(super) fn desired(&self) -> &str {
        text(&self.0, "/DesiredState")
    }

    /// What went wrong, in the words of the engine.
    pub(super) fn error(&self) -> &str {
        text(&self.0, "/Status/Err")
    }

    pub(super) fn created(&self) -> &str {
        text(&self.0, "/CreatedAt")
    }

    pub(super) fn exit_code(&self) -> Option<i64> {
        self.0.pointer("/Status/ContainerStatus/ExitCode").and_then(Value::as_i64)
    }

    /// Of a job, by which beginning it was made.
    pub(super) fn iteration(&self) -> u64 {
        self.0.pointer("/JobIteration/Index").and_then(Value::as_u64).unwrap_or_default()
    }

    /// Whether it runs, and shall.
    pub(super) fn runs(&self) -> bool {
        self.state() == "running" && self.desired() == "running"
    }

    /// Whether it ended as it should not.
    pub(super) fn has_failed(&self) -> bool {
        matches!(self.state(), "failed" | "rejected")
    }
}

impl Node {
    pub(super) fn id(&self) -> &str {
        text(&self.0, "/ID")
    }

    pub(super) fn host(&self) -> &str {
        text(&self.0, "/Description/Hostname")
    }

    pub(super) fn state(&self) -> &str {
        text(&self.0, "/Status/State")
    }

    pub(super) fn message(&self) -> &str {
        text(&self.0, "/Status/Message")
    }

    pub(super) fn availability(&self) -> &str {
        text(&self.0, "/Spec/Availability")
    }

    pub(super) fn is_ready(&self) -> bool {
        self.state() == "ready"
    }

    pub(super) fn is_manager(&self) -> bool {
        self.0.pointer("/ManagerStatus").is_some()
    }

    pub(super) fn is_reachable(&self) -> bool {
        text(&self.0, "/ManagerStatus/Reachability") == "reachable"
    }

    pub(super) fn has_label(&self, name: &str, value: &str) -> bool {
        let labels = self.0.pointer("/Spec/Labels");
        labels.and_then(|labels| labels.get(name)).and_then(Value::as_str) == Some(value)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_pins_and_images_are_read_as_a_swarm_writes_them() {
        let service = Service(json!({ "Spec": {
            "Name": "shop_auth", "Mode": { "Replicated": { "Replicas": 2 } },
            "TaskTemplate": {
                "ContainerSpec": { "Image": "r.example:5000/a:1@sha256:00", "Env": ["A=b=c", "odd"] },
                "Placement": { "Constraints": ["node.labels.shop.data == true", "node.role==manager", "odd"] },
            },
        } }));
        assert_eq!((service.name("shop"), service.name("sho")), ("auth", "shop_auth"));
        assert_eq!(service.image(), "r.example:5000/a:1");
        assert_eq!(service.pins().collect::<Vec<_>>(), [("shop.data", "true")]);
        assert_eq!(service.environment().collect::<Vec<_>>(), [("A", "b=c")]);
        assert_eq!((service.replicas(), service.is_job()), (Some(2), false));
    }

    #[test]
    fn what_can_be_no_name_stands_in_no_command() {
        for name in ["", "-H", "a b", "a;b", "$(id)", "a\u{202e}"] {
            assert!(!is_host(name) && !is_id(name), "{name}");
        }
        assert!(is_host("node-1.example") && is_id("vddrxe6cl4a1pea8def87ckni"));
    }
}
