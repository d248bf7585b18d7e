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
use codelab_gen::target::{Found, Inputs};
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
    let (target, extras) = (deployment.target, Extras::of(&layers.profile));
    let asked = target.asks(&deployment);
    if !layers.diagnostics.is_empty()
        || !target.refusals(&layers.profile).is_empty()
        || !target.faults(&deployment, &extras).is_empty()
        // what is outside of the text is not there
        || !asked.variables.is_empty()
        || !asked.files.is_empty()
    {
        return;
    }
    let kept = IndexMap::new();
    let placement = Placement { profile: "x".to_owned(), root: ".".to_owned(), settings: Vec::new() };
    let inputs = Inputs { values: Values::Withheld { kept: &kept }, placement: &placement, found: &Found::default() };
    for file in target.render(&deployment, &extras, &inputs).expect("what is resolved is rendered") {
        let mark = examine(&file.text, &file.output).expect("it is ours");
        assert_eq!((mark.seal, mark.profile.as_str()), (Seal::Intact, "x"));
        if file.output == compose::FILE {
            drop(yaml::read(&file.text).expect("it is YAML"));
        }
        if file.output == compose::DOTENV || file.output == compose::DOTENV_EXAMPLE {
            assert!(dotenv::read(&file.text).is_ok(), "all readers read it alike");
        }
    }
});
