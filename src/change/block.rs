//! Knows how the block of codelab-gen comes into a `.env` that is the user's, and how such a file is adopted.
//! Must not know which keys the block has, nor show a value.

use std::collections::HashMap;

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
    if existing.block.is_none() { adopt(block, existing, &ours) } else { replace(block, existing, &ours) }
}

/// An example that is the user's with the block in it: of his lines of its keys no value stays, which may be a secret; all
/// others stay. Nothing where the file has marks that can't be told apart, or is codelab-gen's whole.
pub(super) fn complete(block: &str, existing: &str) -> Option<String> {
    const HEAD: &str = "# These lines are kept by hand, but for the block of codelab-gen.\n\n";
    let file = DotenvFile::read(existing);
    let is_of_windows = fault(&file) == Some(RefusalReason::CarriageReturns);
    let file = if is_of_windows { DotenvFile::read(&existing.replace("\r\n", "\n")) } else { file };
    let ours = dotenv::read(block).unwrap_or_default();
    let ours: Ours<'_> = ours.iter().map(|entry| (entry.key.as_str(), entry)).collect();
    let parts = file.users_parts().ok().filter(|_| fault(&file).is_none())?;
    if file.block.is_none() {
        let left = Left::of(parts.iter(), &parts, &ours, true);
        let (above, below) = left.text.split_at_checked(left.place.unwrap_or(left.text.len()))?;
        let above = above.trim_end_matches('\n');
        let above = if above.is_empty() { HEAD.to_owned() } else { format!("{above}\n\n") };
        return Some(if below.is_empty() { format!("{above}{block}") } else { format!("{above}{block}\n{below}") });
    }
    let first = file.before.matches('\n').count();
    let before = Left::of(parts.iter().filter(|part| part.line <= first), &parts, &ours, true);
    let after = Left::of(parts.iter().filter(|part| part.line > first), &parts, &ours, true);
    (!before.text.is_empty()).then(|| format!("{}{block}{}", before.text, after.text))
}

/// A file with a block: that is replaced, and lines of the user's that have become keys of the block move into it.
fn replace(block: &str, existing: &DotenvFile, ours: &Ours<'_>) -> Result<String, Vec<RefusalReason>> {
    let odd = |odd: &OddLine| vec![RefusalReason::OddLine(odd.0)];
    let old = existing.entries.as_ref().map_err(odd)?;
    let old: HashMap<&str, usize> = old.iter().map(|entry| (entry.key.as_str(), entry.line)).collect();
    let parts = managed_parts(existing, |key| ours.contains_key(key) && !old.contains_key(key))?;
    let clash = |part: &UserPart<'_>| {
        let key = part.key.filter(|key| ours.contains_key(key))?;
        Some(RefusalReason::KeyOutside { key: key.to_owned(), inside: *old.get(key)?, outside: part.line })
    };
    let clashes: Vec<_> = parts.iter().filter_map(clash).collect();
    if !clashes.is_empty() {
        return Err(clashes);
    }
    if parts.iter().all(|part| part.key.is_none_or(|key| !ours.contains_key(key))) {
        return Ok([&existing.before, block, &existing.after].concat());
    }
    let first = existing.before.matches('\n').count();
    let before = Left::of(parts.iter().filter(|part| part.line <= first), &parts, ours, false);
    let after = Left::of(parts.iter().filter(|part| part.line > first), &parts, ours, false);
    let (above, below) = before.text.split_at_checked(before.place.unwrap_or(before.text.len())).unwrap_or_default();
    Ok(format!("{above}{block}{below}{}", after.text))
}

/// A file without a block: lines that say what the block says move into it, lines that say something else stay as
/// comments, all others stay as they are. A line can only refer to what stands before it, so the block comes before the
/// first one that refers to one of its keys; behind all lines where none does.
fn adopt(block: &str, existing: &DotenvFile, ours: &Ours<'_>) -> Result<String, Vec<RefusalReason>> {
    let parts = managed_parts(existing, |key| ours.contains_key(key))?;
    let Left { text, place } = Left::of(parts.iter(), &parts, ours, false);
    let (before, behind) = text.split_at_checked(place.unwrap_or(text.len())).unwrap_or((&text, ""));
    let before = before.trim_end_matches('\n');
    let before = if before.is_empty() { String::new() } else { format!("{before}\n\n") };
    Ok(if behind.is_empty() { format!("{before}{block}") } else { format!("{before}{block}\n{behind}") })
}

/// What is left of a user's lines when the block has taken what is its own.
struct Left {
    text: String,
    /// Where the first line begins that refers to a key of the block.
    place: Option<usize>,
}

impl Left {
    fn of<'p, 'text: 'p>(
        parts: impl Iterator<Item = &'p UserPart<'text>>,
        all: &[UserPart<'_>],
        ours: &Ours<'_>,
        is_example: bool,
    ) -> Self {
        let last = last_lines(all);
        let mut left = Self { text: String::new(), place: None };
        for part in parts {
            let entry = part.key.and_then(|key| ours.get(key));
            let is_last = part.key.is_some_and(|key| last.get(key) == Some(&part.line));
            match entry {
                None => {
                    if left.place.is_none() && refers_to(part.text, ours) {
                        left.place = Some(before_comments(&left.text));
                    }
                    left.text.push_str(part.text);
                }
                Some(entry) if is_last && part.to_compose.as_deref() == Some(entry.value.as_str()) => {
                    left.text.extend(part.remark.into_iter().flat_map(|remark| [remark, "\n"]));
                }
                Some(_) if is_example => {
                    let remark = part.remark.unwrap_or_default();
                    left.text.extend([REPLACED, part.key.unwrap_or_default(), "=", remark, "\n"]);
                }
                Some(_) => {
                    for line in part.text.lines() {
                        left.text.extend([REPLACED, line, "\n"]);
                    }
                }
            }
        }
        left
    }
}

/// The line of each key that counts: of one that stands twice the last.
fn last_lines<'text>(parts: &[UserPart<'text>]) -> HashMap<&'text str, usize> {
    parts.iter().filter_map(|part| Some((part.key?, part.line))).collect()
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

/// A user's lines, once it is sure what Docker Compose takes all keys that matter for.
///
/// # Errors
/// Every line of such a key that is not.
pub(super) fn managed_parts(
    file: &DotenvFile,
    matters: impl Fn(&str) -> bool,
) -> Result<Vec<UserPart<'_>>, Vec<RefusalReason>> {
    let parts = file.users_parts().map_err(|odd| vec![RefusalReason::OddLine(odd.0)])?;
    let last = last_lines(&parts);
    let reason = |part: &UserPart<'_>| {
        let key = part.key.filter(|key| matters(key) && last.get(key) == Some(&part.line))?;
        part.to_compose.is_none().then(|| RefusalReason::OddValue { key: key.to_owned(), line: part.line })
    };
    let reasons: Vec<_> = parts.iter().filter_map(reason).collect();
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
    fn an_example_of_the_users_keeps_his_lines_and_gets_the_block() {
        let head = "# These lines are kept by hand, but for the block of codelab-gen.\n\n";
        let replaced = "# replaced by the block of codelab-gen: ";
        for (text, expected) in [
            ("# how\nA=1\nC=3\n", format!("# how\nC=3\n\n{BLOCK}")),
            ("A=change me # why\nC=\n", format!("{replaced}A=# why\nC=\n\n{BLOCK}")),
            ("A=$NONE\n", format!("{replaced}A=\n\n{BLOCK}")),
            ("A=1\nB=2\n", format!("{head}{BLOCK}")),
            ("D=${A}\n", format!("{head}{BLOCK}\nD=${{A}}\n")),
        ] {
            assert_eq!(complete(BLOCK, text).as_deref(), Some(expected.as_str()), "{text}");
            assert_eq!(complete(BLOCK, &expected).as_deref(), Some(expected.as_str()), "a second time nothing changes");
        }
        let other = BLOCK.replace("B=2", "B=3");
        assert_eq!(
            complete(BLOCK, &format!("C=3\n{other}B=1\nD=4\n")),
            Some(format!("C=3\n{BLOCK}{replaced}B=\nD=4\n"))
        );
        assert_eq!(complete(BLOCK, &other), None, "it is ours whole");
        assert_eq!(complete(BLOCK, &format!("C=3\n{BLOCK}{BLOCK}")), None);
    }

    #[test]
    fn what_readers_would_read_differently_is_refused_with_its_line() {
        for (text, reason) in [
            ("X=\"open\nA=1\n", vec![RefusalReason::OddLine(1)]),
            ("X=$NONE\nA=\"a\\nb\"\nB=$NONE\n", vec![odd("A", 2), odd("B", 3)]),
        ] {
            assert_eq!(placed(text), Err(reason), "{text}");
        }
    }

    fn odd(key: &str, line: usize) -> RefusalReason {
        RefusalReason::OddValue { key: key.to_owned(), line }
    }

    #[test]
    fn what_only_others_would_read_otherwise_is_taken_as_compose_takes_it() {
        for (text, left) in [
            ("X=1\nexport A=1\n", "X=1\n\n"),
            ("A=1 # why\nX=1\n", "# why\nX=1\n\n"),
            ("A=1\r\nX=2\r\n", "X=2\r\n\n"),
            ("\u{feff}A=1\n", ""),
            ("A=\"1\"\nX=2", "X=2\n\n"),
            ("Y=1\nA=${Y}\n", "Y=1\n\n"),
            ("A=2\nA=1\n", "# replaced by the block of codelab-gen: A=2\n\n"),
            (
                "A=1\nA=2\n",
                "# replaced by the block of codelab-gen: A=1\n# replaced by the block of codelab-gen: A=2\n\n",
            ),
        ] {
            assert_eq!(placed(text), Ok(format!("{left}{BLOCK}")), "{text}");
        }
    }

    #[test]
    fn lines_that_have_become_keys_of_the_block_move_into_it() {
        let old = BLOCK.replace("B=2\n", "");
        for (text, expected) in [
            (format!("B=2\nC=3\n\n{old}D=4\n"), format!("C=3\n\n{BLOCK}D=4\n")),
            (format!("C=3\n{old}D=4\nB=2 # why\n"), format!("C=3\n{BLOCK}D=4\n# why\n")),
            (format!("B=1\n{old}"), format!("# replaced by the block of codelab-gen: B=1\n{BLOCK}")),
            (format!("C=3\nB=2\nD=${{B}}\n{old}"), format!("C=3\n{BLOCK}D=${{B}}\n")),
            (format!("C=3\n{old}D=${{B}}\n"), format!("C=3\n{BLOCK}D=${{B}}\n")),
        ] {
            assert_eq!(placed(&text).as_deref(), Ok(expected.as_str()), "{text}");
            assert_eq!(placed(&expected).as_deref(), Ok(expected.as_str()), "a second time nothing changes");
        }
        assert_eq!(placed(&format!("B=$NONE\n{old}")), Err(vec![odd("B", 1)]));
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
