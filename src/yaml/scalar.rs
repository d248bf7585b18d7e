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

    /// What Docker Compose's reader makes of a scalar that is something else here: it takes `_` in numbers, `0b11`, dates
    /// and whole numbers beyond 64 bits, which become others (<https://yaml.org/type/int.html>).
    #[must_use]
    pub fn as_compose_reads_it(&self) -> Option<String> {
        if !self.plain {
            return None;
        }
        let text = self.text.as_ref();
        if is_date(text) {
            return Some(format!("{text} UTC"));
        }
        let bare = text.replace('_', "");
        let (sign, digits) = bare.strip_prefix('-').map_or(("", unsigned(&bare)), |digits| ("-", digits));
        let radix = digits.get(..2).and_then(|prefix| match prefix {
            "0b" | "0B" => Some(2),
            "0o" | "0O" => Some(8),
            "0x" | "0X" => Some(16),
            _ => None,
        });
        let begins_number = unsigned(text).starts_with(|c: char| c.is_ascii_digit() || c == '.');
        match radix {
            Some(radix) => {
                let value = i128::from_str_radix(digits.get(2..)?, radix).ok()?;
                // the short forms in small letters are those of YAML 1.2 as well
                let is_known = matches!(self.kind(), ScalarKind::Integer(_));
                (!is_known).then(|| format!("{sign}{value}"))
            }
            None if begins_number && bare != text && (is_integer(&bare) || is_float(&bare)) => Some(bare),
            None => {
                let is_long = |value: i128| value > u64::MAX.into() || value < i64::MIN.into();
                let is_rounded = matches!(self.kind(), ScalarKind::Integer(value) if is_long(value));
                bare.parse::<f64>().ok().filter(|_| is_rounded).map(|value| format!("{value:e}"))
            }
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

/// Whether a text begins as a date does, and has nothing that no date has.
fn is_date(text: &str) -> bool {
    if !all(text, |c| c.is_ascii_digit() || b"-:.+ tTzZ".contains(&c)) {
        return false;
    }
    let mut parts = text.splitn(3, '-');
    let year = parts.next().is_some_and(|year| year.len() == 4 && all(year, |c| c.is_ascii_digit()));
    let month = parts.next().is_some_and(|month| month.len() <= 2 && all(month, |c| c.is_ascii_digit()));
    let day = parts.next().is_some_and(|day| day.starts_with(|c: char| c.is_ascii_digit()));
    year && month && day
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
    fn what_compose_reads_otherwise_is_known() {
        let read = |text: &str| Scalar { text: text.into(), plain: true }.as_compose_reads_it();
        for (text, expected) in [
            ("1_000", "1000"),
            ("1__0", "10"),
            ("1_", "1"),
            ("1_0.5", "10.5"),
            ("0b11", "3"),
            ("0B1", "1"),
            ("0O17", "15"),
            ("0x_1F", "31"),
            ("-0x10", "-16"),
            ("18446744073709551616", "1.8446744073709552e19"),
            ("2024-01-01", "2024-01-01 UTC"),
            ("2024-1-1T10:00:00Z", "2024-1-1T10:00:00Z UTC"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "1000",
            "0x1F",
            "0o17",
            "0777",
            "1.5",
            "_1",
            "1.2.3",
            "10.0.0.1",
            "a_b",
            "12:30",
            "v1_0",
            "20240101-x",
            "b_1",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(Scalar { text: "1_000".into(), plain: false }.as_compose_reads_it(), None);
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
