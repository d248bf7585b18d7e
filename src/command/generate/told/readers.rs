//! Knows what of Docker Compose reads a variable of `.env`: every file that it is given, and every line of `.env` itself.
//! Must not know what any variable holds.

use std::collections::HashSet;

use crate::yaml::{self, Content, Entry, Node, ScalarKind};

/// The variables that something reads; nothing where not everything that reads is known, as behind an `include`.
pub(super) fn read_by(compose_files: &[&str], dotenv: &str) -> Option<HashSet<String>> {
    let mut names: HashSet<String> = referred_in(dotenv).collect();
    for text in compose_files {
        let root = yaml::read(text).ok()?;
        names.extend(referred_in(text));
        passed_on(&root, &mut names)?;
    }
    Some(names)
}

/// The names behind the dollars of a text.
fn referred_in(text: &str) -> impl Iterator<Item = String> {
    text.split('$').skip(1).filter_map(|behind| {
        let behind = behind.strip_prefix('{').unwrap_or(behind);
        let name = behind.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next()?;
        (!name.is_empty()).then(|| name.to_owned())
    })
}

/// Variables that a container gets by their name alone; nothing where it gets more than can be seen here.
fn passed_on(node: &Node<'_>, names: &mut HashSet<String>) -> Option<()> {
    match &node.content {
        Content::Scalar(_) => {}
        Content::Sequence(items) => items.iter().try_for_each(|item| passed_on(item, names))?,
        Content::Mapping(entries) => {
            for entry in entries {
                take(entry, names)?;
                passed_on(&entry.value, names)?;
            }
        }
    }
    Some(())
}

fn take(entry: &Entry<'_>, names: &mut HashSet<String>) -> Option<()> {
    match entry.key.as_ref() {
        "include" | "extends" => return None,
        "env_file" => return paths(&entry.value)?.iter().all(|path| !may_be_dotenv(path)).then_some(()),
        "environment" | "args" => {}
        _ => return Some(()),
    }
    match &entry.value.content {
        Content::Scalar(_) => {}
        Content::Sequence(items) => names.extend(items.iter().filter_map(text).filter(|item| !item.contains('='))),
        Content::Mapping(given) => {
            let bare = given.iter().filter(|given| given.value.is_null());
            names.extend(bare.map(|given| given.key.to_string()));
        }
    }
    // of a secret or a config, `environment` names the variable
    names.extend(text(&entry.value));
    Some(())
}

/// The files that an `env_file` names.
fn paths(node: &Node<'_>) -> Option<Vec<String>> {
    match &node.content {
        Content::Scalar(scalar) => Some(vec![scalar.text.clone().into_owned()]),
        Content::Sequence(items) => {
            Some(items.iter().map(paths).collect::<Option<Vec<_>>>()?.into_iter().flatten().collect())
        }
        Content::Mapping(entries) => paths(&entries.iter().find(|entry| entry.key == "path")?.value),
    }
}

fn may_be_dotenv(path: &str) -> bool {
    path.contains('$') || path.rsplit('/').next() == Some(".env")
}

fn text(node: &Node<'_>) -> Option<String> {
    match &node.content {
        Content::Scalar(scalar) if scalar.kind() != ScalarKind::Null => Some(scalar.text.clone().into_owned()),
        Content::Scalar(_) | Content::Sequence(_) | Content::Mapping(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_reads_a_variable_is_found() {
        let service = |line: &str| format!("services:\n  a:\n    image: a\n    {line}\n");
        for (line, dotenv, is_read) in [
            ("command: serve ${A}", "", true),
            ("command: serve $A", "", true),
            ("command: serve ${B:+${A}}", "", true),
            ("command: serve ${A_B}", "", false),
            ("environment: [A]", "", true),
            ("environment: [A=1]", "", false),
            ("environment: { A: }", "", true),
            ("environment: { A: 1 }", "", false),
            ("build: { context: ., args: { A: } }", "", true),
            ("image: b", "URL=x-${A}\n", true),
            ("image: b", "A=1\n", false),
        ] {
            let text = service(line);
            let names = read_by(&[&text], dotenv);
            let is_broken = line.starts_with("image");
            let names = if is_broken { read_by(&[], dotenv) } else { names };
            assert_eq!(names.map(|names| names.contains("A")), Some(is_read), "{line}");
        }
        let secret = "secrets: { s: { environment: A } }\n";
        assert!(read_by(&["services: {}\n", secret], "").is_some_and(|names| names.contains("A")));
    }

    #[test]
    fn where_all_of_it_is_read_nothing_is_said() {
        for text in [
            "services: { a: { env_file: .env } }",
            "services: { a: { env_file: [other.env, { path: ./.env }] } }",
            "services: { a: { env_file: '${FILE}' } }",
            "services: { a: { extends: { file: b.yml, service: a } } }",
            "include: [b.yml]",
            "services: [",
        ] {
            assert_eq!(read_by(&[text], ""), None, "{text}");
        }
        assert!(read_by(&["services: { a: { env_file: [other.env] } }"], "").is_some());
    }
}
