//! Whatever stands in a URL, its login is taken apart without a fault, and what is encoded is decoded to the same.

#![no_main]

use codelab_gen::import::{Files, HandKept, import};
use codelab_gen::placement::Placement;
use codelab_gen::url::{WrittenUrl, password_of, percent_decode, percent_encode};
use libfuzzer_sys::fuzz_target;

const COMPOSE: &str = "services:\n  a: { image: 'a:1', environment: { DB_URL: $DB_URL } }\n  db:\n    image: postgres:16\n    \
                       volumes: ['pg:/var/lib/postgresql/data']\n    environment: { POSTGRES_USER: u, POSTGRES_PASSWORD: $PW }\n\
                       volumes: { pg: {} }\n";

fuzz_target!(|text: &str| {
    assert_eq!(percent_decode(&percent_encode(text)).as_deref(), Some(text));
    assert!(percent_encode(text).bytes().all(|byte| byte.is_ascii_graphic()));
    if let Some(decoded) = percent_decode(text) {
        assert_eq!(percent_decode(&percent_encode(&decoded)), Some(decoded));
    }
    assert_eq!(WrittenUrl::read(text).and_then(|url| url.password()), password_of(text));
    if let Some(password) = password_of(text) {
        assert!(text.contains(&format!(":{password}@")));
    }
    // as a value of `.env` it comes to the reader of connections
    let placement = Placement { profile: "x".to_owned(), root: ".".to_owned(), settings: Vec::new() };
    let dotenv = format!("PW=pw-0123456789\nDB_URL={text}\n");
    let files = Files::one(COMPOSE);
    let kept =
        HandKept { files: &files, dotenv: &dotenv, beside: "", read: &|_| None, folder: "shop", placement: &placement };
    if let Ok(imported) = import(&kept) {
        // a shorter one may be a word that names other things as well
        let password = password_of(text).filter(|password| password.len() > 16 && !text.contains(['\n', '$']));
        assert!(password.is_none_or(|password| !imported.profile.contains(password)), "{}", imported.profile);
    }
});
