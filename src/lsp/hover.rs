//! Knows what is told of the word under the pointer: what the field means, what holds, and which layers wrote it.
//! Must not know how a value is found out.

use gen_lsp_types::{Contents, Hover, MarkupContent, MarkupKind, Position};

use super::markdown::code;
use super::outline::{Part, Step};
use super::symbol::{Symbol, mentions};
use super::taste::{Markup, Taste};
use super::view::{View, words as words_at};
use super::words::Words;
use crate::explain::Explained;

/// So many fields below one are told.
const FEW: usize = 12;

/// What is told of a place.
pub(super) fn hover(
    view: &View<'_>,
    position: Position,
    words: &Words,
    values: &[Explained],
    taste: Taste,
) -> Option<Hover> {
    let spot = view.spot(position)?;
    let field = field_of(&spot.steps, spot.part);
    let names = super::outline::names(field);
    let mut parts = vec![format!("**`{}`**", code(&names.join(".")))];
    parts.extend(words.meaning(field).filter(|_| !taste.beside).map(str::to_owned));
    let chosen = match spot.part {
        Part::Value(node) => node.text().and_then(|text| words.words(field).into_iter().find(|word| word.text == text)),
        Part::Key(_) => None,
    };
    parts.extend(
        chosen.filter(|_| !taste.beside).and_then(|word| Some(format!("`{}`: {}", code(&word.text), word.meaning?))),
    );
    match view.mention(position).map(|mention| mention.symbol) {
        Some(Symbol::Secret(name)) => parts.push(of_secret(view, &name)),
        Some(Symbol::Service(_) | Symbol::Volume(_)) | None => {}
    }
    parts.extend(of_values(&names, values));
    parts.extend(of_layers(view, field));
    let kind = match taste.pointer {
        Markup::Markdown => MarkupKind::Markdown,
        Markup::Plain => MarkupKind::PlainText,
    };
    let contents = MarkupContent { kind, value: parts.join("\n\n") };
    let range = view.document.text.range(spot.span());
    Some(Hover { contents: Contents::MarkupContent(contents), range: Some(range) })
}

/// The way to the field that a word belongs to: an item is told as its list.
fn field_of<'s>(steps: &'s [Step], part: Part<'_>) -> &'s [Step] {
    match (steps.split_last(), part) {
        (Some((Step::Item(_), list)), Part::Value(_)) => list,
        _ => steps,
    }
}

/// What holds at a field, and its fields below.
fn of_values(names: &[String], values: &[Explained]) -> Option<String> {
    let is_here = |value: &&Explained| value.path.steps().starts_with(names);
    let mut here = values.iter().filter(is_here);
    let first = here.next()?;
    if first.path.steps().len() == names.len() {
        return Some(format!("holds `{}`, from `{}`", code(&first.value), code(&first.from)));
    }
    let line = |value: &Explained| {
        let below = value.path.steps().get(names.len()..).unwrap_or_default().join(".");
        format!("- `{}`: `{}`, from `{}`", code(&below), code(&value.value), code(&value.from))
    };
    let mut lines: Vec<_> = std::iter::once(first).chain(here.by_ref()).take(FEW).map(line).collect();
    lines.extend(here.next().is_some().then(|| "- …".to_owned()));
    Some(lines.join("\n"))
}

/// Every layer that writes a field, with what it writes.
fn of_layers(view: &View<'_>, way: &[Step]) -> Option<String> {
    let told = view.writing(way).map(|(_, layer, part)| {
        let (at, value) = match part {
            Part::Key(entry) => (entry.key_span.start, &entry.value),
            Part::Value(node) => (node.span.start, node),
        };
        let text = layer.source.text.get(value.span.clone()).unwrap_or_default();
        let shown = if text.contains('\n') { "…".to_owned() } else { code(text) };
        format!("- `{}`: `{shown}`", code(&words_at(layer, at)))
    });
    let told: Vec<_> = told.collect();
    (told.len() > 1).then(|| format!("written by\n{}", told.join("\n")))
}

/// Who uses a secret; its value stands nowhere that is read here.
fn of_secret(view: &View<'_>, name: &str) -> String {
    let symbol = Symbol::Secret(name.to_owned());
    let uses = view.layers.iter().flat_map(|layer| {
        let uses = mentions(layer).into_iter().filter(|found| found.symbol == symbol && !found.is_description);
        uses.map(|found| format!("`{}`", code(&words_at(layer, found.span.start)))).collect::<Vec<_>>()
    });
    let uses: Vec<_> = uses.collect();
    if uses.is_empty() {
        return format!("the secret `{}`, which nothing uses here", code(name));
    }
    format!("the secret `{}`, used at {}", code(name), uses.join(", "))
}
