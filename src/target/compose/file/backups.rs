//! Knows what `docker-compose.yml` says of the container that backs the server up. Must not know how it does.

use super::super::extras::Extras;
use super::super::networks::NETWORK_MODE;
use super::super::outputs::{BACKUP_COUNTS, BACKUP_FOLDER, BACKUP_SCRIPT};
use super::super::secrets::{password, required, secret_name};
use super::keys::keys_of_backup;
use super::service::{variable_value, waits_until};
use crate::deployment::{Backups, Container, Deployment, REPOSITORY, S3, SOCKET_FOLDER, Server, destination};
use crate::placement::Placement;
use crate::target::interpolation::{command, literal, reference, word};
use crate::value::{EnvironmentKey, MountSource, SecretsIn, ServiceName, StartCondition, VolumeName};
use crate::yaml::document::{Mapping, Value};

const KEEPS: &str = "\
Brings all that the server writes to the destination within seconds, and makes a backup each day. It is unhealthy where
that fails: `docker compose logs postgres-backup` says why.";

/// Where the certificates stand that an S3 server's one is verified by.
const CERTIFICATES: &str = "/etc/backups-ca.pem";

/// Settings without which a restored server does not start, or lacks what is asked of it.
const NEEDED: [(&str, &str); 2] =
    [("PRELOADED", "shared_preload_libraries"), ("PREPARED", "max_prepared_transactions")];

/// The container; nothing where the profile wants no backups.
pub(super) fn backup(
    server: &Server,
    container: &Container,
    deployment: &Deployment,
    placement: &Placement,
    extras: &Extras,
) -> Mapping {
    let Some(backups) = &deployment.backups else { return Mapping::default() };
    let script = "/scripts/backups.sh";
    let mut keys = Mapping::default();
    keys.push("build", Mapping::from_iter([("context", literal(&format!("./{BACKUP_FOLDER}")))]));
    keys.push("entrypoint", command(["bash", script]));
    keys.push("command", command(["serve"]));
    keys.push("environment", environment(server, container, backups, deployment.secrets_in));
    if deployment.secrets_in == SecretsIn::Files {
        let name = secret_name(&server.administrator_password);
        keys.push("secrets", [literal(&name)].into_iter().collect::<Value>());
    }
    keys.push("volumes", volumes(container, backups, placement));
    if !backups.reaches_out() {
        keys.push(NETWORK_MODE, word("none").behind("the socket is enough"));
    }
    let healthy = (ServiceName::postgres().to_string(), waits_until(StartCondition::Healthy));
    keys.push("depends_on", Mapping::from_iter([healthy]));
    let mut check = Mapping::from_iter([("test", command(["CMD", "bash", script, "healthy"]))]);
    for (name, value) in [("interval", "30s"), ("timeout", "30s"), ("start_period", "10s")] {
        check.push(name, literal(value));
    }
    keys.push("healthcheck", check);
    keys.append(keys_of_backup(container, backups, &extras.server));
    Mapping::from_iter([(ServiceName::postgres_backup().to_string(), Value::from(keys).apart().above(KEEPS))])
}

fn environment(server: &Server, container: &Container, backups: &Backups, secrets_in: SecretsIn) -> Mapping {
    let databases: Vec<_> = server.databases.iter().map(|database| database.name.as_str()).collect();
    let mut environment = Mapping::from_iter([
        ("POSTGRES_USER".to_owned(), literal(server.user.as_str())),
        password(&server.administrator_password, secrets_in),
        ("DATABASES".to_owned(), literal(&databases.join(" "))),
        ("DAILY_AT".to_owned(), literal(backups.daily_at.as_str())),
        ("KEEP_DAYS".to_owned(), literal(backups.keep.count())),
    ]);
    if let Some(key) = &backups.key {
        environment.push(key.to_string(), reference(required(key, secrets_in)));
    }
    environment.append(backups.s3().map(|s3| of_s3(s3, secrets_in)).unwrap_or_default());
    environment.push_given("WEBHOOK", backups.webhook.as_ref().and_then(|url| variable_value(url, secrets_in)));
    environment.push_given("ON_FAILURE", backups.command.as_deref().map(literal));
    for (variable, setting) in NEEDED {
        let written = container.settings.iter().find(|(name, _)| name.as_str() == setting);
        environment.push_given(variable, written.map(|(_, value)| literal(value)));
    }
    let check = |check: &crate::deployment::BackupCheck| {
        [check.service.as_str(), check.role.as_str(), check.database.as_str(), check.statement.as_str()].join("\t")
    };
    let checks: Vec<_> = backups.checks.iter().map(check).collect();
    environment.push_given("CHECKS", (!checks.is_empty()).then(|| literal(&checks.join("\n"))));
    environment
}

/// A bucket, by the names that pgBackRest has for it.
fn of_s3(s3: &S3, secrets_in: SecretsIn) -> Mapping {
    let (host, port) = s3.endpoint.parts();
    let option = |name: &str| format!("PGBACKREST_REPO1_{name}");
    let [id, secret] = EnvironmentKey::backup_s3();
    let mut environment = Mapping::from_iter([
        (option("TYPE"), literal("s3")),
        (option("PATH"), literal(s3.bucket.folder())),
        (option("S3_BUCKET"), literal(s3.bucket.name())),
        (option("S3_ENDPOINT"), literal(host)),
        (option("S3_REGION"), literal(s3.region.as_str())),
        (option("S3_URI_STYLE"), literal(if s3.path_style { "path" } else { "host" })),
        (option("S3_KEY"), reference(required(&id, secrets_in))),
        (option("S3_KEY_SECRET"), reference(required(&secret, secrets_in))),
    ]);
    environment.push_given("PGBACKREST_REPO1_STORAGE_PORT", port.map(literal));
    environment.push_given("PGBACKREST_REPO1_STORAGE_CA_FILE", s3.ca.as_ref().map(|_| literal(CERTIFICATES)));
    environment.push_given("PGBACKREST_REPO1_STORAGE_VERIFY_TLS", (!s3.verify_tls).then(|| literal("n")));
    environment
}

fn volumes(container: &Container, backups: &Backups, placement: &Placement) -> Value {
    let data = format!("{}:{}:ro", placement.source(container.volume.source()), container.data_folder());
    let to = backups.mounted().map(|source| format!("{}:{REPOSITORY}", placement.source(&destination(source))));
    let ca = backups.s3().and_then(|s3| s3.ca.as_ref()).map(|ca| MountSource::Bind(ca.as_host_path().clone()));
    let ca = ca.map(|ca| format!("{}:{CERTIFICATES}:ro", placement.source(&ca)));
    let mounted = |output: &crate::render::Output, name: &str| format!("./{}:/scripts/{name}:ro", output.path());
    let first = [data, format!("{}:{SOCKET_FOLDER}", VolumeName::postgres_socket())];
    let last = [
        format!("{}:{REPOSITORY}-work", VolumeName::backup_work()),
        mounted(&BACKUP_SCRIPT, "backups.sh"),
        mounted(&BACKUP_COUNTS, "postgres.sh"),
    ];
    first.into_iter().chain(to).chain(ca).chain(last).map(|mount| literal(&mount)).collect()
}
