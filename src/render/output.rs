//! Knows a file of a deployment: where it stands, who may read it, and whether it is ours as a whole.
//! Must not know what it says, nor which files there are.

use std::borrow::Cow;

/// A file of a deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Where it stands in the output folder.
    path: Cow<'static, str>,
    kind: Kind,
}

/// What a file is, as far as its place on the disk depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A block with secrets, in a file that otherwise is the user's.
    Block,
    /// The same keys without secrets, which somebody may copy and fill in.
    Example,
    /// A program that the user of an image runs, whoever that is.
    ForContainers,
    /// A program.
    Program,
    /// Any other text.
    Text,
}

impl Output {
    pub(crate) const fn block(path: &'static str) -> Self {
        Self { path: Cow::Borrowed(path), kind: Kind::Block }
    }

    pub(crate) const fn example(path: &'static str) -> Self {
        Self { path: Cow::Borrowed(path), kind: Kind::Example }
    }

    pub(crate) const fn for_containers(path: &'static str) -> Self {
        Self { path: Cow::Borrowed(path), kind: Kind::ForContainers }
    }

    pub(crate) const fn program(path: &'static str) -> Self {
        Self { path: Cow::Borrowed(path), kind: Kind::Program }
    }

    pub(crate) const fn text(path: &'static str) -> Self {
        Self { path: Cow::Borrowed(path), kind: Kind::Text }
    }

    /// A text whose path follows from a name of the profile.
    pub(crate) fn named(path: String) -> Self {
        Self { path: Cow::Owned(path), kind: Kind::Text }
    }

    /// Where it stands in the output folder.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Its permissions.
    #[must_use]
    pub fn mode(&self) -> u32 {
        match self.kind {
            Kind::Block => 0o600,
            Kind::ForContainers | Kind::Program => 0o755,
            Kind::Example | Kind::Text => 0o644,
        }
    }

    /// Whether permissions serve as well as [`Output::mode`]: a file with secrets must be closed to everybody else, a
    /// program for containers must be readable and executable for their users, and a text must be no program. What a umask
    /// takes from the rest is no difference: git keeps none of it.
    #[must_use]
    pub fn accepts(&self, mode: u32) -> bool {
        match self.kind {
            Kind::Block => mode == 0o600,
            Kind::ForContainers => mode & 0o555 == 0o555,
            Kind::Program => mode & 0o500 == 0o500,
            Kind::Example | Kind::Text => mode & 0o400 != 0 && mode & 0o111 == 0,
        }
    }

    /// Whether it is only a block in a file that otherwise is the user's.
    #[must_use]
    pub fn is_block(&self) -> bool {
        self.kind == Kind::Block
    }

    /// Whether it is an example, which somebody may keep by hand.
    pub(super) fn is_example(&self) -> bool {
        self.kind == Kind::Example
    }

    /// Whether values of secrets stand in it, or may be filled in: they are no edit.
    pub(super) fn has_values(&self) -> bool {
        matches!(self.kind, Kind::Block | Kind::Example)
    }
}
