//! Knows how a diagnostic looks on a terminal. Must not know what it is about.

use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet, renderer::DecorStyle};

use super::{Diagnostic, Severity};
use crate::locate::{Location, Locator};
use crate::source::SourceId;
use crate::spelling::{is_hidden, on_one_line};

/// Whether colours may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drawing {
    /// Text only.
    Plain,
    /// With colours, for a terminal.
    Coloured,
}

/// The diagnostic as text, with the lines of source that it is about.
#[must_use]
pub fn draw(diagnostic: &Diagnostic, locator: &Locator<'_>, drawing: Drawing) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let labels = labels(diagnostic, locator);
    let shown = Shown { locator, concealed: diagnostic.concealed };
    let texts: Vec<_> = in_order(&labels).into_iter().filter_map(|source| shown.window(source, &labels)).collect();
    let mut group = Group::with_title(level.primary_title(&diagnostic.message).id(diagnostic.code.as_str()));
    for window in &texts {
        group = group.element(snippet(window, &labels));
    }
    let renderer = match drawing {
        Drawing::Plain => Renderer::plain(),
        Drawing::Coloured => Renderer::styled(),
    };
    let report = [group.element(Level::HELP.message(&diagnostic.help))];
    format!("{}\n", renderer.decor_style(DecorStyle::Ascii).render(&report))
}

struct Located<'d> {
    location: Location,
    text: &'d str,
    kind: AnnotationKind,
}

fn labels<'d>(diagnostic: &'d Diagnostic, locator: &Locator<'_>) -> Vec<Located<'d>> {
    let primary = std::iter::once((&diagnostic.primary, AnnotationKind::Primary));
    let others = diagnostic.others.iter().map(|label| (label, AnnotationKind::Context));
    primary
        .chain(others)
        .map(|(label, kind)| Located { location: label.place.locate(locator), text: &label.text, kind })
        .collect()
}

/// The sources of the labels, that of the primary label first.
fn in_order(labels: &[Located<'_>]) -> Vec<SourceId> {
    let mut order: Vec<SourceId> = Vec::new();
    for label in labels {
        if !order.contains(&label.location.source) {
            order.push(label.location.source);
        }
    }
    order
}

/// The lines of one source that labels stand in, as they may be shown.
struct Window {
    source: SourceId,
    name: String,
    /// Where the lines start in the source.
    start: usize,
    first_line: usize,
    text: String,
}

struct Shown<'l, 's> {
    locator: &'l Locator<'s>,
    concealed: bool,
}

impl Shown<'_, '_> {
    fn window(&self, source: SourceId, labels: &[Located<'_>]) -> Option<Window> {
        let file = self.locator.sources().get(source.0)?;
        let mine = labels.iter().filter(|label| label.location.source == source);
        let spans: Vec<_> = mine.clone().map(|label| label.location.span.clone()).collect();
        let lines = window(&file.text, &spans);
        let first_line = 1 + file.text.get(..lines.start).unwrap_or_default().matches('\n').count();
        let mut text = harmless(file.text.get(lines.clone()).unwrap_or_default());
        for label in mine.filter(|_| self.concealed) {
            let span = label.location.span.start - lines.start..label.location.span.end - lines.start;
            text.replace_range(span.clone(), &"*".repeat(span.len()));
        }
        Some(Window { source, name: on_one_line(&file.name), start: lines.start, first_line, text })
    }
}

/// The text with every character that a terminal could act on, that is not seen, or that begins a command of GitHub Actions,
/// replaced by as many bytes of another one: the marks below it stay where they are.
fn harmless(text: &str) -> String {
    let mut harmless = String::with_capacity(text.len());
    for character in text.chars() {
        let is_shown = matches!(character, '\n' | '\t') || !(character.is_control() || is_hidden(character));
        match character.len_utf8() {
            _ if is_shown => harmless.push(character),
            // what is seen in its place is as wide as one character, or two
            1 if character == '\r' => harmless.push(' '),
            1 => harmless.push('?'),
            2 => harmless.push_str("??"),
            3 => harmless.push('\u{fffd}'),
            _ => harmless.push_str("?\u{fffd}"),
        }
    }
    harmless.replace("##[", "##?")
}

fn snippet<'s>(window: &'s Window, labels: &[Located<'s>]) -> Snippet<'s, Annotation<'s>> {
    let mut snippet =
        Snippet::source(window.text.as_str()).line_start(window.first_line).path(window.name.as_str()).fold(true);
    for label in labels.iter().filter(|label| label.location.source == window.source) {
        let span = label.location.span.start - window.start..label.location.span.end - window.start;
        snippet = snippet.annotation(label.kind.span(span).label((!label.text.is_empty()).then_some(label.text)));
    }
    snippet
}

/// The whole lines around all spans: a large file is not walked for the drawing of a few lines.
fn window(text: &str, spans: &[Range<usize>]) -> Range<usize> {
    let start = spans.iter().map(|span| span.start).min().unwrap_or(0).min(text.len());
    let end = spans.iter().map(|span| span.end).max().unwrap_or(0).clamp(start, text.len());
    let line_start = text.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let line_end = text.get(end..).and_then(|behind| behind.find('\n')).map_or(text.len(), |at| end + at);
    line_start..line_end
}
