//! Knows the rules between fields that a schema can say; the rest is the program's. Must not know how they are told.
//!
//! They hold for a profile that is whole: it has a stage and extends nothing. What another one gives is not seen here.
//! A `null` counts as missing where it makes a fault, and as given where it would only repeat one: where nothing was
//! inherited, a `null` is a fault of its own, which the program tells instead.

use serde_json::{Map, Value, json};

use crate::resolve::{LOG_LEVEL, OPERATORS_SETTINGS, RELIED_ON, SERVER_VARIABLES};
use crate::target::compose::{
    DEPLOY_KEYS, FILE_KEYS, NETWORK_MODE, NETWORKS, RESTART, SERVER_KEYS, SERVER_RELIED_ON, SERVICE_KEYS, TOP_KEYS,
    USER_KEYS,
};
use crate::value::{Choice as _, Engine, Runs, SecretsIn, Stage, Target, Tls};

/// A reference that means the same image tomorrow.
const PINNED: &str =
    concat!("@sha256:|:(?!latest$)[^:/@${}]+$|", "(^|/)[^:/]+:(?!\\$\\{[A-Z0-9_]+:-latest\\}$)[^:/@{}]*\\$\\{[^/@]+$");

/// A text without anything but white space, by Unicode's meaning of it.
const BLANK: &str = "^[\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]*$";

const NO_PORT: &str = "a port is published, but the service has no `port` of its own";
const NO_PORT_TO_ASK: &str = "the health check asks a URL, but the service has no `port`";
const NOTHING_TO_CHECK: &str = "the health check says nothing to check";
const TWO_CHECKS: &str = "a health check has `http` or `command`, not both";
const EMPTY_COMMAND: &str = "an empty command checks nothing";
const NO_DATA: &str = "a SQLite file needs a place that outlives its container, but the service has no `data`";
const NO_DESCRIPTION: &str = "the database describes no engine";
const NO_CHOICE: &str = "the database describes both engines and chooses none";
const NO_POSTGRES: &str = "the service uses PostgreSQL, but the profile has no `postgres` section";
const MANY_WRITERS: &str = "several containers would write one SQLite file";
const UNVERIFIED: &str = "a `ca` is given, but `tls` says to verify no certificate";
const ENVIRONMENT_IN_LOG: &str = "with this level the server writes its environment into its log, passwords included";
const EXTERNAL_FILES: &str = "files of secrets are for the server's container, but the server is external";
const UNPINNED: &str = "the image has no tag, or `latest`, and so means another image tomorrow";
const NO_WAY_IN: &str = "a service with `outbound: false` has no published port: its networks have no way in either";
const UNREACHABLE: &str = "the service could not reach its database, whose server is outside of the deployment";
const TWO_RESTARTS: &str = "`runs` says that the service ends by itself, and `restart` whether it is started again";
const NO_OPERATOR: &str = "`instances` has no effect without an operator";
const TWO_CAS: &str = "certificates come from `ca` or from `ca_secret`, not from both";
const ON_KUBERNETES: &str = "this is there on Kubernetes only, and the target is another one";
const OPERATORS: &str = "the operator makes this setting itself";
const ONE_SERVER: &str = "a server's data is for one container at a time";
const NO_SERVICES: &str = "the profile has no services";

/// Every rule, as the conditions of an `allOf`.
pub(super) fn rules() -> Value {
    let no_service = json!({ "patternProperties": { "^x-": {} }, "additionalProperties": false });
    let files_elsewhere = all(&[in_files(), at("postgres", &given("external"))]);
    let postgres = Engine::Postgres.as_str();
    let mut rules = Value::Array(vec![
        when_whole(&[], &json!({ "required": ["project", "services"] })),
        when_whole(&[at("services", &no_service)], &wrong(&["services"], NO_SERVICES)),
        when_whole(&[on_compose()], &below("compose", &without_owned(&TOP_KEYS))),
        when_whole(&[on_compose()], &below("compose", &below("networks", &json!({ "type": ["object", "null"] })))),
        when_whole(&[on_compose(), in_files()], &below("compose", &without_owned(&FILE_KEYS))),
        when_whole(&[on_compose(), in_files()], &below("postgres", &below("compose", &without_owned(&FILE_KEYS)))),
        when_whole(&[on_compose()], &every_service(&all(&raw_keys_of_service()))),
        when_whole(&[on_compose()], &below("postgres", &all(&raw_keys_of_server()))),
        when_whole(&[], &below("backups", &when(&json!({ "type": "object" }), &json!({ "required": ["to"] })))),
        when_whole(&[], &every_service(&all(&service()))),
        when_whole(&[], &below("postgres", &all(&server()))),
        when_whole(&[files_elsewhere], &wrong(&["secrets_in"], EXTERNAL_FILES)),
        when_whole(
            &[on_compose()],
            &below("postgres", &when(&given("operator"), &wrong(&["operator"], ON_KUBERNETES))),
        ),
        when_whole(
            &[on_compose()],
            &below("postgres", &below("external", &when(&given("ca_secret"), &wrong(&["ca_secret"], ON_KUBERNETES)))),
        ),
        when_whole(
            &[on_compose(), chosen("secrets_in", SecretsIn::External.as_str())],
            &wrong(&["secrets_in"], ON_KUBERNETES),
        ),
        when_whole(&[production()], &every_service(&when(&absent("build"), &pinned()))),
        when_whole(&[production()], &below("postgres", &when(&absent("external"), &pinned()))),
        when_whole(
            &[at("postgres", &given("external"))],
            &every_service(&when(
                &all(&[inside(), of_any_database(&decided(Engine::Postgres))]),
                &wrong(&["outbound"], UNREACHABLE),
            )),
        ),
        when_whole(
            &[at("postgres", &given("external")), chosen("engine", postgres)],
            &every_service(&when(&all(&[inside(), of_any_database(&undecided())]), &wrong(&["outbound"], UNREACHABLE))),
        ),
        when_whole(&[missing("engine")], &every_service(&without_database(&undecided(), NO_CHOICE))),
        when_whole(&[missing("postgres")], &every_service(&without_database(&decided(Engine::Postgres), NO_POSTGRES))),
        when_whole(
            &[missing("postgres"), chosen("engine", postgres)],
            &every_service(&without_database(&undecided(), NO_POSTGRES)),
        ),
        when_whole(
            &[chosen("engine", Engine::Sqlite.as_str())],
            &every_service(&when(&all(&[of_any_database(&undecided()), many()]), &wrong(&["replicas"], MANY_WRITERS))),
        ),
    ]);
    hide(&mut rules);
    rules
}

/// A profile that says nothing of its target is for Docker Compose.
fn on_compose() -> Value {
    json!({ "not": chosen("target", Target::Kubernetes.as_str()) })
}

fn in_files() -> Value {
    chosen("secrets_in", SecretsIn::Files.as_str())
}

/// What holds of a service by itself.
fn service() -> Vec<Value> {
    let health_check = |condition: &Value| at("healthcheck", condition);
    let blank = json!({ "anyOf": [{ "type": "array", "maxItems": 0 }, { "type": "string", "pattern": BLANK }] });
    let blank = all(&[absent("http"), json!({ "required": ["command"], "properties": { "command": blank } })]);
    vec![
        when(&missing("build"), &json!({ "required": ["image"] })),
        below("build", &when(&json!({ "type": "object" }), &json!({ "required": ["context"] }))),
        when(&all(&[given("publish"), missing("port")]), &wrong(&["publish"], NO_PORT)),
        when(
            &all(&[health_check(&all(&[given("http"), absent("command")])), missing("port")]),
            &wrong(&["healthcheck"], NO_PORT_TO_ASK),
        ),
        when(&health_check(&all(&[missing("http"), missing("command")])), &wrong(&["healthcheck"], NOTHING_TO_CHECK)),
        when(&health_check(&all(&[given("http"), given("command")])), &wrong(&["healthcheck", "command"], TWO_CHECKS)),
        when(&health_check(&blank), &wrong(&["healthcheck", "command"], EMPTY_COMMAND)),
        when(&missing("data"), &every_database(&when(&given("sqlite"), &wrong(&["sqlite"], NO_DATA)))),
        every_database(&below("sqlite", &when(&json!({ "type": "object" }), &json!({ "required": ["path"] })))),
        every_database(&below("postgres", &when(&json!({ "type": "object" }), &json!({ "required": ["name"] })))),
        without_database(&all(&[missing("engine"), missing("sqlite"), missing("postgres")]), NO_DESCRIPTION),
        every_database(&all(&[described(Engine::Sqlite), described(Engine::Postgres)])),
        every_database(&without_url("env")),
        when(&all(&[of_any_database(&decided(Engine::Sqlite)), many()]), &wrong(&["replicas"], MANY_WRITERS)),
        when(&all(&[inside(), given("publish")]), &wrong(&["publish"], NO_WAY_IN)),
    ]
}

/// What Docker Compose's own keys of a service may not say.
fn raw_keys_of_service() -> Vec<Value> {
    vec![
        when(&inside(), &below("compose", &all(&[NETWORKS, NETWORK_MODE].map(chooses_networks)))),
        when(&ending(), &below("compose", &when(&given(RESTART), &wrong(&[RESTART], TWO_RESTARTS)))),
        below("compose", &without_owned(&SERVICE_KEYS)),
        below("compose", &below("deploy", &all(&without_owned_deployment()))),
    ]
}

/// A service that says that it ends by itself.
fn ending() -> Value {
    let word = json!({ "type": "string", "not": { "enum": [Runs::Always.to_string()] } });
    json!({ "type": "object", "required": ["runs"], "properties": { "runs": word } })
}

/// A raw key beside `outbound: false`.
fn chooses_networks(key: &str) -> Value {
    let message = format!("`outbound: false` chooses the networks, and `{key}` does too");
    when(&given(key), &wrong(&[key], &message))
}

/// Fields of the `postgres` section that only a container has.
const OF_CONTAINER: [&str; 9] =
    ["publish", "volume", "ensure", "init_script", "local_auth", "healthcheck", "initdb", "environment", "compose"];

/// What holds of the `postgres` section by itself.
fn server() -> Vec<Value> {
    let unverified = json!({ "properties": { "tls": { "enum": [Tls::Require.as_str(), Tls::Disable.as_str()] } } });
    let unverified = |field| all(&[given(field), given("tls"), unverified.clone()]);
    let settings: Vec<_> = RELIED_ON.iter().map(relied_on).collect();
    let level = json!({ "type": "string", "pattern": "^ *[dD][eE][bB][uU][gG][345] *$" });
    let with_environment = all(&[given(LOG_LEVEL), json!({ "properties": { LOG_LEVEL: level } })]);
    let variables: Vec<_> = SERVER_VARIABLES.iter().map(|(name, _)| relied_on(name)).collect();
    let of_both = ["user_id", "storage", "operator", "instances", "limits", "settings"];
    let unused = OF_CONTAINER.into_iter().chain(of_both).map(|field| {
        let message = format!("`{field}` has no effect on an external server");
        when(&all(&[given("external"), given(field)]), &wrong(&[field], &message))
    });
    let unused = unused.chain(OF_CONTAINER.map(|field| {
        let message = format!("`{field}` has no effect on a server that an operator runs");
        when(&all(&[given("operator"), absent("external"), given(field)]), &wrong(&[field], &message))
    }));
    let none: Map<_, _> =
        OPERATORS_SETTINGS.iter().map(|name| ((*name).to_owned(), json!({ "type": "null" }))).collect();
    let operators = json!({ "properties": none, "errorMessage": OPERATORS });
    let shared = json!({ "type": "object", "required": ["shared"], "properties": { "shared": { "type": "boolean", "not": { "enum": [false] } } } });
    let mut rules = vec![
        when(&json!({ "type": "object" }), &json!({ "required": ["user"] })),
        when(&missing("external"), &json!({ "required": ["image"] })),
        below("external", &when(&json!({ "type": "object" }), &json!({ "required": ["host"] }))),
        below("environment", &all(&variables)),
        below("initdb", &when(&given("provider"), &json!({ "required": ["locale"] }))),
        below("external", &when(&unverified("ca"), &wrong(&["ca"], UNVERIFIED))),
        below("external", &when(&unverified("ca_secret"), &wrong(&["ca_secret"], UNVERIFIED))),
        below("external", &when(&all(&[given("ca"), given("ca_secret")]), &wrong(&["ca_secret"], TWO_CAS))),
        below("storage", &when(&shared, &wrong(&["shared"], ONE_SERVER))),
        when(&all(&[given("instances"), absent("operator"), absent("external")]), &wrong(&["instances"], NO_OPERATOR)),
        below("settings", &all(&settings)),
        when(&all(&[given("operator"), absent("external")]), &below("settings", &operators)),
        below("settings", &when(&with_environment, &wrong(&[LOG_LEVEL], ENVIRONMENT_IN_LOG))),
    ];
    rules.extend(unused);
    rules
}

/// What Docker Compose's own keys of the server may not say.
fn raw_keys_of_server() -> Vec<Value> {
    let keys: Vec<_> = SERVER_RELIED_ON.iter().map(relied_on).collect();
    vec![
        below("compose", &all(&keys)),
        below("compose", &without_owned(&SERVER_KEYS)),
        when(&given("user_id"), &below("compose", &without_owned(&USER_KEYS))),
        below("compose", &below("deploy", &all(&without_owned_deployment()))),
    ]
}

/// Something of the server that the profile may not write.
fn relied_on(name: &&str) -> Value {
    let message = format!("the rest of the deployment relies on the server's own `{name}`");
    when(&given(name), &wrong(&[name], &message))
}

/// The engine that a database names is described in it.
fn described(engine: Engine) -> Value {
    let word = engine.as_str();
    let message = format!("the engine is `{word}`, but the database has no `{word}`");
    when(&all(&[chosen("engine", word), missing(word)]), &wrong(&["engine"], &message))
}

/// A database that uses this engine, whatever the profile's one is.
fn decided(engine: Engine) -> Value {
    let (one, other) = match engine {
        Engine::Sqlite => ("sqlite", "postgres"),
        Engine::Postgres => ("postgres", "sqlite"),
    };
    all(&[given(one), json!({ "anyOf": [chosen("engine", one), all(&[absent("engine"), absent(other)])] })])
}

/// A database that leaves its engine to the profile.
fn undecided() -> Value {
    all(&[absent("engine"), given("sqlite"), given("postgres")])
}

/// A field that says how a URL is written, where the service gets none.
fn without_url(field: &str) -> Value {
    let none = json!({ "type": "object", "required": ["give_url"], "properties": { "give_url": { "type": "boolean", "not": { "enum": [true] } } } });
    when(&all(&[none, given(field)]), &wrong(&[field], &format!("`{field}` has no effect without a URL")))
}

/// More than one container.
fn many() -> Value {
    json!({ "required": ["replicas"], "properties": { "replicas": { "type": "integer", "minimum": 2 } } })
}

fn production() -> Value {
    chosen("stage", Stage::Production.as_str())
}

/// A service without a way out. `const: false`, and `false` in an `enum`, are no condition to yaml-language-server.
fn inside() -> Value {
    json!({ "type": "object", "required": ["outbound"], "properties": { "outbound": { "type": "boolean", "not": { "enum": [true] } } } })
}

fn pinned() -> Value {
    below("image", &json!({ "pattern": PINNED, "patternErrorMessage": UNPINNED }))
}

/// Raw Compose keys without those that the profile has a field for.
fn without_owned(keys: &[(&str, &str)]) -> Value {
    let rules: Vec<_> = keys
        .iter()
        .map(|(key, field)| {
            let message = format!("the Compose key `{key}` is written by the profile's own field `{field}`");
            when(&given(key), &wrong(&[key], &message))
        })
        .collect();
    all(&rules)
}

/// The same below `deploy`, where a key may stand deeper.
fn without_owned_deployment() -> Vec<Value> {
    let rule = |(path, field): (&[&str], &str)| {
        let key = path.join(".");
        let message = format!("the Compose key `deploy.{key}` is written by the profile's own field `{field}`");
        let (last, outer) = path.split_last()?;
        let rule = when(&json!({ "type": "object", "required": [last] }), &wrong(&[last], &message));
        Some(outer.iter().rev().fold(rule, |rule, key| below(key, &rule)))
    };
    DEPLOY_KEYS.into_iter().filter_map(rule).collect()
}

/// What holds of a whole profile that is like this.
fn when_whole(conditions: &[Value], rule: &Value) -> Value {
    let whole = [given("stage"), absent("extends")];
    when(&all(&[&whole, conditions].concat()), rule)
}

/// What holds of each service.
fn every_service(rule: &Value) -> Value {
    below("services", &json!({ "patternProperties": { "^x-": {} }, "additionalProperties": rule }))
}

/// What holds of each database of a service.
fn every_database(rule: &Value) -> Value {
    let further = json!({ "patternProperties": { "^x-": {} }, "additionalProperties": rule });
    all(&[below("database", rule), below("databases", &further)])
}

/// No database of a service is like this; the message is for editors.
fn without_database(condition: &Value, message: &str) -> Value {
    let is_one = all(&[json!({ "type": "object" }), condition.clone()]);
    let none = when(&is_one, &json!({ "type": "null", "doNotSuggest": true, "errorMessage": message }));
    let further = below("databases", &json!({ "patternProperties": { "^x-": {} }, "additionalProperties": none }));
    all(&[when(&at("database", condition), &wrong(&["database"], message)), further])
}

/// A service one of whose databases is like this.
fn of_any_database(condition: &Value) -> Value {
    let other = json!({ "not": all(&[json!({ "type": "object" }), condition.clone()]) });
    let others = json!({ "type": "object", "patternProperties": { "^x-": {} }, "additionalProperties": other });
    let further = json!({
        "type": "object", "required": ["databases"],
        "properties": { "databases": { "type": "object", "not": others } }
    });
    json!({ "anyOf": [at("database", condition), further] })
}

/// What holds of the value of a field.
fn below(field: &str, rule: &Value) -> Value {
    json!({ "properties": { field: rule } })
}

/// The field at this path is wrong; the message is for editors.
fn wrong(path: &[&str], message: &str) -> Value {
    match path {
        [outer, inner @ ..] if !inner.is_empty() => below(outer, &wrong(inner, message)),
        _ => {
            let fields: Map<_, _> = path.iter().map(|field| ((*field).to_owned(), false.into())).collect();
            json!({ "properties": fields, "errorMessage": message })
        }
    }
}

/// What holds of a mapping that is like this. The condition stands below `not`, because editors take what an `if` says
/// for descriptions of the fields, and offer it.
fn when(condition: &Value, rule: &Value) -> Value {
    json!({ "if": { "not": condition }, "else": rule })
}

fn all(rules: &[Value]) -> Value {
    json!({ "allOf": rules })
}

/// The field is there, and is no `null`.
fn given(field: &str) -> Value {
    json!({ "type": "object", "required": [field], "properties": { field: { "not": { "type": "null" } } } })
}

/// The field is not there, or is `null`.
fn absent(field: &str) -> Value {
    json!({ "type": "object", "properties": { field: { "type": "null" } } })
}

/// The field is not there.
fn missing(field: &str) -> Value {
    json!({ "type": "object", "not": { "required": [field] } })
}

/// The field has this word.
fn chosen(field: &str, word: &str) -> Value {
    json!({ "type": "object", "required": [field], "properties": { field: { "const": word } } })
}

/// The mapping at a field is there, and is like this.
fn at(field: &str, rule: &Value) -> Value {
    let mapping = all(&[json!({ "type": "object" }), rule.clone()]);
    json!({ "type": "object", "required": [field], "properties": { field: mapping } })
}

/// Keeps editors from offering the fields of a rule: the format itself offers them, with their descriptions.
fn hide(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(hide),
        Value::Object(fields) => {
            fields.values_mut().for_each(hide);
            let Some(Value::Object(properties)) = fields.get_mut("properties") else { return };
            for property in properties.values_mut().filter_map(Value::as_object_mut) {
                property.insert("doNotSuggest".to_owned(), true.into());
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
