//! The line of an output, whoever wrote it, is read or it is none.

#![no_main]

use codelab_gen::render::{Seal, examine, is_recordable};
use codelab_gen::target::outputs;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for output in outputs() {
        let Some(mark) = examine(text, &output) else { continue };
        assert!(!mark.profile.contains('\n') && !mark.root.contains('\n'));
        if mark.seal == Seal::Intact && is_recordable(&mark.profile) && !output.is_block() {
            let edited = format!("{text}\n# edited");
            assert_eq!(examine(&edited, &output).map(|mark| mark.seal), Some(Seal::Broken));
        }
    }
});
