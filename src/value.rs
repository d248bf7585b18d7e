//! Knows the grammar of every single value in a profile: names, ports, paths, images, durations, choices.
//! Must not know YAML, positions, nor which field a value stands in.
//!
//! Each type can hold only what its grammar allows, and gives the JSON Schema the same rule that its parser follows.

mod address;
mod backups;
mod choice;
mod context;
mod data_place;
mod grammar;
mod image;
mod initdb;
mod name;
mod number;
mod path;
mod runs;
mod secret;
mod service_image;
mod storage;
mod text;
mod url_options;
mod user;
mod words;

pub use address::HostAddress;
pub use backups::{Days, Statement, TimeOfDay};
pub use choice::{
    Access, Choice, CommandProbe, DatabasePart, Driver, Engine, Hardening, LocalAuth, LocaleProvider, Operator, Rights,
    SecretsIn, SqliteDriver, Stage, StartCondition, Target, Tls,
};
pub use context::BuildContext;
pub use data_place::DataPlace;
pub use grammar::{Grammar, Mismatch, TextValue};
pub use image::ImageReference;
pub use initdb::InitdbArgument;
pub use name::{
    DatabaseLabel, DatabaseName, EnvironmentKey, ExtensionName, LocaleName, OptionName, ProfileName, ProjectName,
    RoleName, ServiceName, SettingName, VariableName, VolumeName,
};
pub use number::{ConnectionCount, ExtraConnections, Port, PostgresMajor, ProcessCount, Replicas};
pub use path::{ContainerPath, HostPath, HttpPath, Mount, MountSource, MountedPath, SqlitePath};
pub use runs::{Runs, Schedule};
pub use secret::SecretRule;
pub use service_image::ServiceImage;
pub use storage::{ObjectName, VolumeSize, is_dns_label};
pub use text::{ByteSize, CpuCount, DiskSize, Duration, HostName, Interval};
pub use url_options::UrlOptions;
pub use user::{LARGEST as LARGEST_USER, UserId};
pub use words::{NotWords, Split, Unexpanded, WORDS_PATTERN, split};
