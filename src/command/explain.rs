//! Knows how every value of a deployment is told with where it comes from: a file and line, a default, a flag, or what
//! follows from other values. Must not know how a value is found out.

use super::target::{Selection, first_line, layers, select};
use super::{World, deployment_of, print, print_document};
use crate::cli::{ExplainArgs, Format, TargetArgs};
use crate::deployment::{Deployment, Limits, Service};
use crate::field::FieldPath;
use crate::locate::{Location, Locator, Part, line_and_column};
use crate::outcome::{Exit, Failure};
use crate::profile::{Field, Held};
use crate::report::{Document, ExplainedValue, Explanation};
use crate::source::Source;
use crate::spelling::{nearest, quoted};
use crate::url::ConnectionUrl;

/// What stands where a password would.
const PASSWORD: &str = "…";

/// What stands for a value of several lines.
const SEVERAL_LINES: &str = "(several lines)";

/// A value with where it comes from.
struct Explained {
    path: FieldPath,
    value: String,
    from: String,
}

/// Tells every value, or those below one path.
pub(super) fn explain(args: &ExplainArgs, world: &World) -> Result<Exit, Failure> {
    let selection: Selection = select(&args.target, false, world)?;
    if args.format == Format::Human {
        print(&first_line(&selection))?;
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

/// The paths of all values that a deployment has.
pub(super) fn paths(target: &TargetArgs, world: &World) -> Result<Vec<String>, Failure> {
    let selection = select(target, false, world)?;
    Ok(all(selection, target)?.iter().map(|value| value.path.to_string()).collect())
}

/// Every value of a deployment.
fn all(selection: Selection, target: &TargetArgs) -> Result<Vec<Explained>, Failure> {
    let layers = layers(selection, target)?;
    let fields = layers.profile.fields();
    let (deployment, sources) = deployment_of(layers)?;
    let mut all = written(&fields, &sources);
    let derived = derived(&deployment).into_iter().filter(|new| all.iter().all(|known| known.path != new.path));
    let derived: Vec<_> = derived.collect();
    all.extend(derived);
    Ok(all)
}

/// What the profile and its bases say, and the defaults of what they leave out.
fn written(fields: &[Field], sources: &[Source]) -> Vec<Explained> {
    let locator = Locator::new(sources);
    let explained = |Field { path, held }: &Field| match held {
        Held::Default(value) => Explained { path: path.clone(), value: value.clone(), from: "default".to_owned() },
        Held::Written => {
            let mut location = locator.locate(path, Part::Value);
            let outer = path.steps().iter().rev().nth(1);
            if outer.is_some_and(|outer| key_of(sources, &location) == Some(outer.as_str())) {
                // `sqlite: data/x.db` stands for `sqlite: { path: data/x.db }`
                let above = path.steps().iter().take(path.steps().len().saturating_sub(1));
                let above = above.fold(FieldPath::root(), |above, step| above.key(step));
                location = locator.locate(&above, Part::Value);
            }
            let source = sources.get(location.source.0);
            let text = source.and_then(|source| source.text.get(location.span.clone())).unwrap_or_default();
            // of a value of several lines the place is that of its key
            let is_key = path.steps().last().is_some_and(|step| step == text) && !is_scalar(source, &location.span);
            let value = if is_key { SEVERAL_LINES.to_owned() } else { text.to_owned() };
            let from = match source {
                Some(source) if source.setting().is_some() => "--set".to_owned(),
                Some(source) => format!("{}:{}", source.name, line_and_column(&source.text, location.span.start).0),
                None => String::new(),
            };
            Explained { path: path.clone(), value, from }
        }
    };
    fields.iter().map(explained).collect()
}

/// The key that stands at a place, where one does.
fn key_of<'s>(sources: &'s [Source], location: &Location) -> Option<&'s str> {
    let source = sources.get(location.source.0)?;
    (!is_scalar(Some(source), &location.span)).then(|| source.text.get(location.span.clone()))?
}

/// Whether no `:` follows, as it does behind a key.
fn is_scalar(source: Option<&Source>, span: &std::ops::Range<usize>) -> bool {
    let behind = source.and_then(|source| source.text.get(span.end..)).unwrap_or_default();
    !behind.trim_start_matches(['"', '\'']).starts_with(':')
}

/// What follows from other values: what people would otherwise have to look up in the outputs.
fn derived(deployment: &Deployment) -> Vec<Explained> {
    let explained = |path: FieldPath, value: String| Explained { path, value, from: "derived".to_owned() };
    let mut all = Vec::new();
    for service in &deployment.services {
        let at = FieldPath::root().key("services").key(&service.name);
        all.extend(of_service(service, &at).into_iter().map(|(path, value)| explained(path, value)));
    }
    let Some((server, container)) = deployment.contained_server() else { return all };
    let at = FieldPath::root().key("postgres");
    all.push(explained(at.key("database"), container.database.to_string()));
    all.push(explained(at.key("version"), container.major.to_string()));
    all.extend(of_limits(&container.limits, &at).into_iter().map(|(path, value)| explained(path, value)));
    if let Some(port) = &container.publish {
        for database in &server.databases {
            let address = if port.address.is_unspecified() { "127.0.0.1".to_owned() } else { port.address.to_string() };
            let (role, name) = (&database.owner.role, &database.name);
            let url = format!("postgresql://{role}:{PASSWORD}@{address}:{}/{name}", port.port);
            all.push(explained(at.key("url_on_the_host").key(name), url));
        }
    }
    all
}

fn of_service(service: &Service, at: &FieldPath) -> Vec<(FieldPath, String)> {
    let mut values = Vec::new();
    values.extend(service.working_dir.as_ref().map(|folder| (at.key("working_dir"), folder.to_string())));
    if let Some(database) = &service.database {
        let at = at.key("database");
        values.push((at.key("engine"), database.url.engine().to_string()));
        values.push((at.key("env"), database.variable.to_string()));
        values.push((at.key("url"), database.url.text(PASSWORD)));
        values.extend(match &database.url {
            ConnectionUrl::Postgres(url) => Some((at.key("password"), format!("the secret {}", url.login.password))),
            ConnectionUrl::Sqlite { file, .. } => Some((at.key("file"), file.to_string())),
        });
    }
    values
}

fn of_limits(limits: &Limits, at: &FieldPath) -> Vec<(FieldPath, String)> {
    let at = at.key("limits");
    let Limits { memory, cpus, pids } = limits;
    let memory = memory.as_ref().map(|memory| (at.key("memory"), memory.to_string()));
    let cpus = cpus.as_ref().map(|cpus| (at.key("cpus"), cpus.to_string()));
    let pids = pids.as_ref().map(|pids| (at.key("pids"), pids.to_string()));
    memory.into_iter().chain(cpus).chain(pids).collect()
}

/// Those at a path or below it.
fn narrowed(mut all: Vec<Explained>, path: Option<&str>) -> Result<Vec<Explained>, Failure> {
    all.sort_by(|a, b| position(&a.path).cmp(&position(&b.path)));
    let Some(text) = path else { return Ok(all) };
    let below = FieldPath::parse(text).map(|wanted| {
        let is_below = |explained: &&Explained| explained.path.steps().starts_with(wanted.steps());
        all.iter().filter(is_below).count()
    });
    if below.unwrap_or_default() == 0 {
        let known: Vec<_> = all.iter().map(|explained| explained.path.to_string()).collect();
        let help = match nearest(text, known.iter().map(String::as_str)) {
            Some(known) => format!("did you mean `{known}`?"),
            None => "`codelab-gen explain` without a path tells all of them".to_owned(),
        };
        return Err(Failure::Usage { message: format!("nothing of the deployment is at {}", quoted(text)), help });
    }
    let wanted = FieldPath::parse(text).unwrap_or_default();
    all.retain(|explained| explained.path.steps().starts_with(wanted.steps()));
    Ok(all)
}

/// What comes first at the top; below it the order is that of the profile.
fn position(path: &FieldPath) -> (usize, Option<&String>) {
    const TOP: [&str; 11] = [
        "format",
        "extends",
        "aliases",
        "stage",
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
    (at, path.steps().get(1).filter(|_| first.is_some_and(|step| step == "services")))
}

/// Three columns.
fn text(told: &[Explained]) -> String {
    let width = |column: fn(&Explained) -> usize| told.iter().map(column).max().unwrap_or_default();
    let paths = width(|explained| explained.path.to_string().chars().count());
    let values = width(|explained| explained.value.chars().count().min(WIDEST));
    let line = |Explained { path, value, from }: &Explained| {
        format!("{:<paths$}  {value:<values$}  {from}\n", path.to_string())
    };
    told.iter().map(line).collect::<Vec<_>>().concat()
}

/// How wide a column of values gets; longer ones push their origin aside.
const WIDEST: usize = 60;
