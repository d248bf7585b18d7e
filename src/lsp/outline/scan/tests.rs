use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::*;
use crate::yaml;

/// Every key and scalar with its place, as the strict reader has them; not what stands behind merges and aliases.
fn strict(node: &yaml::Node<'_>, text: &str, way: &str, found: &mut String) {
    match &node.content {
        yaml::Content::Scalar(_) => {
            let written = text[node.span.clone()].trim_end();
            let is_plain = !written.starts_with(['|', '>', '"', '\'']) && !written.is_empty();
            if is_plain && !written.contains('\n') {
                writeln!(found, "{way} = {written} {}", node.span.start).unwrap();
            }
        }
        yaml::Content::Sequence(items) => {
            for (index, item) in items.iter().enumerate() {
                strict(item, text, &format!("{way}.{index}"), found);
            }
        }
        yaml::Content::Mapping(entries) => {
            for entry in entries {
                let way = format!("{way}.{}", entry.key);
                writeln!(found, "{way} {:?}", entry.key_span).unwrap();
                strict(&entry.value, text, &way, found);
            }
        }
    }
}

fn tolerant(node: &Node, text: &str, way: &str, found: &mut String) {
    match &node.content {
        Content::Nothing => {}
        Content::Scalar(_) => {
            let written = text[node.span.clone()].trim_end();
            let is_plain = !written.starts_with(['|', '>', '"', '\'']) && !written.is_empty();
            if is_plain && !written.contains('\n') {
                writeln!(found, "{way} = {written} {}", node.span.start).unwrap();
            }
        }
        Content::Sequence { items, .. } => {
            for (index, item) in items.iter().enumerate() {
                tolerant(item, text, &format!("{way}.{index}"), found);
            }
        }
        Content::Mapping { entries, .. } => {
            for entry in entries {
                let way = format!("{way}.{}", entry.key);
                writeln!(found, "{way} {:?}", entry.key_span).unwrap();
                tolerant(&entry.value, text, &way, found);
            }
        }
    }
}

fn profiles() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut texts = Vec::new();
    for folder in ["profiles", "tests/golden", "tests/invalid", "tests/warned", "tests/editors", "tests/editors/wrong"]
    {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "yaml") {
                texts.extend(fs::read_to_string(path).ok());
            }
        }
    }
    texts
}

#[test]
fn a_good_document_has_the_shape_that_the_strict_reader_sees() {
    let mut compared = 0;
    for text in profiles() {
        let Ok(tree) = yaml::read(&text) else { continue };
        // what an alias brings stands elsewhere
        if text.contains("<<:") || text.contains(": *") || text.contains("- *") {
            continue;
        }
        let (mut expected, mut found) = (String::new(), String::new());
        strict(&tree, &text, "", &mut expected);
        tolerant(&outline(&text), &text, "", &mut found);
        assert_eq!(found, expected, "{text}");
        compared += 1;
    }
    assert!(compared > 50, "only {compared} were compared");
}

#[test]
fn every_beginning_of_a_document_has_a_shape() {
    for text in profiles().iter().filter(|text| text.len() < 4000) {
        for (end, _) in text.char_indices() {
            let part = &text[..end];
            let shape = outline(part);
            assert!(shape.span.end <= part.len());
        }
    }
}

#[test]
fn what_is_typed_does_not_swallow_what_follows() {
    for (broken, key) in [
        ("a: [1, 2\nb: 3\n", "b"),
        ("a: { c: 1\nb: 3\n", "b"),
        ("a: \"open\nb: 3\n", "b"),
        ("a: 'open\nb: \"x\"\n", "b"),
        ("a:\n  wor\n  c: 1\nb: 3\n", "b"),
        ("a:\n  c: 1\n   d: 2\nb: 3\n", "b"),
        ("a: }\nb: 3\n", "b"),
        ("wor\nb: 3\n", "b"),
    ] {
        let shape = outline(broken);
        assert!(shape.entry(key).is_some(), "{broken:?}: {shape:?}");
    }
}

#[test]
fn depth_and_open_quotes_cost_no_more_than_their_length() {
    for text in [
        "[".repeat(200_000),
        "{a: ".repeat(100_000),
        "- ".repeat(100_000),
        "a: \"\n".repeat(100_000),
        "'".repeat(100_001),
    ] {
        outline(&text);
    }
    let deep: String = (0..2000).flat_map(|depth| [" ".repeat(depth), "a:\n".to_owned()]).collect();
    outline(&deep);
}
