//! Knows what may be written at a place: the keys that are missing there, words, names. Must not know where those come from.
//!
//! A word of its own is put at the place, and the shape of that text says what is being written: a key, a value or an
//! item. So a text that is broken, or has nothing there yet, is completed like any other.

mod names;
mod offer;
mod snippet;

use std::collections::{HashMap, HashSet};

use gen_lsp_types::{
    CompletionItem, CompletionItemKind, CompletionItemTextEdit, Documentation, InsertTextFormat, MarkupContent,
    MarkupKind, Position, TextEdit,
};

use self::names::{names, settings};
use self::offer::Offer;
use self::snippet::written;
use super::markdown::code;
use super::outline::{Content, Entry, Node, Part, Step, outline};
use super::project::Layer;
use super::taste::{Markup, Taste};
use super::view::{View, words as words_at};
use super::words::Words;

/// What is put at the place; no profile has it.
const MARKER: &str = "x-codelab-gen-cursor";

/// Where something is written.
struct Place {
    /// The way to the mapping that gets a key, or to the value.
    way: Vec<Step>,
    kind: Kind,
    /// The keys that stand there already.
    taken: Vec<String>,
    /// Whether it stands between brackets.
    is_flow: bool,
    /// The column of a key.
    column: usize,
    /// Whether a `:` stands behind it already.
    has_colon: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Key,
    Value,
    /// A value that stands on a line of its own below its key, and so may become a key.
    Either,
}

/// What may be written at a place.
pub(super) fn complete(view: &View<'_>, position: Position, words: &Words, taste: Taste) -> Vec<CompletionItem> {
    let text = view.document.text.as_str();
    let at = view.offset(position);
    let start = word_start(text, at);
    let end = at + text.get(at..).unwrap_or_default().find(|c| !is_of_word(c)).unwrap_or(text.len() - at);
    let (Some(before), Some(behind)) = (text.get(..start), text.get(end..)) else { return Vec::new() };
    let marked = [before, MARKER, behind].concat();
    let shape = outline(&marked);
    let Some(place) = find(&shape, &marked, start) else { return Vec::new() };
    let mut offers = Vec::new();
    if place.kind != Kind::Value {
        offers.extend(keys(view, &place, words, taste));
    }
    if place.kind != Kind::Key {
        offers.extend(values(view, &place, words, taste));
    }
    let range = view.document.text.range(&(start..end));
    offers.into_iter().map(|offer| item(offer, range, taste)).collect()
}

fn is_of_word(character: char) -> bool {
    character.is_alphanumeric() || "_-./".contains(character)
}

fn word_start(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or_default();
    before.char_indices().rev().take_while(|(_, c)| is_of_word(*c)).last().map_or(at, |(start, _)| start)
}

/// What is being written where the marker stands.
fn find(shape: &Node, text: &str, start: usize) -> Option<Place> {
    let spot = shape.spot(start)?;
    let line = text.get(..start)?.rfind('\n').map_or(0, |newline| newline + 1);
    let column = text.get(line..start)?.chars().count();
    let (last, above) = spot.steps.split_last().map_or((None, &[][..]), |(last, above)| (Some(last), above));
    match spot.part {
        Part::Key(entry) if entry.key == MARKER => {
            let mapping = shape.below(above)?;
            let taken = mapping.entries().iter().map(|entry| entry.key.clone()).collect();
            let is_flow = matches!(mapping.content, Content::Mapping { is_flow: true, .. });
            Some(Place { way: above.to_vec(), kind: Kind::Key, taken, is_flow, column, has_colon: entry.has_colon })
        }
        Part::Value(node) if node.text().is_some_and(|text| text == MARKER) => {
            let is_alone = text.get(line..start).is_some_and(|before| before.trim().is_empty());
            let may_be_key = is_alone && !matches!(last, Some(Step::Item(_)));
            let kind = if may_be_key { Kind::Either } else { Kind::Value };
            Some(Place { way: spot.steps.clone(), kind, taken: Vec::new(), is_flow: false, column, has_colon: false })
        }
        Part::Key(_) | Part::Value(_) => None,
    }
}

/// The keys that are missing in a mapping: those of the schema, and names; inherited ones say so.
fn keys(view: &View<'_>, place: &Place, words: &Words, taste: Taste) -> Vec<Offer> {
    let mut offers = Vec::new();
    let inherited = Inherited::of(view, &place.way);
    for key in words.keys(&place.way).into_iter().filter(|_| !taste.beside) {
        let way: Vec<_> = place.way.iter().cloned().chain([Step::Key(key.to_owned())]).collect();
        let inherited = inherited.said_of(key);
        let rank = if inherited.is_some() { 2 } else { 1 };
        let meaning = words.meaning(&way).map(str::to_owned);
        let text = key_text(key, &way, place, words);
        let offer = Offer::new(key, CompletionItemKind::Property).detailed(inherited).meaning(meaning).ranked(rank);
        offers.push(offer.written(text, false));
    }
    for name in names(view, &place.way, true) {
        let way: Vec<_> = place.way.iter().cloned().chain([Step::Key(name.label.clone())]).collect();
        let inherited = inherited.said_of(&name.label);
        let text = key_text(&name.label, &way, place, words);
        let detail = inherited.or_else(|| name.detail.clone());
        offers.push(name.detailed(detail).written(text, false));
    }
    if taste.gaps && !place.is_flow && !taste.beside {
        for (label, meaning, body) in words.snippets(&place.way) {
            let meaning = Some(meaning.to_owned());
            let offer = Offer::new(label, CompletionItemKind::Snippet).meaning(meaning).ranked(0);
            offers.push(offer.written(written(body, place.column), true));
        }
    }
    let taken: HashSet<_> = place.taken.iter().map(String::as_str).collect();
    offers.retain(|offer| !taken.contains(offer.label.as_str()));
    offers
}

/// A key as it is written: with its `:`, and what stands below it on a line of its own.
fn key_text(key: &str, way: &[Step], place: &Place, words: &Words) -> String {
    let key = crate::yaml::as_needed(key);
    if place.has_colon {
        return key.into_owned();
    }
    if words.is_mapping(way) && !place.is_flow {
        return format!("{key}:\n{}", " ".repeat(place.column + 2));
    }
    format!("{key}: ")
}

/// What the bases of a profile say in a mapping, by its keys.
struct Inherited<'v>(HashMap<&'v str, (&'v Layer, &'v Entry)>);

impl<'v> Inherited<'v> {
    fn of(view: &'v View<'_>, way: &[Step]) -> Self {
        let mut fields = HashMap::new();
        for layer in view.layers.iter().skip(1) {
            let entries = layer.shape.below(way).map(Node::entries).unwrap_or_default();
            for entry in entries {
                fields.entry(entry.key.as_str()).or_insert((layer, entry));
            }
        }
        Self(fields)
    }

    /// What a base says of a field, in words.
    fn said_of(&self, key: &str) -> Option<String> {
        let (layer, entry) = self.0.get(key)?;
        let value = entry.value.text().map(|text| format!(" `{}`", code(text))).unwrap_or_default();
        Some(format!("inherited{value}, {}", words_at(layer, entry.key_span.start)))
    }
}

/// What a field may hold.
fn values(view: &View<'_>, place: &Place, words: &Words, taste: Taste) -> Vec<Offer> {
    let mut offers: Vec<_> = names(view, &place.way, false);
    offers.extend(settings(view, &place.way));
    for word in words.words(&place.way).into_iter().filter(|_| !taste.beside) {
        offers.push(Offer::new(word.text, CompletionItemKind::EnumMember).meaning(word.meaning).ranked(0));
    }
    if offers.is_empty() && !taste.beside {
        let example = |text: String| {
            let written = crate::yaml::as_needed(&text).into_owned();
            Offer::new(text, CompletionItemKind::Value).detailed("an example".to_owned()).written(written, false)
        };
        offers.extend(words.examples(&place.way).into_iter().map(example));
    }
    let mut known = HashSet::new();
    offers.retain(|offer| known.insert(offer.label.clone()));
    offers
}

fn item(offer: Offer, range: gen_lsp_types::Range, taste: Taste) -> CompletionItem {
    let Offer { label, kind, detail, meaning, text, has_gaps, rank } = offer;
    let explained = |value| match taste.explanations {
        Markup::Markdown => Documentation::MarkupContent(MarkupContent { kind: MarkupKind::Markdown, value }),
        Markup::Plain => Documentation::String(value),
    };
    let new_text = text.unwrap_or_else(|| crate::yaml::as_needed(&label).into_owned());
    CompletionItem {
        sort_text: Some(format!("{rank}{label}")),
        filter_text: Some(label.clone()),
        kind: Some(kind),
        detail,
        documentation: meaning.map(explained),
        insert_text_format: Some(if has_gaps { InsertTextFormat::Snippet } else { InsertTextFormat::PlainText }),
        text_edit: Some(CompletionItemTextEdit::TextEdit(TextEdit { range, new_text })),
        label,
        ..CompletionItem::default()
    }
}
