//! Knows what can be wrong with a SQLite file, from what was seen of it inside of its service.
//! Must not know how that was seen.

use super::container::Container;
use super::probe::{Answer, Journal};
use super::remedy::Remedies;
use crate::deployment::Service;
use crate::report::Finding;
use crate::spelling::shell_word;

const FILE: &str = "sqlite-file";
const SLOW: &str = "slow-sqlite";

/// File systems on which SQLite is slow, or its locks are not to be relied on: networks, and folders of the host under
/// Docker Desktop.
const REMOTE: [&str; 11] = [
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "9p",
    "virtiofs",
    "fakeowner",
    "fuse.grpcfuse",
    "fuse.osxfs",
    "fuse.sshfs",
    "grpcfuse",
];

/// A file that was looked at.
pub(super) struct Looked<'a> {
    pub(super) service: &'a Service,
    pub(super) file: &'a str,
    /// The Python that its service has.
    pub(super) python: &'a str,
    pub(super) answer: &'a Answer,
    /// Where it was looked into.
    pub(super) container: &'a Container,
    pub(super) remedies: &'a Remedies<'a>,
}

impl Looked<'_> {
    fn folder(&self) -> &str {
        self.file.rsplit_once('/').map_or("/", |(folder, _)| folder)
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        let (service, file) = (&self.service.name, self.file);
        if !self.answer.folder {
            let message = format!("the folder of `{file}` does not exist in `{service}`");
            return vec![Finding::problem(FILE, message, self.give_away())];
        }
        if !self.answer.writable {
            let message = format!("`{service}` can't write to `{file}` or its folder");
            return vec![Finding::problem(FILE, message, self.give_away())];
        }
        if !self.answer.exists {
            let help = format!("use `{service}` once; else see `{}`", self.there("logs", ""));
            return vec![Finding::warning(FILE, format!("`{service}` has not made `{file}` yet"), help)];
        }
        let sound = match self.answer.error.as_deref().unwrap_or_default() {
            "" => Finding::ok(FILE, format!("`{file}` of `{service}` is there, can be written, and is sound")),
            error if error.contains("locked") => {
                Finding::unseen(FILE, format!("the inside of `{file}` of `{service}`: somebody writes")).shown_by(error)
            }
            error => {
                let restore = self.remedies.there(&format!("scripts/db/restore.sh BACKUP {service}"));
                let message = format!("`{file}` of `{service}` is no SQLite database, or damaged");
                Finding::problem(FILE, message, restore).shown_by(error)
            }
        };
        std::iter::once(sound).chain(self.speed()).collect()
    }

    fn speed(&self) -> Option<Finding> {
        let (service, file, file_system) = (&self.service.name, self.file, self.answer.file_system());
        if REMOTE.contains(&file_system) {
            let message =
                format!("`{file}` of `{service}` lies on `{file_system}`, where SQLite is slow and its locks fail");
            let help = format!("write `data: {service}-data:{}` in the profile: a named volume", self.folder());
            return Some(Finding::warning(SLOW, message, help));
        }
        match self.answer.journal? {
            Journal::Wal => {
                Some(Finding::ok(SLOW, format!("`{file}` of `{service}` is in WAL mode, on `{file_system}`")))
            }
            Journal::Delete => {
                let message = format!(
                    "`{file}` of `{service}` has journal_mode `delete`, on `{file_system}`: who reads waits for who writes"
                );
                let code = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('PRAGMA journal_mode=WAL')";
                let program = format!("{} -c {} {}", self.python, shell_word(code), shell_word(file));
                Some(Finding::warning(SLOW, message, self.there("exec", &program)))
            }
        }
    }

    /// Docker Compose with a subcommand for the service.
    fn there(&self, subcommand: &str, rest: &str) -> String {
        let space = if rest.is_empty() { "" } else { " " };
        self.remedies.there(&format!("docker compose {subcommand} {}{space}{rest}", self.service.name))
    }

    /// The folder of the host that is mounted for the file.
    fn place(&self) -> Option<String> {
        let mount = self.service.mounts.first().filter(|_| self.service.has_data)?;
        self.container.folder_at(&mount.target.to_string()).map(shell_word)
    }

    /// What gives the folder with the file to who the service runs as: in a container like the service's, as root with the
    /// rights for that.
    fn give_away(&self) -> String {
        if let Some(((user, group), place)) = self.answer.outside.zip(self.place()) {
            // in there nobody may give away what belongs to a number of the host
            return self
                .remedies
                .there(&format!("sudo chown -R {user}:{group} {place} && docker compose up -d --wait"));
        }
        let folder = shell_word(self.folder());
        let make = if self.answer.folder { String::new() } else { format!("mkdir -p {folder} && ") };
        let owner = format!("{}:{}", self.answer.user, self.answer.group);
        let script = shell_word(format!("{make}chown -R {owner} {folder} && chmod -R u+rwX {folder}"));
        let is_strict = self.service.fences.capabilities.is_some();
        let rights = if is_strict { " --cap-add CHOWN --cap-add DAC_OVERRIDE --cap-add FOWNER" } else { "" };
        let service = &self.service.name;
        let run = format!("docker compose run --rm --no-deps --user 0{rights} --entrypoint sh {service} -c {script}");
        self.remedies.there(&format!("{run} && docker compose up -d --wait"))
    }
}
