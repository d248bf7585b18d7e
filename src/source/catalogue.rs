//! Knows which profiles a project has and which of them a name or an alias means.
//! Must not know what a profile says beyond its aliases and its stage.

use std::cell::Cell;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::{
    Origin, PROFILES, Project, ReadFault, SIZE_LIMIT, Source, TOTAL_LIMIT, Trust, Unsaved, embedded, is_yaml,
    repository, stem,
};
use crate::disk::normalized;
use crate::spelling::{self, raw_path};
use crate::yaml::{self, Content, Node};

/// The profiles that names are looked up in: the project's `profiles/` folder, else the embedded ones.
#[derive(Debug, Clone)]
pub struct Catalogue {
    folder: Option<PathBuf>,
    /// The profiles in the folder, by name.
    files: Vec<PathBuf>,
    root: PathBuf,
    current: PathBuf,
    /// A folder above the current one that belongs to another user, and so was not looked at.
    passed_by: Option<PathBuf>,
    /// How many bytes may still be read, by all copies together.
    left: Rc<Cell<u64>>,
    /// What holds in the place of files.
    unsaved: Rc<Unsaved>,
}

/// One profile of a catalogue, as far as choosing it needs.
#[derive(Debug)]
pub struct CatalogueEntry {
    /// The stem of its file.
    pub name: String,
    /// Its other names.
    pub aliases: Vec<String>,
    /// Whether it may be selected, as far as its own text tells: it has a stage, or extends what may have one.
    pub selectable: bool,
    /// Its text, or why it can't be read: a broken neighbour does not break the look-up of others.
    pub source: Result<Source, ReadFault>,
    /// Its file; nothing for an embedded one.
    pub path: Option<PathBuf>,
}

/// The folder of a project's profiles can't be read.
#[derive(Debug)]
pub struct UnreadableFolder {
    /// The folder.
    pub path: PathBuf,
    /// Why.
    pub error: std::io::Error,
}

/// Why a name means no profile.
#[derive(Debug)]
pub enum UnknownName {
    /// None has it; the names and aliases that there are.
    None {
        /// What could have been meant.
        known: Vec<String>,
        /// Profiles that can't be read, and so may have it as an alias.
        broken: Vec<String>,
        /// The embedded profile that has it, where the project's own answer.
        embedded: Option<String>,
    },
    /// Several claim it; their names.
    Ambiguous {
        /// The profiles that have it as an alias.
        claimants: Vec<String>,
    },
    /// The profile that has it can't be read.
    Unreadable {
        /// How messages call the file.
        name: String,
        /// Why.
        fault: ReadFault,
    },
}

impl Catalogue {
    /// Finds the catalogue of the project that `start` lies in: the nearest `profiles/` folder at or above it, up to the
    /// repository's root. Outside of a repository only `start` itself is looked at. What lies above the folder `current` and
    /// belongs to another user is passed by. Messages call files as one would from there.
    ///
    /// # Errors
    /// Where there is such a folder, and it can't be read: other profiles must not answer in its place.
    pub fn find(start: &Path, current: &Path, trust: &Trust) -> Result<Self, UnreadableFolder> {
        let (top, mut passed_by) = match trust.repository(start, current) {
            Ok(top) => (top.unwrap_or(start), None),
            Err(foreign) => (start, Some(foreign.to_owned())),
        };
        let above = start.ancestors().take_while(|folder| folder.starts_with(top));
        let mut root = None;
        for folder in above.filter(|folder| folder.join(PROFILES).is_dir()) {
            let profiles = folder.join(PROFILES);
            if trust.takes(&profiles, top, current) {
                root = Some(folder);
                break;
            }
            passed_by.get_or_insert(profiles);
        }
        let folder = root.map(|root| root.join(PROFILES));
        let files = folder.as_deref().map_or(Ok(Vec::new()), profile_files)?;
        let (root, current) = (root.unwrap_or(start).to_owned(), current.to_owned());
        let (left, unsaved) = (Rc::new(Cell::new(TOTAL_LIMIT)), Rc::default());
        Ok(Self { folder, files, root, current, passed_by, left, unsaved })
    }

    /// The same where texts hold in the place of files.
    #[must_use]
    pub fn with_unsaved(self, unsaved: Unsaved) -> Self {
        Self { unsaved: Rc::new(unsaved), ..self }
    }

    /// A folder above the current one that belongs to another user, and so was not looked at.
    #[must_use]
    pub fn passed_by(&self) -> Option<&Path> {
        self.passed_by.as_deref()
    }

    /// The folder of another project that may be meant where the embedded profiles answer: the nearest one above, where the
    /// folder lies in no repository, else the first one just below. `has_outputs` tells whether outputs stand in a folder.
    /// What belongs to others is passed by, and so is what all may write to.
    #[must_use]
    pub fn nearby(&self, trust: &Trust, has_outputs: &dyn Fn(&Path) -> bool) -> Option<PathBuf> {
        if self.folder.is_some() {
            return None;
        }
        let has_profiles = |folder: &Path| {
            let profiles = folder.join(PROFILES);
            profiles.is_dir() && trust.owns(&profiles) && profile_files(&profiles).is_ok_and(|files| !files.is_empty())
        };
        let is_own = |folder: &Path| trust.owns(folder) && !is_for_all(folder);
        let mut above = self.root.ancestors().skip(1).take_while(|folder| is_own(folder));
        let found =
            above.find(|folder| repository(&self.root).is_none() && (has_profiles(folder) || has_outputs(folder)));
        let below = || {
            let listing = std::fs::read_dir(&self.root).ok()?;
            let mut below: Vec<_> = listing.filter_map(Result::ok).map(|entry| entry.path()).collect();
            below.sort();
            below.into_iter().find(|folder| trust.owns(folder) && has_profiles(folder))
        };
        found.map(Path::to_owned).or_else(below)
    }

    /// The folder that paths in a profile are relative to.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of the project's profiles; nothing where the embedded ones answer.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// The files of the project's profiles, by name, unread.
    #[must_use]
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// All profiles, by name.
    #[must_use]
    pub fn entries(&self) -> Vec<CatalogueEntry> {
        match &self.folder {
            Some(_) => self.files.iter().map(|path| self.entry(path)).collect(),
            None => embedded::all().map(|source| CatalogueEntry::new(Ok(source), "")).collect(),
        }
    }

    /// The profile that a name or an alias means; names win over aliases.
    ///
    /// # Errors
    /// Where none or several have it, or the one that has it can't be read.
    pub fn by_name(&self, name: &str) -> Result<Source, UnknownName> {
        match self.named(name).as_slice() {
            [] => {}
            [path] => {
                let unreadable = |fault| UnknownName::Unreadable { name: name.to_owned(), fault };
                return self.listed(path).map_err(unreadable);
            }
            several => {
                let file_name = |path: &&PathBuf| raw_path(path.file_name().unwrap_or_default());
                return Err(UnknownName::Ambiguous { claimants: several.iter().map(file_name).collect() });
            }
        }
        let mut entries = self.entries();
        let named = entries.iter().position(|entry| entry.name == name);
        let found = match named {
            Some(index) => index,
            None => by_alias(&entries, name).map_err(|unknown| self.with_embedded(unknown, name))?,
        };
        let entry = entries.swap_remove(found);
        entry.source.map_err(|fault| UnknownName::Unreadable { name: entry.name, fault })
    }

    /// The project's profiles of a name; several where they differ in their extension.
    #[must_use]
    pub fn named(&self, name: &str) -> Vec<&PathBuf> {
        self.files.iter().filter(|path| stem(path) == name).collect()
    }

    /// What is told of an unknown name, with the embedded profile that has it.
    fn with_embedded(&self, unknown: UnknownName, name: &str) -> UnknownName {
        match unknown {
            UnknownName::None { known, broken, embedded: _ } if self.folder.is_some() => {
                let embedded = self.builtin(name).ok().map(|source| source.profile_name());
                UnknownName::None { known, broken, embedded }
            }
            other @ (UnknownName::None { .. } | UnknownName::Ambiguous { .. } | UnknownName::Unreadable { .. }) => {
                other
            }
        }
    }

    /// The names of the embedded profiles.
    pub fn builtin_names() -> impl Iterator<Item = String> {
        embedded::all().map(|source| source.profile_name())
    }

    /// The embedded profile of a name or an alias.
    ///
    /// # Errors
    /// Where none has it.
    pub fn builtin(&self, name: &str) -> Result<Source, UnknownName> {
        let embedded = Self { folder: None, files: Vec::new(), ..self.clone() };
        match embedded::by_name(name) {
            Some(source) => Ok(source),
            None => embedded.by_name(name),
        }
    }

    /// Reads a file that the user names; messages call it as he would from the current folder. It may be anywhere, but
    /// the name of a file in the project means one in the project: a link there is not the user's word.
    ///
    /// # Errors
    /// Where it can't be read, or is such a link.
    pub fn read(&self, path: &Path) -> Result<Source, ReadFault> {
        let named = self.current.join(path);
        let top = repository(&self.root).unwrap_or(&self.root);
        if normalized(&named).starts_with(top) {
            return self.read_of(&Project::of_folder(&self.root), path);
        }
        self.within_limits(|limit| match self.unsaved.text(&named) {
            Some(text) => Source::from_unsaved(text, &named, &self.shown(&named), limit),
            None => Source::from_file(&named, &self.shown(&named), limit),
        })
    }

    /// Reads a file that one of a project names.
    ///
    /// # Errors
    /// Where it can't be read, or lies outside of the project.
    pub fn read_of(&self, project: &Project, path: &Path) -> Result<Source, ReadFault> {
        let path = self.current.join(path);
        self.within_limits(|limit| match self.unsaved.text_of(project, &path)? {
            Some(text) => Source::from_unsaved(text, &path, &self.shown(&path), limit),
            None => Source::from_file_of(project, &path, &self.shown(&path), limit),
        })
    }

    /// Reads a file of no more bytes than one may have, and than are left for this run: many large ones are a burden too.
    fn within_limits(&self, read: impl FnOnce(u64) -> Result<Source, ReadFault>) -> Result<Source, ReadFault> {
        let left = self.left.get();
        let found = read(SIZE_LIMIT.min(left));
        if let Ok(source) | Err(ReadFault::NotUtf8 { readable: source, .. }) = &found {
            self.left.set(left.saturating_sub(source.text.len() as u64));
        }
        match found {
            Err(ReadFault::TooLarge) if left < SIZE_LIMIT => Err(ReadFault::TooMuch),
            found => found,
        }
    }

    /// The project that a profile belongs to, wherever it is named.
    #[must_use]
    pub fn project_of(&self, source: &Source) -> Project {
        match &source.origin {
            Origin::File(path) if !path.starts_with(&self.root) => Project::of_file(path),
            Origin::File(_) | Origin::StandardInput | Origin::Embedded(_) | Origin::Argument => {
                Project::of_folder(&self.root)
            }
        }
    }

    /// A path as messages call it, for people.
    #[must_use]
    pub fn shown(&self, path: &Path) -> String {
        spelling::path(&self.typed(path))
    }

    /// A path as the user would write it: relative to the current folder where it lies below that.
    #[must_use]
    pub fn typed(&self, path: &Path) -> PathBuf {
        let plain: PathBuf = path.components().filter(|part| part.as_os_str() != ".").collect();
        plain.strip_prefix(&self.current).unwrap_or(&plain).to_owned()
    }

    fn entry(&self, path: &Path) -> CatalogueEntry {
        Self::at(path, CatalogueEntry::new(self.listed(path), &stem(path)))
    }

    /// A profile of the folder; a link there may lead anywhere.
    fn listed(&self, path: &Path) -> Result<Source, ReadFault> {
        self.read_of(&Project::of_folder(&self.root), path)
    }

    fn at(path: &Path, entry: CatalogueEntry) -> CatalogueEntry {
        CatalogueEntry { path: Some(path.to_owned()), ..entry }
    }
}

impl CatalogueEntry {
    fn new(source: Result<Source, ReadFault>, stem: &str) -> Self {
        let tree = source.as_ref().ok().and_then(|source| yaml::read(&source.text).ok());
        let name = match &source {
            Ok(source) => source.profile_name(),
            Err(_) => stem.to_owned(),
        };
        Self {
            name,
            aliases: tree.as_ref().map(aliases).unwrap_or_default(),
            selectable: tree
                .as_ref()
                .is_some_and(|tree| ["stage", "extends"].iter().any(|key| field(tree, key).is_some())),
            source,
            path: None,
        }
    }

    /// Whether the profile stands in the binary.
    #[must_use]
    pub fn is_embedded(&self) -> bool {
        matches!(&self.source, Ok(Source { origin: Origin::Embedded(_), .. }))
    }
}

/// Whether a text says that it is a profile.
#[must_use]
pub fn is_profile(text: &str) -> bool {
    yaml::read(text).is_ok_and(|tree| field(&tree, "format").is_some())
}

fn by_alias(entries: &[CatalogueEntry], alias: &str) -> Result<usize, UnknownName> {
    let has_alias = |entry: &CatalogueEntry| entry.aliases.iter().any(|known| known == alias);
    let mut claimants = entries.iter().enumerate().filter(|(_, entry)| has_alias(entry));
    match (claimants.next(), claimants.next()) {
        (Some((index, _)), None) => Ok(index),
        (None, _) => {
            let is_broken = |entry: &&CatalogueEntry| entry.source.is_err();
            let broken = entries.iter().filter(is_broken).map(|entry| entry.name.clone()).collect();
            Err(UnknownName::None { known: known(entries), broken, embedded: None })
        }
        (Some(_), Some(_)) => {
            let claimants = entries.iter().filter(|entry| has_alias(entry)).map(|entry| entry.name.clone()).collect();
            Err(UnknownName::Ambiguous { claimants })
        }
    }
}

fn known(entries: &[CatalogueEntry]) -> Vec<String> {
    let selectable = entries.iter().filter(|entry| entry.selectable);
    selectable.flat_map(|entry| std::iter::once(&entry.name).chain(&entry.aliases)).cloned().collect()
}

fn aliases(tree: &Node<'_>) -> Vec<String> {
    let Some(Node { content: Content::Sequence(items), .. }) = field(tree, "aliases") else { return Vec::new() };
    let text = |item: &Node<'_>| match &item.content {
        Content::Scalar(scalar) => Some(scalar.text.clone().into_owned()),
        Content::Sequence(_) | Content::Mapping(_) => None,
    };
    items.iter().filter_map(text).collect()
}

fn field<'n, 'text>(tree: &'n Node<'text>, key: &str) -> Option<&'n Node<'text>> {
    match &tree.content {
        Content::Mapping(entries) => entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value),
        Content::Scalar(_) | Content::Sequence(_) => None,
    }
}

/// Whether everybody may write to a folder, such as that of temporary files.
fn is_for_all(folder: &Path) -> bool {
    const OTHERS_WRITE: u32 = 0o002;
    std::fs::metadata(folder).is_ok_and(|found| found.mode() & OTHERS_WRITE != 0)
}

/// The profiles of a folder, by name.
fn profile_files(folder: &Path) -> Result<Vec<PathBuf>, UnreadableFolder> {
    let listing = std::fs::read_dir(folder).map_err(|error| UnreadableFolder { path: folder.to_owned(), error })?;
    let paths = listing.filter_map(Result::ok).map(|entry| entry.path());
    let mut files: Vec<_> = paths.filter(|path| is_yaml(path) && path.is_file()).collect();
    files.sort();
    Ok(files)
}
