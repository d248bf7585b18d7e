//! Knows what the `postgres` section means where an operator runs the server. Must not know which services use it.

use super::carried::{OPERATORS_IMAGES, OPERATORS_SYSTEM, Runs, Wanted};
use super::scope::Faults;
use super::section::{check_settings, first_database, image, limits_of_server, major, storage};
use super::settings;
use crate::deployment::Operated;
use crate::diagnostic::{Code, Place};
use crate::field::FieldPath;
use crate::help::Help;
use crate::postgres::known_image;
use crate::profile::{Postgres, Profile, given};
use crate::spelling::quoted;
use crate::value::{ImageReference, PostgresMajor, Replicas, RoleName, Stage, TextValue as _};

/// Libraries that the operator loads where a setting begins with their name, beside those of PostgreSQL itself
/// (<https://cloudnative-pg.io/documentation/current/postgresql_conf/#managed-extensions>).
const LOADED_FOR_SETTINGS: [&str; 2] = ["pgaudit", "pg_failover_slots"];

/// Settings that the operator makes itself
/// (<https://cloudnative-pg.io/documentation/current/postgresql_conf/#fixed-parameters>).
/// `shared_preload_libraries` has a field of its own there, which the setting becomes.
pub(crate) const OPERATORS_SETTINGS: [&str; 60] = [
    "allow_alter_system",
    "allow_system_table_mods",
    "archive_cleanup_command",
    "archive_command",
    "archive_mode",
    "bonjour",
    "bonjour_name",
    "cluster_name",
    "config_file",
    "data_sync_retry",
    "event_source",
    "external_pid_file",
    "hot_standby",
    "ident_file",
    "jit_provider",
    "log_destination",
    "log_directory",
    "log_file_mode",
    "log_filename",
    "log_rotation_age",
    "log_rotation_size",
    "log_truncate_on_rotation",
    "logging_collector",
    "pg_failover_slots.primary_dsn",
    "pg_failover_slots.standby_slot_names",
    "primary_conninfo",
    "primary_slot_name",
    "promote_trigger_file",
    "recovery_end_command",
    "recovery_min_apply_delay",
    "recovery_target",
    "recovery_target_action",
    "recovery_target_inclusive",
    "recovery_target_lsn",
    "recovery_target_name",
    "recovery_target_time",
    "recovery_target_timeline",
    "recovery_target_xid",
    "restart_after_crash",
    "restore_command",
    "ssl",
    "ssl_ca_file",
    "ssl_cert_file",
    "ssl_crl_file",
    "ssl_dh_params_file",
    "ssl_ecdh_curve",
    "ssl_key_file",
    "ssl_passphrase_command",
    "ssl_passphrase_command_supports_reload",
    "ssl_prefer_server_ciphers",
    "stats_temp_directory",
    "synchronized_standby_slots",
    "synchronous_standby_names",
    "syslog_facility",
    "syslog_ident",
    "syslog_sequence_numbers",
    "syslog_split_messages",
    "temp_tablespaces",
    "unix_socket_group",
    "unix_socket_permissions",
];

pub(super) fn resolve_operated(
    postgres: &Postgres,
    profile: &Profile,
    stage: Stage,
    at: &FieldPath,
    faults: &mut Faults,
) -> Option<Operated> {
    check_unused(postgres, at, faults);
    check_settings(postgres, at, faults);
    for (name, _) in given(&postgres.settings).filter(|(name, _)| OPERATORS_SETTINGS.contains(&name.as_str())) {
        let message = format!("the operator makes the setting `{name}` itself");
        faults.add(Code::OwnedKey, Place::key(&at.key("settings").key(name)), message, Help::remove());
    }
    check_names(postgres, at, faults);
    let written = image(postgres, at, faults)?;
    let major = major(&written, postgres, at, faults)?;
    let image = run_image(written, major, at, faults)?;
    let wanted = Wanted::of(profile, major, Runs::Operator);
    settings::check(postgres, &image, major, &wanted, faults);
    check_loaded(postgres, &image, major, at, faults);
    Some(Operated {
        image,
        major,
        user: postgres.user_id.copied(),
        database: first_database(postgres)?,
        instances: postgres.instances.copied().unwrap_or(Replicas::THREE),
        storage: storage(postgres, at, faults),
        limits: limits_of_server(postgres, stage),
        settings: given(&postgres.settings).map(|(name, value)| (name.clone(), value.0.clone())).collect(),
        sizes: Vec::new(),
    })
}

/// The official image knows nothing of the operator, and gives no more than its major version. Of any other image the
/// operator reads the version where its tag begins.
fn run_image(
    written: ImageReference,
    major: PostgresMajor,
    at: &FieldPath,
    faults: &mut Faults,
) -> Option<ImageReference> {
    if written.postgres_major().is_some() {
        return ImageReference::parse(&format!("{OPERATORS_IMAGES}:{major}-{OPERATORS_SYSTEM}")).ok();
    }
    let tagged = written.tag().and_then(|tag| tag.split(['.', '-', '_']).next()?.parse::<u16>().ok());
    if tagged != Some(major.get()) {
        let message = format!("the tag of {} does not begin with the version {major}", quoted(&written.to_string()));
        let help = format!(
            "use an image whose tag does, such as `{OPERATORS_IMAGES}:{major}-{OPERATORS_SYSTEM}`: CloudNativePG reads it"
        );
        faults.add(Code::PostgresVersion, Place::value(&at.key("image")), message, help);
        return None;
    }
    Some(written)
}

/// A library that the image does not carry keeps every server from starting.
fn check_loaded(
    postgres: &Postgres,
    image: &ImageReference,
    major: PostgresMajor,
    at: &FieldPath,
    faults: &mut Faults,
) {
    let Some(image) = known_image(image) else { return };
    for (name, _) in given(&postgres.settings) {
        let Some((library, _)) = name.as_str().split_once('.') else { continue };
        if LOADED_FOR_SETTINGS.contains(&library) && image.has_library(library, major) == Some(false) {
            let message = format!("for this setting the operator loads the library `{library}`, which the image lacks");
            let help =
                format!("write `image: {OPERATORS_IMAGES}:{major}-{OPERATORS_SYSTEM}`, which carries it, or remove it");
            faults.add(Code::ExtensionNotInImage, Place::key(&at.key("settings").key(name)), message, help);
        }
    }
}

/// Roles and databases that the operator keeps for itself.
fn check_names(postgres: &Postgres, at: &FieldPath, faults: &mut Faults) {
    if let Some(user) = postgres.user.get().filter(|user| is_operators_role(user)) {
        let message = format!("the operator keeps the role name {} for itself", quoted(user.as_str()));
        faults.add(Code::ReservedName, Place::value(&at.key("user")), message, "choose another name");
    }
    if let Some(database) = first_database(postgres).filter(crate::value::DatabaseName::is_reserved) {
        let field = if postgres.database.is_given() { "database" } else { "user" };
        let message = format!("PostgreSQL keeps the database name {} for itself", quoted(database.as_str()));
        faults.add(Code::ReservedName, Place::value(&at.key(field)), message, "write `database:` with another name");
    }
}

/// Whether the operator refuses a role of this name.
pub(super) fn is_operators_role(role: &RoleName) -> bool {
    matches!(role.as_str(), "postgres" | "streaming_replica") || role.as_str().starts_with("cnpg_")
}

/// Fields that only a container of ours has.
fn check_unused(postgres: &Postgres, at: &FieldPath, faults: &mut Faults) {
    let fields = [
        ("publish", postgres.publish.is_given()),
        ("volume", postgres.volume.is_given()),
        ("ensure", postgres.ensure.is_given()),
        ("init_script", postgres.init_script.is_given()),
        ("local_auth", postgres.local_auth.is_given()),
        ("healthcheck", postgres.healthcheck.is_given()),
        ("initdb", postgres.initdb.is_given()),
        ("environment", postgres.environment.is_given()),
        ("compose", postgres.compose.is_given()),
    ];
    faults.no_effect(&fields, "a server that an operator runs", at, ("operator", "the operator"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_official_image_gives_its_major_version_and_another_one_is_taken_as_written() {
        let digest = format!("@sha256:{}", "0".repeat(64));
        for (written, run) in [
            ("postgres:17", Some("ghcr.io/cloudnative-pg/postgresql:17-system-trixie".to_owned())),
            (
                "docker.io/library/postgres:17.2-alpine3.20",
                Some("ghcr.io/cloudnative-pg/postgresql:17-system-trixie".to_owned()),
            ),
            (&format!("postgres:17{digest}"), Some("ghcr.io/cloudnative-pg/postgresql:17-system-trixie".to_owned())),
            ("ghcr.io/cloudnative-pg/postgresql:17.5", Some("ghcr.io/cloudnative-pg/postgresql:17.5".to_owned())),
            (&format!("mine/pg:17_1{digest}"), Some(format!("mine/pg:17_1{digest}"))),
            ("mine/pg:16", None),
            ("mine/pg:v17", None),
            ("mine/pg:170", None),
            ("mine/pg", None),
            (&format!("mine/pg{digest}"), None),
        ] {
            let mut faults = Faults::default();
            let image = ImageReference::parse(written).unwrap();
            let major = PostgresMajor::new(17).unwrap();
            let found = run_image(image, major, &FieldPath::root(), &mut faults);
            assert_eq!(
                (found.map(|image| image.to_string()), faults.0.len()),
                (run.clone(), usize::from(run.is_none()))
            );
        }
    }

    #[test]
    fn the_operator_keeps_some_roles() {
        for (role, is_kept) in
            [("postgres", true), ("streaming_replica", true), ("cnpg_x", true), ("cnpg", false), ("app", false)]
        {
            assert_eq!(is_operators_role(&RoleName::parse(role).unwrap()), is_kept, "{role}");
        }
    }
}
