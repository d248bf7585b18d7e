//! `codelab-gen code` and docs/codes.md: every code is explained by examples that are as wrong and as right as they say.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use codelab_gen::diagnostic::Code;
use codelab_gen::schema::schema;

use crate::support::{Finish as _, assert_matches_file, codelab_gen, stderr, stdout};

/// Codes that are not about the text of one profile: sessions in a shell show them.
const SESSIONS: [&str; 9] = [
    "not-utf8",
    "extends-cycle",
    "unknown-profile",
    "outside-project",
    "ambiguous-alias",
    "not-selectable",
    "compose-limit",
    "stale-schema",
    "hidden-character",
];

/// What a block shows: its fence without the backticks.
const FENCES: [&str; 5] = ["yaml wrong", "yaml warned", "yaml right", "text wrong", "text right"];

/// A paragraph of an explanation, or what stands between its fences.
#[derive(Clone, Copy)]
struct Block<'t> {
    /// What stands behind the opening fence; nothing for a paragraph.
    fence: &'t str,
    text: &'t str,
}

/// The parts of an explanation, which are all of its text.
fn blocks(code: Code) -> Vec<Block<'static>> {
    let mut blocks = Vec::new();
    for (index, part) in code.explanation().split("```").enumerate() {
        if index % 2 == 1 {
            let (fence, text) = part.split_once('\n').unwrap();
            assert!(FENCES.contains(&fence), "{code}: {fence}");
            blocks.push(Block { fence, text });
        } else if !part.trim().is_empty() {
            blocks.push(Block { fence: "", text: part.trim() });
        }
    }
    blocks
}

fn block(code: Code, fence: &str) -> Option<&'static str> {
    blocks(code).into_iter().find(|block| block.fence == fence).map(|block| block.text)
}

fn is_session(code: Code) -> bool {
    SESSIONS.contains(&code.as_str())
}

/// The codes that a run told, faults and warnings.
fn told(text: &str) -> BTreeSet<&str> {
    let code = |line| {
        let rest = str::strip_prefix(line, "error[").or_else(|| str::strip_prefix(line, "warning["))?;
        rest.split_once(']').map(|(code, _)| code)
    };
    text.lines().filter_map(code).collect()
}

fn profile(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("profile.yaml"), text).unwrap();
    folder
}

#[test]
fn every_explanation_is_a_paragraph_and_an_example_of_each_kind() {
    for code in Code::ALL.iter().copied() {
        let blocks = blocks(code);
        let fences: Vec<_> = blocks.iter().map(|block| block.fence).collect();
        let expected: &[&[&str]] = if is_session(code) {
            &[&["", "text wrong", "text right"]]
        } else {
            &[&["", "yaml wrong", "yaml right"], &["", "yaml warned", "yaml right"]]
        };
        assert!(expected.contains(&fences.as_slice()), "{code}: {fences:?}");
        let text = code.explanation();
        assert!(text.ends_with("```\n"), "{code}");
        assert!(text.lines().all(|line| line.chars().count() <= 120 && line.trim_end() == line), "{code}");
        let sentences = blocks[0].text.replace('\n', " ").split(". ").count();
        assert!((2..=8).contains(&sentences) && blocks[0].text.ends_with('.'), "{code}: {sentences} sentences");
    }
    for name in SESSIONS {
        assert!(Code::ALL.iter().any(|code| code.as_str() == name), "there is no code {name}");
    }
}

#[test]
fn a_wrong_example_is_told_by_its_code_and_no_other() {
    for code in Code::ALL.iter().copied() {
        let Some(text) = block(code, "yaml wrong") else { continue };
        let folder = profile(text);
        let run = codelab_gen(folder.path()).args(["-p", "./profile.yaml", "-o", "out"]).finish();
        assert_eq!(run.status.code(), Some(3), "{code}: {}", stderr(&run));
        assert_eq!(told(&stderr(&run)), BTreeSet::from([code.as_str()]), "{}", stderr(&run));
        assert!(stderr(&run).contains(&format!("error[{code}]")), "{}", stderr(&run));
    }
}

#[test]
fn a_warned_example_is_valid_and_told_by_its_code_and_no_other() {
    for code in Code::ALL.iter().copied() {
        let Some(text) = block(code, "yaml warned") else { continue };
        let run = codelab_gen(profile(text).path()).args(["validate", "./profile.yaml"]).finish();
        assert_eq!(run.status.code(), Some(0), "{code}: {}", stderr(&run));
        assert_eq!(told(&stderr(&run)), BTreeSet::from([code.as_str()]), "{}", stderr(&run));
    }
}

#[test]
fn a_right_example_is_valid_and_that_of_a_warning_gives_none() {
    for code in Code::ALL.iter().copied() {
        let Some(text) = block(code, "yaml right") else { continue };
        let run = codelab_gen(profile(text).path()).args(["validate", "./profile.yaml"]).finish();
        assert_eq!(run.status.code(), Some(0), "{code}: {}", stderr(&run));
        if block(code, "yaml warned").is_some() {
            assert_eq!(stderr(&run), "", "{code}");
        }
    }
}

#[test]
fn the_schema_says_of_the_examples_what_the_reference_says_of_it() {
    let schema: serde_json::Value = serde_json::from_str(&schema()).unwrap();
    let validator = jsonschema::draft7::new(&schema).unwrap();
    let mut judged = 0;
    for code in Code::ALL.iter().copied() {
        for block in blocks(code).into_iter().filter(|block| block.fence.starts_with("yaml ")) {
            // what is not YAML to another reader either is no document that a schema could judge
            let Ok(document) = serde_yaml::from_str::<serde_json::Value>(block.text) else { continue };
            let expected = block.fence != "yaml wrong" || code.is_beyond_schema();
            assert_eq!(validator.is_valid(&document), expected, "{code}: {}", block.fence);
            judged += 1;
        }
    }
    assert!(judged > 50, "{judged}");
}

/// A command of a session, and the lines that are shown below it.
struct Step<'t> {
    command: &'t str,
    shown: Vec<&'t str>,
}

fn steps(session: &str) -> Vec<Step<'_>> {
    let mut steps: Vec<Step<'_>> = Vec::new();
    for line in session.lines() {
        match line.strip_prefix("$ ") {
            Some(command) => steps.push(Step { command, shown: Vec::new() }),
            None => steps.last_mut().unwrap().shown.push(line),
        }
    }
    steps
}

/// Makes the file that `cat` shows, or runs the command as a shell does.
fn replay(step: &Step<'_>, folder: &Path) -> Option<Output> {
    if let Some(name) = step.command.strip_prefix("cat ") {
        let file = folder.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, step.shown.join("\n") + "\n").unwrap();
        return None;
    }
    let program = Path::new(env!("CARGO_BIN_EXE_codelab-gen")).parent().unwrap();
    let path = format!("{}:/usr/bin:/bin", program.display());
    Some(Command::new("sh").args(["-c", step.command]).current_dir(folder).env_clear().env("PATH", path).finish())
}

/// The files of a session that are too large to be shown.
fn prepare(code: Code, folder: &Path) {
    if code != Code::ComposeLimit {
        return;
    }
    for (name, services) in [("shop", 0..4000), ("shop-front", 0..2000), ("shop-back", 2000..4000)] {
        let mut text = format!("format: 1\nproject: {name}\nstage: staging\nservices:\n");
        let words = vec!["word"; 23].join(", ");
        for number in services {
            writeln!(text, "  s{number}: {{ image: 'shop:1', command: [{words}] }}").unwrap();
        }
        fs::write(folder.join(format!("{name}.yaml")), text).unwrap();
    }
}

#[test]
fn sessions_go_as_they_are_shown() {
    for code in Code::ALL.iter().copied().filter(|code| is_session(*code)) {
        let folder = tempfile::tempdir().unwrap();
        prepare(code, folder.path());
        for (fence, expected) in
            [("text wrong", BTreeSet::from([code.as_str().to_owned()])), ("text right", BTreeSet::new())]
        {
            let mut codes = BTreeSet::new();
            for step in steps(block(code, fence).unwrap()) {
                let Some(run) = replay(&step, folder.path()) else { continue };
                let text = stdout(&run) + &stderr(&run);
                for line in &step.shown {
                    assert!(text.lines().any(|actual| actual == *line), "{code}: {line}\n--- actual\n{text}");
                }
                assert!(fence == "text wrong" || run.status.success(), "{code}: {text}");
                codes.extend(told(&text).into_iter().map(str::to_owned));
            }
            assert_eq!(codes, expected, "{code}: {fence}");
        }
    }
}

fn code(arguments: &[&str]) -> (Option<i32>, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let run = codelab_gen(folder.path()).arg("code").args(arguments).finish();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "something was written");
    (run.status.code(), stdout(&run), stderr(&run))
}

#[test]
fn every_code_is_printed_with_its_explanation_as_plain_text() {
    for known in Code::ALL.iter().copied() {
        let (exit, text, notes) = code(&[known.as_str()]);
        assert_eq!((exit, notes.as_str()), (Some(0), ""), "{known}");
        assert!(text.starts_with(&format!("{known}: ")), "{text}");
        assert!(!text.contains('\u{1b}') && !text.contains("```"), "{text}");
        let mut rest = text.split_once("\n\n").unwrap().1;
        for Block { fence, text } in blocks(known) {
            let indent = |line: &str| if fence.is_empty() || line.is_empty() { "" } else { "    " };
            let heading = fence.split_once(' ').map(|(_, shows)| format!("{shows}:\n")).unwrap_or_default();
            let lines = text.lines().map(|line| format!("{}{line}\n", indent(line))).collect::<Vec<_>>().concat();
            rest = rest.strip_prefix(&format!("{heading}{lines}")).unwrap_or_else(|| panic!("{known}: {rest}"));
            rest = rest.strip_prefix('\n').unwrap_or(rest);
        }
        assert_eq!(rest, "", "{known}");
    }
}

#[test]
fn a_meaning_begins_in_lower_case_but_for_a_name() {
    for (name, title) in [
        ("syntax", "syntax: the text is not YAML\n"),
        ("duplicate-key", "duplicate-key: a key stands twice in a mapping\n"),
        ("tls-conflict", "tls-conflict: TLS settings that contradict each other\n"),
        ("no-postgres", "no-postgres: PostgreSQL is used, and there is no `postgres` section\n"),
    ] {
        let (_, text, _) = code(&[name]);
        assert!(text.starts_with(title), "{text}");
    }
}

#[test]
fn without_a_code_all_are_listed_with_their_meanings() {
    let (exit, text, _) = code(&[]);
    assert_eq!(exit, Some(0));
    let listed: Vec<_> = text.lines().map(|line| line.split_once("  ").unwrap()).collect();
    assert_eq!(listed.len(), Code::ALL.len(), "{text}");
    for (known, (name, meaning)) in Code::ALL.iter().zip(listed) {
        assert_eq!(name, known.as_str());
        let first_line = format!("{known}: {}\n", meaning.trim_start());
        assert!(code(&[name]).1.starts_with(&first_line), "{first_line}");
    }
}

#[test]
fn an_unknown_code_is_wrong_usage_and_answered_with_what_was_meant() {
    let (exit, text, message) = code(&["no-engin"]);
    assert_eq!((exit, text.as_str()), (Some(2), ""));
    assert_eq!(message, "error: no code is named `no-engin`\n  |\n  = help: did you mean `no-engine`?\n");
    let (exit, _, message) = code(&["\u{1b}[31mzzz"]);
    assert_eq!(exit, Some(2));
    assert!(message.contains("help: use one of `syntax`, ") && !message.contains('\u{1b}'), "{message}");
    for known in Code::ALL {
        assert!(message.contains(&format!("`{known}`")), "{known}: {message}");
    }
}

/// What stands above the table of docs/codes.md.
const INTRODUCTION: &str = "# The codes

Every fault of a profile, and every warning, has a code: `error[no-engine]`, `warning[compose-limit]`. Messages may change,
codes do not. `codelab-gen code CODE` prints the text about a code that is also on this page, `codelab-gen code` lists all codes.

The last column says whether the [JSON Schema](../schema/profile.schema.json) has the rule too, so that an editor shows it as
you type. The schema has rules between fields only for a profile with a `stage` that extends nothing.

| code | meaning | in the schema |
|---|---|---|
";

/// What docs/codes.md says.
fn reference() -> String {
    let mut text = INTRODUCTION.to_owned();
    for code in Code::ALL.iter().copied() {
        let in_schema = if code.is_beyond_schema() { "no" } else { "yes" };
        writeln!(text, "| [{code}](#{code}) | {} | {in_schema} |", code.meaning()).unwrap();
    }
    for code in Code::ALL.iter().copied() {
        write!(text, "\n## {code}\n\n{}\n", code.meaning()).unwrap();
        for Block { fence, text: block } in blocks(code) {
            match fence.split_once(' ') {
                Some((language, shows)) => {
                    let (first, rest) = shows.split_at(1);
                    write!(text, "\n{}{rest}:\n\n```{language}\n{block}```\n", first.to_uppercase()).unwrap();
                }
                None => write!(text, "\n{block}\n").unwrap(),
            }
        }
    }
    text
}

#[test]
fn the_committed_reference_has_every_code() {
    assert_matches_file(&reference(), &Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/codes.md"));
}
