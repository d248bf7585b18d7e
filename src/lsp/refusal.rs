//! Knows how an editor is told that something can't be. Must not know why.

use lsp_server::ErrorCode;

/// What an editor is told that asked for something that can't be.
pub(super) struct Refusal {
    pub(super) code: ErrorCode,
    pub(super) message: String,
}

impl Refusal {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { code: ErrorCode::RequestFailed, message: message.into() }
    }
}
