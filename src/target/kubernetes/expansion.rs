//! Knows how a text is written where Kubernetes puts variables in the place of `$(NAME)`, and takes `$$` for a dollar: the
//! values of variables, and the words of a command. Must not know which texts there are.
//!
//! The rules are those of <https://github.com/kubernetes/kubernetes/blob/master/third_party/forked/golang/expansion/expand.go>.

use crate::yaml::document::Value;

/// A text that arrives as it is.
pub(super) fn literal(text: &str) -> Value {
    Value::text(escaped(text))
}

/// The words of a command on one line.
pub(super) fn command<'w>(words: impl IntoIterator<Item = &'w str>) -> Value {
    words.into_iter().map(|word| Value::quoted(escaped(word))).collect::<Value>().on_one_line()
}

/// A script as a word of a command.
pub(super) fn script(text: &str) -> Value {
    Value::lines(escaped(text))
}

/// A dollar alone stays one, unless a parenthesis follows.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let (before, behind) = rest.split_at(at);
        let next = behind.trim_start_matches('$');
        let dollars = behind.len() - next.len();
        let is_live = dollars > 1 || next.starts_with('(');
        escaped.push_str(before);
        escaped.extend(std::iter::repeat_n('$', if is_live { 2 * dollars } else { dollars }));
        rest = next;
    }
    escaped.push_str(rest);
    escaped
}

/// What a text is for a program, where none of its references is known.
pub(super) fn unescaped(text: &str) -> String {
    text.replace("$$", "$")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the kubelet makes of a text, with one variable.
    fn expanded(text: &str) -> String {
        let mut expanded = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            let (before, behind) = rest.split_at(at);
            expanded.push_str(before);
            let behind = &behind[1..];
            if let Some(next) = behind.strip_prefix('$') {
                expanded.push('$');
                rest = next;
            } else if let Some((name, next)) = behind.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
                expanded.push_str(&if name == "VAR" { "its value".to_owned() } else { format!("$({name})") });
                rest = next;
            } else {
                expanded.push('$');
                rest = behind;
            }
        }
        expanded + rest
    }

    #[test]
    fn every_text_arrives_as_it_is() {
        assert_eq!(expanded("$(VAR) $$(VAR) $(OTHER)"), "its value $(VAR) $(OTHER)");
        let parts = ["$", "$$", "$$$", "(", ")", "VAR", "$(VAR)", "$$(VAR)", "$(", "a", "${VAR}", "é$", "$(VAR"];
        for first in parts {
            for second in parts {
                for third in parts {
                    let text = format!("{first}{second}{third}");
                    assert_eq!(expanded(&escaped(&text)), text, "{}", escaped(&text));
                    assert_eq!(unescaped(&escaped(&text)), text, "{}", escaped(&text));
                }
            }
        }
    }

    #[test]
    fn what_is_not_live_stays_as_people_know_it() {
        for text in ["$HOME", "${HOME}", "costs $5", "a$", "it's $x and $y"] {
            assert_eq!(escaped(text), text);
        }
        assert_eq!(escaped("$(VAR) and $$"), "$$(VAR) and $$$$");
    }
}
