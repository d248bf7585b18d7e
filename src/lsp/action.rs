//! Knows what an editor offers to do: what mends a fault, what can be looked at, what the program can be told to do.
//! Must not know how any of it is done.

use std::collections::BTreeMap;

use gen_lsp_types::{
    CodeAction, CodeActionKind, CodeLens, Command, Diagnostic, OptionalVersionedTextDocumentIdentifier, Range,
    TextDocumentEdit, TextDocumentIdentifier, TextEdit, Uri, WorkspaceEdit,
};

use super::documents::Documents;
use super::generated::Generated;
use super::preview::Preview;
use super::run::Errand;
use super::told::{Remedy, Told};
use super::view::View;

/// What mends the faults of a part of a text, and what can be looked at.
pub(super) fn actions(view: &View<'_>, range: Range, told: &[Told], documents: &Documents) -> Vec<CodeAction> {
    let touches = |told: &&Told| told.shown.range.start <= range.end && range.start <= told.shown.range.end;
    let mends = told.iter().filter(touches).filter_map(|told| {
        let remedy = told.mend.as_ref()?;
        Some(CodeAction {
            title: remedy.title.clone(),
            kind: Some(CodeActionKind::QuickFix),
            diagnostics: Some(vec![told.shown.clone()]),
            is_preferred: Some(true),
            edit: Some(edit(remedy, documents)),
            ..CodeAction::default()
        })
    });
    let looks = Preview::ALL.into_iter().map(|preview| {
        let command = command(preview.title(), preview.command(), &view.document.uri);
        CodeAction {
            title: preview.title().to_owned(),
            kind: Some(CodeActionKind::Source),
            command: Some(command),
            ..CodeAction::default()
        }
    });
    mends.chain(looks).collect()
}

fn edit(remedy: &Remedy, documents: &Documents) -> WorkspaceEdit {
    let mut files: BTreeMap<&std::path::Path, TextDocumentEdit> = BTreeMap::new();
    for change in &remedy.changes {
        let of_file = files.entry(&change.file).or_insert_with(|| TextDocumentEdit {
            text_document: OptionalVersionedTextDocumentIdentifier {
                version: documents.by_identity(&change.file).map(|open| open.version),
                text_document_identifier: TextDocumentIdentifier { uri: change.uri.clone() },
            },
            edits: Vec::new(),
        });
        of_file.edits.push(TextEdit { range: change.range, new_text: change.text.clone() }.into());
    }
    WorkspaceEdit { document_changes: Some(files.into_values().map(Into::into).collect()), ..WorkspaceEdit::default() }
}

/// What can be told to the program, on the first line of a profile that can be selected.
pub(super) fn lenses(view: &View<'_>) -> Vec<CodeLens> {
    if !view.layers.iter().any(|layer| layer.shape.entry("stage").is_some()) {
        return Vec::new();
    }
    let lens = |command| CodeLens { range: Range::default(), command: Some(command), data: None };
    Errand::ALL.into_iter().map(|errand| lens(command(errand.title(), errand.command(), &view.document.uri))).collect()
}

/// What can be told to the program on the line of an output.
pub(super) fn lenses_of_output(generated: &Generated, uri: &Uri) -> Vec<CodeLens> {
    let lens = |command| CodeLens { range: generated.range, command: Some(command), data: None };
    Errand::ALL.into_iter().map(|errand| lens(command(errand.title(), errand.command(), uri))).collect()
}

/// What can be done about an output that is not as a run would leave it.
pub(super) fn actions_of_output(told: &Diagnostic, uri: &Uri, range: Range) -> Vec<CodeAction> {
    if told.range.start > range.end || range.start > told.range.end {
        return Vec::new();
    }
    let action = |errand: Errand| CodeAction {
        title: format!("codelab-gen: {}", errand.title()),
        kind: Some(CodeActionKind::QuickFix),
        diagnostics: Some(vec![told.clone()]),
        command: Some(command(errand.title(), errand.command(), uri)),
        ..CodeAction::default()
    };
    [Errand::Diff, Errand::Generate].into_iter().map(action).collect()
}

fn command(title: &str, name: &str, uri: &Uri) -> Command {
    let uri = serde_json::Value::from(uri.0.as_str());
    Command { title: title.to_owned(), tooltip: None, command: name.to_owned(), arguments: Some(vec![uri]) }
}
