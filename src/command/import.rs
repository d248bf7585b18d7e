//! Knows how a hand-kept deployment is read, and where what becomes of it is written.
//! Must not know how any of it is recognized.

mod files;
mod lines;
mod prove;
mod told;

use std::path::{Path, PathBuf};

use clap::Args;
use indexmap::IndexMap;

use self::files::Read;
use self::prove::{Proven, Unproven, prove};
use super::generate::note_of_ignores;
use super::new::shown;
use super::new::{create, open, unwritable, write_schema};
use super::print::{print, print_note};
use super::world::{World, catalogue_of};
use crate::deployment::{Deployment, Service};
use crate::diagnostic::Diagnostic;
use crate::disk::{self, Folder, normalized, relative};
use crate::dotenv;
use crate::import::{Beside, DOTENV, Files, HandKept, Imported, NewSecret, Note};
use crate::layers::gather;
use crate::locate::Lines;
use crate::outcome::{Exit, Failure, Rejection};
use crate::placement::Placement;
use crate::source::{Catalogue, Origin, ReadFault, Source};
use crate::spelling::{on_one_line, quoted, raw_path, shell_word};
use crate::value::{ProfileName, TextValue as _};
use crate::verdict::{Meaning, meaning_of};

/// What stands below its options.
const HELP: &str = "\
Examples:
  codelab-gen import                                      import the deployment in this folder
  codelab-gen import ../shop --name shop                  import another one as profiles/shop.yaml
  codelab-gen import -f docker-compose.yml -f prod.yml    import several Compose files

Secrets in docker-compose.yml are added to .env; the old files do not change otherwise. What a
profile cannot express goes into a new docker-compose.override.yml. Of the printed commands, the
first compares the old files with the generated ones, the second replaces them and keeps the old
ones as .orig.";

/// Writes a profile of a deployment that is kept by hand: its docker-compose.yml and .env
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct ImportArgs {
    /// The folder with its docker-compose.yml, or a Compose file of another name [default: the current folder]
    #[arg(value_name = "DIR|FILE")]
    folder: Option<PathBuf>,
    /// A Compose file, as `docker compose -f` takes it; may be repeated [default: `COMPOSE_FILE` in .env, else the file that
    /// Compose finds]
    #[arg(short, long = "file", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Writes a profile also where no service has a database that it could switch
    #[arg(long)]
    anyway: bool,
    /// The name of the profile: the file is `profiles/NAME.yaml`
    #[arg(long, value_name = "NAME", default_value = "imported")]
    name: String,
}

/// The one that is written.
const OURS_BESIDE: &str = "docker-compose.override.yml";

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
    let chosen = files::choose(args.folder.as_deref(), &args.files, world)?;
    let places = places(args, chosen.folder, world)?;
    let dotenv = dotenv_file(&places.folder.join(".env"), world)?;
    let Read { sources, files, beside } = files::read_all(&places.folder, &chosen.files, &dotenv, world)?;
    let root = relative(&places.root, &places.folder);
    let placement = Placement { profile: places.name.to_string(), root, settings: Vec::new() };
    let folder = raw_path(places.folder.file_name().unwrap_or_default());
    let file = |path: &str| {
        let path = normalized(&places.folder.join(path));
        // who wrote the Compose file may be a stranger
        let is_inside = path.starts_with(&places.folder);
        is_inside.then(|| files::read(&path, world).ok()).flatten().map(|source| source.text)
    };
    let kept = HandKept {
        files: &files,
        dotenv: &dotenv.text,
        beside: beside.as_ref().map_or("", |beside| &beside.text),
        read: &file,
        folder: &folder,
        placement: &placement,
    };
    let unimportable = |diagnostics: Vec<Diagnostic>| {
        let mut sources = sources.clone();
        sources.insert(DOTENV.0, dotenv.clone());
        Failure::Unimportable(Rejection { diagnostics, sources })
    };
    let to_root = relative(&places.folder, &places.root);
    let proven = prove(&kept, &to_root, |imported| check(imported, &places, world));
    let Proven { imported, meaning: Meaning { deployment, .. } } = match proven {
        Ok(proven) => proven,
        Err(Unproven::Failed(failure)) => return Err(failure),
        Err(Unproven::Unimportable(diagnostics)) => return Err(unimportable(diagnostics)),
    };
    let diagnostics = lines::faults(&dotenv, &deployment);
    if !diagnostics.is_empty() {
        return Err(unimportable(diagnostics));
    }
    if !args.anyway && !gains(&deployment) {
        let reasons: Vec<_> = imported.notes.into_iter().filter(|note| note.is_reason).collect();
        print_note(&notes_text(&reasons, &files, &sources));
        print_note(&nothing_to_gain(&sources));
        print("nothing was written\n")?;
        return Ok(Exit::Done);
    }
    refuse_link(&places, &imported, &deployment, world)?;
    let told = write(&imported, &places, &dotenv, world)?;
    print_note(&notes_text(&imported.notes, &files, &sources));
    print_note(&lines::copies(&dotenv, &imported.new_secrets, &deployment));
    print_note(&files::note(&files, &chosen.files, &places.folder, world));
    if !imported.new_secrets.is_empty() {
        print_note(&note_of_ignores(&places.folder, deployment.target, world).unwrap_or_default());
    }
    print(&told)?;
    print(&next(&places, &lines::missing(&dotenv, &imported.new_secrets, &deployment), world))?;
    print(&files::old_server(&chosen.files, imported.server.as_deref(), &places.folder, world))?;
    Ok(Exit::Done)
}

/// A link in the place of `.env` is not written through, by this run or by the one that comes next.
fn refuse_link(places: &Places, imported: &Imported, deployment: &Deployment, world: &World) -> Result<(), Failure> {
    let path = places.folder.join(".env");
    let is_written = !imported.new_secrets.is_empty() || !deployment.dotenv_keys().names().is_empty();
    if !is_written || !path.is_symlink() {
        return Ok(());
    }
    let message = format!("`{}` is a symbolic link, and lines move into it", shown(&path, world));
    Err(Failure::outside(message, "replace the link by the file that it leads to, and import again"))
}

/// Whether there is something that a profile does and a Compose file does not.
fn gains(deployment: &Deployment) -> bool {
    deployment.server.is_some() || deployment.services.iter().any(Service::has_database)
}

fn nothing_to_gain(sources: &[Source]) -> String {
    let name = sources.first().map(|source| source.name.as_str()).unwrap_or_default();
    format!(
        "note: there is nothing to gain: no service has a database that a profile could switch, migrate or back up\n  = help: \
         keep {} as it is; `codelab-gen import --anyway` writes a profile all the same\n",
        quoted(name)
    )
}

/// The commands that come next.
fn next(places: &Places, missing: &[String], world: &World) -> String {
    let change = if places.root == normalized(&world.current) {
        String::new()
    } else {
        format!("cd {} && ", shell_word(relative(&normalized(&world.current), &places.root)))
    };
    let command = format!("{change}codelab-gen --profile {} --force", places.name);
    let given =
        missing.iter().map(|name| format!("then: read -rs {name} && export {name} # it has no value in .env\n"));
    format!("next: {command} --diff\n{}then: {command}\n", given.collect::<String>())
}

fn places(args: &ImportArgs, folder: PathBuf, world: &World) -> Result<Places, Failure> {
    let name = ProfileName::parse(&args.name).map_err(|mismatch| Failure::Usage {
        message: format!("expected {}, found {}", mismatch.expected, quoted(&args.name)),
        help: mismatch.help.into(),
    })?;
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

/// The `.env`, which a deployment need not have.
fn dotenv_file(path: &Path, world: &World) -> Result<Source, Failure> {
    match files::read(path, world) {
        Err(ReadFault::Missing) => {
            Ok(Source { name: ".env".to_owned(), text: String::new(), origin: Origin::Argument })
        }
        Err(fault) => Err(files::unreadable(path, &fault, world)),
        Ok(source) if source.text.len() > DOTENV_LIMIT => {
            let message = format!("`{}` is larger than {} MiB", source.name, DOTENV_LIMIT / 1024 / 1024);
            Err(Failure::outside(message, "look whether it is a list of variables; nothing was written"))
        }
        Ok(source) => Ok(source),
    }
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
            message: "secrets are in the Compose file, but .env has a block of codelab-gen already".to_owned(),
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
    let Some(existing) = files::beside(&places.folder, world)? else { return Ok(Some(beside.text())) };
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
fn notes_text(notes: &[Note], files: &Files, sources: &[Source]) -> String {
    let lines: Vec<_> = sources.iter().map(|source| Lines::new(&source.text)).collect();
    let mut by_help: IndexMap<&str, Vec<String>> = IndexMap::new();
    for Note { span, message, help, is_reason: _ } in notes {
        let place = span.as_ref().and_then(|span| {
            let (file, inside) = files.locate(span);
            let (line, _) = lines.get(file)?.at(inside.start);
            Some(format!("{}:{line}: ", sources.get(file)?.name))
        });
        let line = format!("note: {}{}\n", place.unwrap_or_default(), on_one_line(message));
        let told = by_help.entry(help).or_default();
        if !told.contains(&line) {
            told.push(line);
        }
    }
    let groups = by_help.into_iter().map(|(help, messages)| format!("{}  = help: {help}\n", messages.concat()));
    groups.collect::<Vec<_>>().concat()
}
