//! Knows what every part of a profile is resolved with: what it depends on elsewhere, and where its faults go.
//! Must not know any rule.

use super::jobs::Jobs;
use crate::deployment::Server;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::field::FieldPath;
use crate::help::Help;
use crate::profile::{self, Named, Setting};
use crate::value::{Engine, EnvironmentKey, SecretsIn, ServiceName, Stage};

/// What of the rest of the profile a service depends on.
pub(super) struct Scope<'p> {
    pub(super) engine: Option<Engine>,
    pub(super) stage: Stage,
    pub(super) server: Option<&'p Server>,
    pub(super) postgres_section: bool,
    pub(super) services: &'p Setting<Named<ServiceName, profile::Service>>,
    pub(super) secrets: Vec<&'p EnvironmentKey>,
    pub(super) secrets_in: SecretsIn,
    pub(super) jobs: Jobs<'p>,
}

/// Collects the faults of one profile.
#[derive(Default)]
pub(super) struct Faults(pub(super) Vec<Diagnostic>);

impl Faults {
    pub(super) fn add(&mut self, code: Code, place: Place, message: impl Into<String>, help: impl Into<Help>) {
        self.push(Diagnostic::error(code, place, message, help));
    }

    pub(super) fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Fields of a section that mean nothing beside the one that `instead` names, whose label is behind it.
    pub(super) fn no_effect(&mut self, fields: &[(&str, bool)], on: &str, at: &FieldPath, instead: (&str, &str)) {
        for (field, _) in fields.iter().filter(|(_, given)| *given) {
            let message = format!("`{field}` has no effect on {on}");
            let help = Help::remove().and(&format!("; where a base gives it, write `{field}: null`"));
            let fault = Diagnostic::error(Code::Conflict, Place::key(&at.key(field)), message, help);
            self.push(fault.also(Place::key(&at.key(instead.0)), instead.1));
        }
    }
}
