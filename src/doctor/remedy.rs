//! Knows the commands that mend things, as typed in the current folder. Must not know what is wrong.

use super::subject::Subject;
use crate::deployment::{Deployment, External, Host};
use crate::disk::{normalized, relative};
use crate::spelling::{raw_path, shell_word};
use crate::target::Client;

/// What brings everything in line with the outputs.
const UP: &str = "docker compose up -d --wait";

/// What does by hand that which `postgres-ensure` does at every start.
const BY_HAND: &str = "docker compose exec -T postgres bash -s <scripts/init-postgres.sh";

/// The way to the output folder, and how codelab-gen was called.
pub(super) struct Remedies<'a> {
    deployment: &'a Deployment,
    change_folder: String,
    arguments: String,
}

impl<'a> Remedies<'a> {
    pub(super) fn new(subject: &Subject<'a>) -> Self {
        let Subject { deployment, folder, current, args, made_with, .. } = *subject;
        let folder = relative(&normalized(current), folder);
        let change_folder = if folder == "." { String::new() } else { format!("cd {} && ", shell_word(&folder)) };
        let profile = args.profile.iter().map(|profile| ("--profile", profile.clone()));
        let out = args.out.iter().map(|out| ("--out", raw_path(out)));
        let settings = args.settings.iter().chain(made_with).map(|setting| ("--set", setting.clone()));
        let arguments = profile.chain(out).chain(settings);
        let arguments: Vec<_> = arguments.map(|(option, value)| format!(" {option} {}", shell_word(&value))).collect();
        Self { deployment, change_folder, arguments: arguments.concat() }
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
        self.there(self.deployment.target.up_command())
    }

    /// What writes the outputs anew and starts them.
    pub(super) fn renew(&self) -> String {
        format!("{} && {}", self.codelab_gen(""), self.up())
    }

    /// What lets containers reach the server.
    pub(super) fn reach(&self) -> String {
        match self.external() {
            Some(External { host, port, .. }) => {
                format!(
                    "start the server, or write where it is as `host` and `port` of `postgres.external`: now {host}:{port}"
                )
            }
            None => self.up(),
        }
    }

    /// What makes the server let a role in, which knows no line for it.
    pub(super) fn let_in(&self) -> String {
        match self.external() {
            Some(_) => {
                "its administrator allows it in pg_hba.conf; where it says `no encryption`, write `tls: verify-full` \
                        in `postgres.external`"
                    .to_owned()
            }
            None => format!(
                "the first start of the server was cut off; `{}` says how to go on",
                self.there(&self.ensure_log())
            ),
        }
    }

    /// What gives the server the line that the image would have added in the end of its first start. Services may have
    /// given up meanwhile, and who waits for one that is unhealthy waits in vain: so all start anew.
    pub(super) fn open_to_containers(&self) -> String {
        let line = r#"echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf""#;
        self.there(&format!("docker compose exec -T postgres bash -c '{line}' && {UP} --force-recreate"))
    }

    /// What mends a lack of connections.
    pub(super) fn more_connections(&self) -> String {
        let settings = match self.external() {
            Some(_) => "let its administrator set a larger `max_connections`",
            None => "write `settings: { max_connections: … }` in the `postgres` section",
        };
        format!("{settings}, or make the pools of services smaller")
    }

    /// What gives the server's roles and databases what the profile and `.env` say, with the services that use the
    /// database started anew: they may have given up.
    pub(super) fn align_for(&self, database: &str) -> String {
        let uses = self
            .deployment
            .services
            .iter()
            .filter(|service| service.databases_on_server().any(|(_, url)| url.database.as_str() == database));
        match (self.deployment.target.client(), self.deployment.contained_server()) {
            (Client::Docker, _) => {}
            (Client::Kubectl, Some(_)) => {
                return self.there(
                    "kubectl rollout restart statefulset/postgres && kubectl rollout status statefulset/postgres",
                );
            }
            (Client::Kubectl, None) => {
                return "the operator says why: `kubectl describe databases.postgresql.cnpg.io`".to_owned();
            }
        }
        let names: Vec<_> = uses.map(|service| format!(" {}", service.name)).collect();
        self.there(&format!("{}{UP} --force-recreate{}", self.server_step(), names.concat()))
    }

    /// What shows what init-postgres.sh says.
    fn ensure_log(&self) -> String {
        match self.deployment.contained_server() {
            Some((_, container)) if !container.ensure => BY_HAND.to_owned(),
            Some(_) | None => "docker compose logs postgres-ensure".to_owned(),
        }
    }

    fn external(&self) -> Option<&External> {
        match &self.deployment.server.as_ref()?.host {
            Host::External(external) => Some(external),
            Host::Container(_) | Host::Operated(_) => None,
        }
    }

    /// What does by hand that which nothing does at every start.
    fn server_step(&self) -> String {
        match self.deployment.server.as_ref().map(|server| &server.host) {
            Some(Host::Container(container)) if !container.ensure => format!("{UP} postgres && {BY_HAND} && "),
            Some(Host::External(_)) => {
                "(set -a; . ./.env; INIT_POSTGRES_USER=ADMINISTRATOR bash scripts/init-postgres.sh) && ".to_owned()
            }
            Some(Host::Container(_) | Host::Operated(_)) | None => String::new(),
        }
    }
}
