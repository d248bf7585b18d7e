//! Knows what the server tells an editor that it can, and what it takes from what the editor can. Must not know how.

use gen_lsp_types::{
    ClientCapabilities, CodeActionKind, CodeActionOptions, CodeLensOptions, CompletionOptions, ExecuteCommandOptions,
    MarkupKind, RenameOptions, ServerCapabilities, TextDocumentContentOptions, TextDocumentSyncKind,
    TextDocumentSyncOptions, WorkspaceOptions,
};

use serde_json::Value;

use super::position::Encoding;
use super::preview::Preview;
use super::run::Errand;
use super::taste::{Markup, Taste};

/// The scheme of what stands in no file.
pub(super) const SCHEME: &str = "codelab-gen";

/// The option of an editor that has yaml-language-server check the same files by the JSON Schema.
const BESIDE: &str = "besideYamlLanguageServer";

/// Everything that can be asked for.
pub(super) fn capabilities(encoding: Encoding) -> ServerCapabilities {
    let sync = TextDocumentSyncOptions {
        open_close: Some(true),
        change: Some(TextDocumentSyncKind::Incremental),
        save: Some(true.into()),
        ..TextDocumentSyncOptions::default()
    };
    let completion = CompletionOptions {
        trigger_characters: Some([":", " ", "-", "/"].map(str::to_owned).to_vec()),
        ..CompletionOptions::default()
    };
    let actions = CodeActionOptions {
        code_action_kinds: Some(vec![CodeActionKind::QuickFix, CodeActionKind::Source]),
        ..CodeActionOptions::default()
    };
    let rename = RenameOptions { prepare_provider: Some(true), ..RenameOptions::default() };
    let content = TextDocumentContentOptions { schemes: vec![SCHEME.to_owned()] };
    let workspace = WorkspaceOptions { text_document_content: Some(content.into()), ..WorkspaceOptions::default() };
    ServerCapabilities {
        position_encoding: Some(encoding.kind()),
        text_document_sync: Some(sync.into()),
        completion_provider: Some(completion),
        hover_provider: Some(true.into()),
        definition_provider: Some(true.into()),
        references_provider: Some(true.into()),
        rename_provider: Some(rename.into()),
        document_symbol_provider: Some(true.into()),
        folding_range_provider: Some(true.into()),
        inlay_hint_provider: Some(true.into()),
        code_action_provider: Some(actions.into()),
        code_lens_provider: Some(CodeLensOptions::default()),
        execute_command_provider: Some(ExecuteCommandOptions {
            commands: commands(),
            ..ExecuteCommandOptions::default()
        }),
        workspace: Some(workspace),
        ..ServerCapabilities::default()
    }
}

fn commands() -> Vec<String> {
    let errands = Errand::ALL.into_iter().map(Errand::command);
    errands.chain(Preview::ALL.into_iter().map(Preview::command)).map(str::to_owned).collect()
}

/// What an editor takes.
pub(super) fn taste(client: &ClientCapabilities, options: Option<&Value>) -> Taste {
    let completion = client.text_document.as_ref().and_then(|text| text.completion.as_ref());
    let item = completion.and_then(|completion| completion.completion_item.as_ref());
    let hover = client.text_document.as_ref().and_then(|text| text.hover.as_ref());
    let takes = |formats: Option<&Vec<MarkupKind>>| match formats {
        Some(formats) if formats.contains(&MarkupKind::Markdown) => Markup::Markdown,
        Some(_) | None => Markup::Plain,
    };
    Taste {
        beside: options.and_then(|options| options.get(BESIDE)?.as_bool()).unwrap_or_default(),
        gaps: item.and_then(|item| item.snippet_support).unwrap_or_default(),
        explanations: takes(item.and_then(|item| item.documentation_format.as_ref())),
        pointer: takes(hover.and_then(|hover| hover.content_format.as_ref())),
    }
}
