//! Knows how a field of a profile is named: `services.auth-service.port`. Must not know what a field means.

use std::fmt;

/// The fields that a scalar in the place of their mapping stands for: `build: .` is `build: { context: . }`.
pub const SHORT_FIELDS: [&str; 4] = ["context", "name", "path", "size"];

/// The way from the top of a profile to one of its fields: keys, and positions in lists as decimal numbers.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct FieldPath(Vec<String>);

impl FieldPath {
    /// The profile as a whole.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// The field `key` below this one.
    #[must_use]
    pub fn key(&self, key: impl fmt::Display) -> Self {
        let mut steps = self.0.clone();
        steps.push(key.to_string());
        Self(steps)
    }

    /// The keys from the top.
    #[must_use]
    pub fn steps(&self) -> &[String] {
        &self.0
    }

    /// Reads a path as `--set` takes it: keys between dots; a key that has a dot itself stands in double quotes.
    ///
    /// Returns nothing where a key is empty or a quote is not closed.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut steps = Vec::new();
        let mut rest = text;
        loop {
            let (step, behind) = match rest.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"')?,
                None => rest.split_at(rest.find('.').unwrap_or(rest.len())),
            };
            if step.is_empty() {
                return None;
            }
            steps.push(step.to_owned());
            match behind.strip_prefix('.') {
                Some(behind) => rest = behind,
                None if behind.is_empty() => return Some(Self(steps)),
                None => return None,
            }
        }
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            if position > 0 {
                f.write_str(".")?;
            }
            if step.contains('.') {
                write!(f, "\"{step}\"")?;
            } else {
                f.write_str(step)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_read_back_as_written() {
        for text in ["port", "services.auth-service.port", r#"services.a.labels."com.example.x""#] {
            assert_eq!(FieldPath::parse(text).unwrap().to_string(), text);
        }
        for text in ["", ".", "a.", "a..b", r#"a."b"#, r#"a."b"c"#] {
            assert_eq!(FieldPath::parse(text), None, "{text}");
        }
    }
}
