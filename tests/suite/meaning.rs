//! What a Compose file means to codelab-gen: the same lines that `tests/conformance/test_spellings.py` asks Docker Compose
//! about.

use std::collections::BTreeMap;

use codelab_gen::compose::{Dotenv, File, Service};
use codelab_gen::yaml;

use crate::support::{read, tests};

fn lines(name: &str) -> Vec<String> {
    let text = read(&tests().join("conformance/spellings"), name);
    text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

/// A service of these keys, as one of a file.
fn service(keys: &str) -> Service {
    let keys = keys.trim();
    let text =
        if keys == "{}" { "services: { s: {} }\n".to_owned() } else { format!("services:\n  s: {{ {keys} }}\n") };
    File::read(&yaml::read(&text).unwrap(), &|_| None).unwrap().services.remove("s").unwrap()
}

#[test]
fn two_spellings_of_one_meaning_are_the_same_and_others_are_not() {
    for line in lines("services.txt") {
        let (mark, pair) = line.split_at(1);
        let (one, other) = pair.split_once(" | ").unwrap();
        let is_same = service(one).finished() == service(other).finished();
        assert_eq!(is_same, mark != "!", "{line}");
    }
}

#[test]
fn a_service_is_laid_over_another_one_as_compose_does() {
    for line in lines("over.txt") {
        let parts: Vec<_> = line.split(" | ").collect();
        let [known, over, both] = parts.as_slice() else { panic!("{line}") };
        assert_eq!(service(known).under(service(over)).finished(), service(both).finished(), "{line}");
    }
}

#[test]
fn every_line_of_dotenv_holds_what_it_holds_to_compose() {
    let folder = tests().join("conformance/spellings");
    let expected: BTreeMap<String, String> = serde_json::from_str(&read(&folder, "dotenv.json")).unwrap();
    let dotenv = Dotenv::read(&read(&folder, "dotenv.env"), &|_| None);
    let found: BTreeMap<_, _> = dotenv.all().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    assert_eq!(found, expected);
}
