//! Knows what a profile may say, as it was written: every field optional, one value per layer of `extends`.
//! Must not know defaults, secrets' values, nor what a deployment makes of it.

mod command;
mod form;
mod leaf;
mod options;
mod raw;
pub(crate) mod record;
mod sections;
pub(crate) mod written;

use crate::diagnostic::{Code, Diagnostic, Mend};
use crate::field::FieldPath;
use crate::source::{Source, SourceId};
use crate::yaml::{self, YamlFault, YamlRule};

pub use command::{CheckCommand, Command};
pub use form::{DependsOn, Publish, Value, VariableDefault};
pub use leaf::{Literal, Named, given};
pub use options::{OptionValue, Options};
pub use raw::{LONG_KEY, Raw, RawKey, RawKeys, long_keys};
pub use sections::{
    Backups, Build, Database, Extends, External, HealthCheck, Initdb, LabelName, Limits, NamedDatabase, Nodes, Pool,
    Postgres, PostgresDatabase, Profile, ServerCheck, Service, Sqlite, Storage, Volume, database_path,
};
pub use written::SchemaOf;
use written::{Excerpt, Reader, Written as _};
pub use written::{Field, Held, Setting};

/// The format that this program reads.
pub const FORMAT: u8 = 1;

impl Profile {
    /// Every field that holds a value, in the order of the format; defaults among them.
    #[must_use]
    pub fn fields(&self) -> Vec<Field> {
        let mut fields = Vec::new();
        written::Written::fields(self, &FieldPath::root(), &mut fields);
        fields
    }
}

/// Reads one source as a profile.
///
/// Whatever could be read is returned beside the faults, so that one run can tell all of them.
#[must_use]
pub fn parse(source: &Source, id: SourceId) -> (Profile, Vec<Diagnostic>) {
    match source.setting() {
        None => {
            let mut reader = Reader::new(id, None);
            let profile = parse_document(&source.text, &mut reader);
            (profile, reader.diagnostics)
        }
        Some((path, value)) => {
            let written = source.text.get(value.clone()).unwrap_or_default();
            let (document, document_start) = setting_document(&path, written);
            let mut reader = Reader::new(id, Some(Excerpt { document_start, value }));
            let profile = read_document(&document, &mut reader).unwrap_or_default();
            (profile, reader.diagnostics)
        }
    }
}

/// Lays the layers of a profile over each other, the strongest first in the list.
#[must_use]
pub fn merge(layers: Vec<Profile>) -> (Profile, Vec<Diagnostic>) {
    let mut reader = Reader::new(SourceId(0), None);
    let merged =
        layers.into_iter().rev().fold(Profile::default(), |base, over| Profile::overlay(Some(base), over, &mut reader));
    (merged, reader.diagnostics)
}

fn parse_document(text: &str, reader: &mut Reader) -> Profile {
    let profile = read_document(text, reader);
    if let Some(profile) = &profile
        && !profile.format.is_given()
        && reader.diagnostics.iter().all(|fault| fault.code != Code::InvalidValue && fault.code != Code::WrongType)
    {
        let help = format!("write `format: {FORMAT}` as its first line");
        reader.fault(Code::MissingField, &(0..0), "the profile does not say its format", help);
        let first = text.split_inclusive('\n').take_while(|line| line.starts_with('#')).map(str::len).sum();
        let mend = Mend::replace(reader.place(&(first..first)), format!("format: {FORMAT}\n"));
        if let Some(fault) = reader.diagnostics.last_mut() {
            fault.mend = Some(Box::new(mend.titled(format!("write `format: {FORMAT}`"))));
        }
    }
    profile.unwrap_or_default()
}

fn read_document(text: &str, reader: &mut Reader) -> Option<Profile> {
    match yaml::read(text) {
        Ok(node) => Profile::read(&node, reader),
        Err(faults) => {
            let diagnostics: Vec<_> = faults.into_iter().map(|fault| diagnostic(fault, reader)).collect();
            reader.diagnostics.extend(diagnostics);
            None
        }
    }
}

/// What is wrong with a source as YAML.
pub(crate) fn yaml_diagnostics(faults: Vec<YamlFault>, id: SourceId) -> Vec<Diagnostic> {
    let reader = Reader::new(id, None);
    faults.into_iter().map(|fault| diagnostic(fault, &reader)).collect()
}

fn diagnostic(fault: YamlFault, reader: &Reader) -> Diagnostic {
    let code = match fault.rule {
        YamlRule::Syntax => Code::Syntax,
        YamlRule::UniqueKeys => Code::DuplicateKey,
        YamlRule::Size => Code::DocumentSize,
    };
    let diagnostic = Diagnostic::error(code, reader.place(&fault.span), fault.message, fault.help);
    match fault.other {
        Some((span, text)) => diagnostic.also(reader.place(&span), text),
        None => diagnostic,
    }
}

/// The document that says what `--set PATH=VALUE` says, and where in it the value starts.
fn setting_document(path: &FieldPath, value: &str) -> (String, usize) {
    let mut document = String::new();
    for (depth, step) in path.steps().iter().enumerate() {
        if depth > 0 {
            document.push('\n');
        }
        document.push_str(&" ".repeat(depth));
        document.push_str(&serde_json::Value::from(step.as_str()).to_string());
        document.push_str(": ");
    }
    let start = document.len();
    document.push_str(value);
    (document, start)
}
