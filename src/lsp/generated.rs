//! Knows what an editor shows of an output that is open, on the line by which it is recognized: that somebody edited it, or
//! that it is not what its profile says. Must not know how outputs are made or compared.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, unbounded};
use gen_lsp_types::{Code, CodeDescription, Diagnostic, DiagnosticSeverity, Message, Range, Uri};
use serde_json::Value;

use super::documents::Document;
use super::told::{DOCUMENTS, SOURCE};
use crate::doctor::{Bounds, answer_with};
use crate::render::{Mark, Output, Seal, examine, line_of};
use crate::spelling::quoted;
use crate::target::{folders_of_manifests, outputs};

/// How long nothing more may come before a folder is compared: a save is often several.
const QUIET: Duration = Duration::from_millis(60);

/// So long a comparison may take, and so long its answer may be.
const BOUNDS: Bounds = Bounds { patience: Duration::from_secs(60), most: 256 << 20 };

/// The exit codes of a comparison: nothing differs, something does.
const COMPARED: [i32; 2] = [0, 1];

/// An output that is open.
pub(super) struct Generated {
    /// The folder that a run writes to.
    pub(super) folder: PathBuf,
    /// Where it stands in it.
    way: String,
    mark: Mark,
    /// Where its line is.
    pub(super) range: Range,
}

/// What is not as a run would leave it, by the files' ways in the folder.
pub(super) type Differences = BTreeMap<String, Difference>;

/// What a comparison said of one file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Difference {
    /// Whether a run would write it without being asked to.
    is_written: bool,
    /// What it said, each with its help.
    reasons: Vec<(String, String)>,
}

/// The comparison of a folder.
#[derive(Debug)]
pub(super) struct Compared {
    pub(super) folder: PathBuf,
    pub(super) differences: Differences,
}

impl Generated {
    /// What is known of an open text that has the line of an output, and its place.
    pub(super) fn of(document: &Document) -> Option<Self> {
        let (output, folder) = place(&document.path)?;
        let text = document.text.as_str();
        let mark = examine(text, &output)?;
        let range = document.text.range(&line_of(text, &output)?);
        Some(Self { folder, way: output.path().to_owned(), mark, range })
    }

    /// What is shown of it; what was compared is what stands on the disk.
    pub(super) fn told(&self, compared: Option<&Differences>) -> Option<Diagnostic> {
        let difference = compared.and_then(|differences| differences.get(&self.way));
        if self.mark.seal == Seal::Broken {
            let reason = difference.filter(|found| !found.is_written).and_then(|found| found.reasons.first().cloned());
            let (message, help) = reason.unwrap_or_else(|| {
                let message = format!("{} was edited since codelab-gen wrote it", quoted(&self.way));
                (message, "put the change into the profile: the next run refuses to overwrite this".to_owned())
            });
            return Some(self.diagnostic("edited", "files-that-you-edited", &message, &help));
        }
        let difference = difference?;
        let profile = quoted(&self.mark.profile);
        let (message, help) = match difference.reasons.first() {
            Some((message, help)) => (message.clone(), help.clone()),
            None => (
                format!("{} is not what the profile {profile} says now", quoted(&self.way)),
                "run `codelab-gen`; `codelab-gen --diff` shows what it would change".to_owned(),
            ),
        };
        Some(self.diagnostic("out-of-date", "compare-before-you-write", &message, &help))
    }

    fn diagnostic(&self, code: &str, heading: &str, message: &str, help: &str) -> Diagnostic {
        Diagnostic {
            range: self.range,
            severity: Some(DiagnosticSeverity::Warning),
            code: Some(Code::String(code.to_owned())),
            code_description: Some(CodeDescription { href: Uri(format!("{DOCUMENTS}generate.md#{heading}")) }),
            source: Some(SOURCE.to_owned()),
            message: Message::String(format!("{message}\nhelp: {help}")),
            related_information: None,
            tags: None,
            data: None,
        }
    }
}

/// Which output a file may be by its place, and the folder that a run writes it to.
fn place(file: &Path) -> Option<(Output, PathBuf)> {
    let of_known = outputs().filter(|output| file.ends_with(output.path())).max_by_key(|output| output.path().len());
    let output = of_known.or_else(|| {
        let (name, folder) = (file.file_name()?.to_str()?, file.parent()?);
        let way = folders_of_manifests().into_iter().find(|way| folder.ends_with(way))?;
        Some(Output::named(format!("{way}/{name}")))
    })?;
    let folder = file.ancestors().nth(Path::new(output.path()).components().count())?.to_owned();
    Some((output, folder))
}

/// Begins to compare folders that are asked for; ends when nobody asks any more.
pub(super) fn start() -> std::io::Result<(Sender<PathBuf>, Receiver<Compared>)> {
    let (wanted, folders) = unbounded::<PathBuf>();
    let (sent, compared) = unbounded();
    let compare_all = move || {
        while let Ok(first) = folders.recv() {
            let mut all = BTreeSet::from([first]);
            while let Ok(more) = folders.recv_timeout(QUIET) {
                all.insert(more);
            }
            for folder in all {
                let differences = compare(&folder).unwrap_or_default();
                if sent.send(Compared { folder, differences }).is_err() {
                    return;
                }
            }
        }
    };
    thread::Builder::new().name("comparison".to_owned()).spawn(compare_all)?;
    Ok((wanted, compared))
}

/// Compares a folder as `--check` does; nothing where that can't be said, as of a profile that is rejected.
fn compare(folder: &Path) -> Option<Differences> {
    let mut command = Command::new(std::env::current_exe().ok()?);
    command.args(["--check", "--format", "json", "--out", "."]).current_dir(folder).stdin(Stdio::null());
    let (_, said) = answer_with(command, BOUNDS, &COMPARED).ok()?;
    let report: Value = serde_json::from_str(&said).ok()?;
    let files = report.get("files")?.as_array()?.iter();
    Some(files.filter_map(difference).collect())
}

fn difference(file: &Value) -> Option<(String, Difference)> {
    if file.get("drift")? != &Value::Bool(true) {
        return None;
    }
    let reason = |reason: &Value| {
        let text = |key: &str| reason.get(key)?.as_str().map(str::to_owned);
        Some((text("message")?, text("help")?))
    };
    let reasons = file.get("reasons")?.as_array()?.iter().filter_map(reason).collect();
    let is_written = file.get("change")? != "conflict";
    Some((file.get("path")?.as_str()?.to_owned(), Difference { is_written, reasons }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_the_output_of_its_place() {
        let known = |file: &str| {
            let (output, folder) = place(Path::new(file))?;
            Some((output.path().to_owned(), folder.to_str()?.to_owned()))
        };
        let expected = |way: &str, folder: &str| Some((way.to_owned(), folder.to_owned()));
        assert_eq!(known("/p/d/docker-compose.yml"), expected("docker-compose.yml", "/p/d"));
        assert_eq!(known("/p/.env"), expected(".env", "/p"));
        assert_eq!(known("/p/scripts/db/backup.sh"), expected("scripts/db/backup.sh", "/p"));
        assert_eq!(known("/p/kubernetes/api.yaml"), expected("kubernetes/api.yaml", "/p"));
        assert_eq!(known("/p/profiles/api.yaml"), None);
    }
}
