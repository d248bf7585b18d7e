//! Knows what an editor offers to write whole: a service, and each form of a value. Must not know any rule.

use serde_json::{Value, json};

/// Puts the snippets where editors look for them.
pub(super) fn insert(schema: &mut Value) {
    for (pointer, snippets) in [
        ("/properties/services", services()),
        ("/definitions/Value", values()),
        ("/definitions/SecretRule", secret_rules()),
        ("/definitions/Publish", published_ports()),
        ("/definitions/Database", databases()),
        ("/definitions/HealthCheck", health_checks()),
    ] {
        if let Some(Value::Object(fields)) = schema.pointer_mut(pointer) {
            fields.insert("defaultSnippets".to_owned(), snippets);
        }
    }
}

fn snippet(label: &str, description: &str, body: Value) -> Value {
    let mut snippet = json!({ "label": label, "description": description });
    if let Value::Object(fields) = &mut snippet {
        fields.insert("body".to_owned(), body);
    }
    snippet
}

fn services() -> Value {
    let built = json!({ "${1:api}": {
        "build": "./${1:api}",
        "port": "^${2:8000}",
        "data": "./${1:api}/data:/app/data",
        "healthcheck": { "http": "${3:/health}" },
        "database": { "sqlite": "data/${1:api}.db", "postgres": "${1:api}" },
    }});
    let ready_made = json!({ "${1:redis}": { "image": "${2:redis:7.4-alpine}" } });
    json!([
        snippet("service with a database", "A program that is built here, with SQLite or PostgreSQL", built),
        snippet("service from an image", "A program that somebody else built", ready_made),
    ])
}

fn values() -> Value {
    json!([
        snippet(
            "env",
            "The value of a variable of .env or the shell",
            json!({ "env": "${1:LOG_LEVEL}", "default": "${2:info}" })
        ),
        snippet("secret", "A secret of the profile", json!({ "secret": "${1:API_KEY}" })),
        snippet(
            "database",
            "A part of the service's own database",
            json!({ "database": "${1|url,host,port,user,password,name|}" })
        ),
    ])
}

fn secret_rules() -> Value {
    json!([
        snippet("generate", "Made up once, kept for good", json!("generate")),
        snippet("required", "Must be given: in .env or the environment", json!("required")),
        snippet("file", "Read from a file", json!({ "file": "${1:./keys/key.txt}" })),
    ])
}

fn published_ports() -> Value {
    json!([
        snippet("port", "On 127.0.0.1", json!("^${1:8000}")),
        snippet("address and port", "On another address", json!("${1:0.0.0.0:80}")),
        snippet("env", "A port that .env may change", json!({ "env": "${1:API_PORT}", "default": "^${2:8000}" })),
    ])
}

fn databases() -> Value {
    json!([
        snippet(
            "both engines",
            "`engine` of the profile says which one is used",
            json!({ "sqlite": "data/${1:app}.db", "postgres": "${1:app}" })
        ),
        snippet("postgres only", "A database on the server", json!({ "postgres": "${1:app}" })),
        snippet("sqlite only", "A file in the data mount", json!({ "sqlite": "data/${1:app}.db" })),
    ])
}

fn health_checks() -> Value {
    json!([
        snippet(
            "http check",
            "A path that the service answers",
            json!({ "http": "${1:/health}", "with": "${2|python,curl,wget|}" })
        ),
        snippet(
            "command check",
            "A command that fails when it does not work",
            json!({ "command": ["${1:redis-cli}", "${2:ping}"] })
        ),
    ])
}
