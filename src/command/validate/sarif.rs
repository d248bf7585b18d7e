//! Knows the Static Analysis Results Interchange Format, version 2.1.0
//! (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>). Must not know any rule.

use indexmap::IndexSet;
use serde_json::{Value, json};

use crate::diagnostic::Code;
use crate::report::{Diagnostic, Place, Verdict};
use crate::risk::RiskKind;

/// The log of one run; a fault that several profiles inherit is told once.
pub(super) fn log(verdicts: &[Verdict]) -> String {
    let rule = |code: &Code| {
        json!({
            "id": code.as_str(),
            "shortDescription": { "text": code.meaning() },
            "help": { "text": code.explanation(), "markdown": code.explanation() },
        })
    };
    let risk_rule = |kind: &RiskKind| {
        json!({
            "id": kind.as_str(),
            "shortDescription": { "text": format!("A service gets {}.", kind.gives()) },
            "properties": { "gravity": kind.gravity().as_str() },
        })
    };
    let rules: Vec<_> = Code::ALL.iter().map(rule).chain(RiskKind::ALL.iter().map(risk_rule)).collect();
    let results: IndexSet<Value> = verdicts.iter().flat_map(|verdict| &verdict.diagnostics).map(result).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "codelab-gen", "version": env!("CARGO_PKG_VERSION"), "rules": rules } },
            "columnKind": "unicodeCodePoints",
            "results": results.into_iter().collect::<Vec<_>>(),
        }],
    });
    format!("{log:#}\n")
}

fn result(diagnostic: &Diagnostic) -> Value {
    let Diagnostic { code, severity, message, help, place, others } = diagnostic;
    let mut names = Code::ALL.iter().map(|code| code.as_str()).chain(RiskKind::ALL.iter().map(|kind| kind.as_str()));
    let related = |other: &Place| {
        let mut location = location(other);
        if let Some(fields) = location.as_object_mut().filter(|_| !other.label.is_empty()) {
            fields.insert("message".to_owned(), json!({ "text": other.label }));
        }
        location
    };
    json!({
        "ruleId": code,
        "ruleIndex": names.position(|known| known == code),
        "level": if severity == "notice" { "note" } else { severity },
        "message": { "text": format!("{message}\nhelp: {help}") },
        "locations": [location(place)],
        "relatedLocations": others.iter().map(related).collect::<Vec<_>>(),
    })
}

fn location(place: &Place) -> Value {
    let Place { file, line, column, end_line, end_column, label: _ } = place;
    json!({ "physicalLocation": {
        "artifactLocation": { "uri": uri(file) },
        "region": { "startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column },
    }})
}

/// A path as a relative reference: what has a meaning in one is encoded (RFC 3986).
fn uri(path: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let encode = |byte: u8| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    path.bytes().map(encode).collect()
}
