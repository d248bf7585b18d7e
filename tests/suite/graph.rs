//! `graph`: a deployment as Mermaid and as DOT. What the programs that draw it read is tested in tests/editors.

use std::fs;
use std::path::Path;

use crate::support::{Finish as _, assert_matches_file, codelab_gen, stderr, stdout, tests};

/// Which drawings are compared byte for byte; those of the built-in profiles are in docs/graph.md.
const CASES: [(&str, &str, &[&str]); 9] = [
    ("backups", "golden/backups.yaml", &["postgres.ensure=false"]),
    ("every-field", "golden/every-field.yaml", &[]),
    ("external", "golden/external.yaml", &[]),
    ("strict", "golden/strict.yaml", &[]),
    ("without-ensure", "builtin:prod", &["postgres.ensure=false"]),
    ("kubernetes-server", "golden/kubernetes-server.yaml", &["services.api.publish=8080", "services.api.replicas=3"]),
    ("kubernetes-services", "golden/kubernetes-services.yaml", &[]),
    ("swarm-server", "golden/swarm-server.yaml", &[]),
    ("per-service", "builtin:mixed", &["postgres.access=per_service", "postgres.publish=5433"]),
];

fn drawing(folder: &Path, profile: &str, settings: &[&str], format: &str) -> String {
    let mut command = codelab_gen(folder);
    command.args(["graph", "-p", profile, "--format", format]);
    for setting in settings {
        command.args(["--set", setting]);
    }
    let run = command.finish();
    assert_eq!(run.status.code(), Some(0), "{profile}: {}", stderr(&run));
    stdout(&run)
}

/// A profile in a folder of its own.
fn drawing_of(profile: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.yaml"), format!("format: 1\nproject: shop\nstage: ci\n{profile}")).unwrap();
    drawing(folder.path(), "./x.yaml", &[], "mermaid")
}

#[test]
fn drawings_are_the_golden_files() {
    for (name, profile, settings) in CASES {
        for (format, extension) in [("mermaid", "mmd"), ("dot", "dot")] {
            let text = drawing(&tests(), profile, settings, format);
            assert_matches_file(&text, &tests().join(format!("golden/graph/{name}.{extension}")));
            assert!(!text.contains("PASSWORD") && !text.contains("API_KEY"), "{text}");
        }
    }
}

#[test]
fn standard_output_is_the_drawing_alone() {
    let run = codelab_gen(&tests()).args(["graph", "-p", "builtin:dev"]).finish();
    assert!(stdout(&run).starts_with("flowchart LR\n"), "{}", stdout(&run));
    assert_eq!(stderr(&run), "profile dev-sqlite (built in)\n");
    assert_eq!(stdout(&run), drawing(&tests(), "builtin:dev", &[], "mermaid"));
    assert!(drawing(&tests(), "builtin:dev", &[], "dot").starts_with("digraph \"codelab\" {\n"));
}

#[test]
fn what_can_not_be_drawn_is_told_and_nothing_is_printed() {
    for (arguments, code) in [
        (&["-p", "builtin:dev", "--set", "stage=x"][..], 3),
        (&["-p", "nobody"], 3),
        (&["--format", "svg"], 2),
        (&["--set", "x"], 2),
    ] {
        let run = codelab_gen(&tests()).arg("graph").args(arguments).finish();
        assert_eq!((run.status.code(), stdout(&run)), (Some(code), String::new()), "{arguments:?}");
        assert!(stderr(&run).contains("help"), "{}", stderr(&run));
    }
}

#[test]
fn a_sqlite_file_that_services_share_is_drawn_once() {
    let service = |mount: &str| {
        format!("{{ image: 'a:1', data: '{mount}:/data', database: {{ sqlite: /data/x.db, shared: true }} }}")
    };
    let text = drawing_of(&format!("services: {{ a: {}, b: {} }}\n", service("files"), service("files")));
    assert_eq!(text.matches("SQLite").count(), 1, "{text}");
    assert_eq!(text.matches("--> sqlite_x_db\n").count(), 2, "{text}");
    let text = drawing_of(&format!("services: {{ a: {}, b: {} }}\n", service("files"), service("others")));
    assert_eq!(text.matches("SQLite").count(), 2, "{text}");
}

#[test]
fn names_that_would_be_spelled_the_same_are_told_apart() {
    let text = drawing_of(
        "services: { a-b: { image: 'a:1', volumes: ['./xx:/x', './XX:/y', 'xx:/z'] }, ab: { image: 'a:1' } }\n",
    );
    for line in [
        "path_xx[/\"./xx<br/>on the host\"/]",
        "path_xx_2[/\"./XX<br/>on the host\"/]",
        "volume_xx[/\"xx<br/>volume\"/]",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[test]
fn a_name_without_anything_special_is_written_as_it_is() {
    let text = drawing_of(
        "services: { a: { build: ./api_v2/app, volumes: ['./data:/srv/my data-1.x:ro'] }, \
         b: { image: 'registry.example.com:5000/shop/api:1.4' } }\n",
    );
    for label in
        ["\"a<br/>built from ./api_v2/app\"", "|\"/srv/my data-1.x:ro\"|", "registry.example.com:5000/shop/api:1.4"]
    {
        assert!(text.contains(label), "{label}\n{text}");
    }
}
