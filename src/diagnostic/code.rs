//! Knows the stable codes of all faults. Must not know how a fault is found or told.

use std::fmt;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+) => {
        /// The rule that was broken; its text never changes, so that one can search for it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Code {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The code as it is printed.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// What was found, in one sentence.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!($($doc),+).trim_ascii(),)+
                }
            }

            /// What the rule is, why it is there and the way out, with a wrong and a right example: Markdown, whose
            /// fences say behind the language what a block shows.
            #[must_use]
            pub fn explanation(self) -> &'static str {
                match self {
                    $(Self::$variant => include_str!(concat!("examples/", $name, ".md")),)+
                }
            }
        }
    };
}

codes! {
    /// The text is not YAML.
    Syntax = "syntax",
    /// A key stands twice in a mapping.
    DuplicateKey = "duplicate-key",
    /// The document is too large or too deep.
    DocumentSize = "document-size",
    /// The file is not UTF-8.
    NotUtf8 = "not-utf8",
    /// A key that the format does not have.
    UnknownKey = "unknown-key",
    /// A value of the wrong kind, such as a text where a number belongs.
    WrongType = "wrong-type",
    /// A value of the right kind that is not one of those allowed.
    InvalidValue = "invalid-value",
    /// The text of a command in which a shell would do more than to split it into words.
    ShellSyntax = "shell-syntax",
    /// A field that must be given is not.
    MissingField = "missing-field",
    /// `null` where nothing was inherited that it could remove.
    NothingToRemove = "nothing-to-remove",
    /// A profile extends itself.
    ExtendsCycle = "extends-cycle",
    /// A profile that is named does not exist.
    UnknownProfile = "unknown-profile",
    /// A profile reads a file outside of its project.
    OutsideProject = "outside-project",
    /// Two profiles claim one alias.
    AmbiguousAlias = "ambiguous-alias",
    /// A base profile was selected.
    NotSelectable = "not-selectable",
    /// Two fields that exclude each other.
    Conflict = "conflict",
    /// A service has neither `build` nor `image`.
    NoProgram = "no-program",
    /// A service with several engines to choose from, and no choice.
    NoEngine = "no-engine",
    /// The chosen engine is not described.
    UndescribedEngine = "undescribed-engine",
    /// PostgreSQL is used, and there is no `postgres` section.
    NoPostgres = "no-postgres",
    /// Two services use one database without saying so.
    SharedDatabase = "shared-database",
    /// A limit of a role that no service has for itself, or that can't be set.
    RoleLimit = "role-limit",
    /// A name that PostgreSQL keeps for itself, or that is taken.
    ReservedName = "reserved-name",
    /// A SQLite file outside of the data mount.
    OutsideMount = "outside-mount",
    /// Mounts that hide each other, or the data that a program writes.
    MountClash = "mount-clash",
    /// A variable of a container that two fields would set.
    VariableClash = "variable-clash",
    /// One port of the host is published twice.
    PortClash = "port-clash",
    /// Two names that become the same key of `.env`, or one that codelab-gen writes itself.
    KeyClash = "key-clash",
    /// An image without a fixed tag where one is needed.
    UnpinnedImage = "unpinned-image",
    /// The major version of PostgreSQL is unknown or too old.
    PostgresVersion = "postgres-version",
    /// An extension or a library that the server's image does not carry.
    ExtensionNotInImage = "extension-not-in-image",
    /// An extension whose library the server may not load.
    ExtensionNotLoaded = "extension-not-loaded",
    /// An extension that the administrator of an external server may not create.
    ExtensionNeedsSuperuser = "extension-needs-superuser",
    /// A setting that this version of PostgreSQL does not have.
    UnknownSetting = "unknown-setting",
    /// A value that PostgreSQL does not take for a setting.
    SettingValue = "setting-value",
    /// More connections than the server, or a role, has.
    ConnectionBudget = "connection-budget",
    /// A service waits for one that does not exist.
    UnknownService = "unknown-service",
    /// A service waits for the health of one that has no health check, or for the end of the server.
    NoHealthCheck = "no-health-check",
    /// A service that ends by itself, and whose end no other one waits for.
    UnawaitedJob = "unawaited-job",
    /// A schedule that nobody keeps.
    JobSchedule = "job-schedule",
    /// Services that wait for each other.
    DependencyCycle = "dependency-cycle",
    /// A secret that is used is not declared.
    UnknownSecret = "unknown-secret",
    /// A part of a database that its engine, or a service without one, does not have.
    NoSuchPart = "no-such-part",
    /// An option of a connection that its driver does not take, or not with such a value.
    UrlOption = "url-option",
    /// A form of connection that the driver does not have, or that nothing asks for.
    ConnectionForm = "connection-form",
    /// Raw Compose keys or server settings that the rest of the profile decides.
    OwnedKey = "owned-key",
    /// More than one process would write one SQLite file.
    SqliteReplicas = "sqlite-replicas",
    /// PostgreSQL would take more memory than its container may use.
    MemoryLimit = "memory-limit",
    /// A strictly hardened service that could not write to a folder of the host.
    StrictBindMount = "strict-bind-mount",
    /// TLS settings that contradict each other.
    TlsConflict = "tls-conflict",
    /// More services than Docker Compose loads, or nearly so many.
    ComposeLimit = "compose-limit",
    /// Services that log in to PostgreSQL as its superuser, in staging or production.
    SuperuserAccess = "superuser-access",
    /// A port that is published on all addresses of the host.
    PublishedEverywhere = "published-everywhere",
    /// A server that other machines reach without encryption.
    UnencryptedPort = "unencrypted-port",
    /// An image in production that is not pinned to a digest.
    UnpinnedDigest = "unpinned-digest",
    /// An image of PostgreSQL whose tag names no operating system, in staging or production.
    UnnamedSystem = "unnamed-system",
    /// A SQLite file in a folder of the host, in production.
    SqliteBindMount = "sqlite-bind-mount",
    /// The text of a command with something that a shell would replace, and that arrives as it is written.
    Unexpanded = "unexpanded",
    /// Raw Compose keys that take protection away from a container.
    DisplacedHardening = "displaced-hardening",
    /// A single server in production, where the target could run several.
    SingleServer = "single-server",
    /// Something that the profile's target can't run.
    TargetUnsupported = "target-unsupported",
    /// Data that the section `backups` does not cover, or a setting that it relies on.
    Backups = "backups",
    /// A name that the profile's target can't give to an object.
    TargetName = "target-name",
    /// The size of a volume that is missing, given twice, or of no volume.
    StorageSize = "storage-size",
    /// Something that the profile's target leaves out.
    LeftOut = "left-out",
    /// Pods that nodes of the size that the profile names can't hold.
    NodeSize = "node-size",
    /// A character of a profile's text that is not seen, or that shows a line in another order than it is read.
    HiddenCharacter = "hidden-character",
    /// A copy of the JSON Schema that another version wrote.
    StaleSchema = "stale-schema",
}

impl Code {
    /// Whether the fault is that something is not there. Where a part of the profile could not be read, such faults
    /// would only repeat that one.
    #[must_use]
    pub fn is_about_absence(self) -> bool {
        matches!(
            self,
            Self::MissingField
                | Self::NotSelectable
                | Self::NoProgram
                | Self::NoEngine
                | Self::UndescribedEngine
                | Self::NoPostgres
                | Self::NoSuchPart
                | Self::Backups
                | Self::UnknownService
                | Self::UnknownSecret
                | Self::NoHealthCheck
                | Self::StorageSize
        )
    }

    /// Whether the rule is one that a JSON Schema can't say: it is about the text before it is data, other files, what
    /// names mean, or values of fields far from each other. All other rules are in the schema as well.
    #[must_use]
    pub fn is_beyond_schema(self) -> bool {
        matches!(
            self,
            Self::Syntax
                | Self::DuplicateKey
                | Self::DocumentSize
                | Self::NotUtf8
                | Self::NothingToRemove
                | Self::ExtendsCycle
                | Self::UnknownProfile
                | Self::OutsideProject
                | Self::AmbiguousAlias
                | Self::NotSelectable
                | Self::SharedDatabase
                | Self::RoleLimit
                | Self::ReservedName
                | Self::OutsideMount
                | Self::MountClash
                | Self::VariableClash
                | Self::PortClash
                | Self::KeyClash
                | Self::PostgresVersion
                | Self::ExtensionNotInImage
                | Self::ExtensionNotLoaded
                | Self::ExtensionNeedsSuperuser
                | Self::UnknownSetting
                | Self::SettingValue
                | Self::ConnectionBudget
                | Self::UnknownService
                | Self::NoHealthCheck
                | Self::UnawaitedJob
                | Self::JobSchedule
                | Self::DependencyCycle
                | Self::UnknownSecret
                | Self::NoSuchPart
                | Self::UrlOption
                | Self::ConnectionForm
                | Self::MemoryLimit
                | Self::StrictBindMount
                | Self::ComposeLimit
                | Self::SuperuserAccess
                | Self::PublishedEverywhere
                | Self::UnencryptedPort
                | Self::UnpinnedDigest
                | Self::UnnamedSystem
                | Self::SqliteBindMount
                | Self::Unexpanded
                | Self::DisplacedHardening
                | Self::SingleServer
                | Self::TargetUnsupported
                | Self::TargetName
                | Self::Backups
                | Self::StorageSize
                | Self::LeftOut
                | Self::NodeSize
                | Self::HiddenCharacter
                | Self::StaleSchema
        )
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
