//! Knows what stands in an output folder before a run. Must not know what will stand there afterwards.

mod look;
mod values;

use std::cell::OnceCell;
use std::io;
use std::path::{Path, PathBuf};

use indexmap::{IndexMap, IndexSet};

pub(super) use self::look::OtherCompose;
use self::look::{ExistingOutput, Opened, leftovers, manifests_in, other_compose_files, text_beside, texts_in};
use super::RefusalReason;
use crate::compose::OVERRIDE_NAMES;
use crate::deployment::{Deployment, POSTGRES_DB, POSTGRES_USER};
use crate::disk::Folder;
use crate::dotenv::DotenvFile;
use crate::render::{Mark, Output, examine};
use crate::secret::Secret;
use crate::target::compose::{self, Standing, fixed_volumes_of};
use crate::target::kubernetes::{KUSTOMIZATION, is_own};
use crate::target::{Target, folders_of_manifests, outputs, recording, secret_folders};
use crate::value::{Choice as _, EnvironmentKey, TextValue as _};

pub use self::look::ExistingFile;

/// All that is there of this deployment or another one.
#[derive(Default)]
pub struct Existing {
    outputs: Vec<(Output, ExistingOutput)>,
    secret_files: IndexMap<String, Result<ExistingFile, RefusalReason>>,
    leftovers: Vec<PathBuf>,
    /// The folders of secrets that others than their owner can enter.
    open_folders: Vec<&'static str>,
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
    /// Reads every output that stands in the folder, those with names of a profile among them, and the files of secrets at
    /// these paths; none where there is no folder.
    ///
    /// # Errors
    /// Where something can't be read.
    pub fn read(folder: Option<&Folder>, named: &[Output], secret_paths: &[String]) -> Result<Self, ReadFault> {
        let mut existing = Self::default();
        let Some(folder) = folder else { return Ok(existing) };
        let mut opened = Opened::new(folder);
        for output in outputs().chain(named.iter().cloned()) {
            existing.read_output(folder, &mut opened, &output)?;
        }
        for way in folders_of_manifests() {
            existing.read_left(folder, &mut opened, way);
        }
        for path in secret_paths {
            let found = opened.secret_file(path);
            let found = found.map_err(|error| ReadFault { path: folder.path().join(path), error })?;
            existing.secret_files.extend(found.map(|file| (path.clone(), file)));
        }
        existing.other_compose =
            other_compose_files(folder).map_err(|error| ReadFault { path: folder.path().to_owned(), error })?;
        existing.beside = OVERRIDE_NAMES.iter().find_map(|name| Some((*name, text_beside(folder, name)?)));
        let is_open = |way: &&'static str| {
            let mode = folder.folder(Path::new(way)).and_then(|secrets| secrets.mode());
            mode.is_ok_and(|mode| mode & 0o077 != 0)
        };
        existing.open_folders = secret_folders().filter(is_open).collect();
        existing.kept_beside = secret_folders().flat_map(|way| texts_in(folder, way)).collect();
        let of_outputs = outputs().filter_map(|output| Some(Path::new(output.path()).parent()?.to_owned()));
        let mut folders: Vec<_> = of_outputs.chain(secret_folders().map(PathBuf::from)).collect();
        folders.sort_unstable();
        folders.dedup();
        existing.leftovers = folders.iter().flat_map(|way| leftovers(folder, way)).collect();
        Ok(existing)
    }

    /// The same of what a deployment has, or had on another target.
    ///
    /// # Errors
    /// Where something can't be read.
    pub fn read_of(folder: Option<&Folder>, deployment: &Deployment) -> Result<Self, ReadFault> {
        let target = deployment.target;
        let wanted = target.secret_files(deployment).into_iter().map(|file| file.path);
        let places =
            Target::ALL.iter().flat_map(|target| deployment.secrets.keys().map(|name| target.secret_file(name)));
        let paths: IndexSet<_> = wanted.chain(places).collect();
        let paths: Vec<_> = paths.into_iter().collect();
        Self::read(folder, &target.named_outputs(deployment), &paths)
    }

    /// Reads what the outputs in the folder record of where they came from.
    ///
    /// # Errors
    /// Where something can't be read.
    pub fn read_mark(folder: &Path) -> Result<Option<(Mark, Output)>, ReadFault> {
        let fault = |error| ReadFault { path: folder.to_owned(), error };
        let Some(folder) = Folder::reach_if_there(folder).map_err(fault)? else { return Ok(None) };
        let (mut existing, mut opened) = (Self::default(), Opened::new(&folder));
        for output in recording() {
            existing.read_output(&folder, &mut opened, &output)?;
        }
        Ok(existing.recorded())
    }

    fn read_output(&mut self, folder: &Folder, opened: &mut Opened<'_>, output: &Output) -> Result<(), ReadFault> {
        let found =
            opened.output(output).map_err(|error| ReadFault { path: folder.path().join(output.path()), error })?;
        self.outputs.extend(found.map(|found| (output.clone(), found)));
        Ok(())
    }

    /// Reads the manifests of ours in a folder that were not read yet. One of somebody's own may be anything, also one that
    /// can't be read, or a copy of ours.
    fn read_left(&mut self, folder: &Folder, opened: &mut Opened<'_>, way: &str) {
        let profile = self.mark().map(|mark| mark.profile);
        for output in manifests_in(folder, way) {
            if self.output(&output).is_some() {
                continue;
            }
            let Ok(Some(found)) = opened.output(&output) else { continue };
            let kustomization = self.get(&KUSTOMIZATION).map(|file| file.text.as_str());
            if found.file.as_ref().is_ok_and(|file| is_own(&output, &file.text, kustomization, profile.as_deref())) {
                self.outputs.push((output, found));
            }
        }
    }

    /// What runs that were killed left, in folders that are no links.
    #[must_use]
    pub fn leftovers(&self) -> &[PathBuf] {
        &self.leftovers
    }

    /// The outputs that stand there, each with its text, where that could be read.
    pub fn standing_outputs(&self) -> impl Iterator<Item = (&Output, &ExistingFile)> {
        self.outputs.iter().filter_map(|(output, found)| Some((output, found.file.as_ref().ok()?)))
    }

    /// What a deployment that stands there runs on: what is wanted, where that stands there; nothing where none does.
    #[must_use]
    pub fn target(&self, wanted: Target) -> Option<Target> {
        let is_ours = |target: &Target| {
            let output = target.main_output();
            self.get(&output).is_some_and(|file| examine(&file.text, &output).is_some())
        };
        std::iter::once(wanted).chain(Target::ALL.iter().copied()).find(is_ours)
    }

    /// What stands in the place of an output.
    pub(super) fn output(&self, output: &Output) -> Option<&ExistingOutput> {
        self.outputs.iter().find(|(known, _)| known == output).map(|(_, found)| found)
    }

    /// The file of a secret, where it is there.
    #[must_use]
    pub fn secret_file(&self, path: &str) -> Option<&ExistingFile> {
        self.secret(path).and_then(|found| found.as_ref().ok())
    }

    /// What the file of a secret at this path holds.
    #[must_use]
    pub fn kept(&self, path: &str) -> Option<Secret> {
        let file = self.secret_file(path)?;
        Secret::new(file.text.trim_end_matches(['\n', '\r']).to_owned())
    }

    /// Whether others than their owner can enter the folder that the file of a secret stands in.
    pub(super) fn is_open(&self, path: &str) -> bool {
        let folder = Path::new(path).parent();
        self.open_folders.iter().any(|open| folder == Some(Path::new(open)))
    }

    /// What stands in the place of a secret's file.
    pub(super) fn secret(&self, path: &str) -> Option<&Result<ExistingFile, RefusalReason>> {
        self.secret_files.get(path)
    }

    /// The output, where it is there.
    #[must_use]
    pub fn get(&self, output: &Output) -> Option<&ExistingFile> {
        self.output(output).and_then(|found| found.file.as_ref().ok())
    }

    /// What the outputs record of where they came from.
    #[must_use]
    pub fn mark(&self) -> Option<Mark> {
        self.recorded().map(|(mark, _)| mark)
    }

    /// The same, and which output does.
    fn recorded(&self) -> Option<(Mark, Output)> {
        recording().find_map(|output| Some((examine(&self.get(&output)?.text, &output)?, output)))
    }

    /// `.env`, taken apart; an empty one where it is not there.
    #[must_use]
    pub fn dotenv(&self) -> &DotenvFile {
        let text = || self.get(&compose::DOTENV).map_or("", |file| &file.text);
        self.dotenv.get_or_init(|| DotenvFile::read(text()))
    }

    /// Whether there is a `.env` that has no block of codelab-gen yet.
    #[must_use]
    pub fn is_to_be_adopted(&self) -> bool {
        self.get(&compose::DOTENV).is_some() && self.dotenv().block.is_none()
    }

    /// Whether `docker-compose.yml` is there, and codelab-gen wrote it.
    pub(super) fn has_own_compose(&self) -> bool {
        self.get(&compose::FILE).is_some_and(|file| examine(&file.text, &compose::FILE).is_some())
    }

    /// Compose files of other names, in the order that Compose looks for them.
    pub(super) fn other_compose(&self) -> &[OtherCompose] {
        &self.other_compose
    }

    /// The Compose file of another name that Compose takes, where `docker-compose.yml` is not there or not ours.
    fn taken_instead(&self) -> Option<&OtherCompose> {
        let is_there = self.output(&compose::FILE).is_some();
        let wins = |other: &&OtherCompose| !is_there || (other.wins && !self.has_own_compose());
        self.other_compose.iter().find(wins)
    }

    /// What the existing Compose file runs: `docker-compose.yml`, or the one that Compose takes instead.
    #[must_use]
    pub fn standing(&self) -> Option<&Standing> {
        let text = || match self.taken_instead() {
            Some(other) => other.text.as_deref(),
            None => self.get(&compose::FILE).map(|file| file.text.as_str()),
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
    pub(super) fn compose_file(&self) -> Option<String> {
        let is_text = |found: &&ExistingOutput| matches!(found.file, Ok(_) | Err(RefusalReason::NotUtf8));
        let ours = || self.output(&compose::FILE).filter(is_text).map(|_| compose::FILE.path().to_owned());
        self.taken_instead().map(|other| other.name.to_owned()).or_else(ours)
    }
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
