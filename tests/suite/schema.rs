//! The JSON Schema: committed as generated, a schema by its own rules, and of one mind with the parser.

use std::fs;
use std::path::Path;

use codelab_gen::schema::schema;

use crate::support::{Finish as _, assert_matches_file, codelab_gen, stdout, tests};

fn validator() -> jsonschema::Validator {
    let schema: serde_json::Value = serde_json::from_str(&schema()).unwrap();
    jsonschema::draft7::meta::validate(&schema).unwrap_or_else(|error| panic!("{error}"));
    jsonschema::draft7::new(&schema).unwrap()
}

fn is_valid(validator: &jsonschema::Validator, path: &Path) -> bool {
    let document: serde_json::Value = serde_yaml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    validator.is_valid(&document)
}

#[test]
fn the_committed_schema_is_the_generated_one() {
    assert_matches_file(&schema(), &Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/profile.schema.json"));
    let printed = codelab_gen(&tests()).arg("schema").finish();
    assert_eq!(stdout(&printed), schema());
}

#[test]
fn good_profiles_are_valid() {
    let validator = validator();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for profile in ["base", "dev-sqlite", "prod-postgres", "mixed"] {
        assert!(is_valid(&validator, &root.join(format!("profiles/{profile}.yaml"))), "{profile}");
    }
    assert!(is_valid(&validator, &tests().join("golden/external.yaml")));
}

#[test]
fn structural_faults_are_invalid() {
    let validator = validator();
    for case in ["unknown-key", "wrong-type", "invalid-value", "missing-format", "overlong-name", "many-faults"] {
        assert!(!is_valid(&validator, &tests().join(format!("invalid/{case}.yaml"))), "{case}");
    }
}

#[test]
fn faults_between_fields_are_left_to_the_program() {
    let validator = validator();
    for case in ["port-clash", "dependency-cycle", "no-postgres", "shared-database", "outside-mount"] {
        assert!(is_valid(&validator, &tests().join(format!("invalid/{case}.yaml"))), "{case}");
    }
}
