//! Knows what the variables of a service hold. Must not know how any of it is written into a file.

use super::scope::{Faults, Scope};
use super::told::tells_engine;
use crate::deployment::{Database, Variable};
use crate::diagnostic::{Code, Diagnostic, Mend, Place};
use crate::field::FieldPath;
use crate::help::Help;
use crate::profile::{self, Value, given};
use crate::spelling::{nearest, quoted};
use crate::url::ConnectionUrl;
use crate::value::{DatabaseLabel, DatabasePart, EnvironmentKey, SecretsIn, VariableName};

/// The variables that a service gets beside that of its connection URL.
pub(super) fn environment(
    written: &profile::Service,
    databases: &[Database],
    scope: &Scope<'_>,
    at: &FieldPath,
    faults: &mut Faults,
) -> Vec<(VariableName, Variable)> {
    let at = at.key("environment");
    let mut variables = Vec::new();
    for (name, value) in given(&written.environment) {
        let at = at.key(name);
        if let Some(database) = databases.iter().find(|database| database.is_given_as(name)) {
            let field =
                database.name.as_ref().map_or_else(|| "database".to_owned(), |name| format!("databases.{name}"));
            let help = format!("remove it, or give the URL another variable with `{field}.env`");
            let message = format!("{} holds the connection URL", quoted(name.as_str()));
            faults.add(Code::VariableClash, Place::key(&at), message, help);
            continue;
        }
        let variable = match value {
            Value::Database(part, of) => part_of_database((*part, of.as_ref()), written, databases, scope, &at, faults),
            Value::Literal(_) | Value::Environment { .. } | Value::Secret(_) => {
                variable(value, &scope.secrets, &at, faults)
            }
        };
        variables.extend(variable.map(|variable| (name.clone(), variable)));
    }
    variables
}

/// A variable with a secret of the profile.
/// What a variable holds, whatever container has it; nothing of a database.
pub(super) fn variable(
    value: &Value,
    secrets: &[&EnvironmentKey],
    at: &FieldPath,
    faults: &mut Faults,
) -> Option<Variable> {
    match value {
        Value::Literal(text) => Some(Variable::Literal(text.0.clone())),
        Value::Environment { name, default } => {
            let default = default.as_ref().map(|default| default.0.clone());
            Some(Variable::Environment { name: name.clone(), default })
        }
        Value::Secret(secret) => secret_variable(secret, secrets, at, faults),
        Value::Database(..) => None,
    }
}

fn secret_variable(
    secret: &EnvironmentKey,
    secrets: &[&EnvironmentKey],
    at: &FieldPath,
    faults: &mut Faults,
) -> Option<Variable> {
    if secrets.contains(&secret) {
        return Some(Variable::Secret(secret.clone()));
    }
    let message = format!("no secret is named {}", quoted(secret.as_str()));
    let help = match nearest(secret.as_str(), secrets.iter().map(|secret| secret.as_str())) {
        Some(known) => Help::respell(known),
        None => format!("write `secrets: {{ {secret}: generate }}` (or `required`) at the top of the profile").into(),
    };
    let mut fault = Diagnostic::error(Code::UnknownSecret, Place::value(&at.key("secret")), message, help);
    if fault.mend.is_none() {
        fault = fault.mended(Mend::add(FieldPath::root().key("secrets"), secret.to_string(), "generate"));
    }
    faults.push(fault);
    None
}

fn part_of_database(
    (part, of): (DatabasePart, Option<&DatabaseLabel>),
    written: &profile::Service,
    databases: &[Database],
    scope: &Scope<'_>,
    at: &FieldPath,
    faults: &mut Faults,
) -> Option<Variable> {
    let place = || Place::value(&at.key("database"));
    let Some((_, described)) = written.all_databases().find(|(name, _)| *name == of) else {
        faults.push(no_such_database(of, written, at));
        return None;
    };
    // one that is wrong was told already
    let database = databases.iter().find(|database| database.name.as_ref() == of)?;
    let tells = tells_engine(database, described);
    let variable = match (&database.url, part) {
        (_, DatabasePart::Url) if database.given.is_none() => {
            let message = "the database says `give_url: false`, so there is no URL";
            let help = "use the other parts, or remove `give_url: false`";
            faults.add(Code::NoSuchPart, place(), message, help);
            return None;
        }
        (_, DatabasePart::Url) => Variable::Url(of.cloned()),
        (url, DatabasePart::Address) => Variable::Literal(url.address()),
        (_, DatabasePart::Driver) => Variable::Literal(database.word.to_owned()),
        (ConnectionUrl::Sqlite(url), DatabasePart::Name) => Variable::Literal(url.file.as_str().to_owned()),
        (ConnectionUrl::Sqlite(_), _) if tells => Variable::Literal(String::new()),
        (ConnectionUrl::Sqlite(_), _) => {
            let message = "the service uses SQLite, which has no host, port, user or password";
            let help = "give another variable `{ database: driver }`, `address` or `url`, by which the program knows that, and \
                        this one is empty; or use `{ database: url }`";
            faults.add(Code::NoSuchPart, place(), message, help);
            return None;
        }
        (ConnectionUrl::Postgres(url), DatabasePart::Host) => Variable::Literal(url.host.clone()),
        (ConnectionUrl::Postgres(url), DatabasePart::Port) => Variable::Literal(url.port.to_string()),
        (ConnectionUrl::Postgres(url), DatabasePart::User) => Variable::Literal(url.login.role.to_string()),
        (ConnectionUrl::Postgres(_), DatabasePart::Password) if scope.secrets_in == SecretsIn::Files => {
            let message = "the password is in a file that only the server gets";
            let help = "use `{ database: url }`, or write `secrets_in: dotenv`";
            faults.add(Code::NoSuchPart, place(), message, help);
            return None;
        }
        (ConnectionUrl::Postgres(url), DatabasePart::Password) => Variable::Secret(url.login.password.clone()),
        (ConnectionUrl::Postgres(url), DatabasePart::Name) => Variable::Literal(url.database.to_string()),
    };
    Some(variable)
}

/// That a variable wants a part of a database that the service does not have.
fn no_such_database(of: Option<&DatabaseLabel>, written: &profile::Service, at: &FieldPath) -> Diagnostic {
    let mut further = given(&written.databases).map(|(name, _)| name.as_str());
    let Some(of) = of else {
        let help = match further.next() {
            Some(name) => format!("say whose part it is: `{{ database: …, of: {name} }}`"),
            None => "write a `database:` section, or remove the variable".to_owned(),
        };
        let place = Place::value(&at.key("database"));
        return Diagnostic::error(Code::NoSuchPart, place, "the service has no database", help);
    };
    let message = format!("the service has no further database {}", quoted(of.as_str()));
    let help = match nearest(of.as_str(), further) {
        Some(known) => format!("did you mean `{known}`?"),
        None => format!("describe it: `databases: {{ {of}: … }}`, or remove `of` for that of `database`"),
    };
    Diagnostic::error(Code::NoSuchPart, Place::value(&at.key("of")), message, help)
}
