//! A Compose file of others is understood or left alone, and what import makes of it is a profile.

#![no_main]

use codelab_gen::import::{Files, HandKept, import};
use codelab_gen::placement::Placement;
use codelab_gen::profile;
use codelab_gen::source::{Source, SourceId};
use codelab_gen::target::compose::Standing;
use codelab_gen::yaml;
use libfuzzer_sys::fuzz_target;

/// Variables of every kind that such a file may refer to.
const DOTENV: &str = "A=1\nB=\nC='x y'\nD=$(x)\nAPI_KEY=0123456789\nDB_URL=postgresql://u:p@h/d\n";

fuzz_target!(|text: &str| {
    if let Some(standing) = Standing::read(text) {
        let _ = (standing.service_names().count(), standing.has_server());
    }
    let placement = Placement { profile: "x".to_owned(), root: ".".to_owned(), settings: Vec::new() };
    let files = Files::one(text);
    let kept = HandKept {
        files: &files,
        dotenv: DOTENV,
        beside: text,
        read: &|_| None,
        folder: "shop",
        placement: &placement,
    };
    let Ok(imported) = import(&kept) else { return };
    let (_, faults) = profile::parse(&Source::from_text("imported", &imported.profile), SourceId(0));
    assert!(faults.is_empty(), "{}\n{faults:?}", imported.profile);
    if let Some(beside) = imported.beside.map(|beside| beside.text()) {
        assert!(yaml::read(&beside).is_ok(), "{beside}");
    }
    for secret in &imported.new_secrets {
        assert!(codelab_gen::dotenv::read(&secret.line).is_ok());
    }
});
