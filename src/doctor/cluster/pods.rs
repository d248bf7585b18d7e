//! Knows what can be wrong with a pod: no node, no image, no secret, no memory, an end, a probe that fails. Must not know
//! what made it.

use super::living::Living;
use super::object::{Object, reason};
use super::status::{Container, State};
use crate::report::Finding;

pub(super) const CHECK: &str = "pods";

/// Why a node does not get an image.
const IMAGE: [&str; 6] = [
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "ErrImageNeverPull",
    "RegistryUnavailable",
    "ImageInspectError",
];

/// What lies between a pod's place and its start.
const ON_THE_WAY: [&str; 2] = ["ContainerCreating", "PodInitializing"];

/// Why a container was ended that needed too much.
const OUT_OF_MEMORY: &str = "OOMKilled";

/// What of a pod is not as it should be, worst first; nothing where it works. `what` is the name of a service.
pub(super) fn trouble(pod: &Object, what: &str, living: &Living<'_>) -> Option<Finding> {
    let about = Pod { object: pod, what, living };
    about.unplaced().or_else(|| about.gone()).or_else(|| about.of_containers()).or_else(|| about.unready())
}

/// A pod of a part of the deployment.
#[derive(Clone, Copy)]
struct Pod<'a> {
    object: &'a Object,
    what: &'a str,
    living: &'a Living<'a>,
}

impl Pod<'_> {
    fn problem(&self, what: &str, help: String) -> Finding {
        Finding::problem(CHECK, format!("`{}`: the pod `{}` {what}", self.what, self.object.name()), help)
    }

    fn starting(&self, why: &str) -> Finding {
        let message = format!("whether `{}` works: its pod `{}` {why}", self.what, self.object.name());
        Finding::unseen(CHECK, message)
    }

    fn events(&self) -> String {
        self.living.events.about("Pod", self.object.name())
    }

    fn renew(&self) -> String {
        self.living.remedies.renew()
    }

    /// How its log is seen; of a pod that is replaced the newest one matters.
    fn look(&self, container: &Container<'_>) -> String {
        let log = format!("kubectl logs pod/{} -c {}", self.object.name(), container.name());
        format!("see `{log}`, fix it, then `{}`", self.renew())
    }

    /// Where no node takes it, with the words of the scheduler.
    fn unplaced(&self) -> Option<Finding> {
        let placed = self.object.condition("PodScheduled").filter(|placed| placed.is_false)?;
        let help = format!(
            "the line above says what the nodes lack; for memory and CPU make the `limits` of `{}` smaller, or the nodes \
             more, then `{}`",
            self.what,
            self.renew()
        );
        let message = format!("finds no node ({})", placed.reason);
        Some(self.problem(&message, help).shown_by(placed.message))
    }

    /// Where it has ended as a whole, such as by a node that needed the room.
    fn gone(&self) -> Option<Finding> {
        (self.object.text("/status/phase") == "Failed").then(|| {
            let why = self.object.text("/status/reason");
            let why = if why.is_empty() { String::new() } else { format!(" ({})", reason(why)) };
            let message = format!("`{}`: the pod `{}` has failed{why}", self.what, self.object.name());
            let help = format!("kubectl delete pod/{}", self.object.name());
            Finding::warning(CHECK, message, help).shown_by(self.object.text("/status/message"))
        })
    }

    fn of_containers(&self) -> Option<Finding> {
        let containers = Container::all(self.object);
        let found: Vec<_> = containers.iter().filter_map(|container| self.of_container(container)).collect();
        found.into_iter().rev().max_by_key(|finding| finding.verdict)
    }

    fn of_container(&self, container: &Container<'_>) -> Option<Finding> {
        match container.state() {
            State::Waiting(why, _) if ON_THE_WAY.contains(&why) => Some(self.on_the_way(container)),
            State::Waiting(why, said) if IMAGE.contains(&why) => {
                let help = format!(
                    "write an `image` for `{}` that the nodes can pull, or `image_pull_secrets` where its registry asks \
                     for a login, then `{}`",
                    self.what,
                    self.renew()
                );
                let evidence = format!("image: {}\n{said}", container.image());
                Some(self.problem(&format!("does not get its image ({why})"), help).shown_by(&evidence))
            }
            State::Waiting("CrashLoopBackOff", _) => Some(self.again(container)),
            State::Waiting(why, said) => {
                let help = format!("fix what the line above says, then `{}`", self.renew());
                Some(self.problem(&format!("does not start ({why})"), help).shown_by(said))
            }
            State::Ended(0) if container.is_init() => None,
            State::Ended(_) => Some(self.again(container)),
            State::Runs if container.is_init() => {
                let log = self.living.kubectl.log(self.object.name(), container.name(), false);
                Some(self.starting(&format!("still runs `{}`", container.name())).shown_by(&log))
            }
            State::Runs if container.last_reason() == OUT_OF_MEMORY => Some(self.out_of_memory(container)),
            State::Runs if !container.is_ready() => Some(self.silent(container)),
            State::Runs if container.restarts() > 0 => {
                let times = container.restarts();
                let message = format!(
                    "`{}`: `{}` in the pod `{}` runs, and was started again {times} times, the last time {}",
                    self.what,
                    container.name(),
                    self.object.name(),
                    container.last_end()
                );
                let log = self.living.kubectl.log(self.object.name(), container.name(), true);
                Some(Finding::warning(CHECK, message, self.look(container)).shown_by(&log))
            }
            State::Runs => None,
        }
    }

    /// It has a node, and does not run yet: what keeps it stands in the events.
    fn on_the_way(&self, container: &Container<'_>) -> Finding {
        let events = self.events();
        if events.is_empty() {
            return self.starting("is still starting");
        }
        let help = format!("fix what the last line above says, then `{}`", self.renew());
        self.problem(&format!("does not start `{}`", container.name()), help).shown_by(&events)
    }

    /// It does not stay.
    fn again(&self, container: &Container<'_>) -> Finding {
        if container.last_reason() == OUT_OF_MEMORY {
            return self.out_of_memory(container);
        }
        let message =
            format!("ends and is started again and again: `{}` ended {}", container.name(), container.last_end());
        let is_former = !matches!(container.state(), State::Ended(_)) && container.restarts() > 0;
        let log = self.living.kubectl.log(self.object.name(), container.name(), is_former);
        self.problem(&message, self.look(container)).shown_by(&log)
    }

    fn out_of_memory(&self, container: &Container<'_>) -> Finding {
        let help = format!(
            "write larger `limits: {{ memory: … }}` for `{}` in the profile, then `{}`",
            self.what,
            self.renew()
        );
        let message =
            format!("had `{}` ended, because it used more memory than it may ({OUT_OF_MEMORY})", container.name());
        self.problem(&message, help)
    }

    /// It runs, and a probe says that it does not work.
    fn silent(&self, container: &Container<'_>) -> Finding {
        let log = self.living.kubectl.log(self.object.name(), container.name(), false);
        if !container.has_started() && container.restarts() == 0 {
            return self.starting("is still starting").shown_by(&(log + &self.events()));
        }
        let message = format!("runs, but the probe of `{}` fails", container.name());
        self.problem(&message, self.look(container)).shown_by(&(log + &self.events()))
    }

    /// All of its containers work, and it does not count as ready: so it is with the pods of a node that is gone.
    fn unready(&self) -> Option<Finding> {
        let ready = self.object.condition("Ready").filter(|ready| !ready.is_true)?;
        let help = "see `kubectl get nodes`: a pod moves to another node some minutes after its own one is gone, unless \
                    its volume is there";
        let message = format!("does not count as ready ({})", ready.reason);
        Some(self.problem(&message, help.to_owned()).shown_by(ready.message))
    }
}
