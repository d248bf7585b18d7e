//! Knows how values that a profile does not write itself are shown in its text: inherited ones, and defaults.
//! Must not know how they are found out.

use gen_lsp_types::{InlayHint, InlayHintKind, Label, Range, Tooltip};

use super::markdown::code;
use super::outline::{Content, Entry, Node};
use super::view::View;
use crate::explain::{DEFAULT, Explained};

/// So many values are shown at a line; the tooltip has all.
const FEW: usize = 3;

/// The hints of a part of a text: behind each key whose fields are partly not written here.
pub(super) fn hints(view: &View<'_>, range: Range, values: &[Explained]) -> Vec<InlayHint> {
    let Some(own) = view.own() else { return Vec::new() };
    let span = view.document.text.span(range);
    let mut found = Vec::new();
    collect(&own.shape, &mut Vec::new(), &mut |entry, way| {
        let is_shown = span.start <= entry.key_span.end && entry.key_span.start <= span.end;
        if is_shown && is_block(&entry.value) {
            found.extend(hint(view, entry, way, values));
        }
    });
    found
}

fn is_block(node: &Node) -> bool {
    matches!(node.content, Content::Mapping { is_flow: false, .. })
}

fn collect(node: &Node, way: &mut Vec<String>, each: &mut dyn FnMut(&Entry, &[String])) {
    for entry in node.entries() {
        way.push(entry.key.clone());
        each(entry, way);
        collect(&entry.value, way, each);
        way.pop();
    }
}

fn hint(view: &View<'_>, entry: &Entry, way: &[String], values: &[Explained]) -> Option<InlayHint> {
    let hidden: Vec<_> = values
        .iter()
        .filter(|value| value.path.steps().len() == way.len() + 1 && value.path.steps().starts_with(way))
        .filter(|value| {
            value.from == DEFAULT || value.from.rsplit_once(':').is_some_and(|(_, line)| line.parse::<usize>().is_ok())
        })
        .filter_map(|value| value.path.steps().last().map(|key| (key, value)))
        .filter(|(key, _)| entry.value.entry(key).is_none())
        .collect();
    // what somebody wrote tells more than what holds everywhere
    let (defaults, inherited): (Vec<_>, Vec<_>) = hidden.into_iter().partition(|(_, value)| value.from == DEFAULT);
    let all: Vec<_> = inherited.into_iter().chain(defaults).collect();
    if all.is_empty() {
        return None;
    }
    let shown = all.iter().take(FEW).map(|(key, value)| format!("{key}: {}", code(&value.value)));
    let more = if all.len() > FEW { ", …" } else { "" };
    let label = format!("{}{more}", shown.collect::<Vec<_>>().join(", "));
    let line = |(key, value): &(&String, &Explained)| format!("{key}: {} ({})", code(&value.value), value.from);
    let tooltip = all.iter().map(line).collect::<Vec<_>>().join("\n");
    let text = &view.document.text;
    let line_end = text.as_str().get(entry.key_span.end..)?.find(['\n', '\r']).map(|end| entry.key_span.end + end)?;
    Some(InlayHint {
        position: text.position(line_end),
        label: Label::String(label),
        kind: Some(InlayHintKind::Parameter),
        text_edits: None,
        tooltip: Some(Tooltip::String(tooltip)),
        padding_left: Some(true),
        padding_right: None,
        data: None,
    })
}
