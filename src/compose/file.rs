//! Knows what all of a Compose file says, and how several make one model. Must not know the keys of a service.

use std::collections::{BTreeMap, BTreeSet};

use super::forms;
use super::service::Service;
use super::tree::{Lookup, Tree};
use crate::yaml::Node;

/// A Compose file whose keys have one form each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct File {
    /// The name that it gives the project.
    pub name: Option<String>,
    /// Its services.
    pub services: BTreeMap<String, Service>,
    /// `networks`, `volumes`, `secrets`, `configs`, and all other keys.
    others: BTreeMap<String, Tree>,
}

/// What all files of a project say together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// The name of the project, which networks and volumes are called after.
    pub project: String,
    /// The services.
    pub services: BTreeMap<String, Service>,
    /// `networks`, `volumes`, `secrets` and `configs`, as far as a service uses them, each by its key; other keys below
    /// their own names.
    pub others: BTreeMap<String, BTreeMap<String, Tree>>,
}

/// What services use by its key, in this part of a file.
const PARTS: [&str; 4] = ["networks", "volumes", "secrets", "configs"];

impl File {
    /// Reads a file, its variables filled in; nothing where it is none.
    #[must_use]
    pub fn read(root: &Node<'_>, lookup: Lookup<'_>) -> Option<Self> {
        let Tree::Map(mut entries) = Tree::read(root, lookup) else { return None };
        let services = match entries.remove("services") {
            Some(Tree::Map(services)) => services,
            Some(_) | None => BTreeMap::new(),
        };
        let name = entries.remove("name").and_then(|name| name.as_text().map(str::to_owned));
        entries.retain(|key, value| key != "version" && !key.starts_with("x-") && *value != Tree::Nothing);
        for part in PARTS {
            if let Some(value) = entries.remove(part) {
                entries.insert(part.to_owned(), forms::named(value));
            }
        }
        let services = services.into_iter().map(|(name, service)| (name, Service::read(service)));
        Some(Self { name, services: services.collect(), others: entries })
    }

    /// This file with another one laid over it.
    #[must_use]
    pub fn under(mut self, over: Self) -> Self {
        for (name, service) in over.services {
            let known = self.services.remove(&name).unwrap_or_default();
            self.services.insert(name, known.under(service));
        }
        let others = Tree::Map(self.others).under(Tree::Map(over.others));
        let others = if let Tree::Map(others) = others { others } else { BTreeMap::new() };
        Self { name: over.name.or(self.name), services: self.services, others }
    }

    /// What it says as a project of this name.
    #[must_use]
    pub fn finished(self, project: &str, lookup: Lookup<'_>) -> Model {
        let mut services: BTreeMap<String, Service> =
            self.services.into_iter().map(|(name, service)| (name, service.finished())).collect();
        for service in services.values_mut() {
            pass_on(service, lookup);
        }
        let mut others: BTreeMap<String, BTreeMap<String, Tree>> = BTreeMap::new();
        for (key, value) in self.others {
            let entries = match value {
                Tree::Map(entries) => entries,
                other @ (Tree::Nothing | Tree::Text(_) | Tree::List(_)) => BTreeMap::from([(String::new(), other)]),
            };
            others.insert(key, entries);
        }
        for part in PARTS {
            let used = used(&services, part);
            let mut entries = others.remove(part).unwrap_or_default();
            entries.retain(|key, _| used.contains(key));
            for key in used {
                entries.entry(key).or_insert_with(|| Tree::Map(BTreeMap::new()));
            }
            let entries = entries.into_iter().map(|(key, value)| {
                let value = called(project, part, &key, value);
                (key, value)
            });
            others.insert(part.to_owned(), entries.collect());
        }
        others.retain(|_, entries| !entries.is_empty());
        Model { project: project.to_owned(), services, others }
    }
}

impl Model {
    /// The entries of a part of the file, such as its volumes.
    pub fn part(&self, part: &str) -> impl Iterator<Item = (&str, &Tree)> {
        self.others.get(part).into_iter().flatten().map(|(key, value)| (key.as_str(), value))
    }
}

/// The keys of a part that services use.
fn used(services: &BTreeMap<String, Service>, part: &str) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for service in services.values() {
        match part {
            "networks" => used.extend(service.names(part).map(str::to_owned)),
            "volumes" => used.extend(service.volumes().map(str::to_owned)),
            _ => {
                let granted = service.get(part).and_then(Tree::as_map).into_iter().flatten();
                used.extend(granted.filter_map(|(_, one)| one.get("source")?.as_text().map(str::to_owned)));
                let build = service.get("build").and_then(|build| build.get(part)).map(Tree::items).unwrap_or_default();
                let source = |item: &Tree| item.as_text().or(item.get("source")?.as_text()).map(str::to_owned);
                used.extend(build.iter().filter_map(source));
            }
        }
    }
    used
}

/// A network, volume, secret or config with the name that Docker knows it by.
fn called(project: &str, part: &str, key: &str, value: Tree) -> Tree {
    let Tree::Map(mut entries) = value else { return value };
    let mut is_external = false;
    match entries.remove("external") {
        Some(Tree::Text(text)) => is_external = text == "true",
        Some(Tree::Map(external)) => {
            is_external = true;
            entries.extend(external);
        }
        Some(Tree::Nothing | Tree::List(_)) | None => {}
    }
    let name = if is_external { key.to_owned() } else { format!("{project}_{key}") };
    entries.entry("name".to_owned()).or_insert(Tree::Text(name));
    if is_external {
        entries.insert("external".to_owned(), Tree::text("true"));
    }
    for (key, value) in &mut entries {
        let taken = std::mem::replace(value, Tree::Nothing);
        *value = match key.as_str() {
            "labels" => forms::filled_pairs(taken),
            "file" => forms::path(taken),
            _ => taken,
        };
    }
    let usual = |key: &str, value: &Tree| match (key, value.as_text()) {
        ("driver", Some("local")) => part == "volumes",
        ("driver", Some("bridge" | "default")) => part == "networks",
        ("internal" | "attachable" | "enable_ipv6", Some("false")) => true,
        _ => value.is_empty(),
    };
    entries.retain(|key, value| !usual(key, value));
    Tree::Map(entries)
}

/// A variable without a value is that of the shell or of `.env`, and none where nobody sets it.
fn pass_on(service: &mut Service, lookup: Lookup<'_>) {
    let Some(Tree::Map(variables)) = service.keys.get_mut("environment") else { return };
    for (name, value) in variables {
        if *value == Tree::Nothing {
            *value = lookup(name).map_or(Tree::Nothing, Tree::Text);
        }
    }
}

/// What Compose calls the project (<https://docs.docker.com/compose/how-tos/project-name/>).
#[must_use]
pub fn project_name(file: &File, folder: &str, lookup: Lookup<'_>) -> String {
    let given = lookup("COMPOSE_PROJECT_NAME").filter(|name| !name.is_empty());
    let named = || file.name.as_deref().map(normal_project_name).filter(|name| !name.is_empty());
    given.or_else(named).unwrap_or_else(|| normal_project_name(folder))
}

/// What Compose makes of a name that a file or a folder gives to a project.
#[must_use]
pub fn normal_project_name(text: &str) -> String {
    let lower = text.to_lowercase();
    let kept: String = lower.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')).collect();
    kept.trim_start_matches(['_', '-']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml;

    fn model(text: &str) -> Model {
        let lookup = |name: &str| (name == "SET").then(|| "1".to_owned());
        File::read(&yaml::read(text).unwrap(), &lookup).unwrap().finished("shop", &lookup)
    }

    #[test]
    fn what_no_service_uses_is_not_there_and_the_rest_has_its_name() {
        let text = "services: { a: { image: a, volumes: ['x:/x', 'y:/y'], secrets: [s] } }\nvolumes: { x: , y: { external: true \
                    }, z: }\nsecrets: { s: { file: ./s }, t: { file: t } }\nnetworks: { n: {} }\n";
        let model = model(text);
        let names = |part: &str| {
            let name = |(key, value): (&str, &Tree)| format!("{key}={}", value.get("name").unwrap().as_text().unwrap());
            model.part(part).map(name).collect::<Vec<_>>()
        };
        assert_eq!(names("volumes"), ["x=shop_x", "y=y"]);
        assert_eq!(names("secrets"), ["s=shop_s"]);
        assert_eq!(names("networks"), ["default=shop_default"]);
    }

    #[test]
    fn a_variable_that_is_passed_on_has_the_value_that_it_has() {
        let model = model("services: { a: { image: a, environment: [SET, UNSET, 'X=${SET}'] } }\n");
        let service = &model.services["a"];
        assert_eq!(
            (service.variable("SET"), service.variable("UNSET"), service.variable("X")),
            (Some("1"), None, Some("1"))
        );
        assert!(service.get("environment").unwrap().get("UNSET").is_some());
    }

    #[test]
    fn a_project_is_called_by_a_variable_its_file_or_its_folder() {
        let file = |name: &str| File { name: Some(name.to_owned()), ..File::default() };
        let named = |variable: &'static str| move |_: &str| Some(variable.to_owned());
        assert_eq!(project_name(&file("a"), "F", &named("b")), "b");
        assert_eq!(project_name(&file("a"), "F", &named("")), "a");
        assert_eq!(project_name(&file("-My App 2"), "F", &named("")), "myapp2");
        assert_eq!(project_name(&file(""), "_My Shop.2", &|_| None), "myshop2");
    }

    #[test]
    fn files_are_laid_over_each_other() {
        let lookup: Lookup<'_> = &|_| None;
        let read = |text| File::read(&yaml::read(text).unwrap(), lookup).unwrap();
        let one = read("services: { a: { image: a } }\nvolumes: { v: }\n");
        let over =
            read("name: n\nservices: { a: { volumes: ['v:/v'] }, b: { image: b } }\nvolumes: { v: { name: x } }\n");
        let model = one.under(over).finished("p", lookup);
        assert_eq!(model.services.keys().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(model.part("volumes").next().unwrap().1, &Tree::map([("name", Tree::text("x"))]));
        assert_eq!(File::read(&yaml::read("[a]").unwrap(), lookup), None);
    }
}
