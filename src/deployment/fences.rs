//! Knows what a container is kept from, whether it is started again, and what is kept of what it prints.
//! Must not know why, nor how a file says it.

/// Where programs put what they need for a moment.
pub const SCRATCH: &str = "/tmp";

/// What an image needs of root to prepare its folders and become another user, as the official one of PostgreSQL does.
pub const CAPABILITIES_TO_STEP_DOWN: [&str; 5] = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"];

/// What a container is kept from; by default nothing but what every container is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fences {
    /// Whether its processes gain no privileges that it did not start with.
    pub no_new_privileges: bool,
    /// The capabilities of root that it keeps; nothing for those that containers usually have.
    pub capabilities: Option<&'static [&'static str]>,
    /// The folders in memory that it can write to beside its mounts; nothing where it can write anywhere.
    pub scratch: Option<Vec<&'static str>>,
}

/// Whether a container that ended is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restart {
    /// It stays as it ended.
    Never,
    /// Whenever it ends, and at every start of the machine, until somebody stops it.
    UnlessStopped,
}

/// What is kept of what a container prints: the newest files of a size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptLog {
    /// The size of a file.
    pub mebibytes: u16,
    /// How many.
    pub files: u16,
}
