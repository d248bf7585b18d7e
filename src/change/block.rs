//! Knows how the block of codelab-gen comes into a `.env` that is the user's, and how such a file is adopted.
//! Must not know which keys the block has, nor show a value.

use std::collections::{HashMap, HashSet};

use super::RefusalReason;
use crate::dotenv::{self, DotenvFile, Entry, OddLine, UserPart};
use crate::interpolation::Template;

/// What stands before a line of the user's that the block replaces with another value.
const REPLACED: &str = "# replaced by the block of codelab-gen: ";

/// What makes a `.env` unreadable that has codelab-gen's marks, or what was left of them.
pub(super) fn fault(file: &DotenvFile) -> Option<RefusalReason> {
    match &file.block {
        Some(block) if block.contains('\r') => Some(RefusalReason::CarriageReturns),
        None if file.has_broken_marks() => Some(RefusalReason::BrokenMarks),
        Some(_) | None => None,
    }
}

/// The entries of the new block, by key.
type Ours<'e> = HashMap<&'e str, &'e Entry>;

/// The file with the new block in it: in the place of the old one, else behind the user's lines.
///
/// # Errors
/// Where the file can't be read for sure, or has a key of the block a second time.
pub fn place(block: &str, existing: &DotenvFile) -> Result<String, Vec<RefusalReason>> {
    if let Some(reason) = fault(existing) {
        return Err(vec![reason]);
    }
    let ours = dotenv::read(block).unwrap_or_default();
    let ours: Ours<'_> = ours.iter().map(|entry| (entry.key.as_str(), entry)).collect();
    if existing.block.is_none() {
        return adopt(block, existing, &ours);
    }
    let odd = |odd: OddLine| vec![RefusalReason::OddLine(odd.0)];
    existing.entries.as_ref().map_err(|line| odd(*line))?;
    let inside = existing.before.matches('\n').count();
    let clash = |part: &UserPart<'_>| {
        let entry = ours.get(part.key?)?;
        Some(RefusalReason::KeyOutside { key: entry.key.clone(), inside: inside + entry.line, outside: part.line })
    };
    let clashes: Vec<_> = existing.users_parts().map_err(odd)?.iter().filter_map(clash).collect();
    if clashes.is_empty() { Ok([&existing.before, block, &existing.after].concat()) } else { Err(clashes) }
}

/// A file without a block: lines that say what the block says move into it, lines that say something else stay as
/// comments, all others stay as they are. A line can only refer to what stands before it, so the block comes before the
/// first one that refers to one of its keys; behind all lines where none does.
fn adopt(block: &str, existing: &DotenvFile, ours: &Ours<'_>) -> Result<String, Vec<RefusalReason>> {
    let parts = managed_parts(existing, |key| ours.contains_key(key))?;
    let mut text = String::new();
    let mut place = None;
    for part in &parts {
        match part.key.and_then(|key| ours.get(key)) {
            None => {
                if place.is_none() && refers_to(part.text, ours) {
                    place = Some(before_comments(&text));
                }
                text.push_str(part.text);
            }
            Some(entry) if part.value.as_deref() == Some(entry.value.as_str()) => {}
            Some(_) => {
                for line in part.text.lines() {
                    text.extend([REPLACED, line, "\n"]);
                }
            }
        }
    }
    let (before, behind) = text.split_at_checked(place.unwrap_or(text.len())).unwrap_or((&text, ""));
    let before = before.trim_end_matches('\n');
    let before = if before.is_empty() { String::new() } else { format!("{before}\n\n") };
    Ok(if behind.is_empty() { format!("{before}{block}") } else { format!("{before}{block}\n{behind}") })
}

/// Whether a line takes over the value of a key of the block; in single quotes a reference is a text.
fn refers_to(line: &str, ours: &Ours<'_>) -> bool {
    let Some((_, value)) = line.split_once('=').filter(|(key, value)| !key.contains('#') && value.contains('$')) else {
        return false;
    };
    let is_plain = value.trim_start().starts_with('\'');
    let names = |template: Template| template.names().iter().any(|name| ours.contains_key(name));
    !is_plain && Template::parse(value).is_some_and(names)
}

/// Where the comments begin that stand directly above the end of a text, and belong to what follows it.
fn before_comments(text: &str) -> usize {
    let is_comment = |line: &&str| line.starts_with('#');
    text.len() - text.split_inclusive('\n').rev().take_while(is_comment).map(str::len).sum::<usize>()
}

/// The user's lines of a file without a block, once it is sure what all keys that matter hold.
///
/// # Errors
/// Where such a key is written in a form that readers read differently, or twice.
pub(super) fn managed_parts(
    file: &DotenvFile,
    matters: impl Fn(&str) -> bool,
) -> Result<Vec<UserPart<'_>>, Vec<RefusalReason>> {
    let parts = file.users_parts().map_err(|odd| vec![RefusalReason::OddLine(odd.0)])?;
    let mut reasons = Vec::new();
    let mut seen: HashSet<&str> = HashSet::new();
    for part in &parts {
        let Some(key) = part.key.filter(|key| matters(key)) else { continue };
        if part.value.is_none() {
            reasons.push(RefusalReason::OddLine(part.line));
        } else if seen.contains(key) {
            reasons.push(RefusalReason::KeyTwice { key: key.to_owned(), line: part.line });
        }
        seen.insert(key);
    }
    if reasons.is_empty() { Ok(parts) } else { Err(reasons) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: &str = "# >>> codelab-gen: x\nA=1\nB=2\n# <<< codelab-gen\n";

    fn placed(existing: &str) -> Result<String, Vec<RefusalReason>> {
        place(BLOCK, &DotenvFile::read(existing))
    }

    #[test]
    fn a_file_without_a_block_is_adopted_and_loses_nothing() {
        let adopted = placed("# mine\nC=3\nA=1\nB='other'\nexport D=4\n\n").unwrap_or_default();
        let expected = "# mine\nC=3\n# replaced by the block of codelab-gen: B='other'\nexport D=4\n\n";
        assert_eq!(adopted, format!("{expected}{BLOCK}"));
        assert_eq!(placed(&adopted).as_deref(), Ok(adopted.as_str()), "a second time nothing changes");
        assert_eq!(placed("").as_deref(), Ok(BLOCK));
        assert_eq!(placed("A=1").as_deref(), Ok(BLOCK));
    }

    #[test]
    fn a_block_comes_before_what_refers_to_its_keys() {
        for (text, before, behind) in [
            ("C=3\nA=1\nD=x-${A}\nE=5\n", "C=3\n\n", "\nD=x-${A}\nE=5\n"),
            ("A=1\n# why\n# so\nD=\"$B\"\n", "", "\n# why\n# so\nD=\"$B\"\n"),
            ("D=${X:-${A}}\n", "", "\nD=${X:-${A}}\n"),
            ("D='${A}'\nE=${C}\n#F=${A}\nG=a\n", "D='${A}'\nE=${C}\n#F=${A}\nG=a\n\n", ""),
        ] {
            let adopted = placed(text).unwrap_or_default();
            assert_eq!(adopted, format!("{before}{BLOCK}{behind}"), "{text}");
            assert_eq!(placed(&adopted).as_deref(), Ok(adopted.as_str()), "a second time nothing changes: {text}");
        }
    }

    #[test]
    fn what_readers_would_read_differently_is_refused_with_its_line() {
        for (text, reason) in [
            ("X=1\nexport A=1\n", RefusalReason::OddLine(2)),
            ("A=a b\n", RefusalReason::OddLine(1)),
            ("A=1\r\n", RefusalReason::OddLine(1)),
            ("\u{feff}A=1\n", RefusalReason::OddLine(1)),
            ("X=\"open\nA=1\n", RefusalReason::OddLine(1)),
            ("A=1\nA=2\n", RefusalReason::KeyTwice { key: "A".into(), line: 2 }),
        ] {
            assert_eq!(placed(text), Err(vec![reason]), "{text}");
        }
    }

    #[test]
    fn a_key_on_both_sides_is_told_with_both_lines() {
        let text = format!("X=1\nA=1\n{BLOCK}\nB=2\n");
        let expected = [
            RefusalReason::KeyOutside { key: "A".into(), inside: 4, outside: 2 },
            RefusalReason::KeyOutside { key: "B".into(), inside: 5, outside: 8 },
        ];
        assert_eq!(placed(&text), Err(expected.to_vec()));
    }

    #[test]
    fn marks_that_are_broken_or_end_as_on_windows_are_a_fault_of_the_file() {
        let windows = BLOCK.replace('\n', "\r\n");
        for (text, reason) in [
            (BLOCK.to_owned(), None),
            ("A=1\n".to_owned(), None),
            (format!("A=1\r\n{BLOCK}B=2\r\n"), None),
            (windows.clone(), Some(RefusalReason::CarriageReturns)),
            (BLOCK.replace("A=1\n", "A=1\r\n"), Some(RefusalReason::CarriageReturns)),
            (BLOCK.replace("# <<<", "#"), Some(RefusalReason::BrokenMarks)),
            (BLOCK.replace("# >>>", "#"), Some(RefusalReason::BrokenMarks)),
            (format!("{BLOCK}{BLOCK}"), Some(RefusalReason::BrokenMarks)),
        ] {
            assert_eq!(fault(&DotenvFile::read(&text)), reason, "{text}");
        }
        assert_eq!(placed(&windows), Err(vec![RefusalReason::CarriageReturns]));
    }

    #[test]
    fn an_odd_line_is_told_by_its_number_in_the_file_wherever_it_stands() {
        for (text, line) in [
            (format!("X=1\n{}", BLOCK.replace("B=2", "B=a b")), 4),
            (format!("X=1\nC=\"open\n{BLOCK}"), 2),
            (format!("X=1\n{BLOCK}Y=1\nC=\"open\n"), 7),
        ] {
            assert_eq!(placed(&text), Err(vec![RefusalReason::OddLine(line)]), "{text}");
        }
    }
}
