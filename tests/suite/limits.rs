//! Documents that are large by honest means pass, the others end at once.

use std::fmt::Write as _;
use std::fs;

use crate::support::{Finish as _, codelab_gen, stderr};

/// So many services that share an anchor, each with a command of so many words.
fn services(count: usize, words: usize) -> String {
    let command = vec!["word"; words].join(", ");
    let mut text =
        "format: 1\nproject: big\nstage: development\nx-check: &check { http: /health }\nservices:\n".to_owned();
    for number in 0..count {
        let after = if number > 0 { format!("    depends_on: [s{}]\n", number - 1) } else { String::new() };
        write!(
            text,
            "  s{number}:\n    image: app:1\n    command: [{command}]\n    port: 8000\n    data: d{number}:/app/data\n    \
             healthcheck: *check\n{after}    environment: {{ NUMBER: {number} }}\n    database: {{ sqlite: data/x.db }}\n"
        )
        .unwrap();
    }
    text
}

#[test]
fn many_services_that_share_an_anchor_pass_and_composes_own_limit_is_told() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("big.yaml"), services(1500, 80)).unwrap();
    let run = codelab_gen(folder.path()).args(["-p", "./big.yaml"]).finish();
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    assert!(stderr(&run).contains("warning[compose-limit]"), "{}", stderr(&run));
    assert!(
        stderr(&run).contains("over 100000 YAML values for 1500 services; Docker Compose loads 100000\n"),
        "{}",
        stderr(&run)
    );

    fs::write(folder.path().join("big.yaml"), services(1500, 1)).unwrap();
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

#[test]
fn many_large_profiles_are_not_read_to_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let profiles = folder.path().join("profiles");
    fs::create_dir(&profiles).unwrap();
    for number in 0..8 {
        let file = fs::File::create(profiles.join(format!("p{number}.yaml"))).unwrap();
        file.set_len(60 * 1024 * 1024).unwrap();
    }
    fs::write(profiles.join("small.yaml"), "format: 1\nextends: ./p0.yaml\n").unwrap();
    for (word, status, told) in
        [("validate", 3, "this run would read more than 256 MiB of profiles"), ("profiles", 0, "p7")]
    {
        let script = "ulimit -v 2000000; exec \"$0\" \"$1\"";
        let mut command = std::process::Command::new("sh");
        command.current_dir(folder.path()).env_clear().args(["-c", script, env!("CARGO_BIN_EXE_codelab-gen"), word]);
        let run = command.output().unwrap();
        let text = format!("{}{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
        assert_eq!((run.status.code(), text.contains(told)), (Some(status), true), "{word} {text:.2000}");
    }
}

/// That a profile is refused, with little memory.
fn is_refused(profile: &str, message: &str) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.yaml"), format!("{profile}services: {{ a: {{ image: 'a:1' }} }}\n")).unwrap();
    let script = "ulimit -v 2000000; exec \"$0\" -p ./a.yaml --diff";
    let mut command = std::process::Command::new("sh");
    command.current_dir(folder.path()).env_clear().args(["-c", script, env!("CARGO_BIN_EXE_codelab-gen")]);
    let run = command.output().unwrap();
    let told = String::from_utf8_lossy(&run.stderr);
    assert_eq!((run.status.code(), told.contains(message)), (Some(3), true), "{told:.2000}");
}

/// What an alias stands for counts as if it were written there: an output would be as deep.
#[test]
fn what_aliases_nest_is_nested() {
    let (open, close) = ("[".repeat(40), "]".repeat(40));
    let profile = |inner: &str| {
        format!("format: 1\nproject: big\nstage: ci\nx-a: &a {open}{close}\nx-b: &b {inner}\ncompose: {{ x-c: *b }}\n")
    };
    is_refused(&profile(&format!("{open}*a{close}")), "nested more than 64 levels deep");
    is_refused(
        &profile(&format!("{{ k: {}*a{} }}", "[".repeat(24), "]".repeat(24))),
        "nested more than 64 levels deep",
    );
}

/// A column that is as wide as what a stranger writes would be too wide for every line, and for Rust.
#[test]
fn long_cells_of_a_table_do_not_widen_it() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("profiles")).unwrap();
    let aliases: Vec<_> = (0..12_000).map(|number| format!("alias{number}")).collect();
    let profile = format!(
        "format: 1\nproject: big\nstage: ci\naliases: [{}]\nservices: {{ a: {{ image: 'a:1' }} }}\n",
        aliases.join(", ")
    );
    fs::write(folder.path().join("profiles/a.yaml"), profile).unwrap();
    fs::write(folder.path().join("profiles/b.yaml"), "format: 1\n").unwrap();
    let run = codelab_gen(folder.path()).arg("profiles").finish();
    assert_eq!(run.status.code(), Some(0), "{:.500}", stderr(&run));
    let text = crate::support::stdout(&run);
    assert!(text.contains("alias11999)") && text.lines().last().unwrap().len() < 200, "{:.500}", stderr(&run));
}

#[test]
fn a_large_dotenv_is_read_in_linear_time() {
    // a reader that looks through the rest for every line needs minutes for this, and is killed
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".env"), "# a comment, and no value\n".repeat(100_000)).unwrap();
    let script = "ulimit -t 20; exec \"$0\" -p prod";
    let mut command = std::process::Command::new("sh");
    let run = command
        .current_dir(folder.path())
        .env_clear()
        .args(["-c", script, env!("CARGO_BIN_EXE_codelab-gen")])
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(0), "{}", String::from_utf8_lossy(&run.stderr));
}

#[test]
fn many_secrets_are_hidden_in_a_long_difference() {
    // with one search for each secret this takes minutes, and is killed
    let folder = tempfile::tempdir().unwrap();
    let run = codelab_gen(folder.path()).args(["-p", "dev"]).finish();
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    let append = |name: &str, line: &dyn Fn(usize) -> String| {
        let path = folder.path().join(name);
        let lines: String = (0..15_000).map(line).collect();
        fs::write(&path, fs::read_to_string(&path).unwrap_or_default() + &lines).unwrap();
    };
    append(".env", &|number| format!("KEY_{number}_TOKEN='a value @ {number} of many secrets'\n"));
    append("docker-compose.yml", &|number| format!("# a value @ {number} of many secrets\n"));
    let script = "ulimit -t 15; exec \"$0\" -p dev --diff";
    let mut command = std::process::Command::new("sh");
    let run = command
        .current_dir(folder.path())
        .env_clear()
        .args(["-c", script, env!("CARGO_BIN_EXE_codelab-gen")])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&run.stdout);
    assert_eq!(run.status.code(), Some(1), "{}", String::from_utf8_lossy(&run.stderr));
    assert_eq!(told.matches("+# [secret]\n").count(), 15_000);
    assert!(!told.contains("a value @"));
}

#[test]
fn devices_and_pipes_are_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let made = std::process::Command::new("mkfifo").arg(folder.path().join("pipe")).status().unwrap();
    assert!(made.success());
    let profile =
        |schema: &str| format!("# yaml-language-server: $schema={schema}\nformat: 1\nextends: builtin:dev-sqlite\n");
    for schema in ["/dev/zero", "./pipe"] {
        std::fs::write(folder.path().join("app.yaml"), profile(schema)).unwrap();
        let script = "ulimit -v 2000000; exec timeout 60 \"$0\" validate app.yaml";
        let mut command = std::process::Command::new("sh");
        command.current_dir(folder.path()).env_clear().args(["-c", script, env!("CARGO_BIN_EXE_codelab-gen")]);
        let run = command.output().unwrap();
        assert_eq!(run.status.code(), Some(0), "{schema}: {}", String::from_utf8_lossy(&run.stderr));
    }
    let mut command = std::process::Command::new("timeout");
    let check = ["60", env!("CARGO_BIN_EXE_codelab-gen"), "-p", "dev", "--check", "--out", "pipe"];
    let run = command.current_dir(folder.path()).env_clear().args(check).output().unwrap();
    assert_eq!(run.status.code(), Some(5), "{}", String::from_utf8_lossy(&run.stderr));
}
