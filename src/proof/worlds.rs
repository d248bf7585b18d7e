//! Knows how the two deployments are read in a world, which is what the shell sets. Must not know what differs.

use std::collections::{BTreeMap, BTreeSet};

use super::difference::tree_of;
use super::sides::{Proof, Side};
use crate::compose::{Dotenv, File, Lookup, Model, Service, Tree, project_name};
use crate::value::ServiceName;

/// The file of variables that codelab-gen writes to.
pub(super) const DOTENV: &str = ".env";

/// What surrounds the name of a variable in what the shell sets it to: no text of a file may hold it.
pub(super) const MARK: char = '\u{1}';

/// Values that are given to services by `.env` as a whole, at the most: more are not looked at.
const MOST: usize = 1_000_000;

/// Of longer values their beginning and their length stand for them: one may be referred to many times.
const LONGEST: usize = 512;

/// Both deployments in one world.
pub(super) struct World {
    pub(super) before: Tree,
    pub(super) after: Tree,
    /// What `.env` sets today.
    pub(super) dotenv: Dotenv,
    /// What it sets afterwards.
    pub(super) later: Dotenv,
    /// What the project is called today, and afterwards.
    projects: [String; 2],
    /// The services whose variables of files other than `.env` stand under `environment` afterwards.
    pub(super) covered: BTreeSet<String>,
    /// Other files that give variables to services, by their paths.
    files: BTreeMap<String, String>,
}

impl World {
    /// Where the shell sets nothing.
    pub(super) fn quiet(proof: &Proof<'_>) -> Option<Self> {
        Self::read(proof, &|_| None, None)
    }

    /// Where it sets every variable to what tells its name, and may be a path; the project is called as in the quiet one.
    pub(super) fn loud(proof: &Proof<'_>, quiet: &Self) -> Option<Self> {
        let names = names(proof, &quiet.files);
        let shell = |name: &str| names.contains(name).then(|| format!("/{MARK}{name}{MARK}"));
        Self::read(proof, &shell, Some(quiet))
    }

    fn read(proof: &Proof<'_>, shell: Lookup<'_>, quiet: Option<&Self>) -> Option<Self> {
        let dotenv = Dotenv::read(proof.before.dotenv, shell);
        let mut later = Dotenv::read(proof.after.dotenv, shell);
        proof.unset.iter().for_each(|name| later.remove(name));
        let project = |at: usize| quiet.and_then(|quiet| quiet.projects.get(at));
        let mut before = model(proof.before, proof.folder, &dotenv, shell, project(0))?;
        let mut after = model(proof.after, proof.folder, &later, shell, project(1))?;
        let files = quiet.map_or_else(|| files(proof, [&before, &after]), |quiet| quiet.files.clone());
        let [today, afterwards] = [&dotenv, &later].map(|dotenv| sources(&files, dotenv, shell));
        let telling = telling(proof, [&before, &after], [&today, &afterwards]);
        let given = given_server(give(&mut before, &today, &telling), proof);
        let still = give(&mut after, &afterwards, &telling);
        let covered = given.difference(&still).map(|(service, _)| service.clone());
        let covered = covered.filter(|service| after.services.contains_key(service)).collect();
        let projects = [before.project.clone(), after.project.clone()];
        Some(Self {
            before: renamed(tree_of(&before, proof.home), proof),
            after: tree_of(&after, proof.home),
            dotenv,
            later,
            projects,
            covered,
            files,
        })
    }
}

/// The variables that a tree follows in the loud world.
pub(super) fn followed(tree: Option<&Tree>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    if let Some(tree) = tree {
        tree.each_text(&mut |text| names.extend(text.split(MARK).skip(1).step_by(2).map(str::to_owned)));
    }
    names
}

fn model(side: Side<'_>, folder: &str, dotenv: &Dotenv, shell: Lookup<'_>, project: Option<&String>) -> Option<Model> {
    let lookup = |name: &str| shell(name).or_else(|| dotenv.get(name).map(short));
    let mut file = File::default();
    for layer in side.layers {
        file = file.under(File::read(layer.root, &lookup)?);
    }
    let project = project.cloned().unwrap_or_else(|| project_name(&file, folder, &lookup));
    Some(file.finished(&project, &lookup))
}

fn short(value: &str) -> String {
    if value.len() <= LONGEST {
        return value.to_owned();
    }
    let beginning: String = value.chars().take(LONGEST / 4).collect();
    format!("{beginning}{}", value.len())
}

/// The files that services name as those of their variables, in the order in which they count.
fn named(service: &Service) -> impl Iterator<Item = &str> {
    let files = service.get("env_file").map(Tree::items).unwrap_or_default();
    files.iter().filter_map(|file| file.get("path").and_then(Tree::as_text))
}

/// The texts of these files but `.env`.
fn files(proof: &Proof<'_>, models: [&Model; 2]) -> BTreeMap<String, String> {
    let services = models.into_iter().flat_map(|model| model.services.values());
    let paths: BTreeSet<&str> = services.flat_map(named).filter(|path| *path != DOTENV).collect();
    paths.into_iter().filter_map(|path| Some((path.to_owned(), (proof.files)(path)?))).collect()
}

/// What all of these files set, by their paths.
fn sources(files: &BTreeMap<String, String>, dotenv: &Dotenv, shell: Lookup<'_>) -> BTreeMap<String, Dotenv> {
    let lookup = |name: &str| shell(name).or_else(|| dotenv.get(name).map(short));
    let read = files.iter().map(|(path, text)| (path.clone(), Dotenv::read(text, &lookup)));
    read.chain([(DOTENV.to_owned(), dotenv.clone())]).collect()
}

/// The variables of files that can make a difference to who gets all of one.
fn telling(proof: &Proof<'_>, models: [&Model; 2], [today, later]: [&BTreeMap<String, Dotenv>; 2]) -> BTreeSet<String> {
    let services = models.into_iter().flat_map(|model| model.services.values());
    let mut telling: BTreeSet<String> =
        services.flat_map(|service| service.names("environment")).map(str::to_owned).collect();
    for (path, file) in today {
        let Some(other) = later.get(path) else { continue };
        let names = file.all().chain(other.all()).map(|(name, _)| name);
        telling.extend(names.filter(|name| file.get(name) != other.get(name)).map(str::to_owned));
    }
    telling.extend(proof.keys.iter().cloned());
    telling
}

/// Services, each with a variable that it gets by a file other than `.env` alone.
type ByFile = BTreeSet<(String, String)>;

/// The same with the server under the name that it has afterwards.
fn given_server(given: ByFile, proof: &Proof<'_>) -> ByFile {
    let own = ServiceName::postgres().to_string();
    let is_server = |service: &String| proof.server == Some(service.as_str());
    given.into_iter().map(|(service, name)| (if is_server(&service) { own.clone() } else { service }, name)).collect()
}

/// Gives these variables to the services that name the files which set them.
fn give(model: &mut Model, sources: &BTreeMap<String, Dotenv>, telling: &BTreeSet<String>) -> ByFile {
    let mut by_file = ByFile::new();
    let named_by_all = model.services.values().map(|service| named(service).count()).sum::<usize>();
    if named_by_all.saturating_mul(telling.len()) > MOST {
        return by_file;
    }
    for (key, service) in &mut model.services {
        let files: Vec<(&str, &Dotenv)> = named(service)
            .filter_map(|path| sources.get_key_value(path))
            .map(|(path, file)| (path.as_str(), file))
            .collect();
        if files.is_empty() {
            continue;
        }
        let own = service.keys.remove("environment").unwrap_or(Tree::Nothing);
        let value = |name: &String| files.iter().rev().find_map(|(path, file)| Some((*path, file.get(name)?)));
        let given: Vec<_> = telling.iter().filter_map(|name| Some((name, value(name)?))).collect();
        let is_alone = |(name, (path, _)): &&(&String, (&str, &str))| *path != DOTENV && own.get(name).is_none();
        by_file.extend(given.iter().filter(is_alone).map(|(name, _)| (key.clone(), (*name).clone())));
        let given = given.into_iter().map(|(name, (_, value))| (name.as_str(), Tree::text(value)));
        service.keys.insert("environment".to_owned(), Tree::map(given).under(own));
    }
    by_file
}

/// The server of today under the name that it has afterwards, wherever another service names it by its key.
fn renamed(tree: Tree, proof: &Proof<'_>) -> Tree {
    let own = ServiceName::postgres();
    let Some(server) = proof.server else { return tree };
    let Tree::Map(mut all) = tree else { return tree };
    let Some(Tree::Map(mut services)) = all.remove("services") else { return Tree::Map(all) };
    if let Some(service) = services.remove(server) {
        services.insert(own.to_string(), service);
    }
    for service in services.values_mut() {
        let Tree::Map(keys) = service else { continue };
        if let Some(Tree::Map(awaited)) = keys.get_mut("depends_on")
            && let Some(condition) = awaited.remove(server)
        {
            awaited.insert(own.to_string(), condition);
        }
        if let Some(Tree::List(links)) = keys.get_mut("links") {
            for link in links.iter_mut() {
                rename_link(link, server);
            }
            links.sort_by(|one, other| one.as_text().cmp(&other.as_text()));
        }
        for key in ["network_mode", "ipc", "pid"] {
            if let Some(mode) = keys.get_mut(key)
                && mode.as_text().and_then(|text| text.strip_prefix("service:")) == Some(server)
            {
                *mode = Tree::text(format!("service:{own}"));
            }
        }
        if let Some(Tree::List(others)) = keys.get_mut("volumes_from") {
            for other in others {
                let rest = other.as_text().and_then(|text| text.strip_prefix(server)).map(str::to_owned);
                if let Some(rest) = rest.filter(|rest| rest.is_empty() || rest.starts_with(':')) {
                    *other = Tree::text(format!("{own}{rest}"));
                }
            }
        }
    }
    all.insert("services".to_owned(), Tree::Map(services));
    Tree::Map(all)
}

/// A link to the server goes on saying what it is called there.
fn rename_link(link: &mut Tree, server: &str) {
    let Some((name, alias)) = link.as_text().map(|text| text.split_once(':').unwrap_or((text, text))) else { return };
    if name == server {
        *link = Tree::text(format!("{}:{alias}", ServiceName::postgres()));
    }
}

/// Every variable that one of the texts may refer to. Those by which Compose itself is told what to do stay as they are.
fn names(proof: &Proof<'_>, files: &BTreeMap<String, String>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let layers = proof.before.layers.iter().chain(proof.after.layers).map(|layer| layer.text);
    let dotenvs = [proof.before.dotenv, proof.after.dotenv];
    for text in layers.chain(dotenvs).chain(files.values().map(String::as_str)) {
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).filter(|word| !word.is_empty());
        names.extend(words.filter(|word| !word.starts_with(|c: char| c.is_ascii_digit())).map(str::to_owned));
    }
    names.retain(|name| !name.starts_with("COMPOSE_"));
    names
}
