//! Knows which files with secrets a build sends to the builder, where a Dockerfile's `COPY . .` puts them into the image.
//! Must not know how a `.dockerignore` is read.

use std::path::{Path, PathBuf};

use super::Telling;
use super::dockerignore::leaves_out;
use crate::change::ChangeKind;
use crate::command::generate::request::Ending;
use crate::deployment::{Build, Program, Service};
use crate::disk::{normalized, read_text, relative};
use crate::report;
use crate::spelling::raw_path;
use crate::target::{Target, compose};
use crate::value::Choice as _;

/// A `.dockerignore` is no larger, in bytes.
const LIMIT: u64 = 1024 * 1024;

/// What the builder should not get, each line with a file that it is for and the folder of that.
const DOTENV: [(&str, &str, &str); 3] =
    [(".env", ".env", ""), (".env.*", ".env.orig", ""), ("*.orig*", "docker-compose.yml.orig", "")];
const BACKUPS: (&str, &str, &str) = ("backups/", "backups/20260101T000000Z/manifest", "backups");

impl Telling<'_> {
    /// What to put into a `.dockerignore`, for people.
    pub(super) fn sent_text(&self) -> Vec<String> {
        let text = |sent: report::Sent| {
            let report::Sent { services, file, lines } = sent;
            let services: Vec<_> = services.iter().map(|service| format!("`{service}`")).collect();
            let lines: Vec<_> = lines.iter().map(|line| format!("      {line}\n")).collect();
            format!(
                "note: building {} sends files that hold secrets, and `COPY . .` puts them into the image\n  = help: add to \
                 `{file}`:\n{}",
                services.join(", "),
                lines.concat()
            )
        };
        self.sent().into_iter().map(text).collect()
    }

    /// What to put into a `.dockerignore`, for programs.
    pub(super) fn sent(&self) -> Vec<report::Sent> {
        let mut all: Vec<report::Sent> = Vec::new();
        if self.ending != Ending::Write {
            return all;
        }
        for service in &self.target.deployment.services {
            let (Program::Built(build) | Program::BuiltAs(build, _)) = &service.program else { continue };
            let Some(folder) = build.context.folder() else { continue };
            let context = self.target.root.join(folder.as_str());
            let context = std::fs::canonicalize(&context).unwrap_or_else(|_| normalized(&context));
            let Ok(way) = self.target.folder.strip_prefix(&context) else { continue };
            let (path, text) = ignore_file(&context, build);
            let lines = self.unignored(&raw_path(way), &text);
            let file = relative(&normalized(self.current), &path);
            match all.iter_mut().find(|known| known.file == file) {
                Some(known) => known.services.push(service.name.to_string()),
                None if lines.is_empty() => {}
                None => all.push(report::Sent { services: vec![service.name.to_string()], file, lines }),
            }
        }
        all
    }

    /// The lines that are missing, as the context would have them.
    fn unignored(&self, way: &str, text: &str) -> Vec<String> {
        let deployment = &self.target.deployment;
        let is_there =
            |change: &crate::change::Change| change.output == compose::DOTENV && change.kind() != ChangeKind::Removed;
        let stays = deployment.target.leaves(&compose::DOTENV) && self.outcome.existing.get(&compose::DOTENV).is_some();
        let has_dotenv = stays || self.outcome.changes.changes.iter().any(is_there);
        let owned = |(line, sample, folder): (&str, &str, &str)| [line, sample, folder].map(str::to_owned);
        let dotenv = DOTENV.into_iter().filter(|_| has_dotenv).map(owned);
        let has_database = deployment.services.iter().any(Service::has_database);
        let stands = |folder: &str| self.target.folder.join(folder).is_dir();
        let has_secrets = |target: &Target| {
            let is_own = *target == deployment.target && !target.secret_files(deployment).is_empty();
            is_own || stands(target.secret_folder())
        };
        let secrets = Target::ALL.iter().filter(|target| has_secrets(target)).map(|target| {
            let folder = target.secret_folder();
            [format!("{folder}/"), format!("{folder}/postgres_password"), folder.to_owned()]
        });
        let backups = (has_database || stands(BACKUPS.2)).then_some(BACKUPS).map(owned);
        let inside = |name: &str| match (way, name) {
            ("", name) => name.to_owned(),
            (way, name) => format!("{way}/{name}"),
        };
        let below = |folder: &str| if folder.is_empty() { String::new() } else { inside(folder) };
        // a name that would be read as a pattern
        let is_odd = way.contains(['*', '?', '[', '\\']) || way.starts_with(['!', '#', ' ']) || way.ends_with(' ');
        let line = |line: &str| if is_odd { format!("**/{line}") } else { inside(line) };
        let wanted = dotenv.chain(secrets).chain(backups);
        let missing = wanted.filter(|[_, sample, folder]| !leaves_out(text, &inside(sample), &below(folder)));
        missing.map(|[name, _, _]| line(&name)).collect()
    }
}

/// The file that says what is left out, with its text: one beside the Dockerfile counts before that of the context.
fn ignore_file(context: &Path, build: &Build) -> (PathBuf, String) {
    let dockerfile = build.dockerfile.as_ref().map_or("Dockerfile", |path| path.as_str());
    let beside = context.join(format!("{dockerfile}.dockerignore"));
    let usual = context.join(".dockerignore");
    if let Some(text) = read_text(&beside, LIMIT) {
        return (beside, text);
    }
    let text = read_text(&usual, LIMIT).unwrap_or_default();
    (usual, text)
}
