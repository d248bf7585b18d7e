//! Templates are text with values: how a value is written follows from the file alone, so nothing in them may meddle.

use std::fs;
use std::path::{Path, PathBuf};

fn templates() -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let paths = [".env.j2", "scripts/init-postgres.sh.j2", "scripts/db/databases.sh.j2"].map(|name| folder.join(name));
    paths.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

/// What stands between `open` and `close`, each with the text before it on its line.
fn inside<'t>(line: &'t str, open: &str, close: &str) -> Vec<(&'t str, &'t str)> {
    let starts = line.match_indices(open).map(|(start, _)| start);
    let part = |start: usize| {
        let (before, rest) = line.split_at(start);
        (before, rest[open.len()..].split(close).next().unwrap())
    };
    starts.map(part).collect()
}

#[test]
fn no_template_escapes_by_itself() {
    for (path, text) in templates() {
        let line_of = |line: &str| format!("{}: {line}", path.display());
        for line in text.lines() {
            for (_, expression) in inside(line, "{{", "}}").into_iter().chain(inside(line, "{%", "%}")) {
                assert!(!expression.contains('|'), "a filter in {}", line_of(line));
                assert!(!expression.contains("autoescape"), "{}", line_of(line));
                assert!(
                    !expression.contains('~') && !expression.contains('"'),
                    "a value is put together in {}",
                    line_of(line)
                );
            }
        }
    }
}

#[test]
fn no_value_stands_inside_of_quotes_or_words_written_by_hand() {
    let mut values = 0;
    for (path, text) in templates() {
        for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
            for (before, _) in inside(line, "{{", "}}") {
                values += 1;
                let written: String = before.split("}}").filter_map(|part| part.split("{{").next()).collect();
                let quotes = |quote: char| written.matches(quote).count();
                assert!(quotes('"') % 2 == 0 && quotes('\'') % 2 == 0, "{}: {line}", path.display());
                let alone = before.is_empty() || before.ends_with([' ', '=']) || before.ends_with("%}");
                assert!(alone, "a value is glued to what stands before it in {}: {line}", path.display());
            }
        }
    }
    assert!(values > 40, "only {values} values were found");
}

#[test]
fn values_of_the_compose_file_are_made_where_dollars_are_escaped() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/target/compose");
    let files = [folder.clone(), folder.join("file")].map(|folder| fs::read_dir(folder).unwrap());
    let mut read = 0;
    for path in files.into_iter().flatten().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
        let text = fs::read_to_string(&path).unwrap();
        let makers = ["Value::text(", "Value::quoted(", "Value::bare(", "Value::number("];
        let found = makers.into_iter().find(|maker| text.contains(maker));
        assert_eq!(found.is_some(), path.ends_with("interpolation.rs"), "{}: {found:?}", path.display());
        read += 1;
    }
    assert!(read > 10, "only {read} files were found");
}
