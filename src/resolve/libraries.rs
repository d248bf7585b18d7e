//! Knows which libraries the server must load at its start, for the extensions that services ask for.
//! Must not know which extensions there are.

use crate::deployment::{Container, OwnedDatabase};
use crate::postgres::{extension, known_image};
use crate::value::{ImageReference, SettingName, TextValue as _};

/// The setting that names the libraries of the server itself.
pub(super) const PRELOADED: &str = "shared_preload_libraries";

/// The settings that name libraries.
pub(super) const LIBRARIES: [&str; 3] = [PRELOADED, "session_preload_libraries", "local_preload_libraries"];

/// The libraries that such a setting names, without folders and endings.
pub(super) fn listed(value: &str) -> Vec<String> {
    let plain = |name: &str| {
        let name = name.trim().trim_matches('"').trim();
        let name = name.rsplit_once('/').map_or(name, |(_, file)| file);
        name.strip_suffix(".so").unwrap_or(name).to_owned()
    };
    value.split(',').map(plain).filter(|name| !name.is_empty()).collect()
}

/// What a server loads, and who says so.
pub(super) struct Loads<'s> {
    pub(super) image: &'s ImageReference,
    pub(super) settings: &'s mut Vec<(SettingName, String)>,
    /// Whether nothing is loaded but what the settings say, whatever the image is.
    pub(super) by_settings_only: bool,
}

impl Loads<'_> {
    /// What is loaded where no setting says it; nothing where nobody knows.
    fn by_itself(&self) -> Option<Vec<&'static str>> {
        if self.by_settings_only { Some(Vec::new()) } else { loads_by_itself(self.image) }
    }
}

/// Adds the libraries that the extensions of these databases need, beside those that the image loads by itself.
/// What an image of one's own loads nobody knows: a list that is written is completed, and none is begun.
pub(super) fn load(loads: Loads<'_>, databases: &[OwnedDatabase]) {
    let by_itself = loads.by_itself();
    let Loads { settings, .. } = loads;
    let missing = not_loaded(settings, by_itself.as_deref(), databases);
    let written = settings.iter_mut().find(|(name, _)| name.as_str() == PRELOADED);
    match (written, by_itself) {
        _ if missing.is_empty() => {}
        (Some((_, value)), _) => *value = joined(value, &missing),
        (None, Some(own)) => {
            let setting = SettingName::parse(PRELOADED).map(|name| (name, joined(&own.join(","), &missing)));
            settings.extend(setting);
        }
        (None, None) => {}
    }
}

/// What extensions need and the server does not load, as far as anybody knows.
pub(crate) fn missing(container: &Container, databases: &[OwnedDatabase]) -> Vec<&'static str> {
    not_loaded(&container.settings, loads_by_itself(&container.image).as_deref(), databases)
}

fn loads_by_itself(image: &ImageReference) -> Option<Vec<&'static str>> {
    known_image(image).map(|image| image.libraries().collect())
}

fn not_loaded(
    settings: &[(SettingName, String)],
    by_itself: Option<&[&'static str]>,
    databases: &[OwnedDatabase],
) -> Vec<&'static str> {
    let written = settings.iter().find(|(name, _)| name.as_str() == PRELOADED);
    let own = || by_itself.unwrap_or_default().iter().map(ToString::to_string).collect();
    let loaded: Vec<String> = written.map_or_else(own, |(_, value)| listed(value));
    let asked = databases.iter().flat_map(|database| &database.extensions);
    let mut missing: Vec<_> = asked.filter_map(|name| extension(name.as_str())?.library).collect();
    missing.retain(|library| !loaded.iter().any(|known| known == library));
    missing.dedup();
    missing
}

fn joined(written: &str, more: &[&str]) -> String {
    let written = written.trim().trim_end_matches(',');
    let all = Some(written).filter(|written| !written.is_empty()).into_iter().chain(more.iter().copied());
    all.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resolve::resolved;

    fn preloaded(image: &str, extensions: &str, settings: &str) -> Option<String> {
        let deployment = resolved(&format!(
            "format: 1\nstage: development\nproject: p\nservices:\n  api: {{ image: 'a:1', database: {{ postgres: \
             {{ name: a, extensions: [{extensions}] }} }} }}\npostgres: {{ image: '{image}', version: 16, user: u, settings: \
             {{ {settings} }} }}\n"
        ));
        let container = deployment.contained_server().unwrap().1;
        container.settings.iter().find(|(name, _)| name.as_str() == PRELOADED).map(|(_, value)| value.clone())
    }

    #[test]
    fn what_an_extension_needs_is_loaded_beside_the_rest() {
        const OWN: &str = "registry.example.com/postgres:1";
        const TIMESCALE: &str = "timescale/timescaledb:2.17.2-pg16";
        for (image, extensions, settings, right) in [
            (OWN, "", "", None),
            (OWN, "pg_stat_statements", "", None),
            (OWN, "pg_stat_statements", "shared_preload_libraries: pgaudit", Some("pgaudit,pg_stat_statements")),
            (TIMESCALE, "timescaledb", "", None),
            (TIMESCALE, "timescaledb, pg_stat_statements", "", Some("timescaledb,pg_stat_statements")),
            (TIMESCALE, "timescaledb", "shared_preload_libraries: auto_explain", Some("auto_explain,timescaledb")),
        ] {
            assert_eq!(preloaded(image, extensions, settings).as_deref(), right, "{image} {extensions} {settings}");
        }
    }

    #[test]
    fn an_operator_loads_what_the_settings_say_and_nothing_that_an_image_would() {
        let deployment = resolved(
            "format: 1\nstage: development\nproject: p\ntarget: kubernetes\nservices:\n  api: { image: 'a:1', database: { \
             postgres: { name: a, extensions: [pg_stat_statements] } } }\npostgres: { image: 'mine/pg:16', version: 16, user: u, \
             operator: cloudnative-pg, storage: 1Gi }\n",
        );
        let server = deployment.server.unwrap();
        let settings = &server.operated().unwrap().settings;
        let preloaded = settings.iter().find(|(name, _)| name.as_str() == PRELOADED);
        assert_eq!(preloaded.map(|(_, value)| value.as_str()), Some("pg_stat_statements"));
    }

    #[test]
    fn libraries_are_named_with_folders_and_endings_or_without() {
        assert_eq!(listed(" \"$libdir/pg_cron\" , auto_explain.so,"), ["pg_cron", "auto_explain"]);
        assert_eq!(listed(""), [""; 0]);
    }
}
