//! A profile is refused, or all that is made of it can be read again.

#![no_main]

use std::path::Path;

use codelab_gen::layers::gather;
use codelab_gen::placement::Placement;
use codelab_gen::render::{Seal, examine};
use codelab_gen::resolve::resolve;
use codelab_gen::secret::Values;
use codelab_gen::source::{Catalogue, Source, Trust};
use codelab_gen::target::compose::{self, Extras};
use codelab_gen::target::{Inputs, Target};
use codelab_gen::{dotenv, yaml};
use indexmap::IndexMap;
use libfuzzer_sys::fuzz_target;

/// A folder without profiles; what is embedded may be extended.
fn catalogue() -> Catalogue {
    let empty = Path::new("/nonexistent");
    let trust = Trust { user: 0, invoker: None, safe: Vec::new };
    Catalogue::find(empty, empty, &trust).expect("there is nothing that can't be read")
}

fuzz_target!(|text: &str| {
    let Ok(layers) = gather(Source::from_text("profile", text), Vec::new(), &catalogue()) else { return };
    let Ok(deployment) = resolve(&layers.profile) else { return };
    if !layers.diagnostics.is_empty() || !Target::Compose.refusals(&layers.profile).is_empty() {
        return;
    }
    let kept = IndexMap::new();
    let extras = Extras::of(&layers.profile);
    let placement = Placement { profile: "x".to_owned(), root: ".".to_owned(), settings: Vec::new() };
    let inputs = Inputs { values: Values::Withheld { kept: &kept }, placement: &placement };
    for file in Target::Compose.render(&deployment, &extras, &inputs).expect("what is resolved is rendered") {
        let mark = examine(&file.text, file.output).expect("it is ours");
        assert_eq!((mark.seal, mark.profile.as_str()), (Seal::Intact, "x"));
        match file.output {
            compose::FILE => drop(yaml::read(&file.text).expect("it is YAML")),
            compose::DOTENV | compose::DOTENV_EXAMPLE => {
                assert!(dotenv::read(&file.text).is_ok(), "all readers read it alike");
            }
            _ => {}
        }
    }
});
