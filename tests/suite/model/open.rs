//! Knows which faults of the program are known and not mended yet: what would show one is not done, or not looked at.
//! An entry of the list goes together with its fault.

use super::operations::{Edit, OUTPUTS};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// A `.env.example` with line ends of Windows is refused as edited, where it has URLs of PostgreSQL.
    ExampleLineEnds,
    /// A password filled into `.env.example` is overwritten without a word, and not kept.
    ExampleFilledIn,
    /// A password that stands in an edited output shows in its difference, where the run does not use it: by `rotate`,
    /// by `--check` and `--diff` if it stands in `secrets/`, by all if `.env` can't be read.
    PasswordShown,
    /// A password of `secrets/` comes back after a newer one was given in `.env`.
    PasswordComesBack,
}

const OPEN: &[Fault] =
    &[Fault::ExampleLineEnds, Fault::ExampleFilledIn, Fault::PasswordShown, Fault::PasswordComesBack];

pub(super) fn is_open(fault: Fault) -> bool {
    OPEN.contains(&fault)
}

/// Whether an edit would show an open fault.
pub(super) fn shows_fault(name: &str, text: &[u8], edit: &Edit) -> bool {
    let is_example = name == OUTPUTS[1];
    match edit {
        Edit::Append => false,
        Edit::AppendPassword => is_open(Fault::PasswordShown),
        Edit::FillPasswordIn => is_open(Fault::ExampleFilledIn),
        Edit::Byte(at) => is_example && text[at % text.len()] == b'$' && is_open(Fault::ExampleFilledIn),
        Edit::WindowsLineEnds => is_example && is_open(Fault::ExampleLineEnds),
    }
}
