//! Knows how the builder reads a `.dockerignore` (<https://docs.docker.com/build/concepts/context/#dockerignore-files>).
//! Must not know which files matter. What it is not sure of, it takes as sent.

/// Whether a file of the context is surely left out. An exception that reaches below `folder` counts for all of it.
pub(super) fn leaves_out(text: &str, path: &str, folder: &str) -> bool {
    let mut is_out = false;
    let path: Vec<_> = path.split('/').collect();
    for line in text.trim_start_matches('\u{feff}').lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        let (is_exception, pattern) = match line.strip_prefix('!') {
            Some(pattern) => (true, pattern.trim()),
            None => (false, line),
        };
        let parts: Vec<_> = pattern.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        if parts.is_empty() {
            continue;
        }
        let is_plain = parts.iter().all(|part| is_plain(part));
        if is_exception {
            let reaches = !folder.is_empty() && parts.join("/").starts_with(folder);
            is_out = is_out && is_plain && !reaches && !matches(&parts, &path);
        } else {
            is_out = is_out || (is_plain && matches(&parts, &path));
        }
    }
    is_out
}

/// Whether a part of a pattern has a form that is understood here.
fn is_plain(part: &str) -> bool {
    part == "**" || !(part.contains("**") || part.contains(['[', '\\']) || part == "..")
}

/// Whether a pattern means a path or a folder above it.
fn matches(pattern: &[&str], path: &[&str]) -> bool {
    // how many names of the path the parts so far can mean
    let mut reached = vec![false; path.len() + 1];
    if let Some(start) = reached.first_mut() {
        *start = true;
    }
    for part in pattern {
        let mut next = vec![false; path.len() + 1];
        for (count, _) in reached.iter().enumerate().filter(|(_, is_reached)| **is_reached) {
            if *part == "**" {
                next.iter_mut().skip(count).for_each(|place| *place = true);
            } else if path.get(count).is_some_and(|name| is_named(part.as_bytes(), name.as_bytes()))
                && let Some(place) = next.get_mut(count + 1)
            {
                *place = true;
            }
        }
        reached = next;
    }
    // nothing of the path is no folder above it
    reached.iter().skip(1).any(|is_reached| *is_reached)
}

/// Whether a part with `*` and `?` means a name.
fn is_named(part: &[u8], name: &[u8]) -> bool {
    let mut reached = vec![false; name.len() + 1];
    if let Some(start) = reached.first_mut() {
        *start = true;
    }
    for letter in part {
        let mut next = vec![false; name.len() + 1];
        for (count, _) in reached.iter().enumerate().filter(|(_, is_reached)| **is_reached) {
            if *letter == b'*' {
                next.iter_mut().skip(count).for_each(|place| *place = true);
            } else if name.get(count).is_some_and(|of_name| *letter == b'?' || letter == of_name)
                && let Some(place) = next.get_mut(count + 1)
            {
                *place = true;
            }
        }
        reached = next;
    }
    reached.last().is_some_and(|is_reached| *is_reached)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_surely_left_out() {
        for (text, expected) in [
            ("", false),
            ("secrets", true),
            ("/secrets/", true),
            ("./secrets", true),
            ("secrets/key", true),
            ("**/secrets", true),
            ("**/key", true),
            ("**", true),
            ("*", true),
            ("s*ts/k?y", true),
            ("key", false),
            ("*/secrets", false),
            ("# secrets", false),
            ("secret", false),
            ("secrets/other", false),
            ("!secrets\nsecrets", true),
            ("*\n!secrets", false),
            ("secrets\n!secrets/other", false),
            ("secrets\n!**/key", false),
            ("*\n!src\n!**/*.py", true),
            // not understood: as sent, and as an exception
            ("[s]ecrets", false),
            ("secrets\n![a]", false),
            ("x/../secrets", false),
        ] {
            assert_eq!(leaves_out(text, "secrets/key", "secrets"), expected, "{text}");
        }
        let long = "**/".repeat(100_000);
        assert!(leaves_out(&format!("{long}.env"), ".env", ""));
    }
}
