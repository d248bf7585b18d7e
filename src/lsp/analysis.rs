//! Knows when which profiles are judged: what changed, what builds on it, and never twice what nobody waits for any more.
//! Must not know how a profile is judged.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, unbounded};

use super::position::Encoding;
use super::project::{catalogue_of, written};
use super::told::{Names, Teller, Told, outside};
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::explain::{Explained, explained_while};
use crate::layers::{gather, load};
use crate::outcome::{Failure, Rejection};
use crate::risk::Risks;
use crate::source::{Catalogue, Origin, Source, Trust, Unsaved};
use crate::verdict::{Verdict, judge_while};

/// How long nothing more may come before the work begins: the next key is often there sooner.
const QUIET: Duration = Duration::from_millis(40);

/// So many bytes of profiles are judged all anew at every change; of more only what builds on what changed.
const LITTLE: usize = 256 * 1024;

/// The state of the editor, with what changed since the last one.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) unsaved: Unsaved,
    /// The open profiles: their real paths, and how they are called.
    pub(super) open: BTreeMap<PathBuf, PathBuf>,
    pub(super) names: Names,
    /// The real path of the text that changed; nothing where it may be any file.
    pub(super) changed: Option<PathBuf>,
    /// Counts the states.
    pub(super) state: u64,
}

/// What was found out.
#[derive(Debug)]
pub(super) enum Report {
    /// Everything that is to be shown, by the real paths of the files.
    Found { state: u64, files: BTreeMap<PathBuf, Vec<Told>> },
    /// The values of one open profile.
    Values { profile: PathBuf, values: Arc<Vec<Explained>> },
}

/// Begins to work; ends when nobody sends any more.
pub(super) fn start(
    trust: Trust,
    encoding: Encoding,
    beside: bool,
) -> std::io::Result<(Sender<Job>, Receiver<Report>)> {
    let (jobs, received) = unbounded();
    let (sent, reports) = unbounded();
    let worker = Worker { jobs: received, reports: sent, trust, encoding, beside, judged: BTreeMap::new() };
    thread::Builder::new().name("analysis".to_owned()).spawn(move || worker.run())?;
    Ok((jobs, reports))
}

/// What is known of one profile.
struct Judged {
    told: Vec<Told>,
    /// The real paths of its layers.
    layers: BTreeSet<PathBuf>,
    weight: usize,
}

struct Worker {
    jobs: Receiver<Job>,
    reports: Sender<Report>,
    trust: Trust,
    encoding: Encoding,
    /// Whether another server tells what the JSON Schema says.
    beside: bool,
    judged: BTreeMap<PathBuf, Judged>,
}

/// Which of the profiles are to be judged.
enum Scope {
    All,
    BuildingOn(BTreeSet<PathBuf>),
}

impl Scope {
    fn with(self, changed: Option<PathBuf>) -> Self {
        match (self, changed) {
            (Self::BuildingOn(mut known), Some(path)) => {
                known.insert(path);
                Self::BuildingOn(known)
            }
            (Self::All, _) | (_, None) => Self::All,
        }
    }
}

impl Worker {
    fn run(mut self) {
        let mut scope = Scope::BuildingOn(BTreeSet::new());
        while let Ok(mut job) = self.jobs.recv() {
            scope = scope.with(job.changed.take());
            while let Ok(newer) = self.jobs.recv_timeout(QUIET) {
                job = newer;
                scope = scope.with(job.changed.take());
            }
            if !self.judge_all(&job, &scope) {
                continue;
            }
            scope = Scope::BuildingOn(BTreeSet::new());
            let files = self.files(&job);
            if self.reports.send(Report::Found { state: job.state, files }).is_err() {
                return;
            }
            self.tell_values(&job);
        }
    }

    /// Judges what is to be judged; false where something newer came meanwhile.
    fn judge_all(&mut self, job: &Job, scope: &Scope) -> bool {
        let is_little = self.judged.values().map(|judged| judged.weight).sum::<usize>() < LITTLE;
        let is_meant = |known: Option<&Judged>| match (scope, known) {
            (Scope::BuildingOn(changed), Some(known)) if !is_little => !known.layers.is_disjoint(changed),
            _ => true,
        };
        let mut wanted: BTreeMap<PathBuf, PathBuf> = BTreeMap::new();
        for path in job.open.values() {
            let Ok(catalogue) = catalogue_of(path, &job.unsaved, &self.trust) else { continue };
            wanted.extend(catalogue.files().iter().map(|path| (Unsaved::identity(path), path.clone())));
        }
        // an open file is called as the editor calls it
        wanted.extend(job.open.clone());
        self.judged.retain(|profile, _| wanted.contains_key(profile));
        for (identity, path) in &wanted {
            if !is_meant(self.judged.get(identity)) {
                continue;
            }
            if !self.jobs.is_empty() {
                return false;
            }
            let Some(judged) = self.judged_anew(identity, path, job) else { return false };
            self.judged.insert(identity.clone(), judged);
        }
        true
    }

    /// What is found in a profile; nothing where something newer came meanwhile.
    fn judged_anew(&self, identity: &Path, path: &Path, job: &Job) -> Option<Judged> {
        let is_awaited = || self.jobs.is_empty();
        let catalogue = catalogue_of(path, &job.unsaved, &self.trust);
        let verdict = catalogue.and_then(|catalogue| verdict(path, &catalogue, &is_awaited));
        Some(match verdict {
            Ok(None) => return None,
            Ok(Some(mut verdict)) => {
                if self.beside {
                    verdict.found.diagnostics.retain(|found| !is_told_by_schema(found));
                }
                let sources = &verdict.found.sources;
                let told = Teller::new(sources, identity.to_owned(), &job.names, self.encoding).verdict(&verdict);
                let mut layers = files(sources);
                layers.insert(identity.to_owned());
                let weight = sources.iter().map(|source| source.text.len()).sum();
                Judged { told, layers, weight }
            }
            Err(failure) => {
                let told = vec![outside(identity.to_owned(), message(&failure))];
                Judged { told, layers: BTreeSet::from([identity.to_owned()]), weight: 0 }
            }
        })
    }

    /// What is to be shown: all of the open profiles, and of those that build on one.
    fn files(&self, job: &Job) -> BTreeMap<PathBuf, Vec<Told>> {
        let mut files: BTreeMap<PathBuf, Vec<Told>> = BTreeMap::new();
        let mut known = HashSet::new();
        let shown =
            self.judged.values().filter(|judged| judged.layers.iter().any(|layer| job.open.contains_key(layer)));
        for told in shown.flat_map(|judged| &judged.told) {
            // several profiles inherit one fault
            if known.insert((&told.file, serde_json::to_string(&told.shown).unwrap_or_default())) {
                files.entry(told.file.clone()).or_default().push(told.clone());
            }
        }
        files
    }

    /// Finds the values of the open profiles while nobody waits for anything else.
    fn tell_values(&self, job: &Job) {
        for (identity, path) in &job.open {
            if !self.jobs.is_empty() {
                return;
            }
            let values = catalogue_of(path, &job.unsaved, &self.trust).and_then(|catalogue| {
                let source = load(&written(path), "", &catalogue)?;
                explained_while(gather(source, Vec::new(), &catalogue)?, &|| self.jobs.is_empty())
            });
            // what is rejected has no values; those of before would be wrong
            let Some(values) = values.unwrap_or(Some(Vec::new())) else { return };
            let values = Arc::new(values);
            if self.reports.send(Report::Values { profile: identity.clone(), values }).is_err() {
                return;
            }
        }
    }
}

/// Whether an editor that checks by the JSON Schema tells it as well: that, and what is wrong before there is any data.
fn is_told_by_schema(found: &Diagnostic) -> bool {
    let is_of_text = matches!(found.code, Code::Syntax | Code::DuplicateKey);
    found.severity == Severity::Error && (is_of_text || !found.code.is_beyond_schema())
}

/// Judges a file as `validate` does that is given its name.
fn verdict(path: &Path, catalogue: &Catalogue, is_awaited: &dyn Fn() -> bool) -> Result<Option<Verdict>, Failure> {
    match load(&written(path), "", catalogue).map_err(Failure::from) {
        Ok(source) => judge_while(source, catalogue, is_awaited),
        Err(Failure::Rejected(found)) => Ok(Some(Verdict { name: written(path), found, risks: Risks::default() })),
        Err(failure) => Err(failure),
    }
}

fn files(sources: &[Source]) -> BTreeSet<PathBuf> {
    let file = |source: &Source| match &source.origin {
        Origin::File(path) => Some(Unsaved::identity(path)),
        Origin::StandardInput | Origin::Embedded(_) | Origin::Argument => None,
    };
    sources.iter().filter_map(file).collect()
}

/// A failure in words.
pub(super) fn message(failure: &Failure) -> String {
    match failure {
        Failure::Usage { message, help } | Failure::Outside { message, help } => format!("{message}\nhelp: {help}"),
        Failure::Internal { message } => message.clone(),
        Failure::Rejected(Rejection { diagnostics, .. }) | Failure::Unimportable(Rejection { diagnostics, .. }) => {
            let first = diagnostics.first().map(|first| first.message.clone());
            first.unwrap_or_else(|| "the profile was rejected".to_owned())
        }
        Failure::Refused(_) | Failure::Secrets { .. } => "it was refused".to_owned(),
    }
}
