//! Knows which Compose files a deployment has, and how they are read. Must not know what they say.

use std::path::{Path, PathBuf};

use crate::command::new::shown;
use crate::command::world::World;
use crate::compose::{FILE_NAMES, OVERRIDE_NAMES};
use crate::disk::{normalized, relative};
use crate::dotenv;
use crate::import::{ComposeFile, Files, joined, named_in};
use crate::outcome::Failure;
use crate::source::{Project, ReadFault, SIZE_LIMIT, Source};
use crate::spelling::{quoted, shell_word};
use crate::target::compose;
use crate::value::ServiceName;

/// No deployment has so many files.
const MOST: usize = 64;

/// What is to be imported.
pub(super) struct Chosen {
    /// The deployment's folder.
    pub(super) folder: PathBuf,
    /// The files that the user names; none where Compose's own choice counts.
    pub(super) files: Vec<PathBuf>,
}

/// What was read.
pub(super) struct Read {
    /// The files, with how messages call them.
    pub(super) sources: Vec<Source>,
    /// The same as one text.
    pub(super) files: Files,
    /// The file that Compose reads beside them, and goes on to.
    pub(super) beside: Option<Source>,
}

/// What the arguments name: a folder, or files.
pub(super) fn choose(named: Option<&Path>, files: &[PathBuf], world: &World) -> Result<Chosen, Failure> {
    let named = named.map(|named| normalized(&world.current.join(named)));
    let mut files: Vec<_> = files.iter().map(|file| normalized(&world.current.join(file))).collect();
    let folder = match named {
        Some(file) if file.is_file() && files.is_empty() => {
            files.push(file);
            None
        }
        Some(file) if file.is_file() => {
            return Err(Failure::Usage {
                message: format!("`{}` is a file, and `--file` names others", shown(&file, world)),
                help: "name all files with `--file`, or one without it".to_owned(),
            });
        }
        folder => folder,
    };
    // Compose takes the folder of the first one for that of the deployment
    let of_first = || files.first().and_then(|file| file.parent()).map(Path::to_owned);
    let folder = folder.or_else(of_first).unwrap_or_else(|| normalized(&world.current));
    Ok(Chosen { folder, files })
}

/// Reads all files of a deployment: those that are named, else those of `COMPOSE_FILE`, else the one that Compose takes;
/// and those that they name themselves.
pub(super) fn read_all(folder: &Path, named: &[PathBuf], dotenv: &Source, world: &World) -> Result<Read, Failure> {
    let beside = beside(folder, world)?;
    let listed = if named.is_empty() { of_variable(folder, &dotenv.text) } else { named.to_vec() };
    if listed.is_empty() {
        let first = first(folder, world)?;
        return with_named(folder, vec![first], beside, world);
    }
    let is_beside = |path: &PathBuf| beside.as_ref().is_some_and(|beside| beside.path == *path);
    let at = listed.iter().position(is_beside);
    if let (Some(beside), None) = (&beside, at) {
        return Err(unread_beside(&beside.source));
    }
    if at.is_some_and(|at| at + 1 < listed.len() || at == 0) {
        return Err(Failure::Usage {
            message: "the override file is before other files".to_owned(),
            help: "rename it, so that Compose takes it only where it is named, and import again".to_owned(),
        });
    }
    let mut main = Vec::new();
    for path in listed.into_iter().filter(|path| !is_beside(path)) {
        let source = read(&path, world).map_err(|fault| unreadable(&path, &fault, world))?;
        main.push((path, source));
    }
    with_named(folder, main, beside, world)
}

/// A file that Compose reads once there is nothing else to say which files it reads.
fn unread_beside(beside: &Source) -> Failure {
    Failure::Usage {
        message: format!("Docker Compose does not read {} now, and would read it afterwards", quoted(&beside.name)),
        help: "give it another name, and import again; `docker compose -f docker-compose.yml -f FILE` still takes it"
            .to_owned(),
    }
}

/// The files of `COMPOSE_FILE` in `.env`.
fn of_variable(folder: &Path, dotenv: &str) -> Vec<PathBuf> {
    let parts = dotenv::user_parts(dotenv).unwrap_or_default();
    let value = |key: &str| parts.iter().rev().find(|part| part.key == Some(key))?.to_compose.clone();
    let separator = value("COMPOSE_PATH_SEPARATOR").filter(|separator| !separator.is_empty());
    let files = value("COMPOSE_FILE").unwrap_or_default();
    let files = files.split(separator.as_deref().unwrap_or(":")).filter(|file| !file.is_empty());
    files.map(|file| normalized(&folder.join(file))).collect()
}

/// The file that Compose would take.
fn first(folder: &Path, world: &World) -> Result<(PathBuf, Source), Failure> {
    for path in FILE_NAMES.map(|name| folder.join(name)) {
        match read(&path, world) {
            Err(ReadFault::Missing) => {}
            Err(fault) => return Err(unreadable(&path, &fault, world)),
            Ok(source) => return Ok((path, source)),
        }
    }
    let shown = shown(folder, world);
    let message = format!("there is no Compose file in `{shown}`");
    let help = "name the folder that has the docker-compose.yml, or the file: `codelab-gen import FOLDER`";
    Err(Failure::outside(message, help))
}

/// The file that Compose would read beside it, with where it stands.
pub(super) struct Beside {
    path: PathBuf,
    source: Source,
}

impl std::ops::Deref for Beside {
    type Target = Source;

    fn deref(&self) -> &Source {
        &self.source
    }
}

pub(super) fn beside(folder: &Path, world: &World) -> Result<Option<Beside>, Failure> {
    let Some(path) = OVERRIDE_NAMES.iter().map(|name| folder.join(name)).find(|path| path.exists()) else {
        return Ok(None);
    };
    let source = read(&path, world).map_err(|fault| unreadable(&path, &fault, world))?;
    Ok(Some(Beside { path, source }))
}

/// Reads what the files name: what they include, and what their services extend. They may be a stranger's, and so lead no
/// further than the deployment's project.
fn with_named(
    folder: &Path,
    main: Vec<(PathBuf, Source)>,
    beside: Option<Beside>,
    world: &World,
) -> Result<Read, Failure> {
    let project = Project::of_folder(folder);
    let count = main.len();
    let mut found = main;
    let mut at = 0;
    while let Some((path, source)) = found.get(at) {
        let here = path.parent().unwrap_or(folder).to_owned();
        let is_included = at >= count && here != folder;
        if is_included && here.join(".env").exists() {
            return Err(Failure::Usage {
                message: format!(
                    "{} has a .env of its own, so its variables may hold something else",
                    quoted(&source.name)
                ),
                help: WAY_OUT.to_owned(),
            });
        }
        for named in named_in(&source.text) {
            let path = normalized(&here.join(&named));
            if found.iter().any(|(known, _)| *known == path) {
                continue;
            }
            let name = relative(&normalized(&world.current), &path);
            let source = Source::from_file_of(&project, &path, &name, SIZE_LIMIT);
            found.push((path.clone(), source.map_err(|fault| unreadable(&path, &fault, world))?));
        }
        if found.len() > MOST {
            return Err(Failure::outside(format!("there are more than {MOST} Compose files"), WAY_OUT));
        }
        at += 1;
    }
    let file = |(path, source): &(PathBuf, Source)| ComposeFile {
        way: joined("", &relative(folder, path)),
        text: source.text.clone(),
    };
    let files = Files::new(found.iter().take(count).map(file).collect(), found.iter().skip(count).map(file).collect());
    let sources = found.into_iter().map(|(_, source)| source).collect();
    Ok(Read { sources, files, beside: beside.map(|beside| beside.source) })
}

/// What always works.
const WAY_OUT: &str = "let Docker Compose make one file of them: `docker compose config --no-interpolate \
                       --no-path-resolution --no-env-resolution >one.yml`, and import that: `codelab-gen import one.yml`";

/// What is to be known of a deployment of several files, or of one of another name.
pub(super) fn note(files: &Files, named: &[PathBuf], folder: &Path, world: &World) -> String {
    let ways: Vec<_> = files.ways().map(quoted).collect();
    let of_several = if ways.len() > 1 {
        format!(
            "note: {} are one deployment, and the profile says it whole\n  = help: docker-compose.yml says it whole as well once it \
             is generated: start it by `docker compose` without `-f`\n",
            ways.join(", ")
        )
    } else {
        String::new()
    };
    let ours = folder.join(compose::FILE.path());
    if named.is_empty() || named.contains(&ours) || !ours.exists() {
        return of_several;
    }
    let ours = shown(&ours, world);
    format!(
        "{of_several}note: `{ours}` is not among these files, and gives way to what is generated\n  = help: `--force` keeps it as \
         {ours}.orig; to have both, write `out: ./FOLDER` in the profile\n"
    )
}

/// The command that ends the server's old container, where the files are named by hand and so nothing says later that it may
/// run: under its new name a second server would work on the same data.
pub(super) fn old_server(named: &[PathBuf], server: Option<&str>, folder: &Path, world: &World) -> String {
    let renamed = server.filter(|server| !named.is_empty() && *server != ServiceName::postgres().as_str());
    let way = relative(&normalized(&world.current), &normalized(folder));
    let change = if way == "." { String::new() } else { format!("cd {} && ", shell_word(&way)) };
    let line = |server: &str| {
        format!(
            "then: {change}docker compose up -d --wait --remove-orphans # else the old container of {server} goes on using the \
             data\n"
        )
    };
    renamed.map(line).unwrap_or_default()
}

/// Reads a file of the folder. The folder is the user's word; a link in it may be a stranger's, and leads nowhere else.
pub(super) fn read(path: &Path, world: &World) -> Result<Source, ReadFault> {
    Source::from_file_of(&Project::of_file(path), path, &relative(&normalized(&world.current), path), SIZE_LIMIT)
}

pub(super) fn unreadable(path: &Path, fault: &ReadFault, world: &World) -> Failure {
    let shown = shown(path, world);
    Failure::outside(format!("can't read `{shown}`: {fault}"), "look at the file; nothing was written")
}
