//! `validate`: its formats, its warnings, and the copy of the schema.

use std::fs;
use std::path::Path;

use crate::report::document;
use crate::support::{Finish as _, codelab_gen, run, stderr, stdout, tree};

/// A production profile that is allowed, and unwise in every way.
const UNWISE: &str = include_str!("../warned/unwise.yaml");

/// The same, mended.
const WISE: &str = "format: 1\nproject: app\nstage: production\nservices:\n  web:\n    \
                    image: 'nginx:1.27@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'\n    port: 80\n    \
                    publish: 8080\n  api:\n    build: ./api\n    data: api-data:/app/data\n    \
                    database: { sqlite: data/api.db }\n  auth:\n    build: ./auth\n    database: { postgres: auth_db }\n\
                    postgres:\n  image: 'postgres:17@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'\n  \
                    user: app\n  access: per_service\n";

fn project(name: &str, text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("profiles")).unwrap();
    fs::write(folder.path().join("profiles").join(name), text).unwrap();
    folder
}

fn validate(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let before = tree(folder);
    let run = codelab_gen(folder).arg("validate").args(arguments).finish();
    assert_eq!(tree(folder), before, "validate wrote");
    (run.status.code(), stdout(&run), stderr(&run))
}

#[test]
fn what_is_unwise_is_warned_of_and_denied_on_request() {
    let folder = project("app.yaml", UNWISE);
    let (code, out, err) = validate(folder.path(), &[]);
    assert_eq!((code, out.as_str()), (Some(0), "valid     profiles/app.yaml, with 12 warnings\n"), "{err}");
    for (warning, line) in [
        ("unpinned-digest", 6),
        ("published-everywhere", 8),
        ("displaced-hardening", 9),
        ("displaced-hardening", 10),
        ("sqlite-bind-mount", 13),
        ("unpinned-digest", 18),
        ("unnamed-system", 18),
        ("unencrypted-port", 18),
        ("superuser-access", 18),
        ("displaced-hardening", 18),
        ("displaced-hardening", 19),
    ] {
        let at = format!("profiles/app.yaml:{line}:");
        let told = err.split("\n\n").any(|part| part.contains(&format!("warning[{warning}]")) && part.contains(&at));
        assert!(told, "{warning} on line {line}: {err}");
    }
    assert_eq!(validate(folder.path(), &["--deny-warnings"]).0, Some(3));
    assert_eq!(run(folder.path(), &["-p", "app"]).status.code(), Some(0));
    assert!(!stderr(&run(folder.path(), &["-p", "app"])).contains("warning["), "only validate warns");

    let folder = project("app.yaml", WISE);
    assert_eq!(
        validate(folder.path(), &["--deny-warnings"]),
        (Some(0), "valid     profiles/app.yaml\n".into(), String::new())
    );
    let folder = project("app.yaml", &UNWISE.replace("production", "development"));
    let (_, out, _) = validate(folder.path(), &[]);
    assert_eq!(out, "valid     profiles/app.yaml, with 7 warnings\n", "some hold in every stage");
}

#[test]
fn nearing_the_limit_of_compose_is_a_warning() {
    let words = vec!["w"; 3900].join(", ");
    let service = |index: usize| format!("  s{index}: {{ image: 'a:1', command: [{words}] }}\n");
    let head = "format: 1\nproject: app\nstage: ci\nservices:\n";
    for (services, warned) in [(20, false), (21, true)] {
        let text = format!("{head}{}", (0..services).map(service).collect::<String>());
        let folder = project("app.yaml", &text);
        let (code, _, err) = validate(folder.path(), &[]);
        assert_eq!(code, Some(0), "{services}");
        assert_eq!(err.contains("warning[compose-limit]"), warned, "{services}: {err}");
    }
}

#[test]
fn standard_input_is_checked() {
    let folder = tempfile::tempdir().unwrap();
    for (text, code) in [(UNWISE, 0), ("format: 1\nprot: 1\n", 3)] {
        let mut command = codelab_gen(folder.path());
        command.args(["validate", "-"]).stdin(std::process::Stdio::piped());
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        let mut child = command.spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), text.as_bytes()).unwrap();
        let run = child.wait_with_output().unwrap();
        assert_eq!(run.status.code(), Some(code), "{}", stderr(&run));
        assert!(stdout(&run).contains("standard input"), "{}", stdout(&run));
    }
}

#[test]
fn workflow_commands_hold_nothing_that_a_profile_could_begin_one_with() {
    let folder = project("a,b:c%.yaml", "format: 1\n\"x::error file=y::\\r\\n::warning::z,%0A\": 1\n");
    let (code, out, _) = validate(folder.path(), &["--format", "github"]);
    assert_eq!(code, Some(3));
    let expected = "::error file=profiles/a%2Cb%3Ac%25.yaml,line=2,endLine=2,col=1,endColumn=40,title=unknown-key::\
                    unknown key `x::error file=y::\\u{d}\\u{a}::warning::z,%250A` in a profile%0A";
    assert!(out.starts_with(expected), "{out}");
    assert_eq!(out.lines().count(), 1, "{out}");
    let folder = project("app.yaml", UNWISE);
    let (_, out, _) = validate(folder.path(), &["--format", "github"]);
    assert_eq!(out.lines().filter(|line| line.starts_with("::warning file=profiles/app.yaml,")).count(), 12, "{out}");
}

#[test]
fn one_fault_of_a_base_is_annotated_once() {
    let folder = project("base.yaml", "format: 1\nprot: 1\n");
    for name in ["one", "two"] {
        let text = "format: 1\nextends: base\nproject: app\nstage: ci\nservices: { web: { image: 'a:1' } }\n";
        fs::write(folder.path().join(format!("profiles/{name}.yaml")), text).unwrap();
    }
    assert_eq!(validate(folder.path(), &["--format", "github"]).1.lines().count(), 1);
    let sarif: serde_json::Value = serde_json::from_str(&validate(folder.path(), &["--format", "sarif"]).1).unwrap();
    assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), 1);
}

#[test]
fn sarif_names_rule_level_and_place() {
    let folder = project("a b.yaml", &UNWISE.replace("port: 80\n", "port: 80000\n"));
    let (code, out, _) = validate(folder.path(), &["--format", "sarif"]);
    assert_eq!(code, Some(3));
    let sarif: serde_json::Value = serde_json::from_str(&out).unwrap();
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(sarif["version"], "2.1.0");
    assert_eq!((&result["ruleId"], &result["level"]), (&"invalid-value".into(), &"error".into()));
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "profiles/a%20b.yaml");
    let region = serde_json::json!({ "startLine": 7, "startColumn": 11, "endLine": 7, "endColumn": 16 });
    assert_eq!(place["region"], region);
    let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
    assert_eq!(sarif["runs"][0]["tool"]["driver"]["rules"][rule]["id"], "invalid-value");
}

#[test]
fn json_has_warnings_beside_faults() {
    let folder = project("app.yaml", UNWISE);
    let run = codelab_gen(folder.path()).args(["validate", "--format", "json"]).finish();
    let verdict = &document(&run)["profiles"][0];
    assert_eq!(verdict["valid"], true);
    assert_eq!(verdict["diagnostics"][0]["severity"], "warning");
}

#[test]
fn nothing_of_a_name_or_a_text_steers_a_terminal() {
    let folder = project("a\u{1b}[31m\u{202e}b.yaml", "format: 1\nprot: 1 # \u{200f}\u{61c}\u{2028}\u{202e}\n");
    for arguments in [&["validate"][..], &["-p", "./profiles/a\u{1b}[31m\u{202e}b.yaml"], &["profiles"]] {
        let run = codelab_gen(folder.path()).args(arguments).finish();
        let told = stdout(&run) + &stderr(&run);
        for character in ['\u{1b}', '\u{202e}', '\u{200f}', '\u{61c}', '\u{2028}'] {
            assert!(!told.contains(character), "{character:?} in {told:?}");
        }
    }
}

#[test]
fn a_first_profile_is_valid_and_comes_with_its_schema() {
    let folder = tempfile::tempdir().unwrap();
    let new = |arguments: &[&str]| codelab_gen(folder.path()).arg("new").args(arguments).finish();
    let first = new(&["shop"]);
    assert_eq!(first.status.code(), Some(0), "{}", stderr(&first));
    let told = stdout(&first);
    assert!(told.starts_with("created   profiles/shop.yaml\ncreated   schema/profile.schema.json\n"), "{told}");
    for editor in ["VS Code", "JetBrains", "Neovim", "Helix", "Zed"] {
        assert!(told.contains(editor), "{editor}: {told}");
    }
    assert!(stderr(&first).contains("`builtin:dev-sqlite`"), "{}", stderr(&first));
    assert_eq!(validate(folder.path(), &["--deny-warnings"]).0, Some(0));
    assert_eq!(run(folder.path(), &["-p", "shop"]).status.code(), Some(0));
    for engine in ["sqlite", "postgres"] {
        let setting = format!("services.app.database.engine={engine}");
        assert_eq!(
            run(folder.path(), &["-p", "shop", "--diff", "--set", &setting]).status.code().map(|code| code < 2),
            Some(true)
        );
    }
    let text = fs::read_to_string(folder.path().join("profiles/shop.yaml")).unwrap();
    let uncommented = text.replace("    # ", "    ").replace("#   ", "  ").replace("\n# secrets:", "\nsecrets:");
    fs::write(folder.path().join("profiles/shop.yaml"), &uncommented).unwrap();
    let (code, _, err) = validate(folder.path(), &[]);
    assert_eq!(code, Some(0), "what is commented out is right as well: {err}\n{uncommented}");

    let extending = new(&["shop-prod", "--from", "shop"]);
    assert!(stdout(&extending).contains("unchanged schema/profile.schema.json\n"), "{}", stdout(&extending));
    assert_eq!(stderr(&extending), "");
    assert_eq!(validate(folder.path(), &[]).0, Some(0));
    let again = new(&["shop"]);
    assert_eq!(again.status.code(), Some(2), "{}", stdout(&again));
    assert_eq!(fs::read_to_string(folder.path().join("profiles/shop.yaml")).unwrap(), uncommented);
    assert_eq!(new(&["../up"]).status.code(), Some(2));
    assert_eq!(new(&["other", "--from", "nothing"]).status.code(), Some(3));
}

#[test]
fn a_copy_of_the_schema_that_is_old_is_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    codelab_gen(folder.path()).args(["new", "shop"]).finish();
    let copy = folder.path().join("schema/profile.schema.json");
    let schema = fs::read_to_string(&copy).unwrap();
    fs::write(&copy, schema.replace("Removes what was inherited.", "old")).unwrap();
    let (code, _, err) = validate(folder.path(), &[]);
    assert_eq!(code, Some(0));
    assert!(err.contains("warning[stale-schema]") && err.contains("shop.yaml:1:"), "{err}");
    assert!(err.contains("`codelab-gen schema >schema/profile.schema.json`"), "{err}");
    codelab_gen(folder.path()).args(["new", "second"]).finish();
    assert_eq!(fs::read_to_string(&copy).unwrap(), schema, "`new` brings it up to date");
    fs::write(&copy, "{\"mine\": true}\n").unwrap();
    assert_eq!(codelab_gen(folder.path()).args(["new", "third"]).finish().status.code(), Some(2));
    assert!(!folder.path().join("profiles/third.yaml").exists());
}

#[test]
fn a_new_profile_takes_no_name_that_means_another_one() {
    let folder = project("live.yml", "format: 1\nextends: builtin:prod\naliases: [main]\n");
    for name in ["live", "main"] {
        let refused = codelab_gen(folder.path()).args(["new", name]).finish();
        assert_eq!(refused.status.code(), Some(2), "{name}: {}", stdout(&refused));
    }
    let odd = folder.path().join("p #q: r.yaml");
    fs::write(odd, "format: 1\nextends: builtin:dev-sqlite\n").unwrap();
    assert_eq!(
        codelab_gen(folder.path()).args(["new", "child", "--from", "./p #q: r.yaml"]).finish().status.code(),
        Some(0)
    );
    assert_eq!(validate(folder.path(), &["child"]).0, Some(0));
    assert_eq!(codelab_gen(folder.path()).args(["new", "other", "--from", "-"]).finish().status.code(), Some(2));
}

#[test]
fn a_profile_that_is_no_text_is_named_by_its_file() {
    let folder = project("bad.yml", "");
    fs::write(folder.path().join("profiles/bad.yml"), b"format: 1\n\xff").unwrap();
    let (code, _, err) = validate(folder.path(), &[]);
    assert_eq!(code, Some(3));
    assert!(err.contains("bad.yml:2:1") && err.contains("error[not-utf8]"), "{err}");
}
