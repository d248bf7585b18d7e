//! Knows how Docker is asked, how long one waits for an answer, and how much of one is taken. Must not know what the
//! answers mean.

use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::listen::{Bounds, answer, last_words};

pub(super) use super::silence::Silence;

/// How long a question may take, and how long its answer may be: starting a container on a busy machine takes seconds, and
/// what Docker knows of a container has some kilobytes.
const USUAL: Bounds = Bounds { patience: Duration::from_secs(60), most: 16 << 20 };

/// The first question tells whether somebody answers at all.
const FIRST: Bounds = Bounds { patience: Duration::from_secs(15), most: 1 << 20 };

/// What a program in a container is asked, which may be anybody's.
const INSIDE: Bounds = Bounds { patience: Duration::from_secs(15), most: 1 << 20 };

/// Of a log the end is kept.
const LOG: Bounds = Bounds { patience: Duration::from_secs(30), most: 4 << 20 };

/// Docker's client, asked from the output folder.
#[derive(Clone)]
pub(super) struct Docker {
    folder: PathBuf,
    /// The context by which another engine is reached than the usual one.
    context: Option<String>,
}

/// Whether this says that an image is not on this machine.
pub(super) fn is_no_image(said: &str) -> bool {
    said.contains("No such image") || said.contains("Unable to find image")
}

impl Docker {
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), context: None }
    }

    /// The same, asking another engine.
    pub(super) fn by_context(&self, name: &str) -> Self {
        Self { context: Some(name.to_owned()), ..self.clone() }
    }

    /// What `docker` with these arguments says on standard output.
    pub(super) fn ask(&self, arguments: &[&str]) -> Result<String, Silence> {
        answer(self.command(arguments), USUAL)
    }

    /// The first question.
    pub(super) fn greet(&self, arguments: &[&str]) -> Result<String, Silence> {
        answer(self.command(arguments), FIRST)
    }

    /// What a program says that is started in a running container; the arguments are those of `docker exec`.
    pub(super) fn ask_inside(&self, arguments: &[&str]) -> Result<String, Silence> {
        answer(self.command(&[&["exec"], arguments].concat()), INSIDE)
    }

    /// What a container says that lives for this question, and is gone behind it also where it did not end; the arguments
    /// are those of `docker run`. A variable in the environment of the client is what `-e NAME` hands on: so no process list
    /// shows it.
    pub(super) fn ask_anew(&self, arguments: &[&str], variable: Option<(&str, &str)>) -> Result<String, Silence> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let name = format!("codelab-gen-doctor-{}-{}", process::id(), now.as_nanos());
        let run = ["run", "--rm", "--pull", "never", "--log-driver", "none", "--name", &name];
        let mut command = self.command(&[run.as_slice(), arguments].concat());
        command.envs(variable);
        let said = answer(command, Bounds { most: INSIDE.most, ..USUAL });
        if said.as_ref().is_err_and(Silence::is_cut_off) {
            // what is not there any more has ended by itself
            let _ = self.ask(&["rm", "--force", "--volumes", &name]);
        }
        said
    }

    /// The end of all that it says, also where it fails, in the order that it was said in.
    pub(super) fn hear(&self, arguments: &[&str]) -> String {
        last_words(self.command(arguments), LOG)
    }

    /// The documents that a command prints as one list.
    pub(super) fn documents(&self, arguments: &[&str]) -> Result<Vec<Value>, Silence> {
        let text = self.ask(arguments)?;
        serde_json::from_str(&text).map_err(|error| Silence::Failed(format!("unreadable answer: {error}")))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("docker");
        if let Some(context) = &self.context {
            command.args(["--context", context]);
        }
        command.args(arguments).current_dir(&self.folder).stdin(Stdio::null());
        command
    }
}
