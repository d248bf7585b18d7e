//! Knows the workflow commands of GitHub Actions, which annotate the files of a pull request
//! (<https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands>). Must not know any rule.

use std::path::{Path, PathBuf};

use indexmap::IndexSet;

use super::world::World;
use crate::disk::{normalized, relative};
use crate::report::{self, Change, Diagnostic, Exposed, File, Message, Report, Run, Verdict};
use crate::spelling::on_one_line;

/// The variable that names the folder of the checked out repository, which annotations are placed in.
const WORKSPACE_VARIABLE: &str = "GITHUB_WORKSPACE";

/// What the title of an annotation says that is about no single code.
const TITLE: &str = "codelab-gen";

/// So many lines of a difference are shown.
const SHOWN_LINES: usize = 60;

/// Writes workflow commands for the files of one repository.
pub(super) struct Annotator {
    current: PathBuf,
    workspace: PathBuf,
}

/// Where an annotation stands in a file.
enum Spot<'a> {
    File,
    Line(usize),
    Place(&'a report::Place),
}

impl Annotator {
    /// Of the repository that GitHub Actions checked out, else of the current folder.
    pub(super) fn new(world: &World) -> Self {
        let workspace = (world.environment)(WORKSPACE_VARIABLE).ok().flatten().filter(|folder| !folder.is_empty());
        let workspace = workspace.map(PathBuf::from).map(|folder| std::fs::canonicalize(&folder).unwrap_or(folder));
        let current = normalized(&world.current);
        Self { workspace: workspace.unwrap_or_else(|| current.clone()), current }
    }

    /// One command for each fault and warning; one that several profiles inherit is told once.
    pub(super) fn verdicts(&self, verdicts: &[Verdict]) -> String {
        self.diagnostics(verdicts.iter().flat_map(|verdict| &verdict.diagnostics))
    }

    /// One command for each risk of a profile that is compared.
    pub(super) fn notices(&self, notices: &[Diagnostic]) -> String {
        self.diagnostics(notices)
    }

    /// One command for each file that is not as its profile says, or for each reason why there was no comparison.
    pub(super) fn report(&self, report: &Report) -> String {
        match report {
            Report::Done(_) => String::new(),
            Report::Different(run) => self.drift(run),
            Report::Rejected(rejected) => self.diagnostics(&rejected.diagnostics),
            Report::Refused(refused) => {
                let files = refused.refusals.iter().map(|refusal| general(&refusal.message, &refusal.help));
                let dangers = refused.dangers.iter().map(|danger| general(&danger.message, &danger.help));
                files.chain(dangers).collect()
            }
            Report::Secrets(secrets) => {
                secrets.secrets.iter().map(|Message { message, help }| general(message, help)).collect()
            }
            Report::Usage(Message { message, help })
            | Report::Outside(Message { message, help })
            | Report::Internal(Message { message, help }) => general(message, help),
        }
    }

    fn diagnostics<'d>(&self, diagnostics: impl IntoIterator<Item = &'d Diagnostic>) -> String {
        let mut commands: IndexSet<String> = IndexSet::new();
        for Diagnostic { code, severity, message, help, place, others: _ } in diagnostics {
            let file = self.file_of(&place.file);
            commands.insert(command(severity, Some((&file, &Spot::Place(place))), code, &told(message, help)));
        }
        commands.into_iter().collect()
    }

    /// GitHub shows ten annotations of a step: files of one folder that have the same fault share one.
    fn drift(&self, run: &Run) -> String {
        let mut told: Vec<(&File, usize)> = Vec::new();
        for file in run.files.iter().filter(|file| file.drift) {
            let alike = told.iter_mut().find(|(known, _)| are_alike(known, file));
            match alike {
                Some((_, others)) => *others += 1,
                None => told.push((file, 0)),
            }
        }
        // what is worse comes first
        let exposed = run.exposed.iter().map(|exposed| self.exposed(exposed, run));
        exposed.chain(told.into_iter().map(|(file, others)| self.drifted(file, others, run))).collect()
    }

    fn exposed(&self, exposed: &Exposed, run: &Run) -> String {
        let Exposed { path, message, help, tracked: _, others: _ } = exposed;
        let path = relative(&self.workspace, &Path::new(&run.folder).join(path));
        command("error", Some((&path, &Spot::File)), "secrets-in-git", &told(message, help))
    }

    fn drifted(&self, file: &File, others: usize, run: &Run) -> String {
        let path = relative(&self.workspace, &Path::new(&run.folder).join(&file.path));
        let shown = on_one_line(&path);
        let name = match others {
            0 => format!("`{shown}`"),
            1 => format!("`{shown}`, and another file beside it,"),
            _ => format!("`{shown}`, and {others} other files beside it,"),
        };
        let is = if others == 0 { "is" } else { "are" };
        let profile = on_one_line(&run.profile);
        let message = match file.change {
            Change::Created => format!("{name} {is} missing; the profile `{profile}` has it"),
            Change::Removed => format!("{name} {is} left over from another profile than `{profile}`"),
            Change::Mode => format!("{name} {is} there with other permissions than the profile `{profile}` gives"),
            Change::LineEnds => format!("{name} {is} there with other line ends than codelab-gen writes"),
            Change::Updated | Change::Unchanged | Change::Conflict => {
                format!("{name} {is} not as the profile `{profile}` says")
            }
        };
        let reasons = file.reasons.iter().map(|reason| told(&reason.message, &reason.help));
        let keys = file.keys.iter().map(|key| format!("{} {}", key.state, key.name));
        // of a file that is missing the difference is all of it
        let difference = file.diff.as_deref().filter(|_| file.change != Change::Created).map(shortened);
        let remedy = "help: run codelab-gen without --check, and commit what it writes".to_owned();
        let remedy = file.reasons.is_empty().then_some(remedy);
        let key_line = file.keys.iter().find_map(|key| key.line);
        let line = key_line.or_else(|| first_line(difference.as_deref()?, file.change));
        let spot = line.map_or(Spot::File, Spot::Line);
        let other_version = run.made_by.map(|version| version.message().to_owned());
        let lines: Vec<_> = [message]
            .into_iter()
            .chain(other_version)
            .chain(reasons)
            .chain(keys)
            .chain(remedy)
            .chain(difference)
            .collect();
        command("error", Some((&path, &spot)), "drift", &lines.join("\n"))
    }

    /// A file as the repository names it; what is none, such as `--set`, stays as messages call it.
    fn file_of(&self, name: &str) -> String {
        let path = self.current.join(name);
        if self.workspace == self.current || !path.is_file() {
            return name.to_owned();
        }
        relative(&self.workspace, &normalized(&path))
    }
}

/// Whether one annotation can speak for both: the same happened to them, and nothing more is known of either.
fn are_alike(known: &File, file: &File) -> bool {
    let folder =
        |file: &File| Path::new(&file.path).parent().filter(|folder| *folder != Path::new("")).map(Path::to_owned);
    let is_plain = |file: &File| file.reasons.is_empty() && file.keys.is_empty();
    folder(file).is_some()
        && folder(known) == folder(file)
        && known.change == file.change
        && is_plain(known)
        && is_plain(file)
}

/// The first line, counted from 1, of what stands there that differs. An edit is shown as what it adds, everything else
/// as what would go.
fn first_line(difference: &str, change: Change) -> Option<usize> {
    let (sign, column) = if change == Change::Conflict { ('+', 2) } else { ('-', 1) };
    let mut lines = difference.lines().skip_while(|line| !line.starts_with("@@ "));
    let range = lines.next()?.split(' ').nth(column)?.trim_start_matches(sign);
    let start: usize = range.split(',').next()?.parse().ok()?;
    let same = lines.take_while(|line| line.starts_with(' ')).count();
    Some((start + same).max(1))
}

fn shortened(difference: &str) -> String {
    let lines: Vec<_> = difference.lines().collect();
    let shown = lines.iter().take(SHOWN_LINES).copied().collect::<Vec<_>>().join("\n");
    match lines.len().saturating_sub(SHOWN_LINES) {
        0 => shown,
        more => format!("{shown}\n… and {more} lines more: `codelab-gen --diff` shows all"),
    }
}

fn told(message: &str, help: &str) -> String {
    format!("{message}\nhelp: {help}")
}

/// A command that is about no file.
fn general(message: &str, help: &str) -> String {
    command("error", None, TITLE, &told(message, help))
}

fn command(severity: &str, file: Option<(&str, &Spot<'_>)>, title: &str, text: &str) -> String {
    let place = match file {
        None => String::new(),
        Some((file, spot)) => {
            let file = escaped_property(file);
            match spot {
                Spot::File => format!("file={file},"),
                Spot::Line(line) => format!("file={file},line={line},"),
                Spot::Place(report::Place { line, column, end_line, end_column, file: _, label: _ }) => {
                    format!("file={file},line={line},endLine={end_line},col={column},endColumn={end_column},")
                }
            }
        }
    };
    format!("::{severity} {place}title={}::{}\n", escaped_property(title), escaped_data(text))
}

/// A profile comes from a pull request: nothing in it may begin a command of its own.
fn escaped_data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn escaped_property(text: &str) -> String {
    escaped_data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_profile_begins_a_command() {
        assert_eq!(escaped_data("100%\r\n::error::x"), "100%25%0D%0A::error::x");
        assert_eq!(escaped_property("a:b,c\n%0A"), "a%3Ab%2Cc%0A%250A");
    }

    #[test]
    fn an_annotation_stands_at_the_first_line_that_differs() {
        let difference = "--- a\n+++ b\n@@ -4,3 +7,4 @@\n same\n same\n-old\n+new\n";
        assert_eq!(first_line(difference, Change::Updated), Some(6));
        assert_eq!(first_line(difference, Change::Conflict), Some(9));
        assert_eq!(first_line("--- /dev/null\n+++ b\n@@ -0,0 +1,2 @@\n+new\n", Change::Updated), Some(1));
        assert_eq!(first_line("--- .env (keys only)\n+KEY\n", Change::Updated), None);
    }
}
