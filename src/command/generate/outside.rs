//! Knows where that comes from which a target's files hold of the world: values of the environment, files of the project.
//! Must not know what the files make of it.

use std::collections::HashMap;
use std::path::Path;

use super::committed::{Committed, Known};
use crate::change::Existing;
use crate::command::target::Target;
use crate::disk::{self, TEXT_LIMIT, Unread};
use crate::outcome::Failure;
use crate::secret::NotUnicode;
use crate::source::Project;
use crate::spelling::quoted;
use crate::target::{AskedVariable, Found, FoundFile};
use crate::value::HostPath;

/// Looks up a variable of the environment.
pub(super) type Environment<'e> = &'e dyn Fn(&str) -> Result<Option<String>, NotUnicode>;

/// Where the value of a variable came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// The environment of this run.
    Environment,
    /// The file that stands, since nothing is set here.
    Standing,
    /// The profile's default.
    Default,
}

/// A variable of a container with where its value came from.
#[derive(Debug)]
pub(super) struct Filled {
    /// The variable that fills it.
    pub(super) name: String,
    /// The service.
    pub(super) service: String,
    pub(super) origin: Origin,
    /// Whether a `.env` beside says another value, which nothing reads.
    pub(super) dotenv_differs: bool,
}

/// What stands in the folder.
#[derive(Clone, Copy)]
pub(super) struct Standing<'s> {
    pub(super) existing: &'s Existing,
    /// Whether what is not set holds what stands, as in a comparison.
    pub(super) counts: bool,
}

/// All that was looked for.
#[derive(Debug, Default)]
pub(super) struct Outside {
    pub(super) found: Found,
    pub(super) filled: Vec<Filled>,
}

impl<'s> Standing<'s> {
    fn existing_that_counts(self) -> Option<&'s Existing> {
        self.counts.then_some(self.existing)
    }
}

/// Looks for what the target asks for. In a comparison a variable that is not set here, as in CI, holds what stands.
///
/// # Errors
/// For each variable without a value, and each file that can't be read.
pub(super) fn look(
    target: &Target,
    standing: Standing<'_>,
    known: &Known,
    environment: Environment<'_>,
) -> Result<Outside, Failure> {
    let asked = target.deployment.target.asks(&target.deployment);
    if asked.variables.is_empty() && asked.files.is_empty() {
        return Ok(Outside::default());
    }
    let committed = Committed::new(target, known);
    let mut outside = Outside::default();
    let mut missing = Vec::new();
    let dotenv = if asked.variables.is_empty() { HashMap::new() } else { standing.existing.dotenv().users_values() };
    let in_dotenv = |name: &str| dotenv.get(name).filter(|value| !value.is_empty());
    for variable in &asked.variables {
        let Some((value, origin)) = value(variable, target, standing.existing_that_counts(), environment)? else {
            missing.push(variable.name.as_str());
            continue;
        };
        if origin == Origin::Environment
            && let Some(why) = committed.why_by_value(variable.name.as_str(), &value)
        {
            return Err(secret_value(variable, why));
        }
        let (service, name) = (variable.service.clone(), variable.variable.clone());
        let dotenv_differs =
            origin == Origin::Default && in_dotenv(variable.name.as_str()).is_some_and(|beside| *beside != value);
        let filled = Filled { name: variable.name.to_string(), service: service.to_string(), origin, dotenv_differs };
        outside.filled.push(filled);
        outside.found.variables.insert((service, name), value);
    }
    if !missing.is_empty() {
        missing.dedup();
        let names: Vec<_> = missing.iter().map(|name| format!("`{name}`")).collect();
        let message = format!("the environment does not set {}", names.join(", "));
        let help = "set what is missing for this run, which writes it into the manifests, or give it a `default`";
        let beside: Vec<_> =
            missing.iter().filter(|name| in_dotenv(name).is_some()).map(|name| format!("`{name}`")).collect();
        let help = if beside.is_empty() {
            help.to_owned()
        } else {
            format!("{help}; {} is in `.env`, which nothing reads on this target", beside.join(", "))
        };
        return Err(Failure::outside(message, help));
    }
    let project = Project::of_folder(&target.root);
    for path in asked.files {
        let file = file(path, &target.root, &project, &committed)?;
        outside.found.files.insert(path.as_str().to_owned(), file);
    }
    match target.deployment.target.too_large(&target.deployment, &outside.found) {
        Some(service) => Err(Failure::outside(
            format!("the files that `{service}` mounts are larger than a ConfigMap may be, which is a megabyte"),
            "put them into its image, or into a volume",
        )),
        None => Ok(outside),
    }
}

fn value(
    asked: &AskedVariable<'_>,
    target: &Target,
    standing: Option<&Existing>,
    environment: Environment<'_>,
) -> Result<Option<(String, Origin)>, Failure> {
    let AskedVariable { service, variable, name, default } = asked;
    let set = environment(name.as_str()).map_err(|error| {
        Failure::outside(format!("can't read `{name}` of the environment: {error}"), "set it to a text in UTF-8")
    })?;
    if let Some(value) = set.filter(|value| !value.is_empty()) {
        return Ok(Some((value, Origin::Environment)));
    }
    let by_default = default.map(|default| (default.to_owned(), Origin::Default));
    let Some(existing) = standing else { return Ok(by_default) };
    let text_of = |output: &crate::render::Output| existing.get(output).map(|file| file.text.as_str());
    let mut stands: HashMap<_, _> = target.deployment.target.standing(service, text_of);
    let stands = stands.remove(variable.as_str()).filter(|stands| Some(stands.as_str()) != *default);
    // of a file that is not there nothing can differ but that
    let none = || Some((String::new(), Origin::Standing));
    Ok(stands.map(|value| (value, Origin::Standing)).or(by_default).or_else(none))
}

/// That the value of a variable may not stand in a manifest. Whoever wrote the profile chose the variable.
fn secret_value(asked: &AskedVariable<'_>, why: &str) -> Failure {
    let AskedVariable { service, variable, name, .. } = asked;
    let message = format!(
        "`{service}` would get its `{variable}` of `{name}` in a manifest, which goes into git, and in the environment that \
         holds {why}"
    );
    Failure::outside(message, format!("write `{{ secret: {name} }}`, and declare `{name}` below `secrets`"))
}

/// A file that a profile names, which may be a stranger's.
fn file(path: &HostPath, root: &Path, project: &Project, committed: &Committed<'_>) -> Result<FoundFile, Failure> {
    let shown = quoted(path.as_str());
    let failure = |error: &dyn std::fmt::Display, help: &str| {
        Failure::outside(format!("can't read {shown}, which a service mounts: {error}"), help)
    };
    let secret = |why: &str| {
        let help =
            "write a value as `environment: { NAME: { secret: NAME } }`; a file belongs into a Secret of your own";
        let message = format!("{shown} holds secrets, and would be in a manifest, which goes into git: {why}");
        Failure::outside(message, help)
    };
    let real = project.admit(&root.join(path.as_str())).map_err(|error| failure(&error, "look whether it is there"))?;
    let Some(real) = real else {
        return Err(failure(&"it lies outside of the project", "copy it into the project"));
    };
    if let Some(why) = committed.why_by_path(path, &real, project.root()) {
        return Err(secret(why));
    }
    match disk::read(&real, TEXT_LIMIT) {
        Ok(bytes) => match committed.why_by_content(&bytes) {
            Some(why) => Err(secret(why)),
            None => Ok(FoundFile::of(bytes)),
        },
        Err(Unread::Folder) => {
            let help = "mount its files one by one, or put them into the image: a ConfigMap has no folders";
            Err(failure(&"it is a folder", help))
        }
        Err(error) => Err(failure(&std::io::Error::from(error), "look at its permissions")),
    }
}
