//! Knows the values that a profile may write in several forms. Must not know which form a deployment needs.

use indexmap::IndexMap;
use schemars::{Schema, SchemaGenerator, json_schema};

use super::leaf::{Literal, read_integer};
use super::record::Fields;
use super::written::{Field, Held, Reader, SchemaOf, Setting, Written, schema_of_forms};
use crate::diagnostic::{Code, Diagnostic};
use crate::field::FieldPath;
use crate::spelling::quoted;
use crate::value::{
    DatabaseLabel, DatabasePart, EnvironmentKey, HostAddress, HostPath, Port, SecretRule, ServiceName, StartCondition,
    TextValue as _,
};
use crate::yaml::{Content, Node};

/// How a value that is not one text can be written, after the word 'expected'.
const FORMS: &str = "a text or one of `{ env: NAME, default: TEXT }`, `{ secret: NAME }`, `{ database: PART }`";

/// What a variable of a service holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A text, taken as written.
    Literal(Literal),
    /// Whatever the variable of this name holds in `.env` or in the shell when Compose runs.
    Environment {
        /// The variable.
        name: EnvironmentKey,
        /// What holds where it is unset or empty; without one it must be set.
        default: Option<VariableDefault>,
    },
    /// A secret of the profile.
    Secret(EnvironmentKey),
    /// A part of a database of the service: of `database`, or of a further one that is named.
    Database(DatabasePart, Option<DatabaseLabel>),
}

/// What holds where a variable is not set. Compose has no way to write `$`, braces and control characters there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariableDefault(pub String);

impl Written for VariableDefault {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let Literal(text) = Literal::read(node, reader)?;
        let unwritable = |c: &char| matches!(c, '$' | '{' | '}') || c.is_control();
        if let Some(character) = text.chars().find(unwritable) {
            let character = quoted(&character.to_string());
            let message = format!("the default holds {character}, which Compose can't write in a default");
            let help = "remove the default and set the variable in .env, or write the value without `env`";
            reader.fault(Code::InvalidValue, &node.span, message, help);
            return None;
        }
        Some(Self(text))
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        const PATTERN: &str = r"^[^${}\x00-\x1f\x7f-\x9f]*$";
        json_schema!({
            "type": ["string", "number", "boolean"], "title": "text", "pattern": PATTERN,
            "patternErrorMessage": "Compose can't write `$`, braces and control characters in a default"
        })
    }
}

impl Written for Value {
    const SCHEMA_NAME: Option<&'static str> = Some("Value");

    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        if matches!(node.content, Content::Scalar(_)) {
            return Literal::read(node, reader).map(Self::Literal);
        }
        if matches!(node.content, Content::Sequence(_)) {
            return reader.wrong_type(node, FORMS, "write one of these forms");
        }
        let before = reader.diagnostics.len();
        let mut fields = Fields::of(node, "a value", reader)?;
        let environment = fields.take("env", reader);
        let default: Setting<VariableDefault> = fields.take("default", reader);
        let secret = fields.take("secret", reader);
        let database = fields.take("database", reader);
        let of: Setting<DatabaseLabel> = fields.take("of", reader);
        fields.finish(reader);
        if reader.diagnostics.len() > before {
            return None;
        }
        match (environment, default, secret, database, of) {
            (Setting::Given(name), Setting::Absent, Setting::Absent, Setting::Absent, Setting::Absent) => {
                Some(Self::Environment { name, default: None })
            }
            (Setting::Given(name), Setting::Given(default), Setting::Absent, Setting::Absent, Setting::Absent) => {
                Some(Self::Environment { name, default: Some(default) })
            }
            (Setting::Absent, Setting::Absent, Setting::Given(name), Setting::Absent, Setting::Absent) => {
                Some(Self::Secret(name))
            }
            (Setting::Absent, Setting::Absent, Setting::Absent, Setting::Given(part), Setting::Absent) => {
                Some(Self::Database(part, None))
            }
            (Setting::Absent, Setting::Absent, Setting::Absent, Setting::Given(part), Setting::Given(of)) => {
                Some(Self::Database(part, Some(of)))
            }
            _ => reader.wrong_type(node, FORMS, "write one of these forms"),
        }
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let literal = generator.subschema_for::<SchemaOf<Literal>>();
        let variable = described::<EnvironmentKey>(generator, "The variable of `.env` or the shell.");
        let secret = described::<EnvironmentKey>(generator, "The secret's name.");
        let default = described::<VariableDefault>(generator, "What holds where the variable is unset or empty.");
        let part = described::<DatabasePart>(
            generator,
            "The part of the service's `database`, or of the one that `of` names.",
        );
        let of = described::<DatabaseLabel>(generator, "The one of `databases` whose part it is.");
        let variant = |title: &str, description: &str, required: &str, properties: serde_json::Value| {
            serde_json::json!({
                "type": "object", "title": title, "description": description, "properties": properties,
                "required": [required], "patternProperties": { "^x-": {} }, "additionalProperties": false
            })
        };
        json_schema!({ "title": "value", "description": "What a variable of the service holds.", "anyOf": [
            literal,
            variant("env", "The value of a variable of `.env` or the shell.", "env",
                serde_json::json!({ "env": variable, "default": default })),
            variant("secret", "A secret of the profile.", "secret", serde_json::json!({ "secret": secret })),
            variant("database", "A part of a database of the service.", "database",
                serde_json::json!({ "database": part, "of": of })),
        ]})
    }
}

/// The schema of a part with its meaning, for editors.
fn described<T: Written>(generator: &mut SchemaGenerator, description: &str) -> Schema {
    let mut schema = generator.subschema_for::<SchemaOf<T>>();
    schema.insert("description".to_owned(), description.into());
    schema
}

impl Written for SecretRule {
    const SCHEMA_NAME: Option<&'static str> = Some("SecretRule");

    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        const EXPECTED: &str = "`generate`, `required` or `{ file: PATH }`";
        match &node.content {
            Content::Scalar(scalar) if scalar.text == "generate" => Some(Self::Generate),
            Content::Scalar(scalar) if scalar.text == "required" => Some(Self::Required),
            Content::Scalar(_) => {
                // the text is not shown: it may be the secret itself
                let help = "a profile holds no secret: write `generate` or `required`, and the value into .env";
                let message = format!("expected {EXPECTED}, found another text");
                let fault = Diagnostic::error(Code::InvalidValue, reader.place(&node.span), message, help);
                reader.diagnostics.push(fault.conceal());
                None
            }
            Content::Sequence(_) => reader.wrong_type(node, EXPECTED, "write one of these forms"),
            Content::Mapping(_) => {
                let mut fields = Fields::of(node, "a secret", reader)?;
                let file = fields.take::<HostPath>("file", reader);
                fields.finish(reader);
                match file {
                    Setting::Given(path) => Some(Self::File(path)),
                    Setting::Absent | Setting::Removed(_) => reader.wrong_type(node, EXPECTED, "name a file"),
                }
            }
        }
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let path = described::<HostPath>(generator, "The file, relative to the project's root.");
        json_schema!({ "title": "secret", "description": "Where the secret's first value comes from.", "anyOf": [
            { "const": "generate", "title": "generate", "description": "Made up once, kept for good." },
            { "const": "required", "title": "required", "description": "Must be given: in `.env` or the environment." },
            {
                "type": "object", "title": "file", "description": "Read from a file.", "properties": { "file": path },
                "required": ["file"], "patternProperties": { "^x-": {} }, "additionalProperties": false
            }
        ]})
    }
}

/// A port of the host that leads to a service's port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publish {
    /// The address that listens.
    pub address: HostAddress,
    /// The port of the host.
    pub port: Port,
    /// The variable that may give another port when Compose runs; never another address.
    pub variable: Option<EnvironmentKey>,
}

/// What a published port is, for editors.
const PUBLISH: &str = "A port of the host: a number, which listens on 127.0.0.1, `ADDRESS:PORT`, where `all` is every \
    address, or a port that a variable of `.env` or the shell may change.";

impl Written for Publish {
    const SCHEMA_NAME: Option<&'static str> = Some("Publish");

    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        const HELP: &str = "write a port, which is published on 127.0.0.1, or `ADDRESS:PORT` in quotes";
        match &node.content {
            Content::Scalar(_) if read_integer(node).is_some() => {
                let port = Port::read(node, reader)?;
                Some(Self { address: HostAddress::LOOPBACK, port, variable: None })
            }
            Content::Scalar(scalar) => match address_and_port(&scalar.text) {
                Some((address, port)) => Some(Self { address, port, variable: None }),
                None => reader.wrong_type(node, "a port from 1 to 65535, or `ADDRESS:PORT`", HELP),
            },
            Content::Sequence(_) => reader.wrong_type(node, "one port", HELP),
            Content::Mapping(_) => {
                let mut fields = Fields::of(node, "a published port", reader)?;
                let address = fields.take("address", reader);
                let variable = fields.take("env", reader);
                let port = fields.take("default", reader);
                fields.finish(reader);
                if matches!(address, Setting::Removed(_)) || matches!(variable, Setting::Removed(_)) {
                    return reader.wrong_type(node, "`{ env: NAME, default: PORT }`", "remove what is empty");
                }
                let Some(port) = port.copied() else {
                    return reader.wrong_type(node, "`{ env: NAME, default: PORT }`", "write the default port");
                };
                let address = address.copied().unwrap_or(HostAddress::LOOPBACK);
                Some(Self { address, port, variable: variable.get().cloned() })
            }
        }
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let port = generator.subschema_for::<SchemaOf<Port>>();
        let default = described::<Port>(generator, "The port where the variable is unset or empty.");
        let address = described::<HostAddress>(
            generator,
            "The address that listens, or `all` for every one; by default 127.0.0.1.",
        );
        let name = described::<EnvironmentKey>(generator, "The variable of `.env` or the shell.");
        let address_and_port = json_schema!({
            "type": "string", "pattern": HostAddress::pattern_with_port(), "examples": ["0.0.0.0:80"],
            "patternErrorMessage": "expected a port from 1 to 65535, or `ADDRESS:PORT`"
        });
        let details = json_schema!({
            "type": "object", "properties": { "env": name, "default": default, "address": address },
            "required": ["default"], "patternProperties": { "^x-": {} }, "additionalProperties": false
        });
        schema_of_forms("published port", PUBLISH, vec![port, address_and_port, details])
    }
}

fn address_and_port(text: &str) -> Option<(HostAddress, Port)> {
    let (address, port) = text.rsplit_once(':')?;
    if address.contains(':') && !address.starts_with('[') {
        return None;
    }
    let is_plain = port.bytes().all(|digit| digit.is_ascii_digit()) && !port.starts_with('0');
    let port = if is_plain { Port::new(port.parse().ok()?)? } else { return None };
    Some((HostAddress::parse(address).ok()?, port))
}

/// The services that must run before this one, with what is waited for; nothing stands for the best there is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DependsOn(pub IndexMap<ServiceName, Option<StartCondition>>);

impl Written for DependsOn {
    const SCHEMA_NAME: Option<&'static str> = Some("DependsOn");

    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        if matches!(node.content, Content::Sequence(_)) {
            let names = Vec::<ServiceName>::read(node, reader)?;
            return Some(Self(names.into_iter().map(|name| (name, None)).collect()));
        }
        if !matches!(node.content, Content::Mapping(_)) {
            return reader.wrong_type(node, "services to wait for", "write `[redis]` or `{ migrate: completed }`");
        }
        let conditions = super::Named::<ServiceName, StartCondition>::read(node, reader)?;
        Some(Self(conditions.into_iter().map(|(name, condition)| (name, condition.copied())).collect()))
    }

    fn fields(&self, at: &FieldPath, fields: &mut Vec<Field>) {
        if self.0.values().any(Option::is_none) {
            fields.push(Field { path: at.clone(), held: Held::Written });
            return;
        }
        fields.extend(self.0.keys().map(|name| Field { path: at.key(name), held: Held::Written }));
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let list = generator.subschema_for::<SchemaOf<Vec<ServiceName>>>();
        let map = generator.subschema_for::<SchemaOf<super::Named<ServiceName, StartCondition>>>();
        schema_of_forms("dependencies", "Services that must run before this one.", vec![list, map])
    }
}
