//! Knows how the two deployments are read in a world, which is what the shell sets. Must not know what differs.

use std::collections::BTreeSet;

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
    /// What the project is called today, and afterwards.
    projects: [String; 2],
}

impl World {
    /// Where the shell sets nothing.
    pub(super) fn quiet(proof: &Proof<'_>) -> Option<Self> {
        Self::read(proof, &|_| None, None)
    }

    /// Where it sets every variable to what tells its name, and may be a path; the project is called as in the quiet one.
    pub(super) fn loud(proof: &Proof<'_>, quiet: &Self) -> Option<Self> {
        let names = names(proof);
        let shell = |name: &str| names.contains(name).then(|| format!("/{MARK}{name}{MARK}"));
        Self::read(proof, &shell, Some(&quiet.projects))
    }

    fn read(proof: &Proof<'_>, shell: Lookup<'_>, projects: Option<&[String; 2]>) -> Option<Self> {
        let dotenv = Dotenv::read(proof.before.dotenv, shell);
        let mut later = Dotenv::read(proof.after.dotenv, shell);
        proof.unset.iter().for_each(|name| later.remove(name));
        let [today, afterwards] = projects.map_or([None, None], |[today, later]| [Some(today), Some(later)]);
        let mut before = model(proof.before, proof.folder, &dotenv, shell, today)?;
        let mut after = model(proof.after, proof.folder, &later, shell, afterwards)?;
        let telling = telling(proof, [&before, &after], [&dotenv, &later]);
        give_dotenv(&mut before, &dotenv, &telling);
        give_dotenv(&mut after, &later, &telling);
        let projects = [before.project.clone(), after.project.clone()];
        Some(Self {
            before: renamed(tree_of(&before, proof.home), proof),
            after: tree_of(&after, proof.home),
            dotenv,
            projects,
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

/// The variables of `.env` that can make a difference to who gets all of it.
fn telling(proof: &Proof<'_>, models: [&Model; 2], dotenvs: [&Dotenv; 2]) -> BTreeSet<String> {
    let services = models.into_iter().flat_map(|model| model.services.values());
    let given = services.flat_map(|service| service.names("environment")).map(str::to_owned);
    let [today, later] = dotenvs;
    let names = today.all().chain(later.all()).map(|(name, _)| name);
    let changed = names.filter(|name| today.get(name) != later.get(name)).map(str::to_owned);
    given.chain(changed).chain(proof.keys.iter().cloned()).collect()
}

/// Gives these variables of `.env` to the services that name it as a file of theirs.
fn give_dotenv(model: &mut Model, dotenv: &Dotenv, telling: &BTreeSet<String>) {
    let reads = |service: &Service| {
        let files = service.get("env_file").map(Tree::items).unwrap_or_default();
        files.iter().any(|file| file.get("path").and_then(Tree::as_text) == Some(DOTENV))
    };
    let readers: Vec<_> = model.services.values_mut().filter(|service| reads(service)).collect();
    if readers.len().saturating_mul(telling.len()) > MOST {
        return;
    }
    for service in readers {
        let given = telling.iter().filter_map(|name| Some((name.as_str(), Tree::text(dotenv.get(name)?))));
        let own = service.keys.remove("environment").unwrap_or(Tree::Nothing);
        service.keys.insert("environment".to_owned(), Tree::map(given).under(own));
    }
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
    }
    all.insert("services".to_owned(), Tree::Map(services));
    Tree::Map(all)
}

/// Every variable that one of the texts may refer to. Those by which Compose itself is told what to do stay as they are.
fn names(proof: &Proof<'_>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let layers = proof.before.layers.iter().chain(proof.after.layers).map(|layer| layer.text);
    for text in layers.chain([proof.before.dotenv, proof.after.dotenv]) {
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).filter(|word| !word.is_empty());
        names.extend(words.filter(|word| !word.starts_with(|c: char| c.is_ascii_digit())).map(str::to_owned));
    }
    names.retain(|name| !name.starts_with("COMPOSE_"));
    names
}
