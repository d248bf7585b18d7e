//! Knows what can be wrong with the volume of a server that does not start, or that lets nobody in. What a log says of it
//! is shown, and never believed: services have a say in logs, and the advice ends in removing a volume.
//! Must not know how a server is asked.

use serde_json::Value;

use super::connections::UNREACHABLE;
use super::container::Container;
use super::disk;
use super::docker::Docker;
use super::remedy::Remedies;
use crate::deployment::{self, SOCKET_FOLDER};
use crate::report::Finding;
use crate::spelling::shell_word;
use crate::target::compose::give_away;
use crate::value::PostgresMajor;

const CHECK: &str = "volume";
pub(super) const VERSION: &str = "server-version";

const LOOK: &str = include_str!("look.sh");

/// What the image and the server say where making the volume was cut off.
const SIGNS: [&str; 5] = [
    "could not find the database system",
    "exists but is not empty",
    "could not open file \"global/",
    "is not a valid data directory",
    "could not access the server configuration file",
];

/// What the image and the server say where they may not read or write.
const DENIED: [&str; 3] = ["Permission denied", "not permitted", "wrong ownership"];

/// Whether a running server has the version of the profile, whose server would start on its data.
pub(super) fn version(said: u16, wanted: PostgresMajor) -> Finding {
    if said == wanted.get() {
        return Finding::ok(VERSION, format!("the server is PostgreSQL {said}, as the profile says"));
    }
    let message =
        format!("the server is PostgreSQL {said}, the profile says {wanted}, which does not start on its data");
    let help = format!(
        "write `version: {said}` with an image of it in the `postgres` section; or bring the data over: \
         scripts/db/backup.sh now, and restore.sh into a new `postgres.volume`"
    );
    Finding::problem(VERSION, message, help)
}

/// The volume with the server's data.
pub(super) struct Volume<'a> {
    pub(super) container: &'a deployment::Container,
    /// The container that has it, or had it.
    pub(super) of: Option<&'a Container>,
    pub(super) docker: &'a Docker,
    pub(super) remedies: &'a Remedies<'a>,
}

/// What was seen in it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    /// Each major version that has data there, if that can be told, with the files that it lacks.
    data: Vec<(Option<String>, Vec<String>)>,
    /// Whose each folder is that the server must write to, unless anybody may.
    owners: Vec<String>,
    /// How many kilobytes are left on its disk.
    free: Option<u64>,
}

impl Seen {
    fn of(said: &str) -> Self {
        let mut seen = Self::default();
        for line in said.lines() {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            let is_version = !rest.is_empty() && rest.len() < 4 && rest.bytes().all(|byte| byte.is_ascii_digit());
            match (word, seen.data.last_mut()) {
                ("version", _) => seen.data.push((is_version.then(|| rest.to_owned()), Vec::new())),
                ("missing", Some((_, missing))) => missing.push(rest.to_owned()),
                ("owner", _) => seen.owners.extend(owner(rest)),
                ("free", _) => seen.free = rest.parse().ok(),
                _ => {}
            }
        }
        seen
    }

    /// A user and group other than the server's own that have a folder of it.
    fn stranger(&self, server: &str) -> Option<&str> {
        let user = |of: &str| of.split(':').next().and_then(|user| user.parse::<u32>().ok());
        // an image that starts as root gives the folders away by itself
        let server = user(server).filter(|user| *user != 0)?;
        self.owners.iter().map(String::as_str).find(|owner| user(owner) != Some(server))
    }

    /// What is missing of the data that the server would start with.
    fn missing(&self, major: &str) -> Option<&[String]> {
        let is_its = |known: &Option<String>| known.as_deref().is_none_or(|known| known == major);
        let own = self.data.iter().find(|(known, missing)| is_its(known) && !missing.is_empty());
        own.map(|(_, missing)| missing.as_slice())
    }

    /// The newest version that has data there, where the server's own has none.
    fn other(&self, major: &str) -> Option<&str> {
        let mut known = self.data.iter().filter_map(|(known, _)| known.as_deref());
        if known.clone().any(|known| known == major) { None } else { known.next_back() }
    }
}

impl Volume<'_> {
    /// Why the server does not run.
    pub(super) fn stopped(&self) -> Finding {
        let log = self.of.map(|of| of.log(self.docker)).unwrap_or_default();
        let server = self.of.map(Container::user).unwrap_or_default();
        let Some(volume) = self.name() else {
            let seen = self.folder().map(|folder| (self.look_into(&format!("type=bind,src={folder}")), folder));
            let stranger = seen.as_ref().and_then(|(seen, folder)| Some((seen.stranger(server)?, folder)));
            return match stranger {
                Some((owner, folder)) => self.of_somebody_else(folder, owner, server, &log),
                None => self.does_not_run(&log),
            };
        };
        let (seen, wanted) = (self.look(&volume), self.container.major.to_string());
        if let Some(owner) = seen.stranger(server) {
            return self.of_somebody_else(&volume, owner, server, &log);
        }
        if let Some(missing) = seen.missing(&wanted) {
            return self.not_whole(&volume, missing, &log);
        }
        if let Some(other) = seen.other(&wanted) {
            return of_another_version(&volume, other, &wanted, &log);
        }
        match seen.free.filter(|free| disk::is_full(*free)) {
            Some(free) => disk::full(free, self.remedies).shown_by(&log),
            None => self.does_not_run(&log),
        }
    }

    /// That it lacks what a server needs to let anybody in.
    pub(super) fn damage(&self) -> Option<Finding> {
        let volume = self.name()?;
        let seen = self.look(&volume);
        let missing = seen.missing(&self.container.major.to_string())?;
        let log = self.of.map(|of| of.log(self.docker)).unwrap_or_default();
        Some(self.not_whole(&volume, missing, &log))
    }

    /// That the server itself says that it has no such role or database, which every volume is made with.
    pub(super) fn lacks(&self, what: &str, said: &str) -> Finding {
        let volume = self.name().unwrap_or_else(|| self.container.volume.to_string());
        let message = format!(
            "the {} `{volume}` has no {what}: it was not made to its end, or is damaged",
            self.container.volume.kind()
        );
        Finding::problem(CHECK, message, self.anew(&volume)).shown_by(said)
    }

    /// As after a change between images of Debian and Alpine, which have users of their own.
    fn of_somebody_else(&self, volume: &str, owner: &str, server: &str, log: &str) -> Finding {
        let kind = self.container.volume.kind();
        let message =
            format!("the {kind} `{volume}`, or that of its socket, is {owner}'s, and the server runs as {server}");
        let give_away = give_away(self.container, server);
        let help = format!("docker compose stop postgres && {give_away} && docker compose up -d --wait");
        let is_refusal = |line: &&str| DENIED.iter().any(|words| line.contains(words));
        let said: Vec<_> = log.lines().filter(is_refusal).collect();
        Finding::problem(CHECK, message, self.remedies.there(&help)).shown_by(&said.join("\n"))
    }

    fn does_not_run(&self, log: &str) -> Finding {
        Finding::problem(UNREACHABLE, "the server does not run", self.remedies.up()).shown_by(log)
    }

    fn not_whole(&self, volume: &str, missing: &[String], log: &str) -> Finding {
        let message = format!("the volume `{volume}` was not made to its end, or is damaged");
        let sign = log.lines().rev().find(|line| SIGNS.iter().any(|words| line.contains(words)));
        let lacks = format!("missing in the volume: {}", missing.join(", "));
        Finding::problem(CHECK, message, self.anew(volume)).shown_by(&format!("{}\n{lacks}", sign.unwrap_or_default()))
    }

    fn anew(&self, volume: &str) -> String {
        if self.container.volume.volume().is_none() {
            return "if the server never ran with it, there is nothing in it: stop the deployment, and move the folder away; \
                    else keep it, and restore a backup into another `postgres.volume`"
                .to_owned();
        }
        let anew = format!("docker compose down && docker volume rm {}", shell_word(volume));
        format!(
            "if the server never ran with it, there is nothing in it: `{} && docker compose up -d --wait`; else keep it, and \
             restore a backup into another `postgres.volume`",
            self.remedies.there(&anew)
        )
    }

    /// The name that Docker has for it.
    fn name(&self) -> Option<String> {
        if let Some(of) = self.of {
            return of.volume_at(self.container.data_folder()).map(str::to_owned);
        }
        let config = self.docker.ask(&["compose", "config", "--format", "json"]).ok()?;
        let config: Value = serde_json::from_str(&config).ok()?;
        let volume = self.container.volume.volume()?;
        Some(config.get("volumes")?.get(volume.as_str())?.get("name")?.as_str()?.to_owned())
    }

    /// The folder of the host, where the data lies in one.
    fn folder(&self) -> Option<String> {
        self.of?.folder_at(self.container.data_folder()).map(str::to_owned)
    }

    /// What is in a volume, where that can be told. One that is not there must not be named to `docker run`, which would make
    /// it.
    fn look(&self, volume: &str) -> Seen {
        if self.docker.ask(&["volume", "inspect", "--format", "{{.Name}}", "--", volume]).is_err() {
            return Seen::default();
        }
        self.look_into(&format!("type=volume,src={volume},volume-nocopy"))
    }

    /// What is in what is mounted so, and whose the socket's folder is.
    fn look_into(&self, source: &str) -> Seen {
        let folder = self.container.data_folder();
        let mount = format!("{source},dst={folder},readonly");
        let image = self.of.map_or_else(|| self.container.image.to_string(), |of| of.image().to_owned());
        let socket = self.of.and_then(|of| of.volume_at(SOCKET_FOLDER));
        let socket = socket.map(|name| format!("type=volume,src={name},dst={SOCKET_FOLDER},readonly,volume-nocopy"));
        let mut run = vec!["--network", "none", "--user", "0", "--mount", &mount];
        run.extend(socket.iter().flat_map(|mount| ["--mount", mount]));
        run.extend(["--entrypoint", "sh", &image, "-c", LOOK, folder]);
        run.push(socket.as_ref().map_or("", |_| SOCKET_FOLDER));
        self.docker.ask_anew(&run, None).map(|said| Seen::of(&said)).unwrap_or_default()
    }
}

/// Whose a folder is, as `ls -ldn` tells it: nothing for one that anybody may write to.
fn owner(listed: &str) -> Option<String> {
    let mut columns = listed.split_whitespace();
    let (mode, _, user, group) = (columns.next()?, columns.next()?, columns.next()?, columns.next()?);
    let is_number = |text: &str| (1..=10).contains(&text.len()) && text.bytes().all(|digit| digit.is_ascii_digit());
    let is_open = mode.as_bytes().get(8) == Some(&b'w');
    (!is_open && is_number(user) && is_number(group)).then(|| format!("{user}:{group}"))
}

fn of_another_version(volume: &str, other: &str, wanted: &str, log: &str) -> Finding {
    let message = format!("the volume `{volume}` holds data of PostgreSQL {other}, the image is {wanted}");
    let help = format!(
        "give the image version {other} again, and start it; then another `postgres.volume` beside the new image, and \
         `codelab-gen upgrade --to {wanted}`, bring the data over"
    );
    let said = log.lines().rev().find(|line| line.contains("initialized by"));
    Finding::problem(VERSION, message, help).shown_by(said.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_counts_for_the_servers_own_version() {
        let seen = Seen::of("version 17\nmissing pg_xact\nversion 18\nfree 1234\n");
        assert_eq!((seen.missing("18"), seen.free), (None, Some(1234)));
        assert_eq!(seen.missing("17"), Some(["pg_xact".to_owned()].as_slice()));
        assert_eq!((seen.other("18"), seen.other("19")), (None, Some("18")));
        let half_made = Seen::of("version\nmissing PG_VERSION\nfree \n");
        assert_eq!(half_made.missing("15"), Some(["PG_VERSION".to_owned()].as_slice()));
        assert_eq!((half_made.other("15"), half_made.free), (None, None));
        let forged = Seen::of("version 15`; rm -rf /\nnonsense\n");
        assert_eq!((forged.other("16"), forged.missing("15")), (None, None));
        assert_eq!(Seen::of(""), Seen::default());
    }

    #[test]
    fn a_folder_of_somebody_else_is_told_from_one_of_the_servers_own() {
        let seen = Seen::of("owner drwx------ 19 70 70 4096 Nov 30 16:00 /var/lib/postgresql/data\n");
        assert_eq!(seen.stranger("999:999"), Some("70:70"));
        assert_eq!(
            (seen.stranger("70:70"), seen.stranger("70"), seen.stranger("0:0"), seen.stranger("")),
            (None, None, None, None)
        );
        let fresh = Seen::of("owner drwxrwxrwt 2 0 0 4096 Nov 30 16:00 /var/lib/postgresql\n");
        assert_eq!(fresh.stranger("999:999"), None, "anybody may write there");
        assert_eq!(Seen::of("owner drwx------ 19 x`id` 70 4096\nowner\n"), Seen::default());
    }
}
