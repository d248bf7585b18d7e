//! Knows how every value of a deployment is told with where it comes from: a file and line, a default, a flag, or what
//! follows from other values. Must not know how a value is found out.

use clap::Args;
use indexmap::IndexSet;

use super::print::{print, print_document, print_note};
use super::risks;
use super::target::{Selection, first_line, layers, select, settings, unrepeated_settings};
use super::world::World;
use crate::cli::{Format, TargetArgs};
use crate::explain::{Explained, explained};
use crate::field::FieldPath;
use crate::layers::gather;
use crate::outcome::{Exit, Failure, Rejection};
use crate::report::{Document, ExplainedValue, Explanation};
use crate::spelling::{nearest, on_one_line, quoted};

/// What stands below its options.
const HELP: &str = "\
Examples:
  codelab-gen explain -p prod                             every value
  codelab-gen explain -p prod services.auth-service       the values of one service
  codelab-gen explain --out deploy postgres.image         one value of the deployment in deploy
  codelab-gen explain -p prod --risks                     what a reviewer should look at";

/// Prints every value of a deployment with where it comes from: file and line, default, flag
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct ExplainArgs {
    /// Only what is at or below this field: `services.auth-service.database` [default: everything]
    #[arg(value_name = "PATH")]
    path: Option<String>,
    /// Lists instead what the profile gives to its services beyond the default, the gravest first
    #[arg(long, conflicts_with = "path")]
    risks: bool,
    /// How results are printed
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(super) format: Format,
    /// Which deployment, as for generating.
    #[command(flatten)]
    target: TargetArgs,
}

/// Tells every value, or those below one path.
pub(super) fn explain(args: &ExplainArgs, world: &World) -> Result<Exit, Failure> {
    let selection: Selection = select(&args.target, false, world)?;
    if args.format == Format::Human {
        print(&first_line(&selection))?;
    }
    if let Some(note) = unrepeated_settings(&selection, &args.target) {
        print_note(&note);
    }
    if args.risks {
        return explain_risks(&selection, args, world);
    }
    let told = narrowed(all(selection, &args.target)?, args.path.as_deref())?;
    match args.format {
        Format::Human => print(&text(&told))?,
        Format::Json => {
            let value =
                |Explained { path, value, from }: Explained| ExplainedValue { path: path.to_string(), value, from };
            print_document(&Document::Explanation(Explanation { values: told.into_iter().map(value).collect() }))?;
        }
    }
    Ok(Exit::Done)
}

/// Lists what the profile gives beyond the default, also where it is a base.
fn explain_risks(selection: &Selection, args: &ExplainArgs, world: &World) -> Result<Exit, Failure> {
    let layers = gather(selection.source.clone(), settings(&args.target.settings)?, &selection.catalogue)?;
    if !layers.diagnostics.is_empty() {
        return Err(Failure::Rejected(Rejection { diagnostics: layers.diagnostics, sources: layers.sources }));
    }
    let risks = risks::of_selection(&layers, selection, &args.target, world);
    let document = risks::document(&risks, &layers.sources);
    match args.format {
        Format::Human => print(&risks::text(&document))?,
        Format::Json => print_document(&Document::Risks(document))?,
    }
    Ok(Exit::Done)
}

/// The paths of all values that a deployment has.
pub(super) fn paths(target: &TargetArgs, world: &World) -> Result<Vec<String>, Failure> {
    let selection = select(target, false, world)?;
    Ok(all(selection, target)?.iter().map(|value| value.path.to_string()).collect())
}

/// Every value of a deployment.
fn all(selection: Selection, target: &TargetArgs) -> Result<Vec<Explained>, Failure> {
    explained(layers(selection, target)?)
}

/// Those at a path or below it.
fn narrowed(mut all: Vec<Explained>, path: Option<&str>) -> Result<Vec<Explained>, Failure> {
    let services: IndexSet<String> = all.iter().filter_map(|explained| service(&explained.path)).cloned().collect();
    all.sort_by_key(|explained| position(&explained.path, &services));
    let Some(text) = path else { return Ok(all) };
    let below = FieldPath::parse(text).map(|wanted| {
        let is_below = |explained: &&Explained| explained.path.steps().starts_with(wanted.steps());
        all.iter().filter(is_below).count()
    });
    if below.unwrap_or_default() == 0 {
        let known: IndexSet<String> = all.iter().flat_map(|explained| with_those_above(&explained.path)).collect();
        let help = match nearest(text, known.iter().map(String::as_str)) {
            Some(known) => format!("did you mean `{known}`?"),
            None => "`codelab-gen explain` without a path prints all of them".to_owned(),
        };
        return Err(Failure::Usage { message: format!("nothing of the deployment is at {}", quoted(text)), help });
    }
    let wanted = FieldPath::parse(text).unwrap_or_default();
    all.retain(|explained| explained.path.steps().starts_with(wanted.steps()));
    Ok(all)
}

/// A path with the ones that it is below of.
fn with_those_above(path: &FieldPath) -> Vec<String> {
    let above = path.steps().iter().scan(FieldPath::root(), |above, step| {
        *above = above.key(step);
        Some(above.to_string())
    });
    above.collect()
}

/// The service that a field belongs to.
fn service(path: &FieldPath) -> Option<&String> {
    path.steps().get(1).filter(|_| path.steps().first().is_some_and(|first| first == "services"))
}

/// What comes first at the top, and which service; below them the order is that of the profile.
fn position(path: &FieldPath, services: &IndexSet<String>) -> (usize, Option<usize>) {
    const TOP: [&str; 12] = [
        "format",
        "extends",
        "aliases",
        "stage",
        "target",
        "out",
        "project",
        "engine",
        "services",
        "postgres",
        "secrets",
        "secrets_in",
    ];
    let first = path.steps().first();
    let at = first.and_then(|step| TOP.iter().position(|known| *known == step)).unwrap_or(TOP.len());
    (at, service(path).and_then(|name| services.get_index_of(name)))
}

/// Three columns.
fn text(told: &[Explained]) -> String {
    let row =
        |Explained { path, value, from }: &Explained| [&path.to_string(), value, from].map(|cell| on_one_line(cell));
    let rows: Vec<_> = told.iter().map(row).collect();
    let width = |cell: fn(&[String; 3]) -> &String| rows.iter().map(move |row| cell(row).chars().count());
    let paths = width(|[path, _, _]| path).map(|path| path.min(WIDEST_PATH)).max().unwrap_or_default();
    let values = width(|[_, value, _]| value).map(|value| value.min(WIDEST)).max().unwrap_or_default();
    let line = |[path, value, from]: &[String; 3]| format!("{path:<paths$}  {value:<values$}  {from}\n");
    rows.iter().map(line).collect::<Vec<_>>().concat()
}

/// How wide the column of paths gets.
const WIDEST_PATH: usize = 120;

/// How wide a column of values gets; longer ones push their origin aside.
const WIDEST: usize = 60;
