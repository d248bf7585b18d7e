//! What texts of Compose files are, with their variables.

use super::*;

#[test]
fn dollars_that_are_doubled_are_texts() {
    assert_eq!(Template::parse("a$$b$${X}").unwrap().literal(), Some("a$b${X}"));
    assert_eq!(Template::parse("").unwrap().literal(), Some(""));
}

#[test]
fn what_is_known_is_filled_in() {
    let held = |name: &str| match name {
        "A" => Held::Value("1".to_owned()),
        "ODD" => Held::Unsure,
        _ => Held::Unset,
    };
    for (text, expected) in [
        ("x$A${N:-$A}${A:+y}", Some("x11y")),
        ("$ODD", None),
        ("${ODD:-x}", None),
        ("$N", None),
        ("${N:?}", None),
        ("${N:+x}", None),
    ] {
        assert_eq!(Template::parse(text).unwrap().fill(&held, &|_| None).as_deref(), expected, "{text}");
    }
    let long = Held::Value("x".repeat(LONGEST));
    let doubled = Template::parse("$A$A$A").unwrap();
    assert_eq!(doubled.fill(&|_| long.clone(), &|_| None), None);
    let filled = |text: &str| {
        let value = |name: &str| [("A", "1"), ("E", "")].iter().find(|(key, _)| *key == name).map(|it| it.1.to_owned());
        Template::parse(text).unwrap().filled(&value)
    };
    for (text, expected) in [
        ("a$$b", "a$b"),
        ("$A-${A:-x}-${A:?no}", "1-1-1"),
        ("${E:-x}${B-y}${B:-x${A}}", "xyx1"),
        ("${B}${B:?no}/$C", "${B}${B}/${C}"),
        ("${A:+x}", "x"),
    ] {
        assert_eq!(filled(text), expected, "{text}");
    }
}

#[test]
fn references_are_replaced_as_compose_does() {
    let value = |name: &str| [("A", "1"), ("E", "")].iter().find(|(key, _)| *key == name).map(|it| it.1.to_owned());
    for (text, expected) in [
        ("a$$b$A-${A}", Some("a$b1-1")),
        ("${E:-x}${E-y}${N:-${A}}${N-}", Some("x1")),
        ("${A:+x}${E:+y}${E+z}${N+w}", Some("xz")),
        ("${N:?why}${E:?}${E?}${A:?}", Some("${N:?}${E:?}1")),
        ("$N${N}", Some("")),
        ("$", None),
        ("${A", None),
        ("${A|x}", None),
        ("${A:}", None),
    ] {
        assert_eq!(substitute(text, &value).as_deref(), expected, "{text}");
    }
}

#[test]
fn a_reference_can_be_to_another_variable() {
    for (text, expected) in [
        ("u:${A:-x}@h/$A-${A:?no}", Some("u:${B}@h/${B}-${B}")),
        ("${N:-x${A}}$$A${AB}$N", Some("${N:-x${B}}$$A${AB}$N")),
        ("${A:+x}", None),
        ("$$A $AB", None),
        ("${A", None),
    ] {
        assert_eq!(renamed(text, "A", "B").as_deref(), expected, "{text}");
    }
}

#[test]
fn each_form_of_a_reference_is_read() {
    let single = |text: &str| Template::parse(text).unwrap().single().unwrap().clone();
    assert_eq!(single("$NAME"), single("${NAME}"));
    assert_eq!(single("${A:?why}").otherwise, Otherwise::Required { also_empty: true });
    let alternative = Otherwise::Alternative { text: Template::parse("x").unwrap(), also_empty: false };
    assert_eq!(single("${A+x}").otherwise, alternative);
    let Otherwise::Default { text, also_empty } = single("${A:-x${B:-y}}").otherwise else { panic!() };
    assert!(also_empty && text.names() == ["B"]);
    assert_eq!(Template::parse("http://${H}:$P/x").unwrap().names(), ["H", "P"]);
    let nested = |depth| format!("{}x{}", "${A:-".repeat(depth), "}".repeat(depth));
    assert!(Template::parse(&nested(32)).is_some() && Template::parse(&nested(100_000)).is_none());
    for broken in ["$", "$ x", "${", "${}", "${1}", "$1", "${A:}", "${A!}"] {
        assert_eq!(Template::parse(broken), None, "{broken}");
    }
}
