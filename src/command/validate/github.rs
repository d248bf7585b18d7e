//! Knows the workflow commands of GitHub Actions, which annotate the lines of a pull request
//! (<https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands>). Must not know any rule.

use crate::report::{Diagnostic, Verdict};

/// One command for each fault and warning; one that several profiles inherit is told once.
pub(super) fn commands(verdicts: &[Verdict]) -> String {
    let mut commands: Vec<String> = Vec::new();
    for diagnostic in verdicts.iter().flat_map(|verdict| &verdict.diagnostics) {
        let command = command(diagnostic);
        if !commands.contains(&command) {
            commands.push(command);
        }
    }
    commands.concat()
}

fn command(diagnostic: &Diagnostic) -> String {
    let Diagnostic { code, severity, message, help, place, others: _ } = diagnostic;
    let text = escaped_data(&format!("{message}\nhelp: {help}"));
    format!(
        "::{severity} file={},line={},endLine={},col={},endColumn={},title={}::{text}\n",
        escaped_property(&place.file),
        place.line,
        place.end_line,
        place.column,
        place.end_column,
        escaped_property(code),
    )
}

/// A profile comes from a pull request: nothing in it may begin a command of its own.
fn escaped_data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn escaped_property(text: &str) -> String {
    escaped_data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_profile_begins_a_command() {
        assert_eq!(escaped_data("100%\r\n::error::x"), "100%25%0D%0A::error::x");
        assert_eq!(escaped_property("a:b,c\n%0A"), "a%3Ab%2Cc%0A%250A");
    }
}
