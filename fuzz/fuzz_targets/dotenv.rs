//! Nothing of a user's `.env` is lost, what is written reads back, and a block stays where it was put.

#![no_main]

use codelab_gen::change::place;
use codelab_gen::dotenv::{DotenvFile, quote, read, split, user_parts};
use libfuzzer_sys::fuzz_target;

const BLOCK: &str = "# >>> codelab-gen: x\nA=1\nB='2 3'\n# <<< codelab-gen\n";

fuzz_target!(|text: &str| {
    if let Ok(parts) = user_parts(text) {
        assert_eq!(parts.iter().map(|part| part.text).collect::<String>(), text);
    }
    if let Some(parts) = split(text) {
        assert_eq!([parts.before, parts.block, parts.after].concat(), text);
    }
    if let Ok(entries) = read(text) {
        for entry in entries {
            let Ok(written) = quote(&entry.value) else { continue };
            let again = read(&format!("{}={written}\n", entry.key)).expect("what is written is read");
            assert!(again.len() == 1 && again[0].key == entry.key && again[0].value == entry.value);
        }
    }
    if let Ok(written) = quote(text) {
        let again = read(&format!("A={written}\n")).expect("what is written is read");
        assert!(again.len() == 1 && again[0].value == text);
    }
    if let Ok(placed) = place(BLOCK, &DotenvFile::read(text)) {
        assert_eq!(split(&placed).expect("the block is found").block, BLOCK);
        assert_eq!(place(BLOCK, &DotenvFile::read(&placed)).expect("it is placed again"), placed);
    }
});
