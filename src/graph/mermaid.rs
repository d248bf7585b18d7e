//! Knows how a graph is written as a flowchart of Mermaid (<https://mermaid.js.org/syntax/flowchart.html>).
//! Must not know what the graph is about.

use super::columns::Columns;
use super::{Edge, Graph, Kind, Node, Relation};

impl Graph {
    /// The graph as a flowchart of Mermaid.
    #[must_use]
    pub fn mermaid(&self) -> String {
        let Graph { name: _, groups, nodes, edges } = self;
        let mut lines = vec!["flowchart LR".to_owned()];
        for group in groups {
            lines.push(format!("  subgraph {}[\"{}\"]", group.id.as_str(), label([group.title.as_str()])));
            lines.extend(group.nodes.iter().map(|inner| format!("    {}", node(inner))));
            lines.push("  end".to_owned());
        }
        lines.extend(nodes.iter().map(|outer| format!("  {}", node(outer))));
        let columns = Columns::of(self);
        lines.extend(edges.iter().map(|one| format!("  {}", edge(one, &columns))));
        lines.push(String::new());
        lines.join("\n")
    }
}

fn node(node: &Node) -> String {
    let (open, close) = match node.kind {
        Kind::Service => ("[", "]"),
        Kind::Database | Kind::SqliteFile => ("[(", ")]"),
        Kind::Volume | Kind::HostPath => ("[/", "/]"),
        Kind::Host => ("([", "])"),
        Kind::ExternalServer => ("{{", "}}"),
    };
    format!("{}{open}\"{}\"{close}", node.id.as_str(), label(node.lines.iter().map(String::as_str)))
}

fn edge(edge: &Edge, columns: &Columns<'_>) -> String {
    let (from, to, relation) = (columns.first(edge), columns.last(edge), &edge.relation);
    let arrow = match relation {
        Relation::Publishes(_) => "==>",
        Relation::Uses => "-->",
        Relation::IsOn | Relation::Mounts(_) => "---",
        Relation::WaitsFor(_) => "-.->",
    };
    let label = relation.label().map(|text| format!("|\"{}\"|", label([text]))).unwrap_or_default();
    format!("{} {arrow}{label} {}", from.as_str(), to.as_str())
}

/// Lines of text between double quotes. Some versions read a label as Markdown after they have read its entities, but
/// none within a block of HTML (<https://spec.commonmark.org/0.31.2/#html-blocks>).
fn label<'l>(lines: impl IntoIterator<Item = &'l str>) -> String {
    let lines: Vec<_> = lines.into_iter().map(|line| (line, escaped(line))).collect();
    if lines.iter().all(|(line, escaped)| line == escaped) {
        return lines.into_iter().map(|(_, escaped)| escaped).collect::<Vec<_>>().join("<br/>");
    }
    lines.into_iter().map(|(_, escaped)| format!("<div>{escaped}</div>")).collect::<Vec<_>>().concat()
}

/// A text as one line of a label. What Mermaid, the Markdown that some versions read in a label, its icons (`fa:fa-x`)
/// and HTML could take for something else becomes `#N;`, the character of that number
/// (<https://mermaid.js.org/syntax/flowchart.html#entity-codes-to-escape-characters>).
fn escaped(line: &str) -> String {
    let characters: Vec<char> = line.chars().collect();
    let at = |index: usize| characters.get(index).copied();
    let mut text = String::with_capacity(line.len());
    for (index, character) in characters.iter().copied().enumerate() {
        let before = index.checked_sub(1).and_then(at);
        if before.is_some_and(|before| is_mark(before, character)) {
            text.push_str("<wbr>");
        }
        if is_plain(character, before, at(index + 1)) && !begins_list(&characters, index) {
            text.push(character);
        } else {
            text.push_str(&code(character));
        }
    }
    without_colon_before_code(&text)
}

/// Whether two characters mean something to Mermaid together, also where they were written as codes: the signs that it
/// puts around an entity while it reads, those of a formula, and of the end of a line. An element that shows nothing
/// keeps them apart.
fn is_mark(before: char, character: char) -> bool {
    matches!((before, character), ('ﬂ', '°') | ('¶', 'ß') | ('$', '$') | ('\\', 'n'))
}

fn code(character: char) -> String {
    format!("#{};", u32::from(character))
}

/// Whether a character means nothing but itself between these ones.
fn is_plain(character: char, before: Option<char>, behind: Option<char>) -> bool {
    let is_word = |other: Option<char>| other.is_some_and(|other| other.is_ascii_alphanumeric());
    match character {
        'ﬂ' | '¶' => false,
        '/' | ',' | '(' | ')' => true,
        // Markdown makes a text between underscores strong, but none within a word
        '_' => is_word(before) && is_word(behind),
        // no space at an end is kept
        ' ' => before.is_some_and(|other| other != ' ') && behind.is_some(),
        '-' => before.is_some(),
        // no address of a page, and no icon
        ':' => !matches!(behind, Some('/' | 'f')) || before.is_none(),
        '.' => !matches!(before, Some('w' | 'W')),
        other if other.is_ascii() => other.is_ascii_alphanumeric(),
        other => other.is_alphanumeric(),
    }
}

/// Whether a dot or bracket makes the line an item of Markdown's numbered list.
fn begins_list(characters: &[char], index: usize) -> bool {
    let is_number = |before: &[char]| !before.is_empty() && before.iter().all(char::is_ascii_digit);
    matches!(characters.get(index..), Some(['.' | ')'] | ['.' | ')', ' ', ..]))
        && characters.get(..index).is_some_and(is_number)
}

/// Mermaid drops the last `;` of a line with `style` or `classDef` where a `#` follows on a colon in the same word, as in
/// the definition of a colour. So none follows.
fn without_colon_before_code(text: &str) -> String {
    let word = |word: &str| match word.rfind('#') {
        Some(last) => {
            let (before, behind) = word.split_at(last);
            format!("{}{behind}", before.replace(':', &code(':')))
        }
        None => word.to_owned(),
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}
