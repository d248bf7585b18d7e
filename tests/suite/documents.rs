//! The documents hold: their commands run and print what they say, their profiles are valid, their links lead somewhere,
//! and the words of the command line that they name exist. Commands that need Docker run in `tests/e2e/test_docs.py`.

mod console;
mod markdown;

use std::fs;
use std::path::Path;

use clap::CommandFactory as _;
use codelab_gen::command::CommandLine;

use crate::support::{Finish as _, codelab_gen, stderr};
use console::{Example, Shell, examples};
use markdown::{Block, Document, document, documents, root};

/// Documents whose blocks have tests of their own: `tests/kit`, `code.rs`, `profile_reference.rs`.
const JUDGED_ELSEWHERE: [&str; 3] = ["docs/ci.md", "docs/codes.md", "docs/profile.md"];

/// Blocks of shell that are no session: what installs codelab-gen, or is run to work on this repository.
const SHELL_BLOCKS: [&str; 4] = ["README.md", "README.ru.md", "docs/development.md", "docs/install.md"];

/// How long a README may be: what a newcomer can skip is a page of docs/.
const README_LINES: usize = 200;

/// The documents whose blocks are judged here.
fn written() -> Vec<Document> {
    documents().into_iter().filter(|document| !JUDGED_ELSEWHERE.contains(&document.name.as_str())).collect()
}

/// The path of the file that a block shows.
fn file(block: &Block) -> Option<&str> {
    block.comment.as_deref()?.strip_prefix("file: ")
}

#[test]
fn every_block_is_of_a_kind_that_is_tested() {
    for document in written() {
        for Block { place, fence, comment, text } in document.blocks() {
            match fence.as_str() {
                "console" | "console engine" => assert!(text.starts_with("$ "), "{place}: no command stands first"),
                "yaml" | "mermaid" => {}
                "text" => assert!(!text.contains("$ "), "{place}: a command stands in a block that nobody runs"),
                "bash" => assert!(SHELL_BLOCKS.contains(&document.name.as_str()), "{place}: write ```console"),
                _ => panic!("{place}: no test runs ```{fence}"),
            }
            let is_known = comment.as_deref().is_none_or(|comment| comment.starts_with("file: "));
            assert!(is_known, "{place}: the comment says nothing that is known: {comment:?}");
        }
    }
}

#[test]
fn console_examples_print_what_the_documents_say() {
    let mut ran = 0;
    for document in written() {
        let mut shell = Shell::new();
        for block in document.blocks() {
            if let Some(name) = file(&block) {
                shell.write(name, &block.text);
            }
            if block.fence == "console" {
                for example in examples(&block) {
                    shell.run(&example, &block.place);
                    ran += 1;
                }
            }
        }
    }
    assert!(ran >= 20, "the documents have only {ran} examples");
}

#[test]
fn the_first_command_generates() {
    for name in ["README.md", "README.ru.md"] {
        let document = document(name);
        let block = document.blocks_of("bash").into_iter().find(|block| block.text.starts_with("cargo run")).unwrap();
        let command = block.text.replace("cargo run --release --", "codelab-gen");
        let block = Block { text: format!("$ {}\n...\n", command.trim_end()), ..block };
        let [example] = <[Example; 1]>::try_from(examples(&block)).ok().unwrap();
        Shell::new().run(&example, &block.place);
    }
}

/// They take too long to be run by a test, being tests themselves; what they name must exist.
#[test]
fn the_commands_of_development_name_what_exists() {
    let page = document("docs/development.md");
    let runner = fs::read_to_string(root().join("tests/run.sh")).unwrap();
    let commands = page.text.split(['\n', '`']).filter(|text| text.contains("bash tests/run.sh"));
    let mut named = 0;
    for command in commands {
        let command = command.split(" #").next().unwrap();
        let (settings, arguments) = command.split_once("bash tests/run.sh").unwrap();
        for (name, _) in settings.split_whitespace().filter_map(|setting| setting.split_once('=')) {
            assert!(uses(&root().join("tests"), name), "{command}: no test reads {name}");
        }
        let mut arguments = arguments.split_whitespace();
        let Some(part) = arguments.next() else { continue };
        assert!(runner.contains(&format!("  {part})")) || runner.contains(&format!("run_{part}()")), "{command}");
        let folder = root().join("tests").join(if part == "rust" { "suite" } else { part });
        for argument in arguments.take_while(|argument| !argument.starts_with('-')) {
            let file = argument.replace("::", ".rs").split(".rs").next().unwrap().to_owned();
            let file = if part == "rust" { format!("{file}.rs") } else { file };
            assert!(folder.join(&file).is_file(), "{command}: {file}");
        }
        named += 1;
    }
    assert!(named >= 7, "{named}");
}

/// Whether a file below a folder has this word.
fn uses(folder: &Path, word: &str) -> bool {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).any(|path| {
        if path.is_dir() { uses(&path, word) } else { fs::read_to_string(&path).is_ok_and(|text| text.contains(word)) }
    })
}

#[test]
fn the_profiles_that_documents_show_work() {
    let mut judged = 0;
    for document in written() {
        let folder = tempfile::tempdir().unwrap();
        let blocks = document.blocks_of("yaml");
        let (profiles, parts): (Vec<_>, Vec<_>) = blocks.iter().partition(|block| block.text.starts_with("format: 1"));
        for (index, block) in profiles.iter().enumerate() {
            let name = file(block).map_or_else(|| format!("profile-{index}.yaml"), str::to_owned);
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, &block.text).unwrap();
        }
        for (index, block) in profiles.iter().enumerate() {
            let name = file(block).map_or_else(|| format!("profile-{index}.yaml"), str::to_owned);
            validate(folder.path(), &name, &block.place);
            judged += 1;
        }
        for block in parts {
            fs::write(folder.path().join("whole.yaml"), whole(&block.text)).unwrap();
            validate(folder.path(), "whole.yaml", &block.place);
            judged += 1;
        }
    }
    assert!(judged >= 8, "the documents show only {judged} profiles");
}

fn validate(folder: &Path, name: &str, place: &str) {
    let run = codelab_gen(folder).arg("validate").arg(format!("./{name}")).finish();
    assert_eq!(run.status.code(), Some(0), "{place}: {}", stderr(&run));
}

/// A part of a profile, laid over a built-in one: at the top where it stands there, else in a service.
fn whole(part: &str) -> String {
    let mut text = "format: 1\nextends: mixed\n".to_owned();
    let is_of_service = part.starts_with("environment:");
    let rule = "secrets: { INTERNAL_API_KEY: generate }\n";
    if is_of_service {
        text.extend([rule, "services:\n  auth-service:\n"]);
        text.extend(part.lines().flat_map(|line| ["    ", line, "\n"]));
    } else {
        text.push_str(part);
    }
    text
}

#[test]
fn the_drawings_that_documents_show_are_those_of_the_profiles() {
    let folder = tempfile::tempdir().unwrap();
    let drawn = ["dev", "prod", "mixed"].map(|profile| {
        let run = codelab_gen(folder.path()).args(["graph", "-p", profile]).finish();
        String::from_utf8(run.stdout).unwrap()
    });
    for document in written() {
        let shown: Vec<_> = document.blocks().into_iter().filter(|block| block.fence == "mermaid").collect();
        let expected: &[String] = if document.name == "docs/graph.md" { &drawn } else { &[] };
        let texts: Vec<_> = shown.into_iter().map(|block| block.text).collect();
        assert_eq!(texts, expected, "{}: the built-in profiles in their order", document.name);
    }
}

#[test]
fn both_readmes_have_the_same_commands() {
    let commands = |name: &str| -> Vec<(String, String)> {
        let blocks = document(name).blocks().into_iter().filter(|block| block.fence != "text" && block.fence != "yaml");
        blocks.map(|block| (block.fence, block.text)).collect()
    };
    let (english, russian) = (commands("README.md"), commands("README.ru.md"));
    assert_eq!(english.len(), russian.len(), "one has more blocks");
    for (english, russian) in english.iter().zip(&russian) {
        assert_eq!(english, russian);
    }
}

#[test]
fn both_readmes_are_short_and_have_the_same_sections() {
    let levels = |name: &str| -> Vec<usize> {
        let document = document(name);
        let lines = document.text.lines().count();
        assert!(lines <= README_LINES, "{name} has {lines} lines: move what a newcomer can skip to docs/");
        let prose = document.prose().into_iter();
        prose.filter(|(_, line)| line.starts_with('#')).map(|(_, line)| line.split(' ').next().unwrap().len()).collect()
    };
    assert_eq!(levels("README.md"), levels("README.ru.md"));
}

#[test]
fn links_lead_somewhere() {
    let all = documents();
    for document in &all {
        for (line, link) in document.links() {
            if link.starts_with("https://") {
                continue;
            }
            let (path, anchor) = link.split_once('#').map_or((link, None), |(path, anchor)| (path, Some(anchor)));
            let folder = root().join(&document.name).parent().unwrap().to_owned();
            let target = if path.is_empty() { root().join(&document.name) } else { folder.join(path) };
            let place = format!("{}:{line}", document.name);
            let target = target.canonicalize().unwrap_or_else(|error| panic!("{place}: {link}: {error}"));
            let Some(anchor) = anchor else { continue };
            let known = all.iter().find(|other| root().join(&other.name).canonicalize().unwrap() == target);
            let anchors = known.unwrap_or_else(|| panic!("{place}: {link} is no document")).anchors();
            assert!(anchors.iter().any(|known| known == anchor), "{place}: {link}: no such heading");
        }
    }
}

#[test]
fn every_page_is_in_the_index() {
    let index = document("docs/README.md");
    let linked: Vec<_> = index.links().into_iter().map(|(_, link)| format!("docs/{link}")).collect();
    for document in documents().iter().filter(|document| document.name.starts_with("docs/")) {
        let is_linked = document.name == index.name || linked.contains(&document.name);
        assert!(is_linked, "docs/README.md does not name {}", document.name);
    }
}

/// A word in backticks is a command where it begins with the program's name; `NAME` and `…` stand for anything.
#[test]
fn the_command_line_has_every_word_that_documents_name() {
    let program = CommandLine::command();
    let mut judged = 0;
    for document in documents() {
        for (line, code) in document.code() {
            let Some(words) = code.strip_prefix("codelab-gen ") else { continue };
            let mut command = &program;
            for word in words.split(['|', '<', '>']).next().unwrap().split_whitespace() {
                let flag = word.split('=').next().unwrap();
                if let Some(sub) = command.find_subcommand(word) {
                    command = sub;
                } else if let Some(name) = flag.strip_prefix("--") {
                    let is_known = command.get_arguments().any(|argument| argument.get_long() == Some(name));
                    assert!(is_known, "{}:{line}: `{code}`: no --{name}", document.name);
                    judged += 1;
                } else {
                    let is_first = words.starts_with(word) && !word.starts_with('-');
                    assert!(!is_first, "{}:{line}: `{code}`: no subcommand {word}", document.name);
                }
            }
            judged += 1;
        }
    }
    assert!(judged >= 10, "{judged}");
}

#[test]
fn the_exit_codes_that_help_names_are_those_of_readme() {
    let folder = tempfile::tempdir().unwrap();
    let help = String::from_utf8(codelab_gen(folder.path()).arg("--help").finish().stdout).unwrap();
    for name in ["README.md", "README.ru.md"] {
        let readme = document(name).text;
        let rows: Vec<_> = readme.lines().filter_map(|line| line.strip_prefix("| ")?.split(' ').next()).collect();
        for code in ["0", "2", "3", "4", "5", "70"] {
            assert!(rows.contains(&code), "{name} has no row for {code}");
            assert!(help.contains(&format!("{code} ")), "--help does not name {code}: {help}");
        }
    }
}
