//! Knows how many values a document has, as Docker Compose counts them. Must not know what they are.

use granit_parser::{Event, Parser};

/// How many values a document of ours has: scalars and collections, without keys, which is what Docker Compose counts. Beyond
/// `enough` it stops counting; what may have no more than `few` is not counted at all, nor what is not YAML.
#[must_use]
#[expect(clippy::wildcard_enum_match_arm, reason = "every other event is about the stream")]
pub fn count_values(text: &str, few: usize, enough: usize) -> usize {
    if at_most(text) <= few {
        return 0;
    }
    if at_least(text) > enough {
        return enough + 1;
    }
    let mut values = 0;
    // for each open mapping whether a key comes next; nothing of the sort in a sequence
    let mut open: Vec<Option<bool>> = Vec::new();
    let mut events = Parser::new_from_str(text);
    while let Some(event) = events.next_event() {
        let Ok((event, _)) = event else { return 0 };
        let opened = match event {
            Event::Scalar(..) | Event::Alias(_) => None,
            Event::MappingStart(..) => Some(Some(true)),
            Event::SequenceStart(..) => Some(None),
            Event::MappingEnd | Event::SequenceEnd => {
                open.pop();
                continue;
            }
            _ => continue,
        };
        let is_key = match open.last_mut() {
            Some(Some(key_is_next)) => std::mem::replace(key_is_next, !*key_is_next),
            Some(None) | None => false,
        };
        values += usize::from(!is_key);
        if values > enough {
            break;
        }
        open.extend(opened);
    }
    values
}

/// A number that the values of a document of ours are no more than, and seldom much fewer: outside of brackets a line has one,
/// and one more for each item that is a collection.
fn at_most(text: &str) -> usize {
    let of_line = |line: &str| {
        let (mut values, mut rest) = (1, line);
        while let Some(item) = rest.strip_prefix("- ") {
            values += usize::from(item.contains(':') || item.starts_with("- "));
            rest = item;
        }
        values + rest.bytes().filter(|byte| matches!(byte, b',' | b'[' | b'{')).count()
    };
    1 + lines(text).map(of_line).sum::<usize>()
}

/// A number that the values of a document of ours are no fewer than: every line has one.
/// No text runs over several lines.
fn at_least(text: &str) -> usize {
    lines(text).count()
}

/// The lines that say something, without their indent.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim_start).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_do_not_count_and_counting_stops_where_it_is_enough() {
        let text = "a: 1\nb: [x, {c: d}, []]\ne:\n  - f: g\n    h: &i { j: k }\n  - *i\n";
        assert_eq!(count_values(text, 0, 100), 13);
        assert_eq!(count_values(text, 0, 4), 5);
        assert_eq!(count_values(text, 100, 100), 0);
        assert_eq!(count_values("a: [", 0, 100), 0);
    }
    #[test]
    fn what_is_not_counted_is_known_to_be_few_or_many() {
        let golden = include_str!("../../tests/golden/every-field/docker-compose.yml");
        for text in [golden, "- - a: [b]\n    c: d\n  - e\n-\n  f: {}\n", "a:\n- b\n- c: ''\n  d:\n"] {
            let (few, values, many) = (at_least(text), count_values(text, 0, usize::MAX - 1), at_most(text));
            assert!(few <= values && values <= many, "{few} {values} {many}: {text}");
            assert!(many - values <= values / 4 + 3, "{values} {many}: {text}");
        }
    }
}
