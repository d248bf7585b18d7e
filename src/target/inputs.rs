//! Knows what a target is told beside the deployment. Must not know what it makes of that.

use std::collections::HashMap;

use crate::placement::Placement;
use crate::secret::Values;
use crate::value::{EnvironmentKey, HostPath, ServiceName, VariableName};

/// Everything that rendering takes beside the deployment.
pub struct Inputs<'i> {
    /// The values of secrets.
    pub values: Values<'i>,
    /// Where the outputs stand, and how the profile is called in their headers.
    pub placement: &'i Placement,
    /// What the target asked for of the world outside of its files.
    pub found: &'i Found,
}

/// What a target asks for of the world outside of its files.
#[derive(Debug, Default)]
pub struct Asked<'d> {
    /// The variables of containers that are filled when the files are made.
    pub variables: Vec<AskedVariable<'d>>,
    /// The files of the project that become a part of them.
    pub files: Vec<&'d HostPath>,
}

/// A variable of a container that is filled when the files are made.
#[derive(Debug)]
pub struct AskedVariable<'d> {
    /// The service, or `postgres` for the server.
    pub service: ServiceName,
    /// The container's variable.
    pub variable: &'d VariableName,
    /// The variable that fills it.
    pub name: &'d EnvironmentKey,
    /// What holds where that one is unset or empty; without one it must be set.
    pub default: Option<&'d str>,
}

/// What was found of it.
#[derive(Debug, Default)]
pub struct Found {
    /// What the variables of containers hold.
    pub variables: HashMap<(ServiceName, VariableName), String>,
    /// What the files hold, by their paths in the profile.
    pub files: HashMap<String, FoundFile>,
}

/// What a file of the project holds.
#[derive(Debug)]
pub enum FoundFile {
    /// A text.
    Text(String),
    /// Anything else.
    Binary(Vec<u8>),
}

impl FoundFile {
    /// What bytes are.
    #[must_use]
    pub fn of(bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) if !text.contains('\0') => Self::Text(text),
            Ok(text) => Self::Binary(text.into_bytes()),
            Err(error) => Self::Binary(error.into_bytes()),
        }
    }

    /// How many bytes it has.
    #[must_use]
    pub fn size(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }
}

impl Found {
    /// What a variable of a container holds; where nothing was looked for, its default.
    #[must_use]
    pub fn variable<'f>(&'f self, service: &ServiceName, variable: &VariableName, default: Option<&'f str>) -> &'f str {
        let found = self.variables.get(&(service.clone(), variable.clone()));
        found.map(String::as_str).or(default).unwrap_or_default()
    }
}

/// What the command that starts a deployment depends on, beside the deployment.
#[derive(Debug, Clone, Copy)]
pub struct Ground {
    /// Whether a deployment stood in the folder before.
    pub stood: bool,
    /// Whether the file with secrets is there.
    pub has_secrets: bool,
}
