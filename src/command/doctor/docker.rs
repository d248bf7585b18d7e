//! Knows how Docker is asked, and how long one waits for an answer. Must not know what the answers mean.

use std::io::{PipeReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long a question may take: starting a container on a busy machine takes seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long the first question may take, which tells whether somebody answers at all.
const FIRST_PATIENCE: Duration = Duration::from_secs(15);

/// How often one looks whether the answer is there.
const POLL: Duration = Duration::from_millis(5);

/// Docker's client, asked from the output folder.
pub(super) struct Docker {
    folder: PathBuf,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Silence {
    /// There is no such program.
    NotInstalled,
    /// It did not end in time.
    Hung(Duration),
    /// It failed, and said this.
    Failed(String),
}

impl Silence {
    pub(super) fn text(&self) -> String {
        match self {
            Self::NotInstalled => "the program `docker` is not installed".to_owned(),
            Self::Hung(patience) => format!("no answer within {} seconds", patience.as_secs()),
            Self::Failed(text) => text.clone(),
        }
    }
}

/// Whether this says that an image is not on this machine.
pub(super) fn is_no_image(said: &str) -> bool {
    said.contains("No such image") || said.contains("Unable to find image")
}

impl Docker {
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// What `docker` with these arguments says on standard output.
    pub(super) fn ask(&self, arguments: &[&str]) -> Result<String, Silence> {
        self.ask_with(arguments, None)
    }

    /// The first question.
    pub(super) fn greet(&self, arguments: &[&str]) -> Result<String, Silence> {
        answer(self.command(arguments), FIRST_PATIENCE)
    }

    /// The same with a variable in the environment of the client, which `docker run -e NAME` hands on: so no process list
    /// shows it.
    pub(super) fn ask_with(&self, arguments: &[&str], variable: Option<(&str, &str)>) -> Result<String, Silence> {
        let mut command = self.command(arguments);
        command.envs(variable);
        answer(command, PATIENCE)
    }

    /// All that it says, also where it fails, in the order that it was said in.
    pub(super) fn hear(&self, arguments: &[&str]) -> String {
        let heard = || {
            let (reader, writer) = std::io::pipe().ok()?;
            let mut command = self.command(arguments);
            command.stdout(writer.try_clone().ok()?).stderr(writer);
            let mut child = command.spawn().ok()?;
            // its copies of the pipe would keep it open
            drop(command);
            let said = read(reader);
            ended(&mut child, PATIENCE)?;
            said.join().ok()
        };
        heard().unwrap_or_default()
    }

    /// The documents that a command prints as one list.
    pub(super) fn documents(&self, arguments: &[&str]) -> Result<Vec<Value>, Silence> {
        let text = self.ask(arguments)?;
        serde_json::from_str(&text).map_err(|error| Silence::Failed(format!("unreadable answer: {error}")))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("docker");
        command.args(arguments).current_dir(&self.folder).stdin(Stdio::null());
        command
    }
}

fn answer(mut command: Command, patience: Duration) -> Result<String, Silence> {
    let failed = |error: std::io::Error| {
        let is_missing = error.kind() == std::io::ErrorKind::NotFound;
        if is_missing { Silence::NotInstalled } else { Silence::Failed(error.to_string()) }
    };
    let (stdout, stderr) = (std::io::pipe().map_err(failed)?, std::io::pipe().map_err(failed)?);
    command.stdout(stdout.1).stderr(stderr.1);
    let mut child = command.spawn().map_err(failed)?;
    drop(command);
    let (said, complained) = (read(stdout.0), read(stderr.0));
    let Some(succeeded) = ended(&mut child, patience) else { return Err(Silence::Hung(patience)) };
    let text = |reader: thread::JoinHandle<String>| reader.join().unwrap_or_default();
    if succeeded { Ok(text(said)) } else { Err(Silence::Failed(text(said) + &text(complained))) }
}

/// Reads a pipe to its end beside the work: a full one would stop the program that fills it.
fn read(mut pipe: PipeReader) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // what came before a fault is still worth showing
        let _ = pipe.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Whether the program succeeded; nothing where it did not end in time, and was ended.
fn ended(child: &mut Child, patience: Duration) -> Option<bool> {
    let deadline = Instant::now() + patience;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status.success()),
            Ok(None) if Instant::now() < deadline => thread::sleep(POLL),
            Ok(None) | Err(_) => {
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
        }
    }
}
