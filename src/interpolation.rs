//! Knows how a text of a Compose file refers to variables
//! (<https://docs.docker.com/reference/compose-file/interpolation/>). Must not know what any variable holds.

/// A text with references to variables, its doubled dollars resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Part>);

/// How many defaults may stand inside of each other.
const DEEPEST: usize = 32;

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// What stands there.
    Text(String),
    /// What a variable holds.
    Reference(Reference),
}

/// A reference to a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The variable.
    pub name: String,
    /// What holds where it is not set.
    pub otherwise: Otherwise,
}

/// What holds where a variable is not set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Otherwise {
    /// Nothing: the empty text.
    Empty,
    /// A text.
    Default {
        /// The text.
        text: Template,
        /// Whether it holds where the variable is set to nothing as well.
        also_empty: bool,
    },
    /// Compose refuses to start.
    Required,
    /// The other way round: the text holds where the variable is set.
    Alternative,
}

impl Template {
    /// Reads a text; nothing where Compose would not take it either.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::parse_within(text, DEEPEST)
    }

    fn parse_within(text: &str, depth: usize) -> Option<Self> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('$') {
            plain.push_str(before);
            if let Some(after) = behind.strip_prefix('$') {
                plain.push('$');
                rest = after;
                continue;
            }
            let (reference, after) = Reference::begins(behind, depth)?;
            if reference.name.is_empty() {
                return None;
            }
            if !plain.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut plain)));
            }
            parts.push(Part::Reference(reference));
            rest = after;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Some(Self(parts))
    }

    /// A text with what its variables hold, as far as that is known; where it is not, their defaults, and references
    /// without one as they are.
    #[must_use]
    pub fn filled(&self, value: &dyn Fn(&str) -> Option<String>) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Reference(Reference { name, otherwise }) => {
                match (value(name).filter(|it| !it.is_empty()), otherwise) {
                    (Some(value), _) => value,
                    (None, Otherwise::Default { text, .. }) => text.filled(value),
                    (None, Otherwise::Empty | Otherwise::Required | Otherwise::Alternative) => format!("${{{name}}}"),
                }
            }
        };
        self.0.iter().map(part).collect()
    }

    /// The text that is one reference.
    #[must_use]
    pub fn of(reference: Reference) -> Self {
        Self(vec![Part::Reference(reference)])
    }

    /// Its parts.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.0
    }

    /// The text, where it refers to nothing.
    #[must_use]
    pub fn literal(&self) -> Option<&str> {
        match self.0.as_slice() {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            [Part::Reference(_)] | [_, _, ..] => None,
        }
    }

    /// The reference that is the whole text.
    #[must_use]
    pub fn single(&self) -> Option<&Reference> {
        match self.0.as_slice() {
            [Part::Reference(reference)] => Some(reference),
            [] | [Part::Text(_)] | [_, _, ..] => None,
        }
    }

    /// Every reference in it, also those in defaults.
    #[must_use]
    pub fn references(&self) -> Vec<&Reference> {
        let mut references = Vec::new();
        for part in &self.0 {
            if let Part::Reference(reference) = part {
                references.push(reference);
                if let Otherwise::Default { text, .. } = &reference.otherwise {
                    references.extend(text.references());
                }
            }
        }
        references
    }

    /// Every variable that it refers to.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.references().into_iter().map(|reference| reference.name.as_str()).collect()
    }
}

impl Reference {
    /// The reference that stands behind a dollar, and what follows it.
    fn begins(behind: &str, depth: usize) -> Option<(Self, &str)> {
        if let Some(inner) = behind.strip_prefix('{') {
            let end = closing_brace(inner)?;
            return Some((Self::parse(inner.get(..end)?, depth)?, inner.get(end + 1..)?));
        }
        let name = name_of(behind);
        Some((Self { name: name.to_owned(), otherwise: Otherwise::Empty }, behind.get(name.len()..)?))
    }

    fn parse(inner: &str, depth: usize) -> Option<Self> {
        let name = name_of(inner);
        let operator = inner.get(name.len()..)?;
        let (also_empty, operation) = match operator.strip_prefix(':') {
            Some(operation) => (true, operation),
            None => (false, operator),
        };
        let otherwise = match (operation.chars().next(), operation.get(1..)) {
            (None, _) if !also_empty => Otherwise::Empty,
            (Some('-'), Some(text)) => {
                let text = Template::parse_within(text, depth.checked_sub(1)?)?;
                Otherwise::Default { text, also_empty }
            }
            (Some('?'), _) => Otherwise::Required,
            (Some('+'), _) => Otherwise::Alternative,
            (_, _) => return None,
        };
        Some(Self { name: name.to_owned(), otherwise })
    }
}

/// The longest text that variables make of another one: a long value may be referred to many times.
const LONGEST: usize = 1024 * 1024;

/// A text with its references replaced as Compose does. Where it would refuse to start, the reference stays there as
/// `${NAME:?}`. Nothing for a text that it would not take.
#[must_use]
pub fn substitute(text: &str, value: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    substitute_within(text, value, DEEPEST)
}

fn substitute_within(text: &str, value: &dyn Fn(&str) -> Option<String>, depth: usize) -> Option<String> {
    let mut made = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('$') {
        made.push_str(before);
        if made.len() > LONGEST {
            return None;
        }
        if let Some(after) = behind.strip_prefix('$') {
            made.push('$');
            rest = after;
        } else if let Some(inner) = behind.strip_prefix('{') {
            let end = closing_brace(inner)?;
            made.push_str(&replaced(inner.get(..end)?, value, depth)?);
            rest = inner.get(end + 1..)?;
        } else {
            let name = Some(name_of(behind)).filter(|name| !name.is_empty())?;
            made.push_str(&value(name).unwrap_or_default());
            rest = behind.get(name.len()..)?;
        }
    }
    made.push_str(rest);
    Some(made)
}

/// What stands in the place of `${…}`.
fn replaced(inner: &str, value: &dyn Fn(&str) -> Option<String>, depth: usize) -> Option<String> {
    let name = Some(name_of(inner)).filter(|name| !name.is_empty())?;
    let operator = inner.get(name.len()..)?;
    let (also_empty, operation) = match operator.strip_prefix(':') {
        Some(operation) => (true, operation),
        None => (false, operator),
    };
    let text = |depth: usize| substitute_within(operation.get(1..)?, value, depth.checked_sub(1)?);
    let held = value(name).filter(|held| !(also_empty && held.is_empty()));
    match (operation.chars().next(), held) {
        (None, _) if also_empty => None,
        (None, held) => Some(held.unwrap_or_default()),
        (Some('-' | '?'), Some(held)) => Some(held),
        (Some('-'), None) | (Some('+'), Some(_)) => text(depth),
        (Some('+'), None) => Some(String::new()),
        (Some('?'), None) => Some(format!("${{{name}:?}}")),
        (Some(_), _) => None,
    }
}

/// The variable's name that a text starts with; empty where it starts with none.
fn name_of(text: &str) -> &str {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return "";
    }
    text.split_once(|c: char| !is_name(c)).map_or(text, |(name, _)| name)
}

/// Where the brace closes that was opened before this text.
fn closing_brace(text: &str) -> Option<usize> {
    let mut depth = 1;
    let mut before = ' ';
    for (at, character) in text.char_indices() {
        match character {
            '{' if before == '$' => depth += 1,
            '}' if depth == 1 => return Some(at),
            '}' => depth -= 1,
            _ => {}
        }
        before = character;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_that_are_doubled_are_texts() {
        assert_eq!(Template::parse("a$$b$${X}").unwrap().literal(), Some("a$b${X}"));
        assert_eq!(Template::parse("").unwrap().literal(), Some(""));
    }

    #[test]
    fn what_is_known_is_filled_in() {
        let filled = |text: &str| {
            let value =
                |name: &str| [("A", "1"), ("E", "")].iter().find(|(key, _)| *key == name).map(|it| it.1.to_owned());
            Template::parse(text).unwrap().filled(&value)
        };
        for (text, expected) in [
            ("a$$b", "a$b"),
            ("$A-${A:-x}-${A:?no}", "1-1-1"),
            ("${E:-x}${B-y}${B:-x${A}}", "xyx1"),
            ("${B}${B:?no}/$C", "${B}${B}/${C}"),
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
    fn each_form_of_a_reference_is_read() {
        let single = |text: &str| Template::parse(text).unwrap().single().unwrap().clone();
        assert_eq!(single("$NAME"), single("${NAME}"));
        assert_eq!(single("${A:?why}").otherwise, Otherwise::Required);
        assert_eq!(single("${A+x}").otherwise, Otherwise::Alternative);
        let Otherwise::Default { text, also_empty } = single("${A:-x${B:-y}}").otherwise else { panic!() };
        assert!(also_empty && text.names() == ["B"]);
        assert_eq!(Template::parse("http://${H}:$P/x").unwrap().names(), ["H", "P"]);
        let nested = |depth| format!("{}x{}", "${A:-".repeat(depth), "}".repeat(depth));
        assert!(Template::parse(&nested(32)).is_some() && Template::parse(&nested(100_000)).is_none());
        for broken in ["$", "$ x", "${", "${}", "${1}", "$1", "${A:}", "${A!}"] {
            assert_eq!(Template::parse(broken), None, "{broken}");
        }
    }
}
