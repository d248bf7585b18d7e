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

/// A number that the values of a document of ours are no more than: outside of brackets a line has two at the most, an
/// item or key that opens a collection and the first one in it.
fn at_most(text: &str) -> usize {
    let mark = |byte: &u8| match byte {
        b'\n' => 2,
        b',' | b'[' | b'{' => 1,
        _ => 0,
    };
    1 + text.as_bytes().iter().map(mark).sum::<usize>()
}

/// A number that the values of a document of ours are no fewer than: every line has one but for comments and blank ones.
/// No text runs over several lines.
fn at_least(text: &str) -> usize {
    text.lines().filter(|line| !matches!(line.trim_start().as_bytes().first(), None | Some(b'#'))).count()
}

#[cfg(test)]
mod tests {
    use super::count_values;

    #[test]
    fn keys_do_not_count_and_counting_stops_where_it_is_enough() {
        let text = "a: 1\nb: [x, {c: d}, []]\ne:\n  - f: g\n    h: &i { j: k }\n  - *i\n";
        assert_eq!(count_values(text, 0, 100), 13);
        assert_eq!(count_values(text, 0, 4), 5);
        assert_eq!(count_values(text, 100, 100), 0);
        assert_eq!(count_values("a: [", 0, 100), 0);
    }
}
