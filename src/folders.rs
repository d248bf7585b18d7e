//! Knows whether the folders of the host that hold services' data are there and can be written. Must not make any.

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::deployment::{Deployment, Service};
use crate::disk::{self, TEXT_LIMIT, normalized, relative};
use crate::source::Project;
use crate::spelling::shell_word;
use crate::value::{HostPath, MountSource, ServiceName};

/// A folder of the host in which a service keeps data.
pub struct DataFolder<'d> {
    /// The service.
    pub service: &'d ServiceName,
    /// Its path as one would type it in the current folder.
    pub path: String,
    /// Who the service runs as, where the profile says it in numbers.
    user: Option<User>,
    state: State,
    /// Whether it lies in the project, links followed. Elsewhere nothing is told to be moved or given away: a stranger's
    /// profile may name a folder of the system.
    is_inside: bool,
}

/// Who a program runs as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct User {
    id: u32,
    group: Option<u32>,
}

enum State {
    Missing,
    /// A file stands there, or a link that leads nowhere.
    Occupied,
    /// It belongs to somebody else, who does not let the service write.
    Closed {
        owner: u32,
    },
    Usable,
}

/// What to do about what lies outside of the project.
const ELSEWHERE: &str = "it lies outside of the project: name a folder that is meant for this service's data";

impl DataFolder<'_> {
    /// Whether nothing stands there.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        matches!(self.state, State::Missing)
    }

    /// Whether the service runs as somebody else than who makes the folder.
    fn is_for_another(&self, maker: Option<u32>) -> bool {
        self.user.is_some_and(|user| user.id != 0 && maker.is_some_and(|maker| maker != user.id))
    }

    /// What makes the folder for the service's user.
    fn giving_away(&self) -> Option<String> {
        let User { id, group } = self.user?;

        let begin = begin_of(&settings_of(ENGINE_SETTINGS), &settings_of(SUBORDINATE)).unwrap_or_default();
        let (owner, group) = (begin.saturating_add(id), begin.saturating_add(group.unwrap_or(id)));
        Some(format!("sudo install -d -o {owner} -g {group} {}", shell_word(&self.path)))
    }

    /// That the service can't write there, with what to do.
    #[must_use]
    pub fn closed(&self) -> Option<(String, String)> {
        let (service, path) = (self.service, &self.path);
        let owner = match self.state {
            State::Closed { owner } => owner,
            State::Occupied => {
                let message = format!("`{path}`, where `{service}` keeps its data, is no folder");
                let help = format!("move it away (`mv {0} {0}.old`), and run this again", shell_word(path));
                return Some((message, if self.is_inside { help } else { ELSEWHERE.to_owned() }));
            }
            State::Missing | State::Usable => return None,
        };
        let User { id, group } = self.user?;
        let message =
            format!("`{service}` runs as the user {id} and can't write to `{path}`, which belongs to {owner}");
        let help = format!("sudo chown -R {id}:{} {}", group.unwrap_or(id), shell_word(path));
        Some((message, if self.is_inside { help } else { ELSEWHERE.to_owned() }))
    }
}

/// The folders of the host in which services keep data, each once, as seen from the current one.
#[must_use]
pub fn data_folders<'d>(deployment: &'d Deployment, root: &Path, current: &Path) -> Vec<DataFolder<'d>> {
    let project = Project::of_folder(root);
    let mut known = HashSet::new();
    let each = deployment.services.iter().flat_map(|service| folders_of(service).map(move |folder| (service, folder)));
    let of_services = each.filter_map(|(service, folder)| {
        let path = normalized(&root.join(folder));
        known.insert(path.clone()).then(|| data_folder(service, &path, &project, current))
    });
    of_services.collect()
}

/// What makes the folder of the host that backups go to, where it is missing: Docker would make it as root's, and those of
/// `scripts/db/backup.sh` may stand in it too.
#[must_use]
pub fn making_backups(deployment: &Deployment, root: &Path, current: &Path) -> Option<String> {
    let MountSource::Bind(path) = deployment.backups.as_ref()?.mounted()? else { return None };
    let path = normalized(&root.join(HostPath::as_str(path)));
    let is_missing = path.symlink_metadata().is_err();
    is_missing.then(|| format!("mkdir -p {}", shell_word(relative(&normalized(current), &path))))
}

/// The commands that make those which are missing, typed by whoever owns the output folder: Docker would make them as
/// root's.
#[must_use]
pub fn making(folders: &[DataFolder<'_>], out: &Path) -> Vec<String> {
    let maker = fs::metadata(out).ok().map(|metadata| metadata.uid());
    let missing = folders.iter().filter(|folder| folder.is_missing());
    let (others, own): (Vec<_>, Vec<_>) = missing.partition(|folder| folder.is_for_another(maker));
    let own: Vec<_> = own.iter().map(|folder| shell_word(&folder.path)).collect();
    let own = (!own.is_empty()).then(|| format!("mkdir -p {}", own.join(" ")));
    own.into_iter().chain(others.iter().filter_map(|folder| folder.giving_away())).collect()
}

fn data_folder<'d>(service: &'d Service, path: &Path, project: &Project, current: &Path) -> DataFolder<'d> {
    let user = service.user.as_deref().and_then(user);
    let state = match fs::metadata(path) {
        Err(_) if path.symlink_metadata().is_ok() => State::Occupied,
        Err(_) => State::Missing,
        Ok(found) if !found.is_dir() => State::Occupied,
        Ok(folder) if user.is_some_and(|user| !can_write(user, &folder) && !can_write_inside(user, &folder)) => {
            State::Closed { owner: folder.uid() }
        }
        Ok(_) => State::Usable,
    };
    let link = || path.parent().map_or(Ok(None), |folder| project.admit(folder));
    let is_inside = project.admit(path).or_else(|_| link()).is_ok_and(|real| real.is_some());
    DataFolder { service: &service.name, path: relative(&normalized(current), path), user, state, is_inside }
}

/// Whether the first mount of a service is a folder of the host that it writes to.
#[must_use]
pub fn keeps_data_in_folder(service: &Service) -> bool {
    folders_of(service).next().is_some()
}

/// The folder of a service's data mount, down to those of its SQLite files: SQLite makes a file, but no folder.
fn folders_of(service: &Service) -> impl Iterator<Item = String> {
    let mount = service.mounts.first().filter(|mount| service.has_data && !mount.read_only);
    let bound = mount.and_then(|mount| match &mount.source {
        MountSource::Bind(path) => Some((mount, HostPath::as_str(path).trim_end_matches('/'))),
        MountSource::Volume(_) => None,
    });
    bound.into_iter().flat_map(|(mount, path)| {
        let files = service.databases_in_files().map(|(_, url)| mount.target.strip(&url.file).unwrap_or_default());
        let mut inside: Vec<_> = files.collect();
        if inside.is_empty() {
            inside.push("");
        }
        inside.into_iter().map(move |inside| {
            let below = inside.rsplit_once('/').map(|(folder, _)| format!("/{folder}")).unwrap_or_default();
            format!("{path}{below}")
        })
    })
}

/// `UID` or `UID:GID`; a name means nothing outside of its image.
fn user(text: &str) -> Option<User> {
    let (id, group) = match text.split_once(':') {
        Some((id, group)) => (id, Some(group.parse().ok()?)),
        None => (text, None),
    };
    Some(User { id: id.parse().ok()?, group })
}

/// The file that says which numbers of the host are those of a user namespace.
const SUBORDINATE: &str = "/etc/subuid";

/// Where the engine's own settings stand.
const ENGINE_SETTINGS: &str = "/etc/docker/daemon.json";

fn settings_of(path: &str) -> String {
    disk::read_text(Path::new(path), TEXT_LIMIT).unwrap_or_default()
}

/// Whether it belongs to who the user is in the containers of an engine with user namespaces.
fn can_write_inside(user: User, folder: &fs::Metadata) -> bool {
    let ranges = settings_of(SUBORDINATE);
    folder.mode() & 0o300 == 0o300 && outside(user.id, &ranges).any(|number| number == folder.uid())
}

/// The numbers that a user of a container may have outside of it. Where an engine runs as a user, its root is that user, and
/// the range is that of all others.
fn outside(id: u32, ranges: &str) -> impl Iterator<Item = u32> {
    let begins = ranges.lines().filter_map(move |line| {
        let mut fields = line.rsplitn(3, ':');
        let (count, begin) = (fields.next()?.trim().parse::<u32>().ok()?, fields.next()?.parse::<u32>().ok()?);
        (id > 0 && id < count).then(|| [begin.checked_add(id), begin.checked_add(id - 1)])
    });
    begins.flatten().flatten()
}

/// Where the numbers of this machine's engine begin outside of its containers, by its settings and the ranges of users.
fn begin_of(settings: &str, ranges: &str) -> Option<u32> {
    let settings: serde_json::Value = serde_json::from_str(settings).ok()?;
    let name = match settings.get("userns-remap")?.as_str()?.split(':').next()? {
        "" => return None,
        "default" => "dockremap",
        name => name,
    };
    let of_user = ranges.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    of_user?.split(':').next()?.parse().ok()
}

fn can_write(user: User, folder: &fs::Metadata) -> bool {
    let mode = folder.mode();
    let is_group = user.group == Some(folder.gid());
    user.id == 0
        || match (user.id == folder.uid(), is_group) {
            (true, _) => mode & 0o300 == 0o300,
            (false, true) => mode & 0o030 == 0o030,
            (false, false) => mode & 0o003 == 0o003,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_whom_outside_of_a_container_follows_from_the_ranges() {
        let ranges = "ann:100000:65536\ndockremap:231072:65536\nbob:7:x\nlast:4294967290:65536\n";
        let found: Vec<_> = outside(10001, ranges).collect();
        assert_eq!(found, [110_001, 110_000, 241_073, 241_072]);
        assert_eq!(outside(0, ranges).count() + outside(65536, ranges).count() + outside(1, "").count(), 0);
    }

    #[test]
    fn an_engine_with_numbers_of_its_own_says_whose_they_are() {
        let ranges = "dockremap:231072:65536\nann:100000:65536\n";
        for (settings, begin) in [
            ("{\"userns-remap\": \"default\"}", Some(231_072)),
            ("{\"userns-remap\": \"ann:ann\"}", Some(100_000)),
            ("{\"userns-remap\": \"\"}", None),
            ("{\"userns-remap\": \"bob\"}", None),
            ("{\"debug\": true}", None),
            ("", None),
        ] {
            assert_eq!(begin_of(settings, ranges), begin, "{settings}");
        }
    }
}
