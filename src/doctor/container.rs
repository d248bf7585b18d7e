//! Knows what Docker says of the containers of a deployment. Must not know what is wrong with one.

use serde_json::Value;

use super::docker::{Docker, Silence};
use super::mask::secrets_of;
use crate::secret::Secret;

/// How many lines of a log are looked at.
const LINES: &str = "200";

/// How many lines of a log are looked through for secrets.
const SEARCHED: &str = "5000";

/// What `docker container inspect` says.
pub(super) struct Container(Value);

impl Container {
    pub(super) fn new(inspected: Value) -> Self {
        Self(inspected)
    }

    fn text(&self, pointer: &str) -> &str {
        self.0.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    fn list(&self, pointer: &str) -> &[Value] {
        self.0.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }

    pub(super) fn id(&self) -> &str {
        self.text("/Id")
    }

    pub(super) fn name(&self) -> &str {
        self.text("/Name").trim_start_matches('/')
    }

    pub(super) fn service(&self) -> &str {
        self.text("/Config/Labels/com.docker.compose.service")
    }

    /// Whether `docker compose run` made it.
    pub(super) fn is_one_off(&self) -> bool {
        self.text("/Config/Labels/com.docker.compose.oneoff") == "True"
    }

    /// The image that it was made from, which is on this machine.
    pub(super) fn image(&self) -> &str {
        self.text("/Image")
    }

    pub(super) fn user(&self) -> &str {
        self.text("/Config/User")
    }

    pub(super) fn state(&self) -> &str {
        self.text("/State/Status")
    }

    pub(super) fn health(&self) -> &str {
        self.text("/State/Health/Status")
    }

    pub(super) fn is_running(&self) -> bool {
        self.state() == "running"
    }

    /// Whether it runs, and not for a moment only before it ends again.
    pub(super) fn stays(&self) -> bool {
        self.is_running() && (self.restarts() == 0 || matches!(self.health(), "healthy" | "unhealthy"))
    }

    pub(super) fn exit_code(&self) -> Option<i64> {
        self.0.pointer("/State/ExitCode").and_then(Value::as_i64)
    }

    /// Whether the engine says that it used more memory than it may.
    pub(super) fn was_out_of_memory(&self) -> bool {
        self.0.pointer("/State/OOMKilled").and_then(Value::as_bool) == Some(true)
    }

    /// How many bytes of memory it may use; 0 is no limit.
    pub(super) fn memory_limit(&self) -> u64 {
        self.0.pointer("/HostConfig/Memory").and_then(Value::as_u64).unwrap_or_default()
    }

    pub(super) fn created(&self) -> &str {
        self.text("/Created")
    }

    /// How often Docker has started it again by itself.
    pub(super) fn restarts(&self) -> u64 {
        self.0.pointer("/RestartCount").and_then(Value::as_u64).unwrap_or_default()
    }

    /// The networks that it is on; that of the databases first.
    pub(super) fn network(&self) -> Option<&str> {
        let networks = self.0.pointer("/NetworkSettings/Networks").and_then(Value::as_object)?;
        let mut names = networks.keys().map(String::as_str);
        names.clone().find(|name| name.ends_with("_database")).or_else(|| names.next())
    }

    /// The named volume that is mounted at a folder.
    pub(super) fn volume_at(&self, folder: &str) -> Option<&str> {
        self.mount_at(folder)?.get("Name").and_then(Value::as_str)
    }

    /// The folder of the host that is mounted at a folder.
    pub(super) fn folder_at(&self, folder: &str) -> Option<&str> {
        let mount = self.mount_at(folder)?;
        mount.get("Source").filter(|_| mount.get("Type").and_then(Value::as_str) == Some("bind"))?.as_str()
    }

    fn mount_at(&self, folder: &str) -> Option<&Value> {
        let is_there = |mount: &&Value| mount.get("Destination").and_then(Value::as_str) == Some(folder);
        self.list("/Mounts").iter().find(is_there)
    }

    /// What its last look at its health said, as a line of its own.
    pub(super) fn probe(&self) -> String {
        let said = self.list("/State/Health/Log").last().and_then(|look| look.get("Output")).and_then(Value::as_str);
        let line = said.and_then(|said| said.trim().lines().last()).filter(|line| !line.is_empty());
        line.map(|line| format!("\nhealth check: {line}")).unwrap_or_default()
    }

    /// The secrets among its variables.
    pub(super) fn secrets(&self) -> Vec<Secret> {
        let variables = self.list("/Config/Env").iter().filter_map(|variable| variable.as_str()?.split_once('='));
        variables.flat_map(|(name, value)| secrets_of(name, value)).collect()
    }

    /// What it said lately, in its log and to who looked at its health.
    pub(super) fn words(&self, docker: &Docker) -> String {
        let probes = self.list("/State/Health/Log").iter();
        let probes = probes.filter_map(|look| look.get("Output")?.as_str()).map(|said| format!("{said}\n"));
        probes.collect::<String>() + &docker.hear(&["logs", "--tail", SEARCHED, self.id()])
    }

    /// The last lines that it said.
    pub(super) fn log(&self, docker: &Docker) -> String {
        docker.hear(&["logs", "--tail", LINES, self.id()])
    }

    /// What it said since it was last started, as what went wrong before may be mended; the engine notes that time a
    /// moment late, so the first lines of a program that says them at once are missing.
    pub(super) fn last_log(&self, docker: &Docker) -> String {
        docker.hear(&["logs", "--tail", LINES, "--since", self.text("/State/StartedAt"), self.id()])
    }
}

/// What Docker knows of the containers of the deployment.
pub(super) struct Containers {
    known: Vec<Container>,
    /// Why nothing is known of those that there are.
    silence: Option<Silence>,
}

impl Containers {
    /// Those that Compose counts to the deployment; where it can't tell, those that it made from this folder.
    pub(super) fn ask(docker: &Docker, folder: &str) -> Self {
        let by_folder = format!("label=com.docker.compose.project.working_dir={folder}");
        let ps = ["ps", "--all", "--quiet", "--no-trunc"];
        let listed = docker
            .ask(&[["compose"].as_slice(), &ps].concat())
            .or_else(|_| docker.ask(&[ps.as_slice(), &["--filter", &by_folder]].concat()))
            .unwrap_or_default();
        let ids: Vec<_> = listed.split_whitespace().collect();
        if ids.is_empty() {
            return Self { known: Vec::new(), silence: None };
        }
        match docker.documents(&[["container", "inspect"].as_slice(), &ids].concat()) {
            Ok(documents) => {
                let containers = documents.into_iter().map(Container::new);
                Self { known: containers.filter(|container| !container.is_one_off()).collect(), silence: None }
            }
            Err(silence) => Self { known: Vec::new(), silence: Some(silence) },
        }
    }

    /// Why nothing is known of the containers that there are.
    pub(super) fn silence(&self) -> Option<&Silence> {
        self.silence.as_ref()
    }

    pub(super) fn all(&self) -> &[Container] {
        &self.known
    }

    /// The one container of a service that says most about it: one that runs, where there are several.
    pub(super) fn of(&self, service: &str) -> Option<&Container> {
        let is_its = |container: &&Container| container.service() == service;
        let running = self.known.iter().filter(is_its).find(|container| container.is_running());
        running.or_else(|| self.known.iter().find(is_its))
    }

    pub(super) fn running(&self) -> Vec<String> {
        let running = self.known.iter().filter(|container| container.is_running());
        running.map(|container| container.service().to_owned()).collect()
    }

    /// The secrets that containers were started with; `.env` may have others by now.
    pub(super) fn secrets(&self) -> Vec<Secret> {
        self.known.iter().flat_map(Container::secrets).collect()
    }
}
