//! Knows how kubectl is asked: of one context and namespace, how long one waits, and how much of an answer is taken.
//! Must not know what the answers mean, and changes nothing in a cluster.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::super::listen::{Bounds, answer, answer_with, last_words};
use super::super::silence::Silence;
use super::object::{Object, listed};

/// How long a question may take, and how long its answer may be: a pod has some ten kilobytes.
const USUAL: Bounds = Bounds { patience: Duration::from_secs(60), most: 32 << 20 };

/// The first question tells whether somebody answers at all.
const FIRST: Bounds = Bounds { patience: Duration::from_secs(20), most: 1 << 20 };

/// What a program in a container is asked, which may be anybody's.
const INSIDE: Bounds = Bounds { patience: Duration::from_secs(15), most: 64 << 10 };

/// Of a log the end is kept.
const LOG: Bounds = Bounds { patience: Duration::from_secs(30), most: 1 << 20 };

/// How many lines of a log are looked at.
const LINES: &str = "200";

/// A difference ends with this.
const DIFFERENT: i32 = 1;

/// Where kubectl looks: said with each question, so that another shell's `kubectl config use-context` does not come between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) context: String,
    pub(super) namespace: String,
}

/// kubectl, asked from the output folder.
pub(super) struct Kubectl {
    folder: PathBuf,
    place: Place,
}

impl Kubectl {
    /// What kubectl itself has as its context, before any cluster is asked.
    ///
    /// # Errors
    /// Where there is no kubectl, or it can't read its own settings.
    pub(super) fn settings(folder: &Path) -> Result<Value, Silence> {
        let mut command = program(folder);
        command.args(["config", "view", "--minify", "--output=json"]);
        read(&answer(command, FIRST)?)
    }

    pub(super) fn new(folder: &Path, place: Place) -> Self {
        Self { folder: folder.to_owned(), place }
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// The version of the cluster, which everybody may ask for who may ask anything.
    pub(super) fn greet(&self) -> Result<Value, Silence> {
        read(&answer(self.command(&["version", "--output=json", "--request-timeout=10s"]), FIRST)?)
    }

    /// The objects of a kind that have a label.
    pub(super) fn labelled(&self, kind: &str, label: &str) -> Result<Vec<Object>, Silence> {
        self.list(&[kind, &format!("--selector={label}")])
    }

    /// All objects of a kind, as far as a field says so.
    pub(super) fn with_field(&self, kind: &str, field: &str) -> Result<Vec<Object>, Silence> {
        self.list(&[kind, &format!("--field-selector={field}")])
    }

    /// Which of these objects there are, without what they hold.
    pub(super) fn names(&self, kind: &str, names: &[&str]) -> Result<Vec<String>, Silence> {
        let get = ["get", kind, "--ignore-not-found", "--output=name"];
        let said = answer(self.command(&[get.as_slice(), names].concat()), USUAL)?;
        Ok(said.lines().filter_map(|line| Some(line.trim().rsplit_once('/')?.1.to_owned())).collect())
    }

    /// How the cluster differs from manifests in a folder, which is ours; nothing where it does not.
    pub(super) fn difference(&self, folder: &str) -> Result<Option<String>, Silence> {
        let mut command = self.command(&["diff", "-k", folder]);
        // as a user likes to see it, it can't be read
        command.env_remove("KUBECTL_EXTERNAL_DIFF");
        let (code, said) = answer_with(command, USUAL, &[0, DIFFERENT])?;
        // a fault of kubectl itself ends with the same code, and shows no object
        let is_one = said.lines().any(|line| line.starts_with("diff "));
        match code {
            0 => Ok(None),
            _ if is_one => Ok(Some(said)),
            _ => Err(Silence::Failed(said)),
        }
    }

    /// The last lines of a container's log, or of the one before it.
    pub(super) fn log(&self, pod: &str, container: &str, is_former: bool) -> String {
        let (pod, container) = (format!("pod/{pod}"), format!("--container={container}"));
        let former = if is_former { "--previous=true" } else { "--previous=false" };
        last_words(self.command(&["logs", &pod, &container, former, &format!("--tail={LINES}")]), LOG)
    }

    /// What a program in a container says.
    pub(super) fn ask_inside(&self, pod: &str, container: &str, program: &[&str]) -> Result<String, Silence> {
        let (pod, container) = (format!("pod/{pod}"), format!("--container={container}"));
        answer(self.command(&[["exec", &pod, &container, "--"].as_slice(), program].concat()), INSIDE)
    }

    fn list(&self, question: &[&str]) -> Result<Vec<Object>, Silence> {
        let said = answer(self.command(&[["get", "--output=json"].as_slice(), question].concat()), USUAL)?;
        Ok(listed(read(&said)?))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program(&self.folder);
        command.arg(format!("--context={}", self.place.context));
        command.arg(format!("--namespace={}", self.place.namespace));
        command.args(arguments);
        command
    }
}

fn program(folder: &Path) -> Command {
    let mut command = Command::new("kubectl");
    command.current_dir(folder).stdin(Stdio::null()).env("LC_ALL", "C");
    command
}

fn read(text: &str) -> Result<Value, Silence> {
    serde_json::from_str(text).map_err(|error| Silence::Failed(format!("unreadable answer: {error}")))
}
