//! Knows how the profiles that have a name are listed. Must not know what they deploy.

use clap::Args;

use super::print::{print, print_document};
use super::world::{World, catalogue};
use crate::cli::Format;
use crate::deployment::{Deployment, Service};
use crate::layers::{Layers, gather};
use crate::outcome::{Exit, Failure};
use crate::report::{Document, ListedProfile, Listing};
use crate::source::{Catalogue, CatalogueEntry};
use crate::spelling::on_one_line;
use crate::url::ConnectionUrl;
use crate::value::{Choice as _, Target};
use crate::verdict::meaning_of;

/// What stands below its options.
const HELP: &str = "\
Examples:
  codelab-gen profiles                                    with their stages, engines and files
  codelab-gen profiles --format json                      the same for programs";

/// Lists the profiles that have a name
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct ProfilesArgs {
    /// How results are told
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(super) format: Format,
}

/// Longer cells do not move those of other lines.
const WIDEST: usize = 60;

/// One line of the list.
struct Listed {
    name: String,
    aliases: Vec<String>,
    from: String,
    state: State,
}

enum State {
    Selectable { stage: &'static str, target: Target, engines: Vec<(String, &'static str)> },
    Base,
    Broken,
}

/// Lists every profile, broken ones too.
pub(super) fn profiles(args: &ProfilesArgs, world: &World) -> Result<Exit, Failure> {
    let catalogue = catalogue(world)?;
    let entries: Vec<_> = catalogue.entries().into_iter().map(|entry| listed(entry, &catalogue)).collect();
    match args.format {
        Format::Human => print(&text(&entries))?,
        Format::Json => {
            let profiles = entries.into_iter().map(document).collect();
            print_document(&Document::Listing(Listing { profiles }))?;
        }
    }
    Ok(Exit::Done)
}

fn listed(entry: CatalogueEntry, catalogue: &Catalogue) -> Listed {
    let embedded = entry.is_embedded();
    let CatalogueEntry { name, aliases, source, selectable: _, path } = entry;
    let (from, state) = match source {
        Err(_) => (path.map_or_else(|| name.clone(), |path| catalogue.shown(&path)), State::Broken),
        Ok(source) => {
            let from = if embedded { "built in".to_owned() } else { source.name.clone() };
            let state = gather(source, Vec::new(), catalogue).map_or(State::Broken, state);
            (from, state)
        }
    };
    Listed { name, aliases, from, state }
}

fn state(layers: Layers) -> State {
    let is_base = layers.diagnostics.is_empty() && !layers.profile.stage.is_given();
    match meaning_of(layers).map(|meaning| meaning.deployment) {
        Ok(deployment) => State::Selectable {
            stage: deployment.stage.as_str(),
            target: deployment.target,
            engines: engines(&deployment),
        },
        Err(_) if is_base => State::Base,
        Err(_) => State::Broken,
    }
}

fn engines(deployment: &Deployment) -> Vec<(String, &'static str)> {
    let engine = |url: &ConnectionUrl| match url {
        ConnectionUrl::Sqlite(_) => "sqlite",
        ConnectionUrl::Postgres(_) => "postgres",
    };
    let of = |service: &Service| -> Vec<_> {
        service.databases().map(|database| (database.called(&service.name), engine(&database.url))).collect()
    };
    deployment.services.iter().flat_map(of).collect()
}

fn text(entries: &[Listed]) -> String {
    let rows: Vec<[String; 4]> = entries.iter().map(|entry| row(entry).map(|cell| on_one_line(&cell))).collect();
    let header = ["PROFILE", "STAGE", "ENGINES", "FROM"].map(str::to_owned);
    let rows: Vec<_> = std::iter::once(header).chain(rows).collect();
    let mut widths = [0; 4];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count()).min(WIDEST);
        }
    }
    let line = |row: &[String; 4]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

fn row(entry: &Listed) -> [String; 4] {
    let name = if entry.aliases.is_empty() {
        entry.name.clone()
    } else {
        format!("{} ({})", entry.name, entry.aliases.join(", "))
    };
    let (stage, engines) = match &entry.state {
        State::Selectable { stage, target, engines } => {
            let engines: Vec<_> = engines.iter().map(|(service, engine)| format!("{service}: {engine}")).collect();
            // most run on the same, which is then no news
            let on = if *target == Target::default() { String::new() } else { format!(", on {target}") };
            (format!("{stage}{on}"), engines.join(", "))
        }
        State::Base => ("-".to_owned(), "a base, extended by others".to_owned()),
        State::Broken => ("?".to_owned(), "broken: see codelab-gen validate".to_owned()),
    };
    [name, stage, engines, entry.from.clone()]
}

fn document(entry: Listed) -> ListedProfile {
    let Listed { name, aliases, from, state } = entry;
    let (kind, stage, target, engines) = match state {
        State::Selectable { stage, target, engines } => {
            ("selectable", Some(stage.to_owned()), Some(target.to_string()), engines)
        }
        State::Base => ("base", None, None, Vec::new()),
        State::Broken => ("broken", None, None, Vec::new()),
    };
    let engines = engines.into_iter().map(|(service, engine)| (service, engine.to_owned())).collect();
    ListedProfile { name, aliases, kind: kind.to_owned(), stage, target, engines, from }
}
