//! Knows how Docker is asked, and how long one waits for an answer. Must not know what the answers mean.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::secret::{Secret, conceal};

/// How long a question may take: starting a container on a busy machine takes seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often one looks whether the answer is there.
const POLL: Duration = Duration::from_millis(20);

/// Docker's client, asked from the output folder.
pub(super) struct Docker {
    folder: PathBuf,
    secrets: Vec<Secret>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Silence {
    /// There is no such program.
    NotInstalled,
    /// It did not end in time.
    Hung,
    /// It failed, and said this, without secrets.
    Failed(String),
}

impl Silence {
    pub(super) fn text(&self) -> String {
        match self {
            Self::NotInstalled => "the program `docker` is not installed".to_owned(),
            Self::Hung => format!("no answer within {} seconds", PATIENCE.as_secs()),
            Self::Failed(text) => text.clone(),
        }
    }
}

impl Docker {
    pub(super) fn new(folder: &Path, secrets: Vec<Secret>) -> Self {
        Self { folder: folder.to_owned(), secrets }
    }

    /// What `docker` with these arguments says on standard output, without secrets.
    pub(super) fn ask(&self, arguments: &[&str]) -> Result<String, Silence> {
        self.ask_with(arguments, None)
    }

    /// The same with a variable in the environment of the client, which `docker run -e NAME` hands on: so no process list
    /// shows it.
    pub(super) fn ask_with(&self, arguments: &[&str], variable: Option<(&str, &str)>) -> Result<String, Silence> {
        let mut command = Command::new("docker");
        command.args(arguments).current_dir(&self.folder).envs(variable);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = match command.spawn() {
            Ok(child) => child,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(Silence::NotInstalled),
            Err(error) => return Err(Silence::Failed(error.to_string())),
        };
        let said = reader(child.stdout.take());
        let complained = reader(child.stderr.take());
        let Some(succeeded) = ended(&mut child) else { return Err(Silence::Hung) };
        let text = |reader: thread::JoinHandle<String>| conceal(&reader.join().unwrap_or_default(), &self.secrets);
        if succeeded { Ok(text(said)) } else { Err(Silence::Failed(text(said) + &text(complained))) }
    }

    /// The documents that a command prints as JSON: one list, or one document a line.
    pub(super) fn documents(&self, arguments: &[&str]) -> Result<Vec<Value>, Silence> {
        let text = self.ask(arguments)?;
        let unreadable = |error: serde_json::Error| Silence::Failed(format!("unreadable answer: {error}"));
        match serde_json::from_str(&text) {
            Ok(Value::Array(documents)) => Ok(documents),
            Ok(document) => Ok(vec![document]),
            Err(_) => text.lines().map(|line| serde_json::from_str(line).map_err(unreadable)).collect(),
        }
    }
}

/// Reads a pipe to its end beside the work: a full one would stop the program that fills it.
fn reader(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // what came before a fault is still worth showing
            let _ = pipe.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Whether the program succeeded; nothing where it did not end in time, and was ended.
fn ended(child: &mut Child) -> Option<bool> {
    let deadline = Instant::now() + PATIENCE;
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
