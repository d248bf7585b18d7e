//! Knows what a shell is told that completes the command line: the names of the project at hand.
//! Must not know the words of the command line beyond the arguments that have such names.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use clap_complete::engine::{
    ArgValueCandidates, ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter,
};
use clap_complete::env::{Bash, CompleteEnv, EnvCompleter, Fish, Shells, Zsh};

use super::explain;
use super::print::{print_note, print_raw};
use super::target::{layers, select};
use super::world::{World, catalogue};
use crate::cli::TargetArgs;
use crate::diagnostic::Code;
use crate::outcome::{Exit, Failure};
use crate::source::CatalogueEntry;
use crate::spelling::{raw_path, shell_word};
use crate::verdict::meaning_of;

/// The variable by which the printed script asks for completions; it holds the shell's name.
const VARIABLE: &str = "CODELAB_GEN_COMPLETE";

/// The program as the printed script calls it.
const PROGRAM: &str = "codelab-gen";

/// What builds the command line.
type Line = fn() -> clap::Command;

/// What stands below its options.
const HELP: &str = "\
Examples:
  codelab-gen completions bash    in ~/.bashrc: source <(codelab-gen completions bash)
  codelab-gen completions zsh     in ~/.zshrc after compinit: source <(codelab-gen completions zsh)
  codelab-gen completions fish    in config.fish: codelab-gen completions fish | source";

/// Prints what makes a shell complete commands, options, and the names of profiles
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct CompletionsArgs {
    /// Which shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

/// The shells that complete the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Shell {
    /// Bash 4 or later.
    Bash,
    /// Zsh.
    Zsh,
    /// Fish.
    Fish,
}

/// Answers a shell that completes a command line, and nothing in every other run.
pub(super) fn complete(line: Line) -> Option<ExitCode> {
    let current = std::env::current_dir().ok();
    let answer = CompleteEnv::with_factory(|| command(line))
        .var(VARIABLE)
        .shells(Shells(&[&Bash, &Zsh, &Fish]))
        .completer(PROGRAM)
        .try_complete(std::env::args_os(), current.as_deref());
    match answer {
        Ok(false) => None,
        Ok(true) => Some(ExitCode::SUCCESS),
        Err(error) => {
            print_note(&format!("{}\n", error.to_string().trim_end()));
            Some(Exit::Usage.into())
        }
    }
}

/// Prints what makes a shell ask the program.
pub(super) fn print_script(args: &CompletionsArgs) -> Result<Exit, Failure> {
    let shell: &dyn EnvCompleter = match args.shell {
        Shell::Bash => &Bash,
        Shell::Zsh => &Zsh,
        Shell::Fish => &Fish,
    };
    let mut script = Vec::new();
    shell
        .write_registration(VARIABLE, PROGRAM, PROGRAM, PROGRAM, &mut script)
        .map_err(|error| Failure::Internal { message: error.to_string() })?;
    print_raw(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}

/// The command line, with what completes the arguments that are names of something.
fn command(line: Line) -> clap::Command {
    let profile = || ArgValueCompleter::new(Profiles { line, with_bases: false });
    let any_profile = || ArgValueCompleter::new(Profiles { line, with_bases: true });
    let secrets = ArgValueCandidates::new(move || candidates(secret_names(line)));
    let codes = ArgValueCandidates::new(|| Code::ALL.iter().copied().map(code_candidate).collect());
    let commands = ArgValueCandidates::new(move || candidates(command_names(line)));
    let target = |command: clap::Command| {
        let command = command.mut_arg("profile", |arg| arg.add(profile()));
        command.mut_arg("out", |arg| arg.add(ArgValueCompleter::new(folder_candidates)))
    };
    target(line())
        .mut_subcommand("validate", |command| command.mut_arg("profiles", |arg| arg.add(any_profile())))
        .mut_subcommand("new", |command| command.mut_arg("from", |arg| arg.add(any_profile())))
        .mut_subcommand("rotate", |command| target(command).mut_arg("secrets", |arg| arg.add(secrets)))
        .mut_subcommand("explain", |command| {
            target(command).mut_arg("path", |arg| {
                arg.add(ArgValueCompleter::new(move |current: &OsStr| field_candidates(current, line)))
            })
        })
        .mut_subcommand("doctor", target)
        .mut_subcommand("code", |command| command.mut_arg("code", |arg| arg.add(codes)))
        .mut_subcommand("man", |command| command.mut_arg("command", |arg| arg.add(commands)))
}

/// The profiles that have a name, and their files once a path is begun.
struct Profiles {
    line: Line,
    /// Whether those that can only be extended are meant as well.
    with_bases: bool,
}

impl ValueCompleter for Profiles {
    fn complete(&self, current: &OsStr) -> Vec<CompletionCandidate> {
        let is_path = raw_path(current).contains('/');
        let entries = of_project(self.line, |_, world| Ok(catalogue(world)?.entries()));
        let entries = entries.into_iter().filter(|entry| self.with_bases || entry.selectable);
        let names = entries.flat_map(|CatalogueEntry { name, aliases, .. }| [name].into_iter().chain(aliases));
        let mut found = candidates(names.filter(|name| begins(name, current)));
        if is_path {
            found.extend(
                PathCompleter::any().filter(is_profile_or_folder).complete(current).into_iter().filter(is_plain),
            );
        }
        found
    }
}

fn folder_candidates(current: &OsStr) -> Vec<CompletionCandidate> {
    PathCompleter::dir().complete(current).into_iter().filter(is_plain).collect()
}

fn is_profile_or_folder(path: &Path) -> bool {
    path.is_dir() || path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}

/// Fields to the depth that is typed: `services.` gives the services, not all that is below each.
fn field_candidates(current: &OsStr, line: Line) -> Vec<CompletionCandidate> {
    let depth = raw_path(current).split('.').count();
    let mut shown: Vec<String> = Vec::new();
    for path in of_project(line, explain::paths) {
        let path = path.split('.').take(depth).collect::<Vec<_>>().join(".");
        if begins(&path, current) && !shown.contains(&path) {
            shown.push(path);
        }
    }
    candidates(shown)
}

fn secret_names(line: Line) -> Vec<String> {
    of_project(line, |target, world| {
        let meaning = meaning_of(layers(select(target, true, world)?, target)?)?;
        Ok(meaning.deployment.secrets.keys().map(ToString::to_string).collect())
    })
}

fn command_names(line: Line) -> Vec<String> {
    line().get_subcommands().map(|command| command.get_name().to_owned()).collect()
}

/// What the project at hand has; nothing where it can't be read, for there is nobody to tell.
fn of_project<T>(line: Line, find: impl Fn(&TargetArgs, &World) -> Result<Vec<T>, Failure>) -> Vec<T> {
    let Ok(world) = World::of_process().map(|world| World { note: |_| {}, ..world }) else { return Vec::new() };
    find(&typed_target(line), &world).unwrap_or_default()
}

/// The deployment that the words typed so far mean.
fn typed_target(line: Line) -> TargetArgs {
    let words: Vec<OsString> = std::env::args_os().skip_while(|word| word != "--").skip(1).collect();
    let parsed = line().ignore_errors(true).try_get_matches_from(words).unwrap_or_default();
    let matches = parsed.subcommand().map_or(&parsed, |(_, matches)| matches);
    // not every command has these
    TargetArgs {
        profile: matches.try_get_one("profile").ok().flatten().cloned(),
        out: matches.try_get_one("out").ok().flatten().cloned(),
        settings: matches.try_get_many("settings").ok().flatten().map(|all| all.cloned().collect()).unwrap_or_default(),
    }
}

fn begins(name: &str, current: &OsStr) -> bool {
    current.to_str().is_some_and(|current| name.starts_with(current))
}

fn candidates(names: impl IntoIterator<Item = String>) -> Vec<CompletionCandidate> {
    names.into_iter().map(CompletionCandidate::new).filter(is_plain).collect()
}

/// Whether a shell takes it as it is: a candidate is put on the command line unquoted, and a file may be named
/// `$(command).yaml`.
fn is_plain(candidate: &CompletionCandidate) -> bool {
    candidate.get_value().to_str().is_some_and(|value| shell_word(value) == value)
}

fn code_candidate(code: Code) -> CompletionCandidate {
    CompletionCandidate::new(code.as_str()).help(Some(code.meaning().to_owned().into()))
}
