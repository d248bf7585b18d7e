//! Knows what an editor draws of the shape of a text: its symbols, and what can be folded. Must not know what it means.

use gen_lsp_types::{DocumentSymbol, FoldingRange, FoldingRangeKind, SymbolKind};

use super::outline::{Content, Entry, Node};
use super::position::Text;

/// So deep symbols are told: a service's fields' fields.
const DEPTH: usize = 4;

/// The keys of a text, inside of each other.
pub(super) fn symbols(shape: &Node, text: &Text) -> Vec<DocumentSymbol> {
    below(shape, text, 0, false)
}

fn below(node: &Node, text: &Text, depth: usize, are_services: bool) -> Vec<DocumentSymbol> {
    let known = node.entries().iter().filter(|entry| depth < DEPTH && entry.has_colon && !entry.key.is_empty());
    known.map(|entry| symbol(entry, text, depth, are_services)).collect()
}

#[expect(deprecated, reason = "the field has to be filled")]
fn symbol(entry: &Entry, text: &Text, depth: usize, is_service: bool) -> DocumentSymbol {
    let kind = match &entry.value.content {
        _ if is_service => SymbolKind::Class,
        Content::Mapping { .. } => SymbolKind::Module,
        Content::Sequence { .. } => SymbolKind::Array,
        Content::Scalar(_) | Content::Nothing => SymbolKind::Property,
    };
    let detail = entry.value.text().map(super::markdown::code).filter(|text| !text.is_empty());
    let children = below(&entry.value, text, depth + 1, depth == 0 && entry.key == "services");
    DocumentSymbol {
        name: crate::spelling::on_one_line(&entry.key),
        detail,
        kind,
        tags: None,
        deprecated: None,
        range: text.range(&entry.span()),
        selection_range: text.range(&entry.key_span),
        children: Some(children).filter(|children| !children.is_empty()),
    }
}

/// What takes several lines, and comments that do.
pub(super) fn folds(shape: &Node, text: &Text) -> Vec<FoldingRange> {
    let mut folds = Vec::new();
    collect(shape, text, &mut folds);
    let mut start = None;
    for (number, line) in text.as_str().lines().chain([""]).enumerate() {
        match (line.trim_start().starts_with('#'), start) {
            (true, None) => start = Some(number),
            (false, Some(first)) => {
                folds.extend(fold(first, number - 1, Some(FoldingRangeKind::Comment)));
                start = None;
            }
            (true, Some(_)) | (false, None) => {}
        }
    }
    folds
}

fn collect(node: &Node, text: &Text, folds: &mut Vec<FoldingRange>) {
    for entry in node.entries() {
        folds.extend(fold(text.line(entry.key_span.start), text.line(entry.span().end), None));
        collect(&entry.value, text, folds);
    }
    for item in node.items() {
        folds.extend(fold(text.line(item.span.start), text.line(item.span.end), None));
        collect(item, text, folds);
    }
}

fn fold(first: usize, last: usize, kind: Option<FoldingRangeKind>) -> Option<FoldingRange> {
    let (start_line, end_line) = (u32::try_from(first).ok()?, u32::try_from(last).ok()?);
    (first < last).then_some(FoldingRange {
        start_line,
        end_line,
        start_character: None,
        end_character: None,
        kind,
        collapsed_text: None,
    })
}
