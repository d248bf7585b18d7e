//! Knows what each template may see: one view per output, with the least that it needs.
//! Must not know how anything is escaped.

pub(super) mod compose;
pub(super) mod dotenv;
pub(super) mod init_script;
