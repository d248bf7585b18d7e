//! Which profile a run uses, and where its outputs go.

use std::fs;
use std::path::Path;

use crate::support::{Finish as _, codelab_gen, stderr, stdout, tree};

const PROFILE: &str = "format: 1\nproject: mine\nstage: development\nservices: { web: { image: 'nginx:1.27' } }\n";

/// A project with a repository's root, two profiles of its own, and a folder below.
fn project() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join(".git")).unwrap();
    fs::create_dir_all(root.path().join("profiles")).unwrap();
    fs::create_dir_all(root.path().join("deep/below")).unwrap();
    fs::write(root.path().join("profiles/one.yaml"), format!("{PROFILE}aliases: [first]\n")).unwrap();
    fs::write(root.path().join("profiles/two.yaml"), format!("{PROFILE}out: ./deploy/two\n")).unwrap();
    root
}

fn first_line(folder: &Path, arguments: &[&str]) -> String {
    let run = codelab_gen(folder).args(arguments).finish();
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    stdout(&run).lines().next().unwrap().to_owned()
}

fn failure(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let run = codelab_gen(folder).args(arguments).finish();
    (run.status.code(), stderr(&run))
}

#[test]
fn a_projects_own_profiles_answer_to_names_from_every_folder_of_it() {
    let project = project();
    let below = project.path().join("deep/below");
    let line = first_line(&below, &["-p", "first"]);
    assert!(line.starts_with("profile one (") && line.contains("profiles/one.yaml"), "{line}");
    assert!(project.path().join("docker-compose.yml").exists(), "the outputs go to the project's root");
    let (code, text) = failure(&below, &["-p", "dev"]);
    assert_eq!(code, Some(3));
    assert!(text.contains("no profile is named `dev`") && text.contains("`one`, `first`, `two`"), "{text}");
    assert_eq!(first_line(&below, &["-p", "builtin:dev", "-o", "x"]), "profile dev-sqlite (built in)");
}

#[test]
fn a_profiles_folder_above_the_repository_does_not_answer() {
    let outer = project();
    let inner = outer.path().join("deep");
    fs::create_dir_all(inner.join(".git")).unwrap();
    assert_eq!(first_line(&inner, &["-p", "dev"]), "profile dev-sqlite (built in)");
}

#[test]
fn out_of_the_profile_is_relative_to_the_projects_root() {
    let project = project();
    let run = codelab_gen(&project.path().join("deep")).args(["-p", "two"]).finish();
    assert!(project.path().join("deploy/two/docker-compose.yml").exists(), "{}", stderr(&run));
    assert!(stdout(&run).contains("next: cd ../deploy/two && docker compose up -d --wait\n"), "{}", stdout(&run));
}

#[test]
fn the_flag_wins_then_the_variable_then_the_record_then_the_default() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(first_line(folder.path(), &[]), "profile dev-sqlite (built in), the default");
    assert_eq!(first_line(folder.path(), &["-p", "mixed"]), "profile mixed (built in)");
    assert_eq!(first_line(folder.path(), &[]), "profile mixed (built in), recorded in docker-compose.yml");
    let run = codelab_gen(folder.path()).env("CODELAB_PROFILE", "dev").finish();
    assert!(stdout(&run).starts_with("profile dev-sqlite (built in), from $CODELAB_PROFILE\n"), "{}", stdout(&run));
}

/// What is built in is written where nothing else can be meant, and not one folder beside the project.
#[test]
fn one_folder_off_a_project_nothing_is_written_by_surprise() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("work/shop");
    fs::create_dir_all(root.join("profiles")).unwrap();
    fs::create_dir_all(root.join("api/src")).unwrap();
    fs::write(root.join("profiles/one.yaml"), PROFILE).unwrap();
    let made = folder.path().join("made");
    fs::create_dir_all(made.join("below")).unwrap();
    first_line(&made, &["-p", "mixed"]);
    for (at, way) in [("work/shop/api", ".."), ("work/shop/api/src", "../.."), ("work", "shop"), ("made/below", "..")] {
        let at = folder.path().join(at);
        let before = tree(&at);
        let (code, text) = failure(&at, &[]);
        assert_eq!(code, Some(2), "{text}");
        assert!(text.contains(&format!("`cd {way} && codelab-gen`")), "{text}");
        assert_eq!(tree(&at), before, "something was written");
    }
    let way_out = folder.path().join("work/shop/api");
    assert_eq!(first_line(&way_out, &["-p", "dev-sqlite"]), "profile dev-sqlite (built in)");
    let empty = folder.path().join("work/shop/empty");
    fs::create_dir_all(empty.join(".git")).unwrap();
    assert_eq!(
        first_line(&empty, &[]),
        "profile dev-sqlite (built in), the default",
        "another repository is another project"
    );
}

#[test]
fn a_profile_given_by_its_path_is_found_again_from_anywhere() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("elsewhere")).unwrap();
    fs::write(folder.path().join("elsewhere/my own.yaml"), PROFILE).unwrap();
    first_line(folder.path(), &["-p", "elsewhere/my own.yaml", "-o", "deploy"]);
    let compose = fs::read_to_string(folder.path().join("deploy/docker-compose.yml")).unwrap();
    assert!(
        compose.contains("# codelab-gen: profile=../elsewhere/my own.yaml root=.. stage=development format=1 "),
        "{compose}"
    );
    let line = first_line(&folder.path().join("elsewhere"), &["-o", "../deploy"]);
    assert!(line.starts_with("profile my own ("), "{line}");
}

#[test]
fn standard_input_is_a_profile_but_no_record() {
    use std::io::Write as _;
    use std::process::Stdio;
    let folder = tempfile::tempdir().unwrap();
    let mut command = codelab_gen(folder.path());
    let mut run = command.args(["-p", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    run.stdin.take().unwrap().write_all(PROFILE.as_bytes()).unwrap();
    assert!(run.wait().unwrap().success());
    let (code, text) = failure(folder.path(), &[]);
    assert_eq!(code, Some(2));
    assert!(text.contains("made from a profile on standard input") && text.contains("`--profile`"), "{text}");
}

#[test]
fn an_alias_that_two_profiles_claim_is_told_and_a_broken_neighbour_is_not_in_the_way() {
    let project = project();
    fs::write(project.path().join("profiles/three.yaml"), format!("{PROFILE}aliases: [first]\n")).unwrap();
    fs::write(project.path().join("profiles/broken.yaml"), "services: {\n").unwrap();
    let (code, text) = failure(project.path(), &["-p", "first"]);
    assert_eq!(code, Some(3));
    assert!(text.contains("error[ambiguous-alias]") && text.contains("`one`, `three`"), "{text}");
    assert!(first_line(project.path(), &["-p", "two"]).starts_with("profile two ("));
    let (code, text) = failure(project.path(), &["-p", "broken"]);
    assert_eq!(code, Some(3));
    assert!(text.contains("error[syntax]"), "{text}");
}

#[test]
fn an_unknown_name_is_answered_with_the_one_that_was_meant() {
    let folder = tempfile::tempdir().unwrap();
    let (code, text) = failure(folder.path(), &["-p", "prdo"]);
    assert_eq!(code, Some(3));
    assert!(text.contains("error[unknown-profile]") && text.contains("did you mean `prod`?"), "{text}");
    assert!(text.contains("command line:1:11"), "{text}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn profiles_are_listed_with_their_engines_and_the_broken_ones() {
    let project = project();
    fs::write(project.path().join("profiles/broken.yaml"), "services: {\n").unwrap();
    let run = codelab_gen(project.path()).arg("profiles").finish();
    let text = stdout(&run);
    assert_eq!(text.lines().count(), 4, "{text}");
    assert!(text.contains("one (first)") && text.contains("see codelab-gen validate"), "{text}");
    let run = codelab_gen(&project.path().join("deep")).args(["profiles", "--format", "json"]).finish();
    let json: serde_json::Value = serde_json::from_str(&stdout(&run)).unwrap();
    assert_eq!(json["profiles"][1]["name"], "one");
    assert_eq!(json["profiles"][1]["kind"], "selectable");

    let folder = tempfile::tempdir().unwrap();
    let run = codelab_gen(folder.path()).args(["profiles", "--format", "json"]).finish();
    let json: serde_json::Value = serde_json::from_str(&stdout(&run)).unwrap();
    assert_eq!(
        json["profiles"][2]["engines"],
        serde_json::json!({ "agent-runtime": "sqlite", "auth-service": "postgres" })
    );
}

#[test]
fn the_list_tells_names_aliases_stages_engines_and_files() {
    let folder = tempfile::tempdir().unwrap();
    let run = codelab_gen(folder.path()).arg("profiles").finish();
    let expected = "\
PROFILE               STAGE        ENGINES                                          FROM
base                  -            a base, extended by others                       built in
dev-sqlite (dev)      development  agent-runtime: sqlite, auth-service: sqlite      built in
mixed                 development  agent-runtime: sqlite, auth-service: postgres    built in
prod-postgres (prod)  production   agent-runtime: postgres, auth-service: postgres  built in
";
    assert_eq!(stdout(&run), expected);
    let json = crate::report::document(&codelab_gen(folder.path()).args(["profiles", "--format", "json"]).finish());
    let prod = serde_json::json!({
        "name": "prod-postgres", "aliases": ["prod"], "kind": "selectable", "stage": "production", "target": "compose",
        "engines": { "agent-runtime": "postgres", "auth-service": "postgres" }, "from": "built in"
    });
    assert_eq!(json["profiles"][3], prod);
    let project = project();
    fs::write(project.path().join("profiles/bytes.yaml"), b"\xff").unwrap();
    let json = crate::report::document(&codelab_gen(project.path()).args(["profiles", "--format", "json"]).finish());
    let told: Vec<_> = json["profiles"].as_array().unwrap().iter().map(|profile| &profile["from"]).collect();
    assert_eq!(told, ["profiles/bytes.yaml", "profiles/one.yaml", "profiles/two.yaml"]);
    assert_eq!(
        (&json["profiles"][0]["kind"], &json["profiles"][1]["engines"]),
        (&"broken".into(), &serde_json::json!({}))
    );
}

#[test]
fn a_bare_run_in_the_output_folder_finds_the_same_profile_and_the_same_paths() {
    // a project without a repository, with a profile whose name is also that of an embedded one
    let project = tempfile::tempdir().unwrap();
    fs::create_dir_all(project.path().join("profiles")).unwrap();
    let profile = format!("{PROFILE}out: ./deploy\n").replace("image: 'nginx:1.27'", "build: ./web");
    fs::write(project.path().join("profiles/prod-postgres.yaml"), profile).unwrap();
    first_line(project.path(), &["-p", "prod-postgres"]);
    let deploy = project.path().join("deploy");
    let compose = fs::read_to_string(deploy.join("docker-compose.yml")).unwrap();
    assert!(compose.contains("# codelab-gen: profile=prod-postgres root=.. stage=development format=1 "), "{compose}");
    let line = first_line(&deploy, &[]);
    assert!(line.starts_with("profile prod-postgres (") && line.ends_with("recorded in docker-compose.yml"), "{line}");
    assert_eq!(fs::read_to_string(deploy.join("docker-compose.yml")).unwrap(), compose);

    fs::remove_dir_all(project.path().join("profiles")).unwrap();
    let (code, text) = failure(&deploy, &[]);
    assert_eq!(code, Some(2));
    assert!(text.contains("has no `profiles` folder any more"), "{text}");

    let plain = tempfile::tempdir().unwrap();
    first_line(plain.path(), &["-p", "dev", "-o", "deploy"]);
    let compose = fs::read_to_string(plain.path().join("deploy/docker-compose.yml")).unwrap();
    first_line(&plain.path().join("deploy"), &[]);
    assert_eq!(fs::read_to_string(plain.path().join("deploy/docker-compose.yml")).unwrap(), compose);
}

#[test]
fn an_empty_profiles_folder_answers_with_nothing() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("profiles")).unwrap();
    let (code, text) = failure(folder.path(), &["-p", "prod"]);
    assert_eq!(code, Some(3));
    assert!(text.contains("no profile is named `prod`") && text.contains("`builtin:dev`"), "{text}");
}

#[test]
fn the_embedded_profile_of_a_name_that_the_project_has_not_is_told() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("profiles")).unwrap();
    fs::write(folder.path().join("profiles/mine.yaml"), PROFILE).unwrap();
    let run = codelab_gen(folder.path()).args(["-p", "prod"]).finish();
    assert!(stderr(&run).contains("; the built-in one of this name is `builtin:prod-postgres`"), "{}", stderr(&run));
}

#[test]
fn a_file_that_its_name_does_not_lead_back_to_is_recorded_by_its_path() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("profiles")).unwrap();
    for name in ["builtin:dev-sqlite.yaml", "twice.yaml.yaml", "-.yaml"] {
        fs::write(folder.path().join("profiles").join(name), PROFILE).unwrap();
        let path = format!("profiles/{name}");
        first_line(folder.path(), &["-p", &path, "-o", "out"]);
        let line = first_line(folder.path(), &["-o", "out"]);
        assert!(line.contains(&format!("({path})")), "{line}");
    }
    fs::write(folder.path().join("profiles/x.yaml"), PROFILE).unwrap();
    fs::write(folder.path().join("profiles/x.yml"), PROFILE.replace("mine", "other")).unwrap();
    let (code, text) = failure(folder.path(), &["-p", "x"]);
    assert_eq!(code, Some(3));
    assert!(text.contains("x.yaml") && text.contains("x.yml"), "{text}");
    first_line(folder.path(), &["-p", "profiles/x.yml", "-o", "x"]);
    assert!(first_line(folder.path(), &["-o", "x"]).contains("profiles/x.yml"));
}

#[test]
fn an_output_folder_behind_a_link_records_the_way_from_itself() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("far/away/deep")).unwrap();
    fs::create_dir_all(folder.path().join("project/profiles")).unwrap();
    fs::write(folder.path().join("project/profiles/mine.yaml"), PROFILE).unwrap();
    std::os::unix::fs::symlink("../far/away/deep", folder.path().join("project/link")).unwrap();
    first_line(&folder.path().join("project"), &["-p", "mine", "-o", "link"]);
    assert!(first_line(&folder.path().join("project/link"), &[]).starts_with("profile mine "));
}

#[test]
fn a_project_that_compose_could_not_mount_is_refused() {
    use std::os::unix::ffi::OsStrExt as _;
    let folder = tempfile::tempdir().unwrap();
    for name in [&b"a:b"[..], b"a\xffb"] {
        let project = folder.path().join(std::ffi::OsStr::from_bytes(name));
        fs::create_dir_all(project.join("profiles")).unwrap();
        fs::write(project.join("profiles/mine.yaml"), PROFILE).unwrap();
        let (code, text) = failure(&project, &["-p", "mine", "-o", "../out"]);
        assert_eq!(code, Some(2), "{text}");
        assert!(!folder.path().join("out").exists());
    }
}
