//! The JSON Schema: committed as generated, and a schema by its own rules. tests/editors compares its verdicts with ours.

use std::path::Path;

use codelab_gen::schema::schema;

use crate::support::{Finish as _, assert_matches_file, codelab_gen, stdout, tests};

#[test]
fn the_committed_schema_is_the_generated_one() {
    assert_matches_file(&schema(), &Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/profile.schema.json"));
    let printed = codelab_gen(&tests()).arg("schema").finish();
    assert_eq!(stdout(&printed), schema());
}

#[test]
fn it_is_a_schema_of_draft_07() {
    let schema: serde_json::Value = serde_json::from_str(&schema()).unwrap();
    jsonschema::draft7::meta::validate(&schema).unwrap_or_else(|error| panic!("{error}"));
    jsonschema::draft7::new(&schema).unwrap();
}
