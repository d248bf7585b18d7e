//! Knows how a project gets its first profile, with the copy of the schema that editors check it by.
//! Must not know what the fields of a profile mean.

use std::io;
use std::path::Path;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::print::{print, print_note};
use super::world::{World, catalogue};
use crate::disk::{self, Folder, TEXT_LIMIT, Unread, normalized, relative};
use crate::layers::load;
use crate::outcome::{Exit, Failure};
use crate::source::{Catalogue, Origin, Source, UnknownName};
use crate::spelling::{self, on_one_line, quoted, raw_path};
use crate::value::{Choice as _, ProfileName, ProjectName, Target, TextValue as _};

/// A profile that says what is different from another one.
const EXTENDING: &str = include_str!("../../templates/starter/extending.yaml");

/// The copy of the schema, in the project's root.
pub(super) const SCHEMA: &str = "schema/profile.schema.json";

/// How editors find the schema; those that run yaml-language-server need nothing but the profile's first line.
const EDITORS: &str = "\
editors check and complete it by the schema in its first line:
  VS Code    the extension `redhat.vscode-yaml`
  Neovim     `vim.lsp.enable('yamlls')`, with npm's yaml-language-server
  Helix      npm's yaml-language-server, found by itself
  Zed        nothing to do, it brings yaml-language-server
  JetBrains  Settings > Languages & Frameworks > Schemas and DTDs > JSON Schema Mappings:
             schema/profile.schema.json for the files profiles/*.yaml
";

/// What stands below its options.
const HELP: &str = "\
Examples:
  codelab-gen new shop                                    a profile of its own
  codelab-gen new shop --target kubernetes                the same for a cluster
  codelab-gen new shop-prod --from shop                   the differences from shop
  codelab-gen new prod --from builtin:prod-postgres       the differences from a built-in profile";

/// Writes a first profile with a copy of the schema, and says how editors use it
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct NewArgs {
    /// Its name: the file is `profiles/NAME.yaml`
    #[arg(value_name = "NAME")]
    name: String,
    /// The profile that it extends: a name, an alias or a path [default: none, it describes a service itself]
    #[arg(long, value_name = "PROFILE")]
    from: Option<String>,
    /// What the deployment runs on [default: compose, or what the profile behind `--from` says]
    #[arg(long, value_parser = target_parser(), value_name = "TARGET")]
    target: Option<Target>,
}

/// The words of the field, for the command line.
fn target_parser() -> impl TypedValueParser<Value = Target> {
    let words = PossibleValuesParser::new(Target::ALL.iter().map(|target| target.as_str()));
    words.try_map(|word| Target::parse(&word).map_err(|mismatch| mismatch.expected))
}

/// Writes `profiles/NAME.yaml` and the schema beside it.
pub(super) fn new(args: &NewArgs, world: &World) -> Result<Exit, Failure> {
    let catalogue = catalogue(world)?;
    let name = ProfileName::parse(&args.name).map_err(|mismatch| Failure::Usage {
        message: format!("expected {}, found {}", mismatch.expected, quoted(&args.name)),
        help: mismatch.help.into(),
    })?;
    match catalogue.by_name(name.as_str()) {
        // an embedded one of the same name gives way to the project's own
        Ok(_) | Err(UnknownName::Unreadable { .. } | UnknownName::Ambiguous { .. }) if catalogue.folder().is_some() => {
            return Err(Failure::Usage {
                message: format!("`{name}` is a profile of this project already, by its name or an alias"),
                help: "choose another name, or edit that profile".to_owned(),
            });
        }
        Ok(_) | Err(_) => {}
    }
    let text = match &args.from {
        Some(from) if from == "-" => {
            return Err(Failure::Usage {
                message: "a profile can't extend standard input".to_owned(),
                help: "name a profile or a file".to_owned(),
            });
        }
        None => args.target.unwrap_or_default().starter().replace("PROJECT", &project(catalogue.root())),
        Some(from) => {
            let parent = load(from, "--from ", &catalogue)?;
            let target = args.target.map(|target| format!("target: {target}\n")).unwrap_or_default();
            let text = EXTENDING.replace("TARGET", &target);
            text.replace("PARENT", &yaml_text(&reference(from, &parent, catalogue.root())))
        }
    };
    let profile = format!("profiles/{name}.yaml");
    let is_first = catalogue.folder().is_none();
    let root = open(catalogue.root(), world)?;
    let change = write_schema(&root, world)?;
    create(&root, &profile, &text, world)?;
    let shown = |way: &str| shown(&root.path().join(way), world);
    print(&format!("created   {}\n{change} {}\n{EDITORS}", shown(&profile), shown(SCHEMA)))?;
    print(&format!("next: codelab-gen --profile {name}\n"))?;
    if is_first {
        print_note(&first_profile_note(&catalogue));
    }
    Ok(Exit::Done)
}

/// A text as a YAML scalar, in quotes where it would be read as something else.
fn yaml_text(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    let is_bare = text.chars().all(is_plain) || text.starts_with(crate::source::BUILTIN_PREFIX);
    if is_bare { text.to_owned() } else { crate::yaml::as_needed(text).into_owned() }
}

/// The folder's name, as far as it can be a project's.
fn project(root: &Path) -> String {
    let folder = raw_path(root.file_name().unwrap_or_default()).to_lowercase();
    let name: String = folder.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let name = name.trim_matches('-');
    if ProjectName::parse(name).is_ok() { name.to_owned() } else { "app".to_owned() }
}

/// What `extends` must say: embedded profiles are no longer found by their bare names once there is a `profiles/`.
fn reference(from: &str, parent: &Source, root: &Path) -> String {
    match &parent.origin {
        Origin::Embedded(name) => format!("{}{name}", crate::source::BUILTIN_PREFIX),
        Origin::File(path) => {
            let way = relative(&normalized(&root.join("profiles")), &normalized(path));
            if way.starts_with("../") || way.starts_with('/') { way } else { format!("./{way}") }
        }
        Origin::StandardInput | Origin::Argument => from.to_owned(),
    }
}

fn first_profile_note(catalogue: &Catalogue) -> String {
    let folder = catalogue.root().join("profiles");
    format!(
        "note: from now on names mean the profiles of `{}`\n  = help: the built-in ones are `builtin:dev-sqlite` and so \
         on\n",
        spelling::path(&folder)
    )
}

/// A folder of the user's own, in which files are written.
pub(super) fn open(folder: &Path, world: &World) -> Result<Folder, Failure> {
    Folder::open(folder).map_err(|error| unwritable(&shown(folder, world), &error))
}

/// Writes a file that must not be there yet.
pub(super) fn create(folder: &Folder, way: &str, text: &str, world: &World) -> Result<(), Failure> {
    let shown = shown(&folder.path().join(way), world);
    match disk::create(folder, Path::new(way), text) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(Failure::Usage {
            message: format!("`{shown}` is there already"),
            help: "choose another name, or edit that profile".to_owned(),
        }),
        Err(error) => Err(unwritable(&shown, &error)),
    }
}

/// An older copy of the schema is replaced; anything else in its place is somebody's.
pub(super) fn write_schema(root: &Folder, world: &World) -> Result<&'static str, Failure> {
    let schema = crate::schema::schema();
    let way = Path::new(SCHEMA);
    let shown = shown(&root.path().join(SCHEMA), world);
    let change = match root.read(way, TEXT_LIMIT).map(String::from_utf8) {
        Ok(Ok(copy)) if copy == schema => return Ok("unchanged"),
        Ok(Ok(copy)) if copy.contains(crate::schema::TITLE) => "updated  ",
        Err(Unread::Missing) => "created  ",
        Ok(_) | Err(_) => {
            return Err(Failure::Usage {
                message: format!("`{shown}` is there already, and is not a schema of codelab-gen"),
                help: "move it away".to_owned(),
            });
        }
    };
    disk::replace(root, way, 0o644, &schema).map_err(|error| unwritable(&shown, &error))?;
    Ok(change)
}

/// A path as the user would write it.
pub(super) fn shown(path: &Path, world: &World) -> String {
    on_one_line(&relative(&normalized(&world.current), &normalized(path)))
}

pub(super) fn unwritable(shown: &str, error: &io::Error) -> Failure {
    Failure::outside(format!("can't write `{shown}`: {error}"), "look at the permissions of its folder, and for links")
}
