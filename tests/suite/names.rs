//! Names are data: this plays the attacker with names of files and folders, keys and values that would be lines, workflow
//! commands or orders to a terminal. What each test holds is promised in SECURITY.md.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use codelab_gen::diagnostic::Code;
use codelab_gen::spelling::is_hidden;
use serde_json::Value;

use crate::support::{Finish as _, codelab_gen, files_below, stderr, stdout};

/// Each would be more than a name to whoever shows it as it is.
const HOSTILE: [&str; 9] = [
    "a\n::error::forged\nvalid     forged",
    "a\n  = help: forged\nerror: forged\nforged",
    "::stop-commands::forged",
    "  ::error::forged",
    "x ##[error]forged",
    "\u{1b}[8mforged\u{1b}]0;forged\u{7}\rforged\u{9b}8mforged\u{85}forged",
    "\u{202e}forged\u{2066}\u{200b}for\u{feff}ged\u{e0041}\u{ad}\u{2060}\u{2028}::error::forged\u{2029}",
    "%0A::error::forged%0A",
    "'$(touch owned)`touch owned`\" forged\\",
];

/// What begins no line, whatever stands before it.
const FORGED: [&str; 6] = ["forged", "::", "valid     forged", "error: forged", "= help: forged", "8m"];

/// A profile without a database.
const PROFILE: &str = "format: 1\nproject: shop\nstage: ci\nservices:\n  api: { image: 'shop/api:1.4' }\n";

/// A name as a text of YAML, in which every character may stand.
fn yaml(name: &str) -> String {
    let escaped = |c: char| if c.is_ascii_alphanumeric() { c.to_string() } else { format!("\\U{:08x}", u32::from(c)) };
    format!("\"{}\"", name.chars().map(escaped).collect::<String>())
}

/// A profile with so many faults that hold the name.
fn broken(name: &str) -> String {
    let name = yaml(name);
    format!(
        "format: 1\nproject: {name}\nstage: {name}\nextends: {name}\n{name}: 1\naliases: [{name}]\nservices:\n  {name}: 1\n  \
         api: {{ image: {name}, {name}: 2, environment: {{ A: {{ secret: {name} }} }}, depends_on: [{name}] }}\n"
    )
}

/// A repository whose own name, profiles and folder for outputs are named so.
struct Repository {
    _root: tempfile::TempDir,
    folder: PathBuf,
    name: &'static str,
}

impl Repository {
    fn new(name: &'static str, profile: &str) -> Self {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join(name);
        fs::create_dir_all(folder.join("profiles")).unwrap();
        fs::create_dir(folder.join(".git")).unwrap();
        fs::create_dir(folder.join(name)).unwrap();
        fs::write(folder.join(format!("profiles/{name}.yaml")), profile).unwrap();
        Self { _root: root, folder, name }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let run = codelab_gen(&self.folder).args(arguments).finish();
        assert_is_inert(&run, &format!("{:?} {arguments:?}", self.name));
        run
    }

    /// The profile, as one names it on the command line.
    fn profile(&self) -> String {
        format!("profiles/{}.yaml", self.name)
    }
}

/// That nothing in what a run says is more than text.
fn assert_is_inert(run: &Output, what: &str) {
    let code = run.status.code();
    assert!(matches!(code, Some(0..=5)), "{what}: {code:?} {}", stderr(run));
    for (stream, text) in [("standard output", stdout(run)), ("standard error", stderr(run))] {
        let hidden = text.chars().find(|c| (c.is_control() && *c != '\n') || is_hidden(*c));
        assert_eq!(hidden, None, "{what}: {stream}: {text:?}");
        let is_github = what.contains("\"github\"") && stream == "standard output";
        for line in text.lines() {
            if is_github {
                assert_is_annotation(line, what);
                continue;
            }
            assert!(!line.contains("##["), "{what}: {stream}: {line}");
            // `:::` stands before the second file of a fault, and is no command
            let begins =
                |begin: &&&str| line.trim_start().starts_with(**begin) && !line.trim_start().starts_with(":::");
            let begun = FORGED.iter().find(begins);
            assert_eq!(begun, None, "{what}: {stream}: {line}");
        }
    }
    assert!(!Path::new("owned").exists(), "{what}");
}

/// That a line is one of our own commands, with our properties and no others, as the runner reads it.
fn assert_is_annotation(line: &str, what: &str) {
    let (properties, text) = line.strip_prefix("::").unwrap_or_default().split_once("::").unwrap_or_default();
    let (command, properties) = properties.split_once(' ').unwrap_or_default();
    assert!(matches!(command, "error" | "warning" | "notice"), "{what}: {line}");
    let names: Vec<_> = properties.split(',').map(|property| property.split('=').next().unwrap()).collect();
    let known: [&[&str]; 4] = [
        &["title"],
        &["file", "title"],
        &["file", "line", "title"],
        &["file", "line", "endLine", "col", "endColumn", "title"],
    ];
    assert!(known.contains(&names.as_slice()), "{what}: {line}");
    let title = properties.rsplit('=').next().unwrap();
    let is_ours = ["drift", "codelab-gen"].contains(&title) || Code::ALL.iter().any(|code| code.as_str() == title);
    assert!(is_ours && text.contains("%0Ahelp: "), "{what}: {line}");
    let text = text.replace("%0A", "\n").replace("%25", "%");
    assert!(!text.lines().any(|line| FORGED.iter().any(|begin| line.starts_with(begin))), "{what}: {text}");
}

/// Every subcommand and format, with the name wherever an argument can be one.
fn runs(repository: &Repository) {
    let (name, profile) = (repository.name, repository.profile());
    let (name, profile) = (name, profile.as_str());
    let selected = ["-p", profile, "-o", name];
    for arguments in [
        &["validate"][..],
        &["validate", "--format", "json"],
        &["validate", "--format", "github"],
        &["validate", "--format", "sarif"],
        &["validate", profile],
        &["profiles"],
        &["profiles", "--format", "json"],
        &["--check", "--all"],
        &["--check", "--all", "--format", "json"],
        &["--check", "--all", "--format", "github"],
        &["--all"],
        &["-p", name],
        &[name],
        &["validate", "-x", name],
        &["validate", "--format", name],
        &["new", name],
        &["new", "other", "--from", name],
        &["import", name],
        &["import", ".", "--name", name],
        &["code", name],
        &["man", name],
        &["completions", name],
        &["schema", name],
    ] {
        repository.run(arguments);
    }
    for arguments in [
        &["--diff"][..],
        &["--check"],
        &["--check", "--format", "github"],
        &[],
        &["--diff", "--format", "json"],
        &["--set", name],
        &["--set", "services.api.port=x"],
        &["explain"],
        &["explain", "--format", "json"],
        &["explain", name],
        &["graph"],
        &["graph", "--format", "dot"],
        &["doctor"],
        &["doctor", "--format", "json"],
        &["rotate", name],
        &["rotate", "--all", "--format", "json"],
    ] {
        // the options may stand before what a subcommand takes
        let (first, rest) = arguments.split_first().map_or((None, arguments), |(first, rest)| (Some(*first), rest));
        let all: Vec<_> = first.into_iter().chain(selected).chain(rest.iter().copied()).collect();
        repository.run(&all);
    }
    repository.run(&["new", "other", "--from", profile]);
}

#[test]
fn no_name_is_more_than_a_name_in_what_is_told_of_sound_profiles() {
    for name in HOSTILE {
        runs(&Repository::new(name, &format!("{PROFILE}out: ./deploy\naliases: [{}]\n", yaml(name))));
    }
}

#[test]
fn no_name_is_more_than_a_name_in_what_is_told_of_broken_profiles() {
    for name in HOSTILE {
        runs(&Repository::new(name, &broken(name)));
    }
}

#[test]
fn the_text_of_a_profile_is_drawn_and_no_more() {
    for name in HOSTILE {
        // as it is, in a comment and a text, where YAML takes it
        let text = format!("{PROFILE}# {0}\n{0}: \"{0}\" # {0}\nstage: [ {0}\n", name.replace('\n', " "));
        let repository = Repository::new(name, &text);
        for arguments in [
            &["validate"][..],
            &["validate", "--format", "json"],
            &["validate", "--format", "github"],
            &["validate", "--format", "sarif"],
            &["--all"],
            &["profiles"],
        ] {
            repository.run(arguments);
        }
    }
}

#[test]
fn what_others_left_in_a_folder_is_told_and_no_more() {
    for name in HOSTILE {
        let repository = Repository::new("app", &format!("{PROFILE}out: ./deploy\n"));
        assert_eq!(repository.run(&["--all"]).status.code(), Some(0));
        let deploy = repository.folder.join("deploy");
        let compose = fs::read_to_string(deploy.join("docker-compose.yml")).unwrap();
        fs::write(deploy.join("docker-compose.yml"), compose.replace("services:", &format!("services: # {name}")))
            .unwrap();
        fs::write(deploy.join(".env"), format!("A={name}\n{name}=1\n")).unwrap();
        let kept = repository.folder.join("kept");
        fs::create_dir(&kept).unwrap();
        let text = yaml(name);
        let services = format!(
            "services:\n  api:\n    image: 'shop:1'\n    {text}: 1\n    environment: {{ A: {text}, TOKEN: {text} }}\n    \
             volumes: [{text}, './a:{name}']\n  {text}: {{ image: {text} }}\nx-{text}: {text}\n{text}: 1\n"
        );
        fs::write(kept.join("docker-compose.yml"), services).unwrap();
        for arguments in [
            &["--check", "--all"][..],
            &["--check", "--all", "--format", "github"],
            &["--check", "--all", "--format", "json"],
            &["--diff", "-o", "deploy"],
            &["-o", "deploy"],
            &["doctor", "-o", "deploy"],
            &["import", "kept", "--name", "kept"],
        ] {
            repository.run(arguments);
        }
        let mark = compose.lines().find(|line| line.contains("codelab-gen: profile=")).unwrap();
        for forged in [
            mark.replace("profile=", &format!("profile={name}")),
            mark.replace(" stage=", &format!(" root={name} stage=")),
            mark.replace(" format=", &format!(" set={} format=", serde_json::json!([name]))),
        ] {
            fs::write(deploy.join("docker-compose.yml"), compose.replace(mark, &forged)).unwrap();
            for command in ["--check", "explain", "doctor", "graph"] {
                repository.run(&[command, "-o", "deploy"]);
            }
        }
    }
}

/// A Compose file that somebody else left has services, volumes and a project with names that no profile takes.
#[test]
fn what_ran_in_a_folder_is_told_and_no_more() {
    let server = "postgres: { user: shop, image: 'postgres:16' }\n";
    for name in HOSTILE {
        let text = yaml(name);
        let url = yaml(&format!("postgresql://u:p@{name}/{name}"));
        let file = yaml(&format!("sqlite:////data/{name}"));
        let data = "data: 'v:/data', database: { engine: sqlite, sqlite: /data/a.db, postgres: api }";
        let lite = PROFILE.replace("1.4' }", &format!("1.4', {data} }}"));
        let full = format!("{}{server}", lite.replace("engine: sqlite", "engine: postgres"));
        for profile in [&lite, &full] {
            let repository = Repository::new("app", &format!("{profile}out: ./deploy\n"));
            let deploy = repository.folder.join("deploy");
            fs::create_dir(&deploy).unwrap();
            for (project, opened) in [("shop", &url), ("shop", &file), (text.as_str(), &url)] {
                let compose = format!(
                    "name: {project}\nservices:\n  api:\n    image: a\n    working_dir: {text}\n    environment: {{ \
                     API__DB_URL: {opened} }}\n    volumes: [{{ source: {text}, target: /data }}, {{ source: {text}, target: /x }}]\n  \
                     {text}:\n    image: postgres:15-alpine\n    environment: {{ POSTGRES_USER: {text} }}\n    volumes: [{{ source: \
                     {text}, target: /var/lib/postgresql/data }}]\n"
                );
                fs::write(deploy.join("docker-compose.yml"), compose).unwrap();
                for arguments in [
                    &["--check", "--all"][..],
                    &["--check", "--all", "--format", "github"],
                    &["--check", "--all", "--format", "json"],
                    &["--all", "--diff", "--force"],
                    &["--all", "--force"],
                    &["doctor", "-o", "deploy"],
                ] {
                    let text = stderr(&repository.run(arguments));
                    for command in text.split('`').filter(|part| part.starts_with("docker compose ")) {
                        let script = format!("docker() {{ :; }}; {command}").replace(">all.sql", "");
                        let shell = Command::new("bash").args(["-c", &script]).current_dir(&deploy).output().unwrap();
                        assert!(!deploy.join("owned").exists(), "{command}: {}", stderr(&shell));
                    }
                }
            }
        }
    }
}

#[test]
fn annotations_are_as_many_as_faults() {
    for name in HOSTILE {
        let repository = Repository::new(name, &broken(name));
        let json: Value = serde_json::from_str(&stdout(&repository.run(&["validate", "--format", "json"]))).unwrap();
        let faults = json["profiles"][0]["diagnostics"].as_array().unwrap().len();
        let annotations = stdout(&repository.run(&["validate", "--format", "github"])).lines().count();
        assert!(faults > 0 && annotations == faults, "{name:?}: {annotations} for {faults}");
        let sarif: Value = serde_json::from_str(&stdout(&repository.run(&["validate", "--format", "sarif"]))).unwrap();
        let results = sarif["runs"][0]["results"].as_array().unwrap();
        assert_eq!(results.len(), faults, "{name:?}");
        for result in results {
            let uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
            assert!(uri.starts_with("profiles/"), "{uri}");
            assert!(uri.chars().all(|c| c.is_ascii_alphanumeric() || "-._~/%".contains(c)), "{uri}");
        }
    }
}

#[test]
fn programs_get_the_name_itself() {
    for name in HOSTILE {
        let repository = Repository::new(name, PROFILE);
        let json: Value = serde_json::from_str(&stdout(&repository.run(&["profiles", "--format", "json"]))).unwrap();
        assert_eq!(json["profiles"][0]["name"], name);
    }
}

#[test]
fn a_shell_takes_the_advice_for_what_is_meant() {
    for name in HOSTILE {
        let repository = Repository::new(name, PROFILE);
        let run = codelab_gen(&repository.folder).args(["-p", "builtin:dev", "-o", name]).finish();
        assert_eq!(run.status.code(), Some(0), "{name:?}: {}", stderr(&run));
        let text = stdout(&run);
        let advice = text.lines().find_map(|line| line.strip_prefix("next: ")).unwrap();
        // what the command starts is not what is asked
        let script = advice.replace("docker compose up -d --wait", "pwd -P").replace("sudo install", ": install");
        let shell = Command::new("bash").args(["-ec", &script]).current_dir(&repository.folder).output().unwrap();
        let folder = fs::canonicalize(repository.folder.join(name)).unwrap();
        let expected = [folder.as_os_str().as_bytes(), b"\n"].concat();
        assert_eq!(shell.stdout, expected, "{name:?}: {advice}: {}", stderr(&shell));
        assert!(!repository.folder.join("owned").exists() && !folder.join("owned").exists(), "{advice}");
    }
}

#[test]
fn outputs_hold_hidden_characters_as_escapes_that_mean_the_same() {
    const HIDDEN: &str = "a\u{202e}b\u{200b}\u{feff}\u{ad}\u{e0041}\u{2066}c";
    let profile = format!(
        "{PROFILE}out: ./deploy\nx-note: {HIDDEN} # {HIDDEN}\n  \nsecrets: {{ TOKEN: generate }}\n"
    )
    .replace("  \n", "")
    .replace(
        "1.4' }",
        &format!(
            "1.4', environment: {{ A: '{HIDDEN}', B: {{ env: HOME, default: '{HIDDEN}' }} }}, command: ['{HIDDEN}'], build: \
             './{HIDDEN}', compose: {{ annotations: {{ '{HIDDEN}': '{HIDDEN}' }} }}, volumes: ['./{HIDDEN}:/{HIDDEN}'] }}"
        ),
    );
    let repository = Repository::new("app", &profile);
    let run = repository.run(&["--all"]);
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    let mut files = Vec::new();
    files_below(&repository.folder.join("deploy"), &mut files);
    assert!(files.len() > 2, "{files:?}");
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        assert_eq!(text.chars().find(|c| is_hidden(*c)), None, "{}: {text}", file.display());
    }
    let compose = fs::read_to_string(repository.folder.join("deploy/docker-compose.yml")).unwrap();
    let compose: Value = serde_yaml::from_str(&compose).unwrap();
    let api = &compose["services"]["api"];
    assert_eq!((&api["environment"]["A"], &api["command"][0]), (&HIDDEN.into(), &HIDDEN.into()));
    assert_eq!(
        (&api["annotations"][HIDDEN], &api["environment"]["B"]),
        (&HIDDEN.into(), &format!("${{HOME:-{HIDDEN}}}").into())
    );
    let warned = stdout(&repository.run(&["validate", "--format", "json"]));
    assert_eq!(warned.matches("\"hidden-character\"").count(), 2, "{warned}");
}

#[test]
fn marks_below_a_drawn_line_stay_under_what_they_mean() {
    let hidden = "\u{202e}\u{ad}\u{e0041}\u{200d}\u{85}##[";
    let text = format!("format: 1\nproject: app\nstage: ci\nservices: {{ api: {{ image: 'a{hidden}b', port: X }} }}\n");
    let repository = Repository::new("app", &text);
    let text = stderr(&repository.run(&["validate"]));
    let drawn: Vec<_> = text.lines().skip_while(|line| !line.starts_with("error[wrong-type]")).collect();
    let line = drawn.iter().position(|line| line.contains("port: X")).unwrap();
    let column = |line: &str, mark: char| line.chars().position(|c| c == mark);
    assert_eq!(column(drawn[line + 1], '^'), column(drawn[line], 'X'), "{text}");
}
