//! Knows where two trees differ. Must not know why.

use std::collections::{BTreeMap, BTreeSet};

use crate::compose::{Model, Tree, is_path, lexical};

/// One difference between two deployments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where: `services`, the name of one, a key of it, and what lies below; or another part of the file.
    pub path: Vec<String>,
    /// What stands there today.
    pub before: Option<Tree>,
    /// What would stand there.
    pub after: Option<Tree>,
}

impl Difference {
    /// The steps of the path.
    pub(super) fn steps(&self) -> Vec<&str> {
        self.path.iter().map(String::as_str).collect()
    }

    /// The service that it is about.
    #[must_use]
    pub fn service(&self) -> Option<&str> {
        self.path.first().filter(|part| *part == "services")?;
        self.path.get(1).map(String::as_str)
    }

    /// What differs, as a person would name it: the key of the service, or the part of the file.
    #[must_use]
    pub fn key(&self) -> String {
        let skipped = if self.service().is_some() { 2 } else { 0 };
        self.path.iter().skip(skipped).map(String::as_str).collect::<Vec<_>>().join(".")
    }
}

/// All of a model as one tree. A volume is known by the name that Docker knows it by, because its key is only the file's; a
/// folder by the way to it from the project's root, below which `home` leads to the files.
pub(super) fn tree_of(model: &Model, home: &str) -> Tree {
    let volumes: BTreeMap<&str, &str> =
        model.part("volumes").filter_map(|(key, volume)| Some((key, volume.get("name")?.as_text()?))).collect();
    let services = model.services.iter().map(|(name, service)| {
        let mut keys = service.keys.clone();
        if let Some(Tree::Map(mounts)) = keys.get_mut("volumes") {
            for mount in mounts.values_mut() {
                call_by_name(mount, &volumes);
                if is_bind(mount) {
                    place(mount, "source", home);
                }
            }
        }
        if let Some(build) = keys.get_mut("build") {
            place(build, "context", home);
        }
        (name.clone(), Tree::Map(keys))
    });
    let mut all: BTreeMap<String, Tree> = BTreeMap::from([
        ("project".to_owned(), Tree::text(model.project.as_str())),
        ("services".to_owned(), Tree::Map(services.collect())),
    ]);
    for (part, entries) in &model.others {
        let name = |(key, value): (&String, &Tree)| {
            let name = volumes.get(key.as_str()).filter(|_| part == "volumes").copied().unwrap_or(key);
            (name.to_owned(), value.clone())
        };
        all.insert(part.clone(), Tree::Map(entries.iter().map(name).collect()));
    }
    Tree::Map(all)
}

fn is_bind(mount: &Tree) -> bool {
    mount.get("type").and_then(Tree::as_text) == Some("bind")
}

/// Says a relative path from the project's root.
fn place(tree: &mut Tree, key: &str, home: &str) {
    let Tree::Map(entries) = tree else { return };
    if let Some(Tree::Text(path)) = entries.get_mut(key)
        && !path.starts_with(['/', '~'])
        && is_path(path)
    {
        *path = lexical(&format!("{home}/{path}"));
    }
}

fn call_by_name(mount: &mut Tree, volumes: &BTreeMap<&str, &str>) {
    let Tree::Map(mount) = mount else { return };
    if mount.get("type").and_then(Tree::as_text) == Some("volume")
        && let Some(Tree::Text(source)) = mount.get_mut("source")
        && let Some(name) = volumes.get(source.as_str())
    {
        (*name).clone_into(source);
    }
}

/// Every difference, as deep as both are mappings. What a service has of a key is compared piece by piece also where the
/// other one has nothing of it.
pub(super) fn between(before: &Tree, after: &Tree) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(Some(before), Some(after), &mut Vec::new(), &mut found);
    found
}

fn compare(before: Option<&Tree>, after: Option<&Tree>, path: &mut Vec<String>, found: &mut Vec<Difference>) {
    if before == after {
        return;
    }
    let nothing = BTreeMap::new();
    let is_key = path.len() == 3 && path.first().is_some_and(|part| part == "services");
    let is_part = path.len() == 1;
    let entries = |tree: Option<&'_ Tree>| tree.and_then(Tree::as_map).cloned();
    let pair = match (entries(before), entries(after)) {
        (Some(before), Some(after)) => Some((before, after)),
        (Some(before), None) if after.is_none() && (is_key || is_part) => Some((before, nothing)),
        (None, Some(after)) if before.is_none() && (is_key || is_part) => Some((nothing, after)),
        (_, _) => None,
    };
    let Some((before, after)) = pair else {
        found.push(Difference { path: path.clone(), before: before.cloned(), after: after.cloned() });
        return;
    };
    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for key in keys {
        path.push(key.clone());
        compare(before.get(key), after.get(key), path, found);
        path.pop();
    }
}
