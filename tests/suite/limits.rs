//! Documents that are large by honest means pass, the others end at once.

use std::fmt::Write as _;
use std::fs;

use crate::support::{Finish as _, codelab_gen, stderr};

fn services(count: usize) -> String {
    let mut text =
        "format: 1\nproject: big\nstage: development\nx-check: &check { http: /health }\nservices:\n".to_owned();
    for number in 0..count {
        let after = if number > 0 { format!("    depends_on: [s{}]\n", number - 1) } else { String::new() };
        write!(
            text,
            "  s{number}:\n    image: app:1\n    port: 8000\n    data: d{number}:/app/data\n    healthcheck: *check\n\
             {after}    environment: {{ NUMBER: {number} }}\n    database: {{ sqlite: data/x.db }}\n"
        )
        .unwrap();
    }
    text
}

#[test]
fn many_services_that_share_an_anchor_pass_and_composes_own_limit_is_told() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("big.yaml"), services(5000)).unwrap();
    let run = codelab_gen(folder.path()).args(["-p", "./big.yaml"]).finish();
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    assert!(stderr(&run).contains("warning[compose-limit]"), "{}", stderr(&run));
    assert!(stderr(&run).contains("loads at most 100000"), "{}", stderr(&run));

    fs::write(folder.path().join("big.yaml"), services(1500)).unwrap();
    let run = codelab_gen(folder.path()).args(["-p", "./big.yaml"]).finish();
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    assert!(!stderr(&run).contains("warning"), "{}", stderr(&run));
}

#[test]
fn a_file_beyond_the_size_limit_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = fs::File::create(folder.path().join("huge.yaml")).unwrap();
    file.set_len(65 * 1024 * 1024).unwrap();
    let run = codelab_gen(folder.path()).args(["-p", "./huge.yaml"]).finish();
    assert_eq!(run.status.code(), Some(3));
    assert!(stderr(&run).contains("error[document-size]: `./huge.yaml` is larger than 64 MiB"), "{}", stderr(&run));
}
