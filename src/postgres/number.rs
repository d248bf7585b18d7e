//! Knows how PostgreSQL reads the number of a setting. Must not know what a setting is for.

/// The number with which a setting begins, and what stands behind it: a unit, or nothing.
///
/// Decimal with a fraction and an exponent, octal behind `0`, hexadecimal behind `0x`
/// (<https://www.postgresql.org/docs/current/config-setting.html#CONFIG-SETTING-NAMES-VALUES>).
#[must_use]
pub fn number(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    if let Some(behind) = text.strip_prefix('-') {
        let (number, unit) = number(behind).filter(|_| behind.starts_with(|c: char| c.is_ascii_digit() || c == '.'))?;
        return Some((-number, unit));
    }
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return whole(digits, 16);
    }
    let is_part = |c: char| c.is_ascii_digit() || c == '.';
    let mantissa = text.len() - text.trim_start_matches(is_part).len();
    let exponent = text.get(mantissa..).map_or(0, length_of_exponent);
    let (number, unit) = text.split_at_checked(mantissa + exponent)?;
    if number.len() > 1 && number.starts_with('0') && number.bytes().all(|digit| digit.is_ascii_digit()) {
        return whole(text, 8);
    }
    Some((number.parse().ok()?, unit.trim()))
}

/// The number of setting that counts something: a fraction is rounded.
#[must_use]
pub fn count(text: &str) -> Option<i128> {
    let (number, _) = number(text).filter(|(_, unit)| unit.is_empty())?;
    format!("{:.0}", number.round()).parse().ok()
}

fn whole(text: &str, radix: u32) -> Option<(f64, &str)> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_digit(radix)).len();
    let (digits, unit) = text.split_at_checked(digits)?;
    let number = u32::from_str_radix(digits, radix).ok()?;
    Some((f64::from(number), unit.trim()))
}

/// Bytes of an exponent such as `e3`; none where the `e` belongs to a unit.
fn length_of_exponent(text: &str) -> usize {
    let behind = text.trim_start_matches(['e', 'E']);
    let digits = behind.trim_start_matches(['+', '-']);
    let rest = digits.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_exponent = text.len() - behind.len() == 1 && behind.len() - digits.len() <= 1 && rest.len() < digits.len();
    if is_exponent { text.len() - rest.len() } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_by_the_server() {
        for (text, read) in [
            ("128MB", Some((128.0, "MB"))),
            (" 2 GB ", Some((2.0, "GB"))),
            ("0.5GB", Some((0.5, "GB"))),
            (".5GB", Some((0.5, "GB"))),
            ("1e3", Some((1000.0, ""))),
            ("1E+3kB", Some((1000.0, "kB"))),
            ("0x400", Some((1024.0, ""))),
            ("0100", Some((64.0, ""))),
            ("0", Some((0.0, ""))),
            ("0.0", Some((0.0, ""))),
            ("much", None),
            ("1.2.3", None),
            ("-1", Some((-1.0, ""))),
            ("-0x10kB", Some((-16.0, "kB"))),
            ("--1", None),
            ("- 1", None),
            ("0x", None),
            ("089", Some((0.0, "89"))),
            ("", None),
        ] {
            assert_eq!(number(text), read, "{text}");
        }
    }

    #[test]
    fn counts_are_whole_and_have_no_unit() {
        for (text, read) in
            [("200", Some(200)), ("1e3", Some(1000)), ("0x400", Some(1024)), ("99.6", Some(100)), ("10MB", None)]
        {
            assert_eq!(count(text), read, "{text}");
        }
    }
}
