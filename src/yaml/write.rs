//! Knows how a document is laid out: margins, comments, blank lines, one line or several. Every reader gets back what the
//! document says. Must not know what a key means.

use super::document::{Around, Content, Layout, Mapping, Quoting, Value};
use super::quote::{as_needed, in_quotes, is_printable, plain_within_brackets};
use crate::spelling::comment;

impl Mapping {
    /// The text of a document; so many spaces stand before a comment behind a value.
    #[must_use]
    pub fn text(&self, gap: usize) -> String {
        self.written(gap, false)
    }

    /// The same as manifests are written: the first key of a mapping in a list stands behind its dash.
    #[must_use]
    pub fn manifest(&self, gap: usize) -> String {
        self.written(gap, true)
    }

    fn written(&self, gap: usize, is_compact: bool) -> String {
        let mut writer = Writer { text: String::new(), gap, is_compact };
        writer.mapping(self, Layout::Block, 0);
        writer.text
    }
}

struct Writer {
    text: String,
    gap: usize,
    is_compact: bool,
}

impl Writer {
    fn mapping(&mut self, Mapping(entries): &Mapping, layout: Layout, indent: usize) {
        for (index, (key, value)) in entries.iter().enumerate() {
            self.before(value, index == 0, indent);
            let start = self.text.len();
            self.margin(indent);
            self.entry(key, value, layout, start, indent);
        }
    }

    /// A key with its value, whose line begins at `start`.
    fn entry(&mut self, key: &str, value: &Value, layout: Layout, start: usize, indent: usize) {
        self.text.push_str(&as_needed(key));
        self.text.push(':');
        self.behind_head(value, layout, start, indent);
    }

    fn sequence(&mut self, items: &[Value], layout: Layout, indent: usize) {
        for (index, item) in items.iter().enumerate() {
            self.before(item, index == 0, indent);
            if let Some(mapping) = self.behind_dash(item, layout) {
                self.compact(mapping, layout, indent);
                continue;
            }
            let start = self.text.len();
            self.margin(indent);
            self.text.push('-');
            self.behind_head(item, layout, start, indent);
        }
    }

    /// The mapping of an item, where its first key stands behind the dash.
    fn behind_dash<'v>(&self, item: &'v Value, layout: Layout) -> Option<&'v Mapping> {
        let is_bare = item.around.as_ref().is_none_or(|around| around.behind.is_empty());
        let is_block = self.is_compact && layout == Layout::Block && item.layout == Layout::Block;
        match &item.content {
            Content::Mapping(mapping) if is_block && is_bare && !mapping.0.is_empty() => Some(mapping),
            Content::Nothing | Content::Scalar(..) | Content::Sequence(_) | Content::Mapping(_) => None,
        }
    }

    fn compact(&mut self, Mapping(entries): &Mapping, layout: Layout, indent: usize) {
        for (index, (key, value)) in entries.iter().enumerate() {
            let margin = if index == 0 { indent } else { indent + 2 };
            self.before(value, index == 0, margin);
            let start = self.text.len();
            self.margin(margin);
            self.text.push_str(if index == 0 { "- " } else { "" });
            self.entry(key, value, layout, start, indent + 2);
        }
    }

    /// What stands above an entry.
    fn before(&mut self, value: &Value, is_first: bool, indent: usize) {
        let Some(around) = &value.around else { return };
        if around.apart && !is_first {
            self.text.push('\n');
        }
        for line in around.above.lines() {
            self.margin(indent);
            self.text.push_str("# ");
            self.text.push_str(&comment(line));
            self.text.push('\n');
        }
    }

    /// A value behind its key or dash, whose line begins at `start`.
    fn behind_head(&mut self, value: &Value, outer: Layout, start: usize, indent: usize) {
        let layout = if value.layout == Layout::Block { outer } else { value.layout };
        let behind = value.around.as_deref();
        if self.literal(value, indent) || self.on_one_line(value, layout, behind, start) {
            self.text.push('\n');
            return;
        }
        self.behind(behind);
        self.text.push('\n');
        match &value.content {
            Content::Nothing | Content::Scalar(..) => {}
            Content::Sequence(items) => self.sequence(items, layout, indent + 2),
            Content::Mapping(mapping) => self.mapping(mapping, layout, indent + 2),
        }
    }

    /// Writes a text of several lines as such, where a reader gets back the same; otherwise nothing.
    fn literal(&mut self, value: &Value, indent: usize) -> bool {
        let Content::Scalar(text, Quoting::Lines) = &value.content else { return false };
        if !stands_in_lines(text) {
            return false;
        }
        self.text.push_str(if text.ends_with('\n') { " |" } else { " |-" });
        for line in text.lines() {
            self.text.push('\n');
            if !line.is_empty() {
                self.margin(indent + 2);
                self.text.push_str(line);
            }
        }
        true
    }

    /// Writes a value, and the comment behind it, where it stands on the line of its head; otherwise nothing.
    fn on_one_line(&mut self, value: &Value, layout: Layout, around: Option<&Around>, start: usize) -> bool {
        let before = self.text.len();
        match &value.content {
            Content::Nothing => {}
            Content::Scalar(text, quoting) => {
                self.text.push(' ');
                self.scalar(text, *quoting);
            }
            content if layout == Layout::Block && !content.is_empty() => return false,
            Content::Sequence(_) | Content::Mapping(_) => {
                self.text.push(' ');
                self.within(value);
            }
        }
        self.behind(around);
        let is_collection = matches!(value.content, Content::Sequence(_) | Content::Mapping(_));
        let too_wide = |width| is_collection && self.text.len() - start > width && !value.content.is_empty();
        if matches!(layout, Layout::AtMost(width) if too_wide(width)) {
            self.text.truncate(before);
            return false;
        }
        true
    }

    fn behind(&mut self, around: Option<&Around>) {
        if let Some(around) = around.filter(|around| !around.behind.is_empty()) {
            self.margin(self.gap);
            self.text.push_str("# ");
            self.text.push_str(&comment(&around.behind));
        }
    }

    /// A value on a line with others.
    fn within(&mut self, value: &Value) {
        match &value.content {
            Content::Nothing => self.text.push_str("null"),
            Content::Scalar(text, Quoting::AsNeeded) => self.text.push_str(&plain_within_brackets(text)),
            Content::Scalar(text, quoting) => self.scalar(text, *quoting),
            Content::Sequence(items) => {
                self.text.push('[');
                for (index, item) in items.iter().enumerate() {
                    self.comma(index);
                    self.within(item);
                }
                self.text.push(']');
            }
            Content::Mapping(Mapping(entries)) if entries.is_empty() => self.text.push_str("{}"),
            Content::Mapping(Mapping(entries)) => {
                self.text.push_str("{ ");
                for (index, (key, value)) in entries.iter().enumerate() {
                    self.comma(index);
                    self.text.push_str(&plain_within_brackets(key));
                    self.text.push_str(": ");
                    self.within(value);
                }
                self.text.push_str(" }");
            }
        }
    }

    fn comma(&mut self, index: usize) {
        if index > 0 {
            self.text.push_str(", ");
        }
    }

    fn scalar(&mut self, text: &str, quoting: Quoting) {
        match quoting {
            Quoting::Never => self.text.push_str(text),
            Quoting::AsNeeded => self.text.push_str(&as_needed(text)),
            Quoting::Always | Quoting::Lines => in_quotes(text, &mut self.text),
        }
    }

    fn margin(&mut self, spaces: usize) {
        self.text.extend(std::iter::repeat_n(' ', spaces));
    }
}

/// Whether a text is its lines, with one line end behind the last one or none: nothing is folded, cut or not seen. A line
/// of blanks, or one that begins with them where it is the first, is read by rules of its own.
fn stands_in_lines(text: &str) -> bool {
    let body = text.strip_suffix('\n').unwrap_or(text);
    let is_sound = |line: &str| line.is_empty() || !line.trim().is_empty();
    body.contains('\n')
        && !body.starts_with([' ', '\t', '\n'])
        && !body.ends_with('\n')
        && body.split('\n').all(is_sound)
        && body.chars().all(|c| matches!(c, '\n' | '\t') || is_printable(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_several_lines_is_read_back_whatever_it_holds() {
        let texts = [
            "a\nb",
            "a\nb\n",
            "#!/bin/sh\n\n  if: x # y\n\tz\n",
            "a",
            "",
            "\n",
            "a\n\n",
            " a\nb",
            "\na\nb",
            "a\n \nb",
            "a\nb\n ",
            "a\r\nb\n",
            "a\n\u{85}b\n",
            "a\n\u{202e}b",
            "a\n--- \n...\n",
            "\ta\nb",
            "é\n😀\n",
            "a\n\u{feff}",
        ];
        let mut inner = Mapping::default();
        for (index, text) in texts.iter().enumerate() {
            inner.push(format!("k{index}"), Value::lines(*text));
        }
        let items = texts.iter().map(|text| Value::lines(*text)).collect::<Value>();
        let document = Mapping::from_iter([("map", Value::from(inner)), ("list", items), ("end", Value::number(1))]);
        let text = document.manifest(2);
        let read: serde_yaml::Value = serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        for (index, expected) in texts.iter().enumerate() {
            assert_eq!(read["map"][format!("k{index}")].as_str(), Some(*expected), "{text}");
            assert_eq!(read["list"][index].as_str(), Some(*expected), "{text}");
        }
        assert!(text.contains("k0: |-\n    a\n    b\n") && text.contains("k1: |\n    a\n    b\n"), "{text}");
    }

    #[test]
    fn in_a_manifest_the_first_key_of_an_item_stands_behind_its_dash() {
        let port = Mapping::from_iter([("port", Value::number(80).above("the one")), ("name", Value::text("web"))]);
        let nested = Mapping::from_iter([("from", Value::from_iter([Value::from(port.clone())]))]);
        let items = [Value::from(port).apart(), Value::from(nested).apart().above("all"), Mapping::default().into()];
        let document = Mapping::from_iter([("items", items.into_iter().collect::<Value>())]);
        let written = "items:\n  # the one\n  - port: 80\n    name: web\n\n  # all\n  - from:\n      # the one\n      - port: 80\n        \
                       name: web\n  - {}\n";
        assert_eq!(document.manifest(2), written);
        let read = |text: &str| serde_yaml::from_str::<serde_yaml::Value>(text).unwrap();
        assert_eq!(read(&document.manifest(2)), read(&document.text(2)));
    }

    fn words<'w>(words: impl IntoIterator<Item = &'w str>) -> Value {
        words.into_iter().map(|word| Value::text(word.to_owned())).collect()
    }

    #[test]
    fn comments_and_blank_lines_stand_where_they_belong() {
        let mut inner = Mapping::default();
        inner.push("first", Value::number(1).apart());
        inner.push(
            "items",
            [Value::text("x").above("two\nlines"), Value::text("1").behind("a text")].into_iter().collect::<Value>(),
        );
        inner.push("empty", Value::nothing().apart().above("nothing"));
        let mut document = Mapping::default();
        document.push("name", Value::text("yes").behind("ends\u{2028}here"));
        document.push("inner", Value::from(inner).apart().behind("a line for each"));
        let written = "name: \"yes\"  # ends?here\n\ninner:  # a line for each\n  first: 1\n  items:\n    # two\n    # lines\n    \
                       - x\n    - \"1\"  # a text\n\n  # nothing\n  empty:\n";
        assert_eq!(document.text(2), written);
        assert!(document.text(1).starts_with("name: \"yes\" # ends"));
    }

    #[test]
    fn a_collection_takes_one_line_where_that_is_wanted_and_wide_enough() {
        let short = || Mapping::from_iter([("a", words(["b", "c:d"])), ("e", Value::from(Mapping::default()))]);
        let mut document = Mapping::default();
        document.push("one", Value::from(short()).on_one_line());
        document.push("fits", Value::from(short()).on_one_line_up_to(34).behind("x"));
        document.push("wide", Value::from(short()).on_one_line_up_to(33).behind("x"));
        document.push("wider", Value::from(short()).on_one_line_up_to(8));
        document.push("none", words([]));
        document.push("all", Value::from_iter([Value::from(short()), Value::from_iter([Value::quoted("q")])]));
        let written = "one: { a: [b, \"c:d\"], e: {} }\nfits: { a: [b, \"c:d\"], e: {} } # x\nwide: # x\n  a: [b, \"c:d\"]\n  \
                       e: {}\nwider:\n  a:\n    - b\n    - c:d\n  e: {}\nnone: []\nall:\n  -\n    a:\n      - b\n      - c:d\n    \
                       e: {}\n  -\n    - \"q\"\n";
        assert_eq!(document.text(1), written);
    }

    #[test]
    fn another_reader_gets_back_what_was_written() {
        let hostile = [
            "", "a: b # c", "*x", "no", "0777", "1e3", "- a", "{a}", "[", "a, b", "a:", "?", "\u{85}", "'", "\"\\",
            "\n",
        ];
        let items: Vec<_> = hostile.iter().map(|text| Value::text(*text)).collect();
        let keys: Mapping = hostile.iter().map(|text| (*text, Value::text(*text))).collect();
        let mut document = Mapping::default();
        document.push("items", items.iter().cloned().collect::<Value>());
        document.push("items on one line", items.into_iter().collect::<Value>().on_one_line());
        document.push("keys", keys.clone());
        document.push("keys on one line", Value::from(keys).on_one_line());
        let text = document.text(2);
        let read: serde_yaml::Value = serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        for (key, is_mapping) in
            [("items", false), ("items on one line", false), ("keys", true), ("keys on one line", true)]
        {
            let read: Vec<_> = if is_mapping {
                read[key]
                    .as_mapping()
                    .unwrap()
                    .iter()
                    .map(|(key, value)| (key.as_str().unwrap(), value.as_str().unwrap()))
                    .collect()
            } else {
                read[key]
                    .as_sequence()
                    .unwrap()
                    .iter()
                    .map(|item| (item.as_str().unwrap(), item.as_str().unwrap()))
                    .collect()
            };
            assert_eq!(read, hostile.map(|text| (text, text)), "{text}");
        }
    }
}
