//! docs/profile.md: every field of a profile, made from the JSON Schema; its examples are profiles that are valid.

mod page;
mod rules;
mod values;

use std::fs;
use std::path::{Path, PathBuf};

use codelab_gen::schema::schema;
use serde_json::Value;

use crate::support::{Finish as _, assert_matches_file, codelab_gen, stderr};
use page::Page;

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

/// The example profiles: together they have every field.
const EXAMPLES: [&str; 5] =
    ["container.yaml", "external.yaml", "kubernetes.yaml", "kubernetes-external.yaml", "swarm.yaml"];

fn examples() -> Vec<String> {
    EXAMPLES.iter().map(|name| fs::read_to_string(docs().join("examples").join(name)).unwrap()).collect()
}

#[test]
fn the_committed_reference_has_every_field() {
    let schema: Value = serde_json::from_str(&schema()).unwrap();
    let page = Page::of(&schema, &examples());
    assert!(page.without_example.is_empty(), "no example profile has {:?}", page.without_example);
    assert_matches_file(&page.text, &docs().join("profile.md"));
}

#[test]
fn the_example_profiles_are_valid() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in EXAMPLES.iter().zip(examples()) {
        fs::write(folder.path().join(name), text).unwrap();
    }
    for name in EXAMPLES {
        let run = codelab_gen(folder.path()).arg("validate").arg(format!("./{name}")).finish();
        assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    }
}
