//! Knows what an editor takes and shows. Must not know how it said so.

/// How a text may be marked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Markup {
    Plain,
    Markdown,
}

/// What an editor shows and takes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taste {
    /// Whether gaps can be put into what is inserted.
    pub(super) gaps: bool,
    /// What explanations may be written in.
    pub(super) explanations: Markup,
    /// The same under the pointer.
    pub(super) pointer: Markup,
    /// Whether another server tells what the JSON Schema says, so that this one need not.
    pub(super) beside: bool,
}
