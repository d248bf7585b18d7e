//! Knows what the server tells an editor that it can. Must not know how.

use gen_lsp_types::{ServerCapabilities, TextDocumentSyncKind, TextDocumentSyncOptions};

use super::position::Encoding;

/// Everything that can be asked for.
pub(super) fn capabilities(encoding: Encoding) -> ServerCapabilities {
    let sync = TextDocumentSyncOptions {
        open_close: Some(true),
        change: Some(TextDocumentSyncKind::Incremental),
        save: Some(true.into()),
        ..TextDocumentSyncOptions::default()
    };
    ServerCapabilities {
        position_encoding: Some(encoding.kind()),
        text_document_sync: Some(sync.into()),
        ..ServerCapabilities::default()
    }
}
