//! Knows what stands in an output folder before a run. Must not know what will stand there afterwards.

mod look;

use std::cell::OnceCell;
use std::io;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;

pub(super) use self::look::OtherCompose;
use self::look::{ExistingOutput, Opened, leftovers, other_compose_files, text_beside, texts_in};
use super::{Refusal, RefusalReason, RefusedFile, block};
use crate::compose::OVERRIDE_NAMES;
use crate::deployment::{POSTGRES_DB, POSTGRES_USER, SECRET_FOLDER, secret_file_path};
use crate::disk::Folder;
use crate::dotenv::{DotenvFile, Entry, UserPart};
use crate::render::{Mark, Output, examine};
use crate::secret::{Secret, may_name_secret};
use crate::target::compose::{self, Standing, fixed_volumes_of};
use crate::target::outputs;
use crate::url::secret_of;
use crate::value::{EnvironmentKey, TextValue as _};

pub use self::look::ExistingFile;

/// The outputs whose record counts, the first one that is there.
const RECORDING: [Output; 2] = [compose::FILE, compose::DOTENV];

/// All that is there of this deployment or another one.
#[derive(Default)]
pub struct Existing {
    outputs: Vec<(Output, ExistingOutput)>,
    secret_files: IndexMap<String, Result<ExistingFile, RefusalReason>>,
    leftovers: Vec<PathBuf>,
    /// Whether others than their owner can enter the folder of secrets.
    secrets_are_open: bool,
    /// What all files of secrets hold, those of other profiles included.
    kept_beside: Vec<String>,
    /// Compose files of other names.
    other_compose: Vec<OtherCompose>,
    /// The file that Compose reads beside it, by its name, with its text.
    beside: Option<(&'static str, String)>,
    /// `.env`, taken apart once.
    dotenv: OnceCell<DotenvFile>,
    /// Read once, and only where it matters: the file can be large.
    standing: OnceCell<Option<Standing>>,
}

/// The operating system did not let something be read.
#[derive(Debug)]
pub struct ReadFault {
    /// The file or folder.
    pub path: PathBuf,
    /// Why.
    pub error: io::Error,
}

impl Existing {
    /// Reads every output that stands in the folder, and the files of secrets at these paths; none where there is no
    /// folder.
    ///
    /// # Errors
    /// Where something can't be read.
    pub fn read(folder: Option<&Folder>, secret_paths: &[String]) -> Result<Self, ReadFault> {
        let mut existing = Self::default();
        let Some(folder) = folder else { return Ok(existing) };
        let mut opened = Opened::new(folder);
        for output in outputs() {
            existing.read_output(folder, &mut opened, output)?;
        }
        for path in secret_paths {
            let found = opened.secret_file(path);
            let found = found.map_err(|error| ReadFault { path: folder.path().join(path), error })?;
            existing.secret_files.extend(found.map(|file| (path.clone(), file)));
        }
        existing.other_compose =
            other_compose_files(folder).map_err(|error| ReadFault { path: folder.path().to_owned(), error })?;
        existing.beside = OVERRIDE_NAMES.iter().find_map(|name| Some((*name, text_beside(folder, name)?)));
        let secrets = Path::new(SECRET_FOLDER);
        existing.secrets_are_open =
            folder.folder(secrets).and_then(|secrets| secrets.mode()).is_ok_and(|mode| mode & 0o077 != 0);
        existing.kept_beside = texts_in(folder, secrets);
        let mut folders: Vec<_> = outputs().filter_map(|output| Path::new(output.path()).parent()).collect();
        folders.push(secrets);
        folders.sort_unstable();
        folders.dedup();
        existing.leftovers = folders.iter().flat_map(|way| leftovers(folder, way)).collect();
        Ok(existing)
    }

    /// Reads what the outputs in the folder record of where they came from.
    ///
    /// # Errors
    /// Where something can't be read.
    pub fn read_mark(folder: &Path) -> Result<Option<Mark>, ReadFault> {
        let fault = |error| ReadFault { path: folder.to_owned(), error };
        let Some(folder) = Folder::reach_if_there(folder).map_err(fault)? else { return Ok(None) };
        let (mut existing, mut opened) = (Self::default(), Opened::new(&folder));
        for output in RECORDING {
            existing.read_output(&folder, &mut opened, output)?;
        }
        Ok(existing.mark())
    }

    fn read_output(&mut self, folder: &Folder, opened: &mut Opened<'_>, output: Output) -> Result<(), ReadFault> {
        let found =
            opened.output(output).map_err(|error| ReadFault { path: folder.path().join(output.path()), error })?;
        self.outputs.extend(found.map(|found| (output, found)));
        Ok(())
    }

    /// Every secret that stands in the folder, as far as one can be told from files that may be broken, or another
    /// profile's: none of them may show.
    #[must_use]
    pub fn secrets(&self) -> Vec<Secret> {
        let dotenv = self.get(compose::DOTENV).map(|file| file.text.as_str()).unwrap_or_default();
        let values = dotenv.lines().filter_map(|line| {
            let (key, value) = line.split_once('=')?;
            let value = value.trim().trim_matches(['\'', '"']);
            match secret_of(value) {
                Some(password) => Some(password.to_owned()),
                None => may_name_secret(key).then(|| value.to_owned()),
            }
        });
        values.chain(self.kept_beside.iter().cloned()).filter_map(Secret::new).collect()
    }

    /// What runs that were killed left, in folders that are no links.
    #[must_use]
    pub fn leftovers(&self) -> &[PathBuf] {
        &self.leftovers
    }

    /// What stands in the place of an output.
    pub(super) fn output(&self, output: Output) -> Option<&ExistingOutput> {
        self.outputs.iter().find(|(known, _)| *known == output).map(|(_, found)| found)
    }

    /// The file of a secret, where it is there.
    #[must_use]
    pub fn secret_file(&self, path: &str) -> Option<&ExistingFile> {
        self.secret(path).and_then(|found| found.as_ref().ok())
    }

    /// What the file of a secret holds.
    #[must_use]
    pub fn kept(&self, name: &EnvironmentKey) -> Option<Secret> {
        let file = self.secret_file(&secret_file_path(name))?;
        Secret::new(file.text.trim_end_matches(['\n', '\r']).to_owned())
    }

    /// Whether others than their owner can enter the folder of secrets.
    pub(super) fn secrets_are_open(&self) -> bool {
        self.secrets_are_open
    }

    /// What stands in the place of a secret's file.
    pub(super) fn secret(&self, path: &str) -> Option<&Result<ExistingFile, RefusalReason>> {
        self.secret_files.get(path)
    }

    /// The output, where it is there.
    #[must_use]
    pub fn get(&self, output: Output) -> Option<&ExistingFile> {
        self.output(output).and_then(|found| found.file.as_ref().ok())
    }

    /// What the outputs record of where they came from.
    #[must_use]
    pub fn mark(&self) -> Option<Mark> {
        RECORDING.into_iter().find_map(|output| examine(&self.get(output)?.text, output))
    }

    /// The keys and values of the block of `.env`, and of those lines of the user's that `matters` says would be in it, as
    /// Docker Compose reads them.
    ///
    /// # Errors
    /// Where it is not sure what such a line says.
    pub fn values(&self, matters: impl Fn(&str) -> bool) -> Result<IndexMap<String, Secret>, Vec<Refusal>> {
        let refused = |reason| Refusal { file: RefusedFile::Output(compose::DOTENV), reason };
        if let Some(reason) = self.output(compose::DOTENV).and_then(|found| found.file.as_ref().err()) {
            return Err(vec![refused(reason.clone())]);
        }
        let file = self.dotenv();
        if let Some(reason) = block::fault(file) {
            return Err(vec![refused(reason)]);
        }
        let all = |reasons: Vec<RefusalReason>| reasons.into_iter().map(refused).collect::<Vec<_>>();
        if file.block.is_none() {
            return Ok(of_users(block::managed_parts(file, &matters).map_err(all)?, matters));
        }
        let entries = file.entries.as_ref().map_err(|odd| vec![refused(RefusalReason::OddLine(odd.0))])?;
        let entry = |entry: &Entry| Some((entry.key.clone(), Secret::new(entry.value.clone())?));
        let mut values: IndexMap<_, _> = entries.iter().filter_map(entry).collect();
        // a line that is not sure is told once it is known that it is to move
        let parts = file.users_parts().unwrap_or_default();
        let outside = of_users(parts, |key| matters(key) && !values.contains_key(key));
        values.extend(outside);
        Ok(values)
    }

    /// `.env`, taken apart; an empty one where it is not there.
    #[must_use]
    pub fn dotenv(&self) -> &DotenvFile {
        let text = || self.get(compose::DOTENV).map_or("", |file| &file.text);
        self.dotenv.get_or_init(|| DotenvFile::read(text()))
    }

    /// Whether there is a `.env` that has no block of codelab-gen yet.
    #[must_use]
    pub fn is_to_be_adopted(&self) -> bool {
        self.get(compose::DOTENV).is_some() && self.dotenv().block.is_none()
    }

    /// Whether `docker-compose.yml` is there, and codelab-gen wrote it.
    pub(super) fn has_own_compose(&self) -> bool {
        self.get(compose::FILE).is_some_and(|file| examine(&file.text, compose::FILE).is_some())
    }

    /// Compose files of other names, in the order that Compose looks for them.
    pub(super) fn other_compose(&self) -> &[OtherCompose] {
        &self.other_compose
    }

    /// The Compose file of another name that Compose takes, where `docker-compose.yml` is not there or not ours.
    fn taken_instead(&self) -> Option<&OtherCompose> {
        let is_there = self.output(compose::FILE).is_some();
        let wins = |other: &&OtherCompose| !is_there || (other.wins && !self.has_own_compose());
        self.other_compose.iter().find(wins)
    }

    /// What the existing Compose file runs: `docker-compose.yml`, or the one that Compose takes instead.
    #[must_use]
    pub fn standing(&self) -> Option<&Standing> {
        let text = || match self.taken_instead() {
            Some(other) => other.text.as_deref(),
            None => self.get(compose::FILE).map(|file| file.text.as_str()),
        };
        self.standing.get_or_init(|| Standing::read(text()?)).as_ref()
    }

    /// The real names that volumes get from the file beside the Compose file, by their keys.
    pub(super) fn volumes_beside(&self) -> Vec<(String, String)> {
        self.beside().map(fixed_volumes_of).unwrap_or_default()
    }

    /// The text of the file that Compose reads beside the Compose file.
    #[must_use]
    pub fn beside(&self) -> Option<&str> {
        self.beside.as_ref().map(|(_, text)| text.as_str())
    }

    /// The name of that file.
    #[must_use]
    pub fn beside_name(&self) -> Option<&'static str> {
        self.beside.as_ref().map(|(name, _)| *name)
    }

    /// The name of the existing Compose file.
    pub(super) fn compose_file(&self) -> Option<&str> {
        let is_text = |found: &&ExistingOutput| matches!(found.file, Ok(_) | Err(RefusalReason::NotUtf8));
        let ours = || self.output(compose::FILE).filter(is_text).map(|_| compose::FILE.path());
        self.taken_instead().map(|other| other.name).or_else(ours)
    }
}

/// The values of a user's lines that matter; of a key that stands twice the last.
fn of_users(parts: Vec<UserPart<'_>>, matters: impl Fn(&str) -> bool) -> IndexMap<String, Secret> {
    let own = parts.into_iter().filter_map(|part| Some((part.key?.to_owned(), part.to_compose?)));
    own.filter(|(key, _)| matters(key)).filter_map(|(key, value)| Some((key, Secret::new(value)?))).collect()
}

/// The secrets of a block that a deployment does not use: they are kept for the profile that does. URLs and names are
/// no secrets, and made anew by that profile.
#[must_use]
pub fn unused_secrets(
    block: &IndexMap<String, Secret>,
    used: impl Fn(&EnvironmentKey) -> bool,
) -> IndexMap<EnvironmentKey, Secret> {
    let is_secret = |key: &str| !key.ends_with("__DB_URL") && key != POSTGRES_USER && key != POSTGRES_DB;
    block
        .iter()
        .filter(|(key, _)| is_secret(key))
        .filter_map(|(key, secret)| Some((EnvironmentKey::parse(key).ok()?, secret.clone())))
        .filter(|(key, _)| !used(key))
        .collect()
}

#[cfg(test)]
mod tests;
