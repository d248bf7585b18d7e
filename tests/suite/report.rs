//! The JSON Schema of what `--format json` prints: committed as generated, and true of every document.

use std::path::Path;
use std::process::Output;

use codelab_gen::report::schema;

use crate::support::{Finish as _, assert_matches_file, codelab_gen, run, stdout, tests};

/// A document that a run printed, which must be one of the schema.
pub(crate) fn document(run: &Output) -> serde_json::Value {
    let schema: serde_json::Value = serde_json::from_str(&schema()).unwrap();
    let validator = jsonschema::draft7::new(&schema).unwrap();
    let text = stdout(run);
    let document = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    if let Err(error) = validator.validate(&document) {
        panic!("{error}: {text}");
    }
    document
}

#[test]
fn the_committed_schema_is_the_generated_one() {
    assert_matches_file(&schema(), &Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/report.schema.json"));
    assert_eq!(stdout(&codelab_gen(&tests()).args(["schema", "report"]).finish()), schema());
    let schema: serde_json::Value = serde_json::from_str(&schema()).unwrap();
    jsonschema::draft7::meta::validate(&schema).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn every_document_is_one_of_the_schema() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, code, pointer, expected) in [
        (&["-p", "prod", "--check"][..], 1, "/outcome", "different"),
        (&["-p", "prod"], 0, "/outcome", "done"),
        (&["--check"], 0, "/files/0/change", "unchanged"),
        (&["--diff", "--set", "stage=ci"], 1, "/files/3/change", "updated"),
        (&["-p", "dev", "--diff"], 1, "/dangers/0/accept", "engine"),
        (&["-p", "dev"], 4, "/outcome", "refused"),
        (&["-p", "prod", "--set", "services.x.port=0"], 3, "/diagnostics/0/code", "invalid-value"),
        (&["-p", "prod", "--set", "nonsense"], 2, "/outcome", "usage"),
        (&["--set", "secrets.KEY=required"], 5, "/outcome", "secrets"),
        (&["-p", "prod", "-o", "docker-compose.yml/x"], 5, "/outcome", "outside"),
        (&["--all"], 2, "/outcome", "usage"),
    ] {
        let run = run(folder.path(), &[arguments, &["--format", "json"]].concat());
        let document = document(&run);
        assert_eq!(run.status.code(), Some(code), "{arguments:?}: {document:#}");
        assert_eq!(document.pointer(pointer), Some(&expected.into()), "{arguments:?}: {document:#}");
    }
    for command in ["validate", "profiles"] {
        let run = codelab_gen(folder.path()).args([command, "--format", "json"]).finish();
        assert_eq!(document(&run)["profiles"].as_array().map(Vec::len), Some(4), "{command}");
    }
}

#[test]
fn the_schema_rejects_what_is_not_printed() {
    let schema: serde_json::Value = serde_json::from_str(&schema()).unwrap();
    let validator = jsonschema::draft7::new(&schema).unwrap();
    for wrong in [r#"{"outcome": "done"}"#, r#"{"outcome": "fine"}"#, r#"{"profiles": [{"name": 1}]}"#, "[]"] {
        assert!(!validator.is_valid(&serde_json::from_str(wrong).unwrap()), "{wrong}");
    }
}
