//! Knows the rules between fields that a schema can say; the rest is the program's. Must not know how they are told.
//!
//! They hold for a profile that is whole: it has a stage and extends nothing. What another one gives is not seen here.

use serde_json::{Value, json};

use crate::resolve::{RELIED_ON, SERVER_KEYS, SERVICE_KEYS, TOP_KEYS};
use crate::value::{Choice as _, Engine, Stage, Tls};

/// A reference that means the same image tomorrow.
const PINNED: &str = "@sha256:|:(?!latest$)[^:/@]+$";

/// Every rule, as the conditions of an `allOf`.
pub(super) fn rules() -> Value {
    let whole = json!({ "required": ["stage"], "not": { "required": ["extends"] } });
    let mut rules = vec![
        json!({ "if": whole, "then": {
            "required": ["project", "services"],
            "properties": { "services": has_service(), "compose": without(&TOP_KEYS) },
        }}),
        every_service(&json!({}), &json!({ "allOf": service() })),
        json!({ "if": whole, "then": { "properties": { "postgres": when_given(&json!({ "allOf": server() })) } } }),
        every_service(&production(), &json!({ "anyOf": [given("build"), { "properties": { "image": pinned() } }] })),
        json!({ "if": both(&whole, &production()), "then": { "properties": {
            "postgres": when_given(&json!({ "anyOf": [given("external"), { "properties": { "image": pinned() } }] })),
        }}}),
        json!({ "if": both(&whole, &chosen("secrets_in", "files")), "then": { "properties": {
            "postgres": when_given(&absent("external")),
        }}}),
        every_service(&json!({}), &with_database(&json!({ "anyOf": [given("sqlite"), given("postgres")] }))),
        every_service(&absent("engine"), &with_database(&has_engine())),
        json!({ "if": both(&whole, &lenient()), "then": { "properties": {
            "postgres": when_given(&json!({ "properties": { "external": when_given(&verified()) } })),
        }}}),
    ];
    for (engine, other) in [(Engine::Sqlite, Engine::Postgres), (Engine::Postgres, Engine::Sqlite)] {
        let uses = [
            (json!({}), chosen("engine", engine.as_str())),
            (json!({}), all(&[absent("engine"), given(engine.as_str()), absent(other.as_str())])),
            (chosen("engine", engine.as_str()), all(&[absent("engine"), given("sqlite"), given("postgres")])),
        ];
        for (root, database) in uses {
            rules.push(every_service(&root, &if_database(&database, &used(engine))));
            if engine == Engine::Postgres {
                rules.push(needs_server(&both(&whole, &root), &database));
            }
        }
    }
    Value::Array(rules)
}

/// What holds of each service of a whole profile, where the profile itself is like `root`.
fn every_service(root: &Value, rule: &Value) -> Value {
    let whole = json!({ "required": ["stage"], "not": { "required": ["extends"] } });
    json!({ "if": both(&whole, root), "then": { "properties": { "services": {
        "patternProperties": { "^x-": {} }, "additionalProperties": when_given(rule),
    }}}})
}

/// Some service's database is like this, so there must be a server.
fn needs_server(root: &Value, database: &Value) -> Value {
    let unlike = json!({ "not": all(&[given("database"), json!({ "properties": { "database": database } })]) });
    let some = json!({ "properties": { "services": { "type": "object", "not": {
        "patternProperties": { "^x-": {} }, "additionalProperties": { "anyOf": [{ "type": "null" }, unlike] },
    }}}, "required": ["services"] });
    json!({ "if": both(root, &some), "then": { "required": ["postgres"] } })
}

fn has_service() -> Value {
    json!({ "not": { "patternProperties": { "^x-": {} }, "additionalProperties": { "type": "null" } } })
}

/// What holds of a service by itself.
fn service() -> Vec<Value> {
    vec![
        json!({ "anyOf": [given("build"), given("image")] }),
        json!({ "if": given("publish"), "then": given("port") }),
        json!({ "if": at("healthcheck", &given("http")), "then": given("port") }),
        json!({ "properties": {
            "build": { "if": { "type": "object" }, "then": given("context") },
            "healthcheck": when_given(&all(&[
                json!({ "oneOf": [
                    all(&[given("http"), absent("command")]),
                    all(&[given("command"), absent("http")]),
                ]}),
                json!({ "properties": { "command": { "minItems": 1, "pattern": "\\S" } } }),
            ])),
            "compose": without(&SERVICE_KEYS),
        }}),
    ]
}

/// What holds of the `postgres` section by itself.
fn server() -> Vec<Value> {
    let unused = ["publish", "volume", "settings", "compose"].map(absent);
    let unverified = json!({ "properties": { "tls": { "enum": ["require", "disable"] } }, "required": ["tls"] });
    vec![
        given("user"),
        json!({ "anyOf": [given("image"), given("external")] }),
        json!({ "if": given("external"), "then": all(&unused) }),
        json!({ "properties": {
            "compose": without(&SERVER_KEYS),
            "settings": when_given(&json!({ "propertyNames": { "not": { "enum": RELIED_ON } } })),
            "external": when_given(&all(&[given("host"), json!({ "if": unverified, "then": absent("ca") })])),
        }}),
    ]
}

/// What a service needs whose database has this engine.
fn used(engine: Engine) -> Value {
    let described = |field| json!({ "properties": { engine.as_str(): when_given(&given(field)) } });
    let described = |field| at("database", &both(&given(engine.as_str()), &described(field)));
    match engine {
        Engine::Postgres => described("name"),
        Engine::Sqlite => {
            all(&[described("path"), given("data"), json!({ "properties": { "replicas": { "enum": [1, null] } } })])
        }
    }
}

/// A database that says, or lets one infer, its engine, where the profile has none for all.
fn has_engine() -> Value {
    json!({ "anyOf": [
        given("engine"),
        all(&[given("sqlite"), absent("postgres")]),
        all(&[given("postgres"), absent("sqlite")]),
    ]})
}

fn with_database(rule: &Value) -> Value {
    json!({ "properties": { "database": when_given(rule) } })
}

fn if_database(database: &Value, rule: &Value) -> Value {
    json!({ "if": at("database", database), "then": rule })
}

/// Both conditions at once.
fn both(one: &Value, other: &Value) -> Value {
    json!({ "allOf": [one, other] })
}

fn all(rules: &[Value]) -> Value {
    json!({ "allOf": rules })
}

/// The field is there, and is no `null`.
fn given(field: &str) -> Value {
    json!({ "required": [field], "properties": { field: { "not": { "type": "null" } } } })
}

/// The field is not there, or is `null`.
fn absent(field: &str) -> Value {
    json!({ "properties": { field: { "type": "null" } } })
}

/// The field has this word.
fn chosen(field: &str, word: &str) -> Value {
    json!({ "required": [field], "properties": { field: { "const": word } } })
}

/// The mapping at a field is there, and is like this.
fn at(field: &str, rule: &Value) -> Value {
    json!({ "required": [field], "properties": { field: all(&[json!({ "type": "object" }), rule.clone()]) } })
}

/// A rule for a mapping, where it is there.
fn when_given(rule: &Value) -> Value {
    json!({ "if": { "type": "object" }, "then": rule })
}

fn production() -> Value {
    chosen("stage", Stage::Production.as_str())
}

/// A stage in which TLS is not verified unless the profile says so.
fn lenient() -> Value {
    json!({ "required": ["stage"], "properties": { "stage": { "enum": [Stage::Development.as_str(), Stage::Ci.as_str()] } } })
}

/// Certificates only where something is verified by them.
fn verified() -> Value {
    json!({ "if": given("ca"), "then": chosen("tls", Tls::VerifyFull.as_str()) })
}

fn pinned() -> Value {
    json!({ "anyOf": [{ "type": "null" }, { "pattern": PINNED }] })
}

/// Raw Compose keys without those that the profile has a field for.
fn without(keys: &[(&str, &str)]) -> Value {
    let keys: Vec<_> = keys.iter().map(|(key, _)| *key).collect();
    when_given(&json!({ "propertyNames": { "not": { "enum": keys } } }))
}
