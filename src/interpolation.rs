//! Knows how a text of a Compose file refers to variables
//! (<https://docs.docker.com/reference/compose-file/interpolation/>). Must not know what any variable holds.

#[cfg(test)]
mod tests;

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
    Required {
        /// Whether it does so where the variable is set to nothing as well.
        also_empty: bool,
    },
    /// The other way round: the text holds where the variable is set, and nothing where it is not.
    Alternative {
        /// The text.
        text: Template,
        /// Whether a variable that is set to nothing counts as one that is not set.
        also_empty: bool,
    },
}

/// What is known of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// Nothing sets it.
    Unset,
    /// It is set, and not to the same for all who read it.
    Unsure,
    /// It holds this.
    Value(String),
}

impl From<Option<String>> for Held {
    fn from(value: Option<String>) -> Self {
        value.map_or(Self::Unset, Self::Value)
    }
}

/// The longest text that variables make of another one: a long value may be referred to many times.
const LONGEST: usize = 1024 * 1024;

/// What stands in the place of a reference to a variable that nothing sets, and that has no default; nothing where there is
/// no such text.
type Unset<'u> = &'u dyn Fn(&Reference) -> Option<String>;

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

    /// The text with its references replaced as Compose does. Nothing where it is not sure what a variable holds, where
    /// `unset` has no answer, and where the text would be longer than any that is meant.
    #[must_use]
    pub fn fill(&self, held: &dyn Fn(&str) -> Held, unset: Unset<'_>) -> Option<String> {
        let mut filled = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => filled.push_str(text),
                // a long value that is referred to many times
                Part::Reference(_) if filled.len() > LONGEST => return None,
                Part::Reference(reference) => filled.push_str(&reference.fill(held, unset)?),
            }
        }
        Some(filled)
    }

    /// The text with what its variables hold, as far as that is known; where it is not, their defaults, and references
    /// without one as they are.
    #[must_use]
    pub fn filled(&self, value: &dyn Fn(&str) -> Option<String>) -> String {
        let known = |name: &str| Held::from(value(name).filter(|value| !value.is_empty()));
        self.fill(&known, &|reference| Some(format!("${{{}}}", reference.name))).unwrap_or_default()
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

    /// Every reference in it, also those in defaults and alternatives.
    #[must_use]
    pub fn references(&self) -> Vec<&Reference> {
        let mut references = Vec::new();
        for part in &self.0 {
            if let Part::Reference(reference) = part {
                references.push(reference);
                if let Otherwise::Default { text, .. } | Otherwise::Alternative { text, .. } = &reference.otherwise {
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
        let text = || Template::parse_within(operation.get(1..)?, depth.checked_sub(1)?);
        let otherwise = match operation.chars().next() {
            None if !also_empty => Otherwise::Empty,
            Some('-') => Otherwise::Default { text: text()?, also_empty },
            Some('?') => Otherwise::Required { also_empty },
            Some('+') => Otherwise::Alternative { text: text()?, also_empty },
            Some(_) | None => return None,
        };
        Some(Self { name: name.to_owned(), otherwise })
    }

    fn fill(&self, held: &dyn Fn(&str) -> Held, unset: Unset<'_>) -> Option<String> {
        let is_void = |also_empty: bool, value: &str| also_empty && value.is_empty();
        match (held(&self.name), &self.otherwise) {
            (Held::Unsure, _) => None,
            (Held::Value(value), Otherwise::Alternative { text, also_empty }) => {
                if is_void(*also_empty, &value) {
                    Some(String::new())
                } else {
                    text.fill(held, unset)
                }
            }
            (Held::Value(value), Otherwise::Default { text, also_empty }) if is_void(*also_empty, &value) => {
                text.fill(held, unset)
            }
            (Held::Value(value), Otherwise::Required { also_empty }) if is_void(*also_empty, &value) => unset(self),
            (Held::Value(value), Otherwise::Empty | Otherwise::Default { .. } | Otherwise::Required { .. }) => {
                Some(value)
            }
            (Held::Unset, Otherwise::Default { text, .. }) => text.fill(held, unset),
            (Held::Unset, Otherwise::Empty | Otherwise::Required { .. } | Otherwise::Alternative { .. }) => unset(self),
        }
    }
}

/// A text with its references replaced as Compose does. Where it would refuse to start, the reference stays there as
/// `${NAME:?}`. Nothing for a text that it would not take.
#[must_use]
pub fn substitute(text: &str, value: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    if !text.contains('$') {
        return Some(text.to_owned());
    }
    let unset = |reference: &Reference| match reference.otherwise {
        Otherwise::Required { .. } => Some(format!("${{{}:?}}", reference.name)),
        Otherwise::Empty | Otherwise::Default { .. } | Otherwise::Alternative { .. } => Some(String::new()),
    };
    Template::parse(text)?.fill(&|name| Held::from(value(name)), &unset)
}

/// A text whose references to a variable are to another one, which is always set: without defaults, which would never hold.
/// Nothing where no reference is to it, or where Compose would not take the text.
#[must_use]
pub fn renamed(text: &str, from: &str, to: &str) -> Option<String> {
    let mut made = String::new();
    let mut rest = text;
    let mut is_changed = false;
    while let Some((before, behind)) = rest.split_once('$') {
        made.push_str(before);
        if let Some(after) = behind.strip_prefix('$') {
            made.push_str("$$");
            rest = after;
            continue;
        }
        let (reference, after) = Reference::begins(behind, DEEPEST)?;
        let written = behind.get(..behind.len() - after.len())?;
        let has_text = matches!(reference.otherwise, Otherwise::Alternative { .. });
        if reference.name == from && !has_text {
            made.extend(["${", to, "}"]);
            is_changed = true;
        } else {
            let inner = written.strip_prefix('{').and_then(|inner| inner.strip_suffix('}'));
            let operation = inner.and_then(|inner| inner.get(reference.name.len()..)).unwrap_or_default();
            match renamed(operation, from, to) {
                Some(operation) => {
                    made.extend(["${", &reference.name, &operation, "}"]);
                    is_changed = true;
                }
                None => made.extend(["$", written]),
            }
        }
        rest = after;
    }
    made.push_str(rest);
    is_changed.then_some(made)
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
