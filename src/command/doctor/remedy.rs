//! Knows the commands that mend things, as typed in the current folder. Must not know what is wrong.

use std::path::Path;

use crate::cli::TargetArgs;
use crate::command::target::Target;
use crate::deployment::{Deployment, Host};
use crate::placement::{normalized, relative};
use crate::spelling::shell_word;

/// What brings everything in line with the outputs.
const UP: &str = "docker compose up -d --wait";

/// The way to the output folder, and how codelab-gen was called.
pub(super) struct Remedies<'a> {
    deployment: &'a Deployment,
    change_folder: String,
    arguments: String,
}

impl<'a> Remedies<'a> {
    /// `made_with` are settings that the outputs were made with and that this run has not.
    pub(super) fn new(target: &'a Target, args: &TargetArgs, current: &Path, made_with: &[String]) -> Self {
        let folder = relative(&normalized(current), &target.folder);
        let change_folder = if folder == "." { String::new() } else { format!("cd {} && ", shell_word(&folder)) };
        let profile = args.profile.iter().map(|profile| ("--profile", profile.clone()));
        let out = args.out.iter().map(|out| ("--out", out.display().to_string()));
        let settings = args.settings.iter().chain(made_with).map(|setting| ("--set", setting.clone()));
        let arguments = profile.chain(out).chain(settings);
        let arguments: Vec<_> = arguments.map(|(option, value)| format!(" {option} {}", shell_word(&value))).collect();
        Self { deployment: &target.deployment, change_folder, arguments: arguments.concat() }
    }

    /// codelab-gen as it was called, with this instead of `doctor`.
    pub(super) fn codelab_gen(&self, instead: &str) -> String {
        let space = if instead.is_empty() { "" } else { " " };
        format!("codelab-gen{space}{instead}{}", self.arguments)
    }

    /// A command that is to be typed in the output folder.
    pub(super) fn there(&self, command: &str) -> String {
        format!("{}{command}", self.change_folder)
    }

    /// What starts what does not run, and replaces what is out of date.
    pub(super) fn up(&self) -> String {
        self.there(UP)
    }

    /// What writes the outputs anew and starts them.
    pub(super) fn renew(&self) -> String {
        format!("{} && {}", self.codelab_gen(""), self.up())
    }

    /// What gives the server's roles and databases what the profile and `.env` say.
    pub(super) fn align(&self) -> String {
        self.there(&format!("{}{UP}", self.server_step()))
    }

    /// The same, with the services that use the database started anew: they may have given up.
    pub(super) fn align_for(&self, database: &str) -> String {
        let uses = self.deployment.services.iter().filter(|service| {
            let opened = service.database.as_ref().map(|opened| &opened.url);
            matches!(opened, Some(crate::url::ConnectionUrl::Postgres(url)) if url.database.as_str() == database)
        });
        let names: Vec<_> = uses.map(|service| format!(" {}", service.name)).collect();
        self.there(&format!("{}{UP} --force-recreate{}", self.server_step(), names.concat()))
    }

    /// What does by hand that which nothing does at every start.
    fn server_step(&self) -> String {
        const BY_HAND: &str = "docker compose exec -T postgres bash -s <scripts/init-postgres.sh && ";
        match self.deployment.server.as_ref().map(|server| &server.host) {
            Some(Host::Container(container)) if !container.ensure => format!("{UP} postgres && {BY_HAND}"),
            Some(Host::External(_)) => {
                "(set -a; . ./.env; INIT_POSTGRES_USER=ADMINISTRATOR bash scripts/init-postgres.sh) && ".to_owned()
            }
            Some(Host::Container(_)) | None => String::new(),
        }
    }
}
