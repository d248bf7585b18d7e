//! Knows where a path of the host leads that a profile names: into the project, to its secrets, or elsewhere.
//! Must not know what a container gets by it.

use std::path::{Component, Path, PathBuf};

use super::found::{Base, Ground};
use super::{Risks, risks};
use crate::disk::normalized;
use crate::profile::Profile;
use crate::source::{GIT, Project};
use crate::target::secret_folders;

/// The output that holds every secret.
const DOTENV: &str = ".env";

/// As many links as Linux follows.
const MOST_LINKS: usize = 40;

/// The folders that paths in a profile are seen from.
#[derive(Debug)]
pub struct Grounds {
    root: PathBuf,
    out: PathBuf,
    project: PathBuf,
}

impl Grounds {
    /// Those of a profile whose outputs go to the folder that it names itself.
    #[must_use]
    pub fn of_profile(profile: &Profile, root: &Path, project: &Project) -> Self {
        let root = normalized(root);
        let out = profile.out.get().map_or_else(|| root.clone(), |out| normalized(&root.join(out.as_str())));
        Self { root, out, project: project.root().to_owned() }
    }

    /// The same for outputs that go to another folder.
    #[must_use]
    pub fn with_out(self, out: PathBuf) -> Self {
        Self { out, ..self }
    }

    /// What a profile gives, the gravest first.
    #[must_use]
    pub fn found(&self, profile: &Profile) -> Risks {
        risks(profile, &|base, path| self.ground(base, path))
    }

    fn ground(&self, base: Base, path: &str) -> Ground {
        let base = match base {
            Base::Root => &self.root,
            Base::Out => &self.out,
        };
        let there = real(&normalized(&base.join(path)));
        let own = [&self.root, &self.out, &self.project].map(|folder| real(folder));
        let of_git = |way: &Path| {
            way.components().any(|part| matches!(part, Component::Normal(name) if name.eq_ignore_ascii_case(GIT)))
        };
        let is_secret = |way: &Path| way.starts_with(DOTENV) || secret_folders().any(|folder| way.starts_with(folder));
        match own.iter().find_map(|folder| there.strip_prefix(folder).ok()) {
            Some(way) if own.contains(&there) || of_git(way) => Ground::Whole,
            Some(_) if there.strip_prefix(real(&self.out)).is_ok_and(is_secret) => Ground::Secrets,
            Some(_) => Ground::Inside,
            None => Ground::Elsewhere(there),
        }
    }
}

/// A path with its links followed, also those that lead to what is not there yet.
fn real(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        let (standing, rest) = parted(&path);
        let real = std::fs::canonicalize(&standing).unwrap_or(standing);
        let mut parts = rest.components();
        let Some(next) = parts.next() else { return real };
        let Ok(target) = std::fs::read_link(real.join(next)) else { return real.join(rest) };
        path = normalized(&real.join(target).join(parts.as_path()));
    }
    path
}

/// What of a path is there, and the rest. A stranger's path can be long: it is walked once.
fn parted(path: &Path) -> (PathBuf, &Path) {
    let mut standing = PathBuf::new();
    let mut parts = path.components();
    loop {
        let rest = parts.as_path();
        let Some(part) = parts.next() else { return (standing, rest) };
        standing.push(part);
        if !standing.exists() {
            standing.pop();
            return (standing, rest);
        }
    }
}
