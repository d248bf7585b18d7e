//! Knows how one tells that a container was ended because it used more memory than it may. Must not know what is done then.

use std::time::{SystemTime, UNIX_EPOCH};

use super::container::Container;
use super::docker::Docker;

/// How the kernel ends a program.
const KILLED: &str = "\"137\"";

/// Whether it was ended for that, and did not end for something else since.
pub(super) fn was_used_up(container: &Container, docker: &Docker) -> bool {
    container.was_out_of_memory() || (container.restarts() > 0 && is_told(container, docker))
}

/// Engines from 23 on say it of a container only until they start it again; what happened to it they still know.
fn is_told(container: &Container, docker: &Docker) -> bool {
    let of = format!("container={}", container.id());
    let filters = ["--filter", &of, "--filter", "event=oom", "--filter", "event=die"];
    // the labels of the image are among the attributes
    let form = ["--format", "{{.Action}} {{json .Actor.Attributes.exitCode}}"];
    let until = now();
    let between = ["--since", container.created(), "--until", &until];
    let told = docker.ask(&[["events"].as_slice(), &between, &filters, &form].concat()).unwrap_or_default();
    let last = container.exit_code().filter(|_| !container.is_running()).map(|code| format!("die \"{code}\"\n"));
    is_last(&[told, last.unwrap_or_default()].concat(), container.memory_limit() > 0)
}

/// The time as Docker takes it, to the nanosecond: of `0s` its client makes the beginning of the second, and what happened
/// since then would be left out.
fn now() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{}.{:09}", now.as_secs(), now.subsec_nanos())
}

/// Whether that is what the last of these events of one container are about. The engine forgets events, those of the memory
/// first; a container that has a limit and was killed, but not by hand, most likely came to it: the engine starts none
/// again that was killed by hand.
fn is_last(events: &str, has_limit: bool) -> bool {
    let (mut pending, mut last) = (false, false);
    for event in events.lines() {
        match event.split_once(' ') {
            Some(("oom", _)) => pending = true,
            Some(("die", code)) => last = std::mem::take(&mut pending) || (has_limit && code.trim() == KILLED),
            _ => {}
        }
    }
    last || pending
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_end_alone_is_judged() {
        for (events, without_limit, with_limit) in [
            ("", false, false),
            ("die \"1\"\n", false, false),
            ("die \"137\"\n", false, true),
            ("oom null\ndie \"137\"\n", true, true),
            ("oom \"\"\ndie \"1\"\n", true, true),
            ("die \"137\"\noom \"\"\n", true, true),
            ("oom \"\"\ndie \"137\"\ndie \"1\"\n", false, false),
            ("die \"1\"\ndie \"137\"\n", false, true),
            ("die \"1370\"\n", false, false),
            ("die \"\\ndie \\\"137\"\n", false, false),
        ] {
            assert_eq!(is_last(events, false), without_limit, "{events}");
            assert_eq!(is_last(events, true), with_limit, "{events}");
        }
    }
}
