//! Knows what the server keeps though the profile says it in another way: values that files gave it, the folder of its data,
//! its open door, the name of what is built. Must not know any service but the server.

use std::collections::{BTreeMap, BTreeSet};

use super::difference::Difference;
use super::improvement::Improvement;
use super::sides::Proof;
use super::worlds::World;
use crate::compose::Tree;
use crate::deployment::{Container, SOCKET_FOLDER};
use crate::value::{ServiceName, VolumeName};

/// What images of PostgreSQL read from `NAME_FILE` too, and a section says.
const FROM_FILES: [&str; 3] = ["POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_DB"];

/// The variable of images of PostgreSQL for the folder of the data.
const PGDATA: &str = "PGDATA";

/// What the server has today and afterwards.
#[derive(Default)]
pub(super) struct Kept {
    /// The variables whose value is what the file of `NAME_FILE` holds.
    from_files: BTreeSet<&'static str>,
    /// Where the folder is mounted that holds the data, today and afterwards.
    data: Option<[String; 2]>,
    /// Whether it lets everybody in without a password.
    is_open: bool,
    /// What Compose calls the image that is built for it.
    built: Option<String>,
    /// Whether its socket stands in a `tmpfs` mount of `volumes`.
    has_socket_in_memory: bool,
}

impl Kept {
    pub(super) fn of(proof: &Proof<'_>, quiet: &World) -> Self {
        let server = |tree: &'_ Tree| tree.get("services")?.get(ServiceName::postgres().as_str()).cloned();
        let (Some(before), Some(after)) = (server(&quiet.before), server(&quiet.after)) else { return Self::default() };
        let container = proof.deployment.contained_server().map(|(_, container)| container);
        let lets_in = |server| variable(server, "POSTGRES_HOST_AUTH_METHOD") == Some("trust");
        let is_same = |name: &&str| {
            let file = in_file(&before, name, proof, quiet);
            file.is_some() && file.as_deref() == variable(&after, name)
        };
        let name = || Some(format!("{}-{}", quiet.before.get("project")?.as_text()?, proof.server?));
        Self {
            from_files: FROM_FILES.into_iter().filter(is_same).collect(),
            data: container.and_then(|container| moved(&before, &after, container)),
            is_open: lets_in(&before) && lets_in(&after),
            built: before.get("build").and_then(|_| name()),
            has_socket_in_memory: mounts(&before).get(SOCKET_FOLDER).is_some_and(|it| is_of(it, "type", "tmpfs")),
        }
    }

    /// The change that a difference of the server is part of.
    pub(super) fn improvement(&self, below: &[&str], found: &Difference) -> Option<Improvement> {
        let (is_new, is_gone) = (found.before.is_none(), found.after.is_none());
        let after = found.after.as_ref().and_then(Tree::as_text);
        match below {
            ["environment", name] if is_new && self.from_files.contains(name) => Some(Improvement::Files),
            ["environment", name] if is_gone && self.is_file(name) => Some(Improvement::Files),
            ["environment", "POSTGRES_PASSWORD"] => (is_new && self.is_open).then_some(Improvement::Open),
            ["environment", PGDATA] => {
                let told = |[today, later]: &[String; 2]| {
                    if today == later { Improvement::Server } else { Improvement::Data }
                };
                self.data.as_ref().map(told)
            }
            ["volumes", target] if self.is_moved(target, found) => Some(Improvement::Data),
            ["volumes", SOCKET_FOLDER, key] if self.has_socket_in_memory => {
                let is_volume = match *key {
                    "type" => after == Some("volume"),
                    "source" => after.is_some_and(|name| name.ends_with(VolumeName::postgres_socket().as_str())),
                    _ => is_gone,
                };
                is_volume.then_some(Improvement::Server)
            }
            ["tmpfs"] => drops_only_the_socket(found).then_some(Improvement::Server),
            ["image"] => (is_new && after.is_some() && after == self.built.as_deref()).then_some(Improvement::Server),
            _ => None,
        }
    }

    fn is_file(&self, name: &str) -> bool {
        name.strip_suffix("_FILE").is_some_and(|name| self.from_files.contains(name))
    }

    fn is_moved(&self, target: &str, found: &Difference) -> bool {
        let is_one_of = |[today, later]: &[String; 2]| {
            (target == today && found.after.is_none()) || (target == later && found.before.is_none())
        };
        self.data.as_ref().is_some_and(is_one_of)
    }
}

fn is_of(tree: &Tree, key: &str, text: &str) -> bool {
    tree.get(key).and_then(Tree::as_text) == Some(text)
}

fn variable<'t>(server: &'t Tree, name: &str) -> Option<&'t str> {
    server.get("environment")?.get(name)?.as_text()
}

fn mounts(server: &Tree) -> BTreeMap<String, Tree> {
    server.get("volumes").and_then(Tree::as_map).cloned().unwrap_or_default()
}

/// What the secret holds that `NAME_FILE` leads to, as the script of the image reads it.
fn in_file(server: &Tree, name: &str, proof: &Proof<'_>, quiet: &World) -> Option<String> {
    let path = variable(server, &format!("{name}_FILE")).filter(|_| variable(server, name).is_none())?;
    let source = server.get("secrets")?.get(path)?.get("source")?.as_text()?;
    let secret = quiet.before.get("secrets")?.get(source)?;
    let text = match secret.get("environment").and_then(Tree::as_text) {
        Some(variable) => quiet.dotenv.get(variable)?.to_owned(),
        None => (proof.files)(secret.get("file")?.as_text()?)?,
    };
    Some(text.trim_end_matches('\n').to_owned())
}

/// Where the data is mounted today and afterwards, where that is the same folder of the same mount, and nothing hangs on
/// the way to it.
fn moved(before: &Tree, after: &Tree, container: &Container) -> Option<[String; 2]> {
    // other images than the official one keep their data where they like
    let default = container.image.postgres_major().map(|_| default_folder(container));
    let folder = |server: &Tree| {
        let given = variable(server, PGDATA).filter(|folder| !folder.is_empty()).map(str::to_owned);
        given.or_else(|| default.clone()).map(|folder| folder.trim_end_matches('/').to_owned())
    };
    let ((today, kept), (later, keeps)) = (place(before, &folder(before)?)?, place(after, &folder(after)?)?);
    let hangs_on = |text: &str| text.contains(&today);
    let mut is_used = false;
    for key in ["command", "entrypoint", "environment", "tmpfs", "labels", "secrets", "configs"] {
        let Some(mut tree) = after.get(key).cloned() else { continue };
        if let Tree::Map(entries) = &mut tree {
            entries.remove(PGDATA);
        }
        tree.each_text(&mut |text| is_used |= hangs_on(text));
    }
    (kept == keeps && (today == later || !is_used)).then_some([today, later])
}

fn default_folder(container: &Container) -> String {
    let mount = container.data_folder();
    if container.keeps_majors_apart() { format!("{mount}/{}/docker", container.major) } else { mount.to_owned() }
}

/// The mount that holds a folder: its target, and with what is mounted the way from there to the folder. Nothing where
/// something else is mounted below it.
fn place(server: &Tree, folder: &str) -> Option<(String, (Tree, String))> {
    let mounts = mounts(server);
    let is_below = |path: &str, target: &str| path.strip_prefix(target).is_some_and(|rest| rest.starts_with('/'));
    let holds = |target: &&String| folder == target.as_str() || is_below(folder, target);
    let target = mounts.keys().filter(holds).max_by_key(|target| target.len())?;
    let is_alone = mounts.keys().all(|other| !is_below(other, target));
    let inside = folder.strip_prefix(target.as_str())?.to_owned();
    is_alone.then(|| (target.clone(), (mounts.get(target).cloned().unwrap_or(Tree::Nothing), inside)))
}

/// Whether a list of mounts in memory is the same but for the folder of the socket.
fn drops_only_the_socket(found: &Difference) -> bool {
    let items = |tree: &Option<Tree>| tree.as_ref().map(Tree::items).unwrap_or_default().to_vec();
    let is_socket = |item: &Tree| {
        let target = item.as_text().and_then(|text| text.split(':').next());
        target.map(|target| target.trim_end_matches('/')) == Some(SOCKET_FOLDER)
    };
    let (mut before, after) = (items(&found.before), items(&found.after));
    before.retain(|item| !is_socket(item));
    before == after
}
