//! Knows how the section says what a hand-kept server's container is told: variables, how a volume is made, and when it is
//! asked whether it is ready. Must not know what of that the section can't say.

use crate::compose::nodes;
use crate::deployment::{BY_PASSWORD, INITDB_ARGS};
use crate::import::environment::{self, Given, GivenValue};
use crate::import::layout::{Line, Shape};
use crate::import::ledger::Ledger;
use crate::import::scope::Scope;
use crate::profile::Raw;
use crate::resolve::SERVER_VARIABLES;
use crate::value::{
    Choice as _, Duration, InitdbArgument, Interval, LocalAuth, LocaleName, TextValue as _, VariableName,
};
use crate::yaml::Node;

/// How long failures do not count where the section does not say it, in seconds: what is shorter breaks a first start.
const PATIENCE: u64 = 300;

/// What `initdb` is told, as far as fields say exactly that.
pub(super) struct Initdb {
    by_password: bool,
    fields: Vec<(String, Raw)>,
}

impl Initdb {
    /// Reads the variable of a server; nothing where it has none, or says more than fields can.
    pub(super) fn of(node: &Node<'_>) -> Option<Self> {
        let given = environment::of(node).into_iter().find(|given| given.name == INITDB_ARGS)?;
        let GivenValue::Text(text) = given.value else { return None };
        let words: Vec<&str> = text.split(' ').collect();
        let (by_password, words) = match words.split_first() {
            Some((first, rest)) if *first == BY_PASSWORD => (true, rest),
            _ => (false, words.as_slice()),
        };
        let (mut fields, rest) = match words {
            ["--encoding=UTF8", provider, locale, rest @ ..] if provider.starts_with("--locale-provider=") => {
                let provider = provider.strip_prefix("--locale-provider=")?;
                let locale = locale.strip_prefix(&format!("--{provider}-locale="))?;
                let fields = vec![locale_field(locale)?, ("provider".to_owned(), Raw::text(provider))];
                (["icu", "builtin"].contains(&provider).then_some(fields)?, rest)
            }
            ["--encoding=UTF8", locale, rest @ ..] => (vec![locale_field(locale.strip_prefix("--locale=")?)?], rest),
            rest => (Vec::new(), rest),
        };
        let rest = match rest.split_first() {
            Some((&"--data-checksums", rest)) => {
                fields.push(("checksums".to_owned(), Raw::plain("true")));
                rest
            }
            Some(_) | None => rest,
        };
        if !rest.iter().all(|word| InitdbArgument::parse(word).is_ok()) {
            return None;
        }
        if !rest.is_empty() {
            fields.push(("args".to_owned(), Raw::words(rest.iter().copied())));
        }
        Some(Self { by_password, fields })
    }

    /// The lines that say it.
    pub(super) fn lines(self) -> Vec<Line> {
        let auth = self.by_password.then(|| Line::text("local_auth", LocalAuth::Password.as_str()));
        let fields = (!self.fields.is_empty()).then(|| Line::short("initdb", Raw::Mapping(self.fields)));
        auth.into_iter().chain(fields).collect()
    }
}

fn locale_field(locale: &str) -> Option<(String, Raw)> {
    LocaleName::parse(locale).ok().map(|locale| ("locale".to_owned(), Raw::text(locale.as_str())))
}

/// Whether the section has a place for a variable of a server.
pub(super) fn is_own(given: &Given) -> bool {
    let is_relied_on = SERVER_VARIABLES.iter().any(|(name, _)| *name == given.name);
    let is_password = ["__DB_PASSWORD", "__DB_PASSWORD_FILE"].iter().any(|end| given.name.ends_with(end));
    VariableName::parse(&given.name).is_ok() && !is_relied_on && !is_password
}

/// The variables of a server that the section has a place for; what can't be said there is left beside it.
pub(super) fn environment(node: &Node<'_>, name: &str, ledger: &mut Ledger<'_>) -> Option<Line> {
    let given: Vec<Given> = environment::of(node).into_iter().filter(is_own).collect();
    let line = |given: &Given| Some(Line::short(&given.name, given.value(name, None, ledger)?));
    let lines: Vec<_> = given.iter().filter_map(line).collect();
    (!lines.is_empty()).then(|| Line::new("environment", Shape::Lines(lines)))
}

/// When a server is asked whether it is ready: what is written, but for a start that has less time than we give.
pub(super) fn check_times(node: &Node<'_>, scope: &Scope, ledger: &mut Ledger<'_>) -> Option<Raw> {
    let check = nodes::child(node, "healthcheck")?;
    let mut times = Vec::new();
    for (key, default) in [("interval", "5s"), ("timeout", "5s"), ("retries", "5"), ("start_period", "5m")] {
        let Some(written) = nodes::child(check, key) else { continue };
        let is_long = |time: &Duration| scope.is_generated || time.seconds() > PATIENCE;
        let known = nodes::text(written).and_then(|text| ledger.known(text));
        let Some(text) = known.filter(|text| text != default) else { continue };
        let is_said = match key {
            "retries" => text.parse::<u16>().is_ok_and(|retries| (1..=1000).contains(&retries)),
            "start_period" => Duration::parse(&text).is_ok_and(|time| is_long(&time)),
            _ => Interval::parse(&text).is_ok(),
        };
        if is_said {
            ledger.fixed(written, &format!("postgres.healthcheck.{key}"));
            times.push((key.to_owned(), if key == "retries" { Raw::plain(&text) } else { Raw::text(&text) }));
        }
    }
    (!times.is_empty()).then_some(Raw::Mapping(times))
}
