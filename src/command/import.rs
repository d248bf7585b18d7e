//! Knows how a hand-kept deployment is read, and where what becomes of it is written.
//! Must not know how any of it is recognized.

mod prove;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use clap::Args;
use indexmap::IndexMap;

use self::prove::{OURS_BESIDE, Proven, Unproven, prove};
use super::generate::note_of_ignores;
use super::new::shown;
use super::new::{create, open, unwritable, write_schema};
use super::print::{print, print_note};
use super::target::{Meaning, meaning_of};
use super::world::{World, catalogue_of};
use crate::deployment::Deployment;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::disk::{self, Folder, normalized, relative};
use crate::dotenv;
use crate::import::{Beside, DOTENV, HandKept, Imported, NewSecret, Note};
use crate::layers::gather;
use crate::locate::Lines;
use crate::outcome::{Exit, Failure, Rejection};
use crate::placement::Placement;
use crate::source::{Catalogue, Origin, Project, ReadFault, SIZE_LIMIT, Source};
use crate::spelling::{on_one_line, quoted, raw_path, shell_word};
use crate::value::{ProfileName, TextValue as _};

/// What stands below its options.
const HELP: &str = "\
Examples:
  codelab-gen import                                      import the deployment in this folder
  codelab-gen import ../shop --name shop                  import another one as profiles/shop.yaml

Secrets in docker-compose.yml are added to .env; the old files do not change otherwise. What a
profile cannot express goes into a new docker-compose.override.yml. Of the printed commands, the
first compares the old files with the generated ones, the second replaces them and keeps the old
ones as .orig.";

/// Writes a profile of a deployment that is kept by hand: its docker-compose.yml and .env
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct ImportArgs {
    /// The folder with its docker-compose.yml [default: the current folder]
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
    /// The name of the profile: the file is `profiles/NAME.yaml`
    #[arg(long, value_name = "NAME", default_value = "imported")]
    name: String,
}

/// The names of a Compose file, in the order that Compose looks for them
/// (<https://docs.docker.com/compose/intro/compose-application-model/#the-compose-file>).
const COMPOSE_FILES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];

/// The names of the file that Compose reads beside it.
const BESIDE: [&str; 4] =
    ["compose.override.yml", "compose.override.yaml", "docker-compose.override.yml", "docker-compose.override.yaml"];

/// The largest `.env` that is imported, in bytes: each of its secrets is looked for in every text of the Compose file.
const DOTENV_LIMIT: usize = 4 * 1024 * 1024;

/// What the file of secrets may be read and written by: its owner.
const DOTENV_MODE: u32 = 0o600;

/// Where the files of an import stand.
struct Places {
    /// The deployment's folder.
    folder: PathBuf,
    /// The project's root.
    root: PathBuf,
    profile: PathBuf,
    name: ProfileName,
}

impl Places {
    /// The way of the profile from the root.
    fn way(&self) -> String {
        format!("profiles/{}.yaml", self.name)
    }
}

/// Writes a profile of what stands in a folder, and what can't stand in a profile beside it.
pub(super) fn run(args: &ImportArgs, world: &World) -> Result<Exit, Failure> {
    let places = places(args, world)?;
    let compose = compose_file(&places.folder, world)?;
    let beside = beside_file(&places.folder, world)?;
    let dotenv = dotenv_file(&places.folder.join(".env"), world)?;
    let root = relative(&places.root, &places.folder);
    let placement = Placement { profile: places.name.to_string(), root, settings: Vec::new() };
    let folder = raw_path(places.folder.file_name().unwrap_or_default());
    let file = |path: &str| {
        let path = normalized(&places.folder.join(path));
        // who wrote the Compose file may be a stranger
        let is_inside = path.starts_with(&places.folder);
        is_inside.then(|| read(&path, world).ok()).flatten().map(|source| source.text)
    };
    let kept = HandKept {
        compose: &compose.text,
        dotenv: &dotenv.text,
        beside: beside.as_ref().map_or("", |beside| &beside.text),
        files: &file,
        folder: &folder,
        placement: &placement,
    };
    let existing = beside.as_ref().and_then(|source| Some((source.name.rsplit('/').next()?, source.text.as_str())));
    let to_root = relative(&places.folder, &places.root);
    let proven = prove(&kept, &to_root, existing, |imported| check(imported, &places, world));
    let Proven { imported, meaning } = match proven {
        Ok(proven) => proven,
        Err(Unproven::Failed(failure)) => return Err(failure),
        Err(Unproven::Unimportable(diagnostics)) => {
            let sources = vec![compose, dotenv];
            return Err(Failure::Unimportable(Rejection { diagnostics, sources }));
        }
    };
    let diagnostics = odd_lines(&dotenv, &meaning.deployment);
    if !diagnostics.is_empty() {
        return Err(Failure::Unimportable(Rejection { diagnostics, sources: vec![compose, dotenv] }));
    }
    let told = write(&imported, &places, &dotenv, world)?;
    print_note(&notes_text(&imported.notes, &compose));
    if !imported.new_secrets.is_empty() {
        print_note(&note_of_ignores(&places.folder, world).unwrap_or_default());
    }
    print(&told)?;
    let change = if places.root == normalized(&world.current) {
        String::new()
    } else {
        format!("cd {} && ", shell_word(relative(&normalized(&world.current), &places.root)))
    };
    let command = format!("{change}codelab-gen --profile {} --force", places.name);
    print(&format!("next: {command} --diff\nthen: {command}\n"))?;
    Ok(Exit::Done)
}

fn places(args: &ImportArgs, world: &World) -> Result<Places, Failure> {
    let name = ProfileName::parse(&args.name).map_err(|mismatch| Failure::Usage {
        message: format!("expected {}, found {}", mismatch.expected, quoted(&args.name)),
        help: mismatch.help,
    })?;
    let folder = normalized(&world.current.join(args.folder.as_deref().unwrap_or(Path::new("."))));
    let catalogue = catalogue_of(&folder, world)?;
    let root = normalized(catalogue.root());
    let profile = root.join(format!("profiles/{name}.yaml"));
    let is_taken = catalogue.folder().is_some()
        && catalogue
            .entries()
            .iter()
            .any(|entry| entry.name == name.as_str() || entry.aliases.iter().any(|alias| alias == name.as_str()));
    if is_taken || profile.exists() {
        return Err(Failure::Usage {
            message: format!("`{name}` is a profile of this project already, by its name or an alias"),
            help: "choose another name with `--name`".to_owned(),
        });
    }
    Ok(Places { folder, root, profile, name })
}

/// The file that Compose would take.
fn compose_file(folder: &Path, world: &World) -> Result<Source, Failure> {
    for name in COMPOSE_FILES {
        match read(&folder.join(name), world) {
            Err(ReadFault::Missing) => {}
            Err(fault) => return Err(unreadable(&folder.join(name), &fault, world)),
            Ok(source) => return Ok(source),
        }
    }
    let shown = shown(folder, world);
    let message = format!("there is no Compose file in `{shown}`");
    Err(Failure::outside(message, "name the folder that has the docker-compose.yml: `codelab-gen import FOLDER`"))
}

/// The file that Compose would read beside it.
fn beside_file(folder: &Path, world: &World) -> Result<Option<Source>, Failure> {
    let Some(path) = BESIDE.iter().map(|name| folder.join(name)).find(|path| path.exists()) else { return Ok(None) };
    read(&path, world).map(Some).map_err(|fault| unreadable(&path, &fault, world))
}

/// The `.env`, which a deployment need not have.
fn dotenv_file(path: &Path, world: &World) -> Result<Source, Failure> {
    match read(path, world) {
        Err(ReadFault::Missing) => {
            Ok(Source { name: ".env".to_owned(), text: String::new(), origin: Origin::Argument })
        }
        Err(fault) => Err(unreadable(path, &fault, world)),
        Ok(source) if source.text.len() > DOTENV_LIMIT => {
            let message = format!("`{}` is larger than {} MiB", source.name, DOTENV_LIMIT / 1024 / 1024);
            Err(Failure::outside(message, "look whether it is a list of variables; nothing was written"))
        }
        Ok(source) => Ok(source),
    }
}

/// Reads a file of the folder. The folder is the user's word; a link in it may be a stranger's, and leads nowhere else.
fn read(path: &Path, world: &World) -> Result<Source, ReadFault> {
    Source::from_file_of(&Project::of_file(path), path, &relative(&normalized(&world.current), path), SIZE_LIMIT)
}

fn unreadable(path: &Path, fault: &ReadFault, world: &World) -> Failure {
    let shown = shown(path, world);
    Failure::outside(format!("can't read `{shown}`: {fault}"), "look at the file; nothing was written")
}

/// What is written must be a profile that generates; where a rule of profiles forbids what ran until now, that is told
/// in the text that would have been written.
fn check(imported: &Imported, places: &Places, world: &World) -> Result<Meaning, Failure> {
    let shown = shown(&places.profile, world);
    let name = format!("{shown}, as it would be");
    let source = Source { name, text: imported.profile.clone(), origin: Origin::File(places.profile.clone()) };
    let catalogue = Catalogue::find(&places.root, &world.current, &world.trust)?;
    meaning_of(gather(source, Vec::new(), &catalogue)?)
}

/// The lines of `.env` by which generating would refuse it: what they set moves into the block, and is written so that not
/// all readers read it alike, or stands there twice.
fn odd_lines(dotenv: &Source, deployment: &Deployment) -> Vec<Diagnostic> {
    if dotenv::split(&dotenv.text).is_some() {
        return Vec::new();
    }
    let keys = deployment.dotenv_keys();
    let names = keys.names();
    let mut seen = HashSet::new();
    let mut faults = Vec::new();
    let mut start = 0;
    for part in dotenv::user_parts(&dotenv.text).unwrap_or_default() {
        let place = Place::Span(DOTENV, start..start + part.text.trim_end_matches('\n').len());
        start += part.text.len();
        let Some(key) = part.key.filter(|key| names.contains(key)) else { continue };
        if part.value.is_none() {
            let message = format!("`{key}` is written in a form that not all readers of .env read alike");
            let help = format!("write `{key}='VALUE'`: no `export`, no space around `=`, nothing behind the quote");
            faults.push(Diagnostic::error(Code::InvalidValue, place, message, help).conceal());
        } else if !seen.insert(key) {
            let help = "keep the last of them, which is the one that counts";
            faults.push(Diagnostic::error(Code::DuplicateKey, place, format!("`{key}` is set twice"), help).conceal());
        }
    }
    faults
}

/// Writes all files, the profile last: without its secrets it would be half of the deployment, and a second run refuses
/// one that is there.
fn write(imported: &Imported, places: &Places, dotenv: &Source, world: &World) -> Result<String, Failure> {
    let Imported { profile, beside, new_secrets, notes: _, server: _, fixed: _ } = imported;
    let shown = |path: &Path| shown(path, world);
    let beside = match beside {
        Some(beside) => missing_beside(beside, places, world)?,
        None => None,
    };
    if !new_secrets.is_empty() && dotenv::split(&dotenv.text).is_some() {
        return Err(Failure::Usage {
            message: "secrets stand in the Compose file, but .env has a block of codelab-gen already".to_owned(),
            help: "write them into that block, refer to them in the Compose file (`${NAME}`), and import again"
                .to_owned(),
        });
    }
    let (root, folder) = (open(&places.root, world)?, open(&places.folder, world)?);
    let change = write_schema(&root, world)?;
    let mut told = vec![format!("{change} {}\n", shown(&places.root.join(super::new::SCHEMA)))];
    if !new_secrets.is_empty() {
        told.push(add_secrets(&folder, dotenv, new_secrets, world)?);
    }
    if let Some(text) = beside {
        create(&folder, OURS_BESIDE, &text, world)?;
        told.push(format!("created   {}\n", shown(&places.folder.join(OURS_BESIDE))));
    }
    create(&root, &places.way(), profile, world)?;
    told.push(format!("created   {}\n", shown(&places.profile)));
    let secret = |new: &NewSecret| format!("secret    {}: taken from the Compose file into .env\n", new.key);
    told.extend(new_secrets.iter().map(secret));
    Ok(told.concat())
}

/// What must be written into a file beside the Compose file; nothing where one says it already.
fn missing_beside(beside: &Beside, places: &Places, world: &World) -> Result<Option<String>, Failure> {
    let Some(existing) = beside_file(&places.folder, world)? else { return Ok(Some(beside.text())) };
    if beside.is_said_by(&existing.text) {
        return Ok(None);
    }
    let mut help = "add to it what the profile has no field for, and import again:\n\n".to_owned();
    help.push_str(&beside.text());
    Err(Failure::Usage { message: format!("`{}` is there, and does not say all that it must", existing.name), help })
}

/// Adds lines to the user's own part of `.env`; the file is replaced as a whole.
fn add_secrets(folder: &Folder, dotenv: &Source, secrets: &[NewSecret], world: &World) -> Result<String, Failure> {
    let shown = shown(&folder.path().join(".env"), world);
    let lines: String = secrets.iter().map(|new| new.line.as_str()).collect();
    let own = dotenv.text.as_str();
    let gap = if own.is_empty() || own.ends_with('\n') { "" } else { "\n" };
    disk::replace(folder, Path::new(".env"), DOTENV_MODE, &format!("{own}{gap}{lines}"))
        .map_err(|error| unwritable(&shown, &error))?;
    let change = if matches!(dotenv.origin, Origin::File(_)) { "updated  " } else { "created  " };
    Ok(format!("{change} {shown}\n"))
}

/// The notes by what follows from them, which is told once.
fn notes_text(notes: &[Note], compose: &Source) -> String {
    let lines = Lines::new(&compose.text);
    let mut by_help: IndexMap<&str, Vec<String>> = IndexMap::new();
    for Note { span, message, help } in notes {
        let place = span.as_ref().map(|span| {
            let (line, _) = lines.at(span.start);
            format!("{}:{line}: ", compose.name)
        });
        by_help.entry(help).or_default().push(format!("note: {}{}\n", place.unwrap_or_default(), on_one_line(message)));
    }
    let groups = by_help.into_iter().map(|(help, messages)| format!("{}  = help: {help}\n", messages.concat()));
    groups.collect::<Vec<_>>().concat()
}
