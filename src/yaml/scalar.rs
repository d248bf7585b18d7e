//! Knows what a scalar is by the core schema of YAML 1.2 (<https://yaml.org/spec/1.2.2/#103-core-schema>).
//! Must not know which field it stands in.

use std::borrow::Cow;

/// A scalar with its writing.
#[derive(Debug, Clone)]
pub struct Scalar<'text> {
    /// Its text, quotes and escapes resolved, otherwise as written: `1.10` stays `1.10`.
    pub text: Cow<'text, str>,
    /// Whether it was written without quotes, and so may be a number, a boolean or null.
    pub plain: bool,
}

/// What a scalar is to a reader of YAML 1.2; editors read profiles by the same rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScalarKind {
    /// Nothing, `~` or `null`.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number; one beyond 128 bits is the largest of them.
    Integer(i128),
    /// Any other number.
    Float,
    /// Everything else, and all that stands in quotes: `yes` and `12:30` are texts.
    Text,
}

impl Scalar<'_> {
    /// What the scalar is.
    #[must_use]
    pub fn kind(&self) -> ScalarKind {
        if !self.plain {
            return ScalarKind::Text;
        }
        match self.text.as_ref() {
            "" | "~" | "null" | "Null" | "NULL" => ScalarKind::Null,
            "true" | "True" | "TRUE" => ScalarKind::Boolean(true),
            "false" | "False" | "FALSE" => ScalarKind::Boolean(false),
            text if is_integer(text) => ScalarKind::Integer(integer(text)),
            text if is_float(text) => ScalarKind::Float,
            _ => ScalarKind::Text,
        }
    }

    /// The kind as a message says it: `the number`, `the text` …
    #[must_use]
    pub fn kind_name(&self) -> &'static str {
        match self.kind() {
            ScalarKind::Null => "nothing",
            ScalarKind::Boolean(_) => "the boolean",
            ScalarKind::Integer(_) | ScalarKind::Float => "the number",
            ScalarKind::Text => "the text",
        }
    }
}

fn is_integer(text: &str) -> bool {
    if let Some(digits) = text.strip_prefix("0o") {
        return all(digits, |c| matches!(c, b'0'..=b'7'));
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return all(digits, |c| c.is_ascii_hexdigit());
    }
    all(unsigned(text), |c| c.is_ascii_digit())
}

fn integer(text: &str) -> i128 {
    parse_integer(text).unwrap_or(i128::MAX)
}

fn parse_integer(text: &str) -> Result<i128, std::num::ParseIntError> {
    if let Some(digits) = text.strip_prefix("0o") {
        return i128::from_str_radix(digits, 8);
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return i128::from_str_radix(digits, 16);
    }
    text.parse()
}

fn is_float(text: &str) -> bool {
    if text == ".nan" || text == ".NaN" || text == ".NAN" {
        return true;
    }
    let unsigned = unsigned(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
        return true;
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |part: &str| part.bytes().all(|c| c.is_ascii_digit());
    digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|exponent| all(self::unsigned(exponent), |c| c.is_ascii_digit()))
}

fn unsigned(text: &str) -> &str {
    text.strip_prefix(['-', '+']).unwrap_or(text)
}

fn all(text: &str, accepts: impl Fn(u8) -> bool) -> bool {
    !text.is_empty() && text.bytes().all(accepts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> ScalarKind {
        Scalar { text: text.into(), plain: true }.kind()
    }

    #[test]
    fn plain_scalars_follow_the_core_schema() {
        for text in ["yes", "on", "12:30", "1_000", "0b1", "1.2.3", "2024-01-01", "-", ".", "1e", "nan", "0o8"] {
            assert_eq!(kind(text), ScalarKind::Text, "{text}");
        }
        for text in ["1.10", "1e3", "-.5", "+1.", "6.02E+23", ".inf", "-.INF", ".NaN"] {
            assert_eq!(kind(text), ScalarKind::Float, "{text}");
        }
        assert_eq!(kind("0777"), ScalarKind::Integer(777));
        assert_eq!(kind("0x1F"), ScalarKind::Integer(31));
        assert_eq!(kind("0o17"), ScalarKind::Integer(15));
        assert_eq!(kind(&"9".repeat(50)), ScalarKind::Integer(i128::MAX));
        assert_eq!(kind("~"), ScalarKind::Null);
        assert_eq!(kind("True"), ScalarKind::Boolean(true));
    }
}
