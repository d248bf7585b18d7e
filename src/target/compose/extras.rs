//! Knows what a profile says for Compose alone: raw keys, beside the deployment. Must not know what a key means.

use indexmap::IndexMap;

use crate::profile::{Profile, Raw, RawKeys, Setting, given};
use crate::value::ServiceName;

/// Keys with their values, as they were written.
pub(super) type Keys = Vec<(String, Raw)>;

/// The raw keys of a profile, by what they belong to.
#[derive(Debug, Clone, Default)]
pub struct Extras {
    /// At the top of the file.
    pub(crate) top: Keys,
    /// Of the server's container.
    pub(crate) server: Keys,
    services: IndexMap<ServiceName, Keys>,
}

impl Extras {
    /// What a profile says.
    #[must_use]
    pub fn of(profile: &Profile) -> Self {
        let services = given(&profile.services).filter(|(_, service)| service.compose.is_given());
        Self {
            top: keys(&profile.compose),
            server: profile.postgres.get().map(|postgres| keys(&postgres.compose)).unwrap_or_default(),
            services: services.map(|(name, service)| (name.clone(), keys(&service.compose))).collect(),
        }
    }

    /// Of a service.
    pub(crate) fn service(&self, service: &ServiceName) -> &[(String, Raw)] {
        self.services.get(service).map(Vec::as_slice).unwrap_or_default()
    }
}

/// The value of a key.
pub(crate) fn value<'k>(keys: &'k [(String, Raw)], name: &str) -> Option<&'k Raw> {
    keys.iter().find(|(key, _)| key == name).map(|(_, value)| value)
}

fn keys(written: &Setting<RawKeys>) -> Keys {
    given(written).map(|(key, value)| (key.as_str().to_owned(), value.clone())).collect()
}
