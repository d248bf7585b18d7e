//! Knows what is told of something that may be written. Must not know where it may be.

use gen_lsp_types::CompletionItemKind;

/// Something that may be written.
#[derive(Debug)]
pub(super) struct Offer {
    pub(super) label: String,
    pub(super) kind: CompletionItemKind,
    /// What stands beside it.
    pub(super) detail: Option<String>,
    pub(super) meaning: Option<String>,
    /// What is written, where it is not the label.
    pub(super) text: Option<String>,
    /// Whether that has gaps.
    pub(super) has_gaps: bool,
    /// What comes first.
    pub(super) rank: u8,
}

impl Offer {
    pub(super) fn new(label: impl Into<String>, kind: CompletionItemKind) -> Self {
        let label = label.into();
        Self { label, kind, detail: None, meaning: None, text: None, has_gaps: false, rank: 1 }
    }

    pub(super) fn detailed(self, detail: impl Into<Option<String>>) -> Self {
        Self { detail: detail.into(), ..self }
    }

    pub(super) fn meaning(self, meaning: Option<String>) -> Self {
        Self { meaning, ..self }
    }

    pub(super) fn written(self, text: String, has_gaps: bool) -> Self {
        Self { text: Some(text), has_gaps, ..self }
    }

    pub(super) fn ranked(self, rank: u8) -> Self {
        Self { rank, ..self }
    }
}
