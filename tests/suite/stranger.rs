//! A stranger's repository gets nothing: this plays the attacker with a folder whose every file is his. What each test
//! holds is promised in SECURITY.md.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use crate::support::{Finish as _, PASSWORD, codelab_gen, read, run, stderr, stdout};

/// What must show nowhere.
const SECRET: &str = "ghp_SECRETSECRET";

/// A profile without a database.
const PROFILE: &str = "format: 1\nproject: shop\nstage: ci\nservices:\n  api: { image: 'shop/api:1.4' }\n";

/// A home with a file that is nobody's business, and beside it a repository with these files.
fn repository(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("home")).unwrap();
    fs::write(root.path().join("home/.netrc"), format!("machine github.com login bot password {SECRET}\n")).unwrap();
    fs::write(root.path().join("home/token.yaml"), format!("token: {SECRET}\n")).unwrap();
    for (path, text) in [("repository/.git/HEAD", "ref: refs/heads/main\n")].iter().chain(files) {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    root
}

/// All that a command says in the repository.
fn said(root: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let run = codelab_gen(&root.join("repository")).args(arguments).finish();
    (run.status.code(), format!("{}{}", stdout(&run), stderr(&run)))
}

/// Every way in which a stranger's profiles are read and told.
const READERS: [&[&str]; 9] = [
    &["validate"],
    &["validate", "--format", "json"],
    &["validate", "--format", "github"],
    &["validate", "--format", "sarif"],
    &["--check", "--all"],
    &["--check", "--all", "--format", "github"],
    &["--check", "--all", "--format", "json"],
    &["explain", "-p", "a"],
    &["profiles"],
];

#[test]
fn nothing_outside_of_the_repository_is_shown() {
    let outside =
        ["../../home/.netrc", "../../home/token.yaml", "../.git/config", "../linked.yaml", "../linked/token.yaml"];
    for extends in outside {
        let profile = format!("format: 1\nextends: {extends}\nstage: ci\nout: ./deploy\n");
        let secret = format!("password = {SECRET}\n");
        let root = repository(&[("repository/profiles/a.yaml", &profile), ("repository/.git/config", &secret)]);
        symlink("../home/token.yaml", root.path().join("repository/linked.yaml")).unwrap();
        symlink("../home", root.path().join("repository/linked")).unwrap();
        for arguments in READERS {
            let (code, text) = said(root.path(), arguments);
            assert!(!text.contains(SECRET), "{extends} {arguments:?}: {text}");
            if arguments != ["profiles"] {
                assert_eq!(code, Some(3), "{extends} {arguments:?}: {text}");
                assert!(text.contains("outside-project"), "{extends} {arguments:?}: {text}");
            }
        }
    }
}

#[test]
fn a_link_among_the_profiles_leads_nowhere() {
    for (link, target) in [("a.yaml", "../../home/token.yaml"), ("a.yml", "/etc/passwd"), ("a.yaml", "../.git/config")]
    {
        let root = repository(&[("repository/profiles/b.yaml", PROFILE), ("repository/.git/config", SECRET)]);
        symlink(target, root.path().join("repository/profiles").join(link)).unwrap();
        for arguments in READERS {
            let (_, text) = said(root.path(), arguments);
            assert!(!text.contains(SECRET) && !text.contains("root:"), "{target} {arguments:?}: {text}");
        }
        let (code, text) = said(root.path(), &["validate"]);
        assert_eq!((code, text.contains("outside-project")), (Some(3), true), "{text}");
    }
}

#[test]
fn a_link_inside_of_the_repository_is_followed() {
    let root = repository(&[("repository/common/base.yaml", PROFILE)]);
    fs::create_dir(root.path().join("repository/profiles")).unwrap();
    symlink("../common/base.yaml", root.path().join("repository/profiles/a.yaml")).unwrap();
    let (code, text) = said(root.path(), &["validate"]);
    assert_eq!(code, Some(0), "{text}");
}

#[test]
fn forged_outputs_lead_to_no_file_outside() {
    for (profile, at) in [("../../home/token.yaml", ".."), ("../../home/.netrc", ".."), ("token", "../../home/secret")]
    {
        let header = format!("# codelab-gen: profile={profile} root={at} stage=ci format=1 body=0000000000000000\n");
        let root = repository(&[("repository/deploy/docker-compose.yml", &header)]);
        fs::create_dir_all(root.path().join("home/secret/profiles")).unwrap();
        fs::copy(root.path().join("home/token.yaml"), root.path().join("home/secret/profiles/token.yaml")).unwrap();
        for arguments in [
            &["--check", "-o", "deploy"][..],
            &["explain", "-o", "deploy"],
            &["doctor", "-o", "deploy"],
            &["-o", "deploy"],
        ] {
            let (code, text) = said(root.path(), arguments);
            assert!(!text.contains(SECRET), "{profile} {arguments:?}: {text}");
            assert!(matches!(code, Some(2 | 3)), "{profile} {arguments:?}: {code:?} {text}");
        }
    }
}

/// Of an archive that was unpacked nothing says where the project ends.
#[test]
fn outputs_outside_of_a_repository_show_no_file_that_is_no_profile() {
    for profile in ["../home/token.yaml", "../home/broken.yaml"] {
        let header = format!("# codelab-gen: profile={profile} root=.. stage=ci format=1 body=0000000000000000\n");
        let root = repository(&[("repository/docker-compose.yml", &header)]);
        fs::remove_dir_all(root.path().join("repository/.git")).unwrap();
        fs::write(root.path().join("home/broken.yaml"), format!("format: 1\ntoken: [{SECRET}\n")).unwrap();
        for arguments in [&["--check"][..], &["--diff", "--format", "json"], &["explain"], &["doctor"], &["graph"]] {
            let (code, text) = said(root.path(), arguments);
            assert_eq!((code, text.contains("which is no profile")), (Some(2), true), "{arguments:?}: {text}");
            assert!(!text.contains(SECRET), "{arguments:?}: {text}");
        }
    }
}

#[test]
fn what_the_user_names_may_be_anywhere() {
    let root = repository(&[]);
    fs::write(root.path().join("home/shop.yaml"), PROFILE).unwrap();
    let (code, text) = said(root.path(), &["-p", "../home/shop.yaml", "-o", "../elsewhere"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(root.path().join("elsewhere/docker-compose.yml").is_file());
}

#[test]
fn a_profile_writes_into_its_project_only() {
    for out in
        ["../elsewhere", "/tmp/codelab-gen-stranger", "./a/../../elsewhere", "linked/x", ".git", "./x/.git/hooks"]
    {
        let root = repository(&[("repository/profiles/a.yaml", &format!("{PROFILE}out: {out}\n"))]);
        fs::create_dir(root.path().join("elsewhere")).unwrap();
        symlink("../elsewhere", root.path().join("repository/linked")).unwrap();
        for arguments in [&["--all"][..], &["-p", "a"], &["--check", "--all"]] {
            let (code, text) = said(root.path(), arguments);
            assert_eq!((code, text.contains("outside-project")), (Some(3), true), "{out} {arguments:?}: {text}");
        }
        assert_eq!(fs::read_dir(root.path().join("elsewhere")).unwrap().count(), 0, "{out}");
        assert!(!Path::new("/tmp/codelab-gen-stranger").exists() && !root.path().join("repository/x").exists());
    }
}

#[test]
fn a_secret_is_not_taken_from_a_file_outside() {
    for file in ["../home/.netrc", "linked"] {
        let secrets = format!("secrets: {{ TOKEN: {{ file: {file} }} }}\n");
        let profile = PROFILE.replace("1.4' }", "1.4', environment: { TOKEN: { secret: TOKEN } } }");
        let root = repository(&[("repository/profiles/a.yaml", &format!("{profile}{secrets}out: ./deploy\n"))]);
        symlink("../home/.netrc", root.path().join("repository/linked")).unwrap();
        let (code, text) = said(root.path(), &["-p", "a"]);
        assert_eq!((code, text.contains("outside of the project")), (Some(5), true), "{file}: {text}");
        assert!(!root.path().join("repository/deploy/.env").exists());
    }
}

/// A service's data may be anywhere; what is told about it is no command that gives a folder of the system away.
#[test]
fn nothing_outside_is_told_to_be_given_away_or_moved() {
    for (place, command) in [("../home", None), ("./linked", None), ("../home/.netrc", None), ("./data", Some("chown"))]
    {
        let data = format!("1.4', user: '4711:4711', data: '{place}:/app/data' }}");
        let root = repository(&[("repository/profiles/a.yaml", &PROFILE.replace("1.4' }", &data))]);
        fs::create_dir(root.path().join("repository/data")).unwrap();
        symlink("../home", root.path().join("repository/linked")).unwrap();
        let (code, text) = said(root.path(), &["-p", "a"]);
        assert_eq!(code, Some(0), "{text}");
        let commands = ["chown", "mv "].map(|command| text.contains(command));
        assert_eq!(commands, [command.is_some(), false], "{place}: {text}");
        assert_eq!(text.contains("outside of the project: name a folder"), command.is_none(), "{place}: {text}");
    }
}

/// The places in an output folder that are read.
const READ: [&str; 9] = [
    ".env",
    ".env.example",
    "docker-compose.yml",
    "compose.yaml",
    "compose.override.yml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
    "scripts/init-postgres.sh",
    "secrets/postgres_password",
];

#[test]
fn no_pipe_or_device_is_opened_wherever_files_are_read() {
    for place in READ {
        for target in ["/dev/zero", "pipe"] {
            let root = repository(&[("repository/profiles/a.yaml", &format!("{PROFILE}out: ./deploy\n"))]);
            let folder = root.path().join("repository/deploy");
            let path = folder.join(place);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            if target == "pipe" {
                let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
                assert!(made.success());
            } else {
                symlink(target, &path).unwrap();
            }
            for arguments in
                [&["--check", "--all"][..], &["-p", "a"], &["import", "deploy"], &["doctor", "-o", "deploy"]]
            {
                // a run that hangs is ended by the limit of its processor time or by that of the whole suite
                let (code, text) = said(root.path(), arguments);
                assert!(code.is_some(), "{place} {target} {arguments:?}: {text}");
            }
        }
    }
}

#[test]
fn no_pipe_or_device_is_read_as_a_profile() {
    for target in ["/dev/zero", "pipe.yaml"] {
        let root = repository(&[("repository/profiles/b.yaml", PROFILE)]);
        let profiles = root.path().join("repository/profiles");
        assert!(std::process::Command::new("mkfifo").arg(profiles.join("pipe.yaml")).status().unwrap().success());
        symlink(target, profiles.join("a.yaml")).unwrap();
        for arguments in READERS {
            let (code, text) = said(root.path(), arguments);
            assert!(code.is_some(), "{target} {arguments:?}: {text}");
        }
        let (code, text) = said(root.path(), &["-p", "profiles/pipe.yaml"]);
        assert_eq!((code, text.contains("a pipe, a device or a socket")), (Some(3), true), "{text}");
    }
}

#[test]
fn new_and_import_write_through_no_link() {
    let compose =
        format!("services:\n  api:\n    image: shop/api:1.4\n    environment: {{ API_KEY: {SECRET}-1234567890 }}\n");
    for (link, arguments) in [
        ("schema/profile.schema.json", &["new", "shop"][..]),
        ("schema/.profile.schema.json.codelab-gen.tmp", &["new", "shop"]),
        ("schema/profile.schema.tmp", &["new", "shop"]),
        ("profiles/shop.yaml", &["new", "shop"]),
        ("profiles/.shop.yaml.codelab-gen.tmp", &["new", "shop"]),
        ("schema", &["new", "shop"]),
        (".env", &["import", ".", "--name", "shop"]),
        (".env.codelab-gen.tmp", &["import", ".", "--name", "shop"]),
        ("docker-compose.override.yml", &["import", ".", "--name", "shop"]),
        ("schema/profile.schema.json", &["import", ".", "--name", "shop"]),
        ("profiles/shop.yaml", &["import", ".", "--name", "shop"]),
    ] {
        let root = repository(&[("repository/docker-compose.yml", &compose), ("home/keep/mine", "precious\n")]);
        let path = root.path().join("repository").join(link);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let target = if link == "schema" { "home/keep" } else { "home/keep/mine" };
        symlink(root.path().join(target), &path).unwrap();
        let (code, text) = said(root.path(), arguments);
        assert!(code.is_some(), "{link}: {text}");
        assert_eq!(fs::read_to_string(root.path().join("home/keep/mine")).unwrap(), "precious\n", "{link}: {text}");
        assert_eq!(fs::read_dir(root.path().join("home/keep")).unwrap().count(), 1, "{link}: {text}");
    }
}

#[test]
fn import_reads_through_no_link_that_leads_out() {
    const COMPOSE: &str = "services: { api: { image: 'shop/api:1', environment: { A: '${b:-x}', T: '$TAG' } } }\n";
    for (link, target) in [
        ("docker-compose.yml", "../home/.netrc"),
        ("compose.yaml", "../home/token.yaml"),
        (".env", "../home/variables"),
        (".env", ".git/config"),
        ("docker-compose.override.yml", "../home/token.yaml"),
    ] {
        let root = repository(&[("home/variables", &format!("TAG={SECRET}\n")), ("repository/.git/config", SECRET)]);
        if link != "docker-compose.yml" {
            fs::write(root.path().join("repository/docker-compose.yml"), COMPOSE).unwrap();
        }
        symlink(target, root.path().join("repository").join(link)).unwrap();
        let (code, text) = said(root.path(), &["import", ".", "--name", "shop"]);
        assert_eq!((code, text.contains("it leads out of the project")), (Some(5), true), "{link} {target}: {text}");
        assert!(!text.contains(SECRET) && !root.path().join("repository/profiles").exists(), "{link}: {text}");
    }
}

/// Editors read a copy of the schema that a profile names; whether it is a stale one is told with what writes it anew.
#[test]
fn a_copy_of_the_schema_is_told_of_in_the_project_only() {
    for (path, typed) in [
        ("../../home/.netrc", None),
        ("../linked", None),
        ("../.git/config", None),
        ("../schema.json", Some("schema.json")),
        ("../a b;touch owned", Some("'a b;touch owned'")),
    ] {
        let profile = format!("# yaml-language-server: $schema={path}\n{PROFILE}");
        let files = [("repository/profiles/a.yaml", profile.as_str()), ("repository/.git/config", "[core]\n")];
        let root = repository(&files);
        symlink("../home/.netrc", root.path().join("repository/linked")).unwrap();
        for name in ["schema.json", "a b;touch owned"] {
            fs::write(root.path().join("repository").join(name), "{}").unwrap();
        }
        let (code, text) = said(root.path(), &["validate"]);
        assert_eq!((code, text.contains("stale-schema")), (Some(0), typed.is_some()), "{path}: {text}");
        let advice = typed.map(|typed| format!("`codelab-gen schema >{typed}`"));
        assert!(advice.is_none_or(|advice| text.contains(&advice)), "{path}: {text}");
    }
}

#[test]
fn a_value_of_a_compose_file_becomes_no_line_of_dotenv() {
    let compose = "services:\n  api:\n    image: shop/api:1.4\n    environment:\n      API_KEY: \"\\nssh-ed25519 AAAA evil@there\\n\"\n";
    let root = repository(&[("repository/docker-compose.yml", compose)]);
    let (code, text) = said(root.path(), &["import", ".", "--name", "shop"]);
    let dotenv = root.path().join("repository/.env");
    assert!(!dotenv.exists() && matches!(code, Some(3)), "{code:?} {text}");
}

#[test]
fn what_is_kept_is_no_more_open_than_it_was() {
    for (path, mode) in [("docker-compose.yml", 0o600), ("scripts/init-postgres.sh", 0o700), (".env.example", 0o640)] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, "services: { api: { image: x, environment: { TOKEN: hunter2-hunter2 } } }\n").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        let done = run(folder.path(), &["-p", "prod", "--force", "--accept", "volume", "--accept", "project"]);
        assert_eq!(done.status.code(), Some(0), "{path}: {}", stderr(&done));
        let kept = folder.path().join(format!("{path}.orig"));
        let now = fs::metadata(kept).unwrap().permissions().mode() & 0o7777;
        assert_eq!(now, mode & 0o666, "{path}");
        assert_ne!(read(folder.path(), path), PASSWORD);
    }
}
