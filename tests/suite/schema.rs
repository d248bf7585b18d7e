//! The JSON Schema: committed as generated, a schema by its own rules, and of one mind with the parser.

use std::fs;
use std::path::Path;

use codelab_gen::diagnostic::Code;
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

/// The codes of a wrong profile, as they were told.
fn codes(case: &Path) -> Vec<Code> {
    let told = fs::read_to_string(case.with_extension("stderr")).unwrap();
    Code::ALL.iter().copied().filter(|code| told.contains(&format!("error[{code}]"))).collect()
}

#[test]
fn the_schema_and_the_program_reject_the_same_but_for_rules_that_no_schema_can_say() {
    let validator = validator();
    let mut judged = 0;
    for case in crate::invalid::cases() {
        let codes = codes(&case);
        assert!(!codes.is_empty(), "{}", case.display());
        // one that is too large for the program is too large for this test as well
        if codes.contains(&Code::DocumentSize) {
            continue;
        }
        let Ok(text) = fs::read_to_string(&case) else { continue };
        let Ok(document) = serde_yaml::from_str::<serde_json::Value>(&text) else { continue };
        // a base by itself is no mistake; only selecting one is
        if document.get("stage").is_none() && codes == [Code::NotSelectable] {
            continue;
        }
        let sayable: Vec<_> = codes.iter().filter(|code| !code.is_beyond_schema()).collect();
        assert_eq!(!validator.is_valid(&document), !sayable.is_empty(), "{}: {codes:?}", case.display());
        judged += 1;
    }
    assert!(judged > 35, "{judged}");
}
