//! The outputs of the profiles in tests/golden/, byte for byte, with their permissions.
//!
//! After a wanted change: `BLESS=1 cargo test --test suite golden`, then read the difference.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::support::{Finish as _, assert_matches_file, codelab_gen, files_below, stderr, tests};

/// The outputs of a deployment without a server, with their permissions.
const WITHOUT_SERVER: &[(&str, u32)] =
    &[(".env", 0o600), (".env.example", 0o644), ("docker-compose.yml", 0o644), ("scripts/db/databases.sh", 0o644)];

/// The outputs of a deployment with one.
const WITH_SERVER: &[(&str, u32)] = &[
    (".env", 0o600),
    (".env.example", 0o644),
    ("docker-compose.yml", 0o644),
    ("scripts/db/databases.sh", 0o644),
    ("scripts/init-postgres.sh", 0o755),
];

/// The outputs where the server gets its password as a file.
const WITH_SECRET_FILES: &[(&str, u32)] = &[
    (".env", 0o600),
    (".env.example", 0o644),
    ("docker-compose.yml", 0o644),
    ("scripts/db/databases.sh", 0o644),
    ("scripts/init-postgres.sh", 0o755),
    ("secrets/postgres_password", 0o644),
];

/// The outputs on Kubernetes with a server in a pod of its own.
const SERVER_IN_A_POD: &[(&str, u32)] = &[
    ("kubernetes/api.yaml", 0o644),
    ("kubernetes/init-postgres.sh", 0o755),
    ("kubernetes/kustomization.yaml", 0o644),
    ("kubernetes/monitor.yaml", 0o644),
    ("kubernetes/postgres.yaml", 0o644),
    ("kubernetes/report.yaml", 0o644),
    ("kubernetes/secrets/api__db_password", 0o600),
    ("kubernetes/secrets/api__db_url", 0o600),
    ("kubernetes/secrets/api__queue__db_url", 0o600),
    ("kubernetes/secrets/postgres_password", 0o600),
    ("kubernetes/secrets/report__db_password", 0o600),
    ("kubernetes/secrets/report__db_url", 0o600),
    ("kubernetes/secrets/wiki__db_password", 0o600),
    ("kubernetes/wiki.yaml", 0o644),
    ("scripts/db/databases.sh", 0o644),
];

/// The same where an operator runs the server.
const SERVER_OF_AN_OPERATOR: &[(&str, u32)] = &[
    ("kubernetes/api.yaml", 0o644),
    ("kubernetes/kustomization.yaml", 0o644),
    ("kubernetes/monitor.yaml", 0o644),
    ("kubernetes/postgres.yaml", 0o644),
    ("kubernetes/secrets/api__db_password", 0o600),
    ("kubernetes/secrets/api__db_url", 0o600),
    ("kubernetes/secrets/api__queue__db_url", 0o600),
    ("kubernetes/secrets/wiki__db_password", 0o600),
    ("kubernetes/wiki.yaml", 0o644),
    ("scripts/db/databases.sh", 0o644),
];

/// The same where the server is elsewhere.
const SERVER_ELSEWHERE: &[(&str, u32)] = &[
    ("kubernetes/api.yaml", 0o644),
    ("kubernetes/init-postgres.sh", 0o755),
    ("kubernetes/kustomization.yaml", 0o644),
    ("kubernetes/secrets/api__db_password", 0o600),
    ("kubernetes/secrets/api__db_url", 0o600),
    ("kubernetes/secrets/api__queue__db_url", 0o600),
    ("kubernetes/secrets/wiki__db_password", 0o600),
    ("kubernetes/wiki.yaml", 0o644),
    ("scripts/db/databases.sh", 0o644),
];

/// The outputs of the services on Kubernetes, with their permissions.
const ON_KUBERNETES: &[(&str, u32)] = &[
    ("kubernetes/api.yaml", 0o644),
    ("kubernetes/kustomization.yaml", 0o644),
    ("kubernetes/migrate.yaml", 0o644),
    ("kubernetes/notes.yaml", 0o644),
    ("kubernetes/redis.yaml", 0o644),
    ("kubernetes/report.yaml", 0o644),
    ("kubernetes/secrets/internal_api_key", 0o600),
    ("kubernetes/worker.yaml", 0o644),
    ("scripts/db/databases.sh", 0o644),
];

/// The scripts that are the same everywhere, with their permissions: a golden folder holds no copy of them.
const SAME_EVERYWHERE: [(&str, u32); 10] = [
    ("scripts/backups/backups.sh", 0o755),
    ("scripts/backups/postgres.sh", 0o755),
    ("scripts/db/backup.sh", 0o755),
    ("scripts/db/drill.sh", 0o755),
    ("scripts/db/postgres.sh", 0o644),
    ("scripts/db/psql.sh", 0o755),
    ("scripts/db/reach.sh", 0o644),
    ("scripts/db/reindex.sh", 0o755),
    ("scripts/db/restore.sh", 0o755),
    ("scripts/db/sqlite.py", 0o644),
];

/// Those of a deployment with a server where no service can move its rows.
const OF_A_SERVER: &[&str] =
    &["backup.sh", "postgres.sh", "psql.sh", "reach.sh", "reindex.sh", "restore.sh", "sqlite.py"];

/// What a golden folder is made from, and what it holds.
struct Case {
    name: &'static str,
    profile: &'static str,
    settings: &'static [&'static str],
    files: &'static [(&'static str, u32)],
}

/// The outputs with a container that backs the server up.
const WITH_BACKUPS: &[(&str, u32)] = &[
    (".env", 0o600),
    (".env.example", 0o644),
    ("docker-compose.yml", 0o644),
    ("scripts/backups/Dockerfile", 0o644),
    ("scripts/db/databases.sh", 0o644),
    ("scripts/init-postgres.sh", 0o755),
];

const CASES: [Case; 16] = [
    Case { name: "backups", profile: "../golden/backups.yaml", settings: &[], files: WITH_BACKUPS },
    Case { name: "dev-sqlite", profile: "dev", settings: &[], files: WITHOUT_SERVER },
    Case { name: "prod-postgres", profile: "prod", settings: &[], files: WITH_SERVER },
    Case { name: "mixed", profile: "mixed", settings: &[], files: WITH_SERVER },
    Case { name: "staging", profile: "prod", settings: &["stage=staging"], files: WITH_SERVER },
    Case { name: "per-service", profile: "prod", settings: &["postgres.access=per_service"], files: WITH_SERVER },
    Case { name: "secrets-in-files", profile: "prod", settings: &["secrets_in=files"], files: WITH_SECRET_FILES },
    Case { name: "secrets-in-environment", profile: "prod", settings: &["secrets_in=environment"], files: WITH_SERVER },
    Case { name: "external", profile: "../golden/external.yaml", settings: &[], files: WITH_SERVER },
    Case { name: "without-ensure", profile: "prod", settings: &["postgres.ensure=false"], files: WITH_SERVER },
    Case { name: "strict", profile: "../golden/strict.yaml", settings: &[], files: WITH_SERVER },
    Case { name: "every-field", profile: "../golden/every-field.yaml", settings: &[], files: WITH_SERVER },
    Case {
        name: "kubernetes-server",
        profile: "../golden/kubernetes-server.yaml",
        settings: &[],
        files: SERVER_IN_A_POD,
    },
    Case {
        name: "kubernetes-cloudnative-pg",
        profile: "../golden/kubernetes-server.yaml",
        settings: &[
            "stage=production",
            "image_pull_secrets=[registry-login]",
            "postgres.operator=cloudnative-pg",
            "services.report=null",
            "postgres.local_auth=null",
            "postgres.settings.shared_preload_libraries=\"pg_stat_statements, auto_explain\"",
        ],
        files: SERVER_OF_AN_OPERATOR,
    },
    Case {
        name: "kubernetes-external",
        profile: "../golden/kubernetes-server.yaml",
        settings: &[
            "stage=production",
            "services.monitor=null",
            "services.report=null",
            "services.wiki.outbound=null",
            "postgres.local_auth=null",
            "postgres.storage=null",
            "postgres.limits=null",
            "postgres.settings=null",
            "postgres.external={ host: db.example.com, port: 6432, ca_secret: db-ca }",
        ],
        files: SERVER_ELSEWHERE,
    },
    Case {
        name: "kubernetes-services",
        profile: "../golden/kubernetes-services.yaml",
        settings: &[],
        files: ON_KUBERNETES,
    },
];

/// Generates into a folder; `tests/golden` stands beside it, as a project's profiles would.
fn generate(case: &Case, folder: &Path) {
    let project = folder.parent().unwrap();
    fs::create_dir_all(project.join("golden")).unwrap();
    for entry in fs::read_dir(tests().join("golden")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::copy(&path, project.join("golden").join(path.file_name().unwrap())).unwrap();
        }
    }
    fs::create_dir_all(folder).unwrap();
    let mounted = folder.join("shop.toml");
    fs::write(&mounted, "# a file of the project\n[shop]\nname = \"it's $(NAME)\"\n").unwrap();
    let mut command = codelab_gen(folder);
    command.args(["--allow-weak-secrets", "--profile", case.profile]);
    for setting in case.settings {
        command.args(["--set", setting]);
    }
    for password in [
        "POSTGRES_PASSWORD",
        "API__DB_PASSWORD",
        "MIGRATE__DB_PASSWORD",
        "WIKI__DB_PASSWORD",
        "BILLING__DB_PASSWORD",
        "REPORTS__DB_PASSWORD",
        "REPORT__DB_PASSWORD",
        "SEARCH__DB_PASSWORD",
        "STATISTICS__DB_PASSWORD",
        "IMPORTER__DB_PASSWORD",
        "AGENT_RUNTIME__DB_PASSWORD",
        "AUTH_SERVICE__DB_PASSWORD",
        "BACKUP_KEY",
        "INTERNAL_API_KEY",
    ] {
        command.env(password, "codelab_password");
    }
    command.env("LITELLM_API_KEY", "it's a \"key\" with spaces");
    let run = command.finish();
    assert_eq!(run.status.code(), Some(0), "{}: {}", case.name, stderr(&run));
    fs::remove_file(mounted).unwrap();
}

#[test]
fn outputs_are_the_golden_files() {
    for case in CASES {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("project");
        generate(&case, &folder);
        let mut files = Vec::new();
        files_below(&folder, &mut files);
        let is_same = |file: &&PathBuf| SAME_EVERYWHERE.iter().any(|(path, _)| folder.join(path) == **file);
        let own = files.iter().filter(|file| !is_same(file));
        assert_eq!(own.count(), case.files.len(), "{}: {files:?}", case.name);
        for (path, mode) in case.files {
            let file = folder.join(path);
            let text = fs::read_to_string(&file).unwrap();
            assert_matches_file(&text, &tests().join("golden").join(case.name).join(path));
            let actual = fs::metadata(&file).unwrap().permissions().mode() & 0o7777;
            assert_eq!(actual, *mode, "{}: {path} has the mode {actual:o}", case.name);
        }
    }
}

#[test]
fn scripts_that_are_the_same_everywhere_are_those_of_the_templates_behind_a_header() {
    for (case, present) in [
        ("dev-sqlite", &["backup.sh", "postgres.sh", "reach.sh", "restore.sh", "sqlite.py"][..]),
        (
            "prod-postgres",
            &["backup.sh", "postgres.sh", "psql.sh", "reach.sh", "reindex.sh", "restore.sh", "sqlite.py"],
        ),
        ("strict", OF_A_SERVER),
        ("backups", &[OF_A_SERVER, &["backups.sh", "drill.sh"]].concat()),
        ("kubernetes-server", OF_A_SERVER),
        ("kubernetes-cloudnative-pg", OF_A_SERVER),
        ("kubernetes-external", OF_A_SERVER),
    ] {
        let case = CASES.into_iter().find(|known| known.name == case).unwrap();
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("project");
        generate(&case, &folder);
        for (path, mode) in SAME_EVERYWHERE {
            let name = path.rsplit('/').next().unwrap();
            let is_present = present.contains(&name) && (!path.contains("/backups/") || case.name == "backups");
            assert_eq!(folder.join(path).exists(), is_present, "{}: {path}", case.name);
            let Ok(text) = fs::read_to_string(folder.join(path)) else { continue };
            let of = if name == "postgres.sh" { "scripts/db/postgres.sh" } else { path };
            let mut template = fs::read_to_string(tests().join("../templates").join(of)).unwrap();
            if name == "reach.sh" {
                let target = if case.name.starts_with("kubernetes-") { "kubernetes" } else { "compose" };
                let reach = tests().join(format!("../templates/scripts/db/reach-{target}.sh"));
                template.push('\n');
                template.push_str(&fs::read_to_string(reach).unwrap());
            }
            let interpreter = template.lines().next().filter(|line| line.starts_with("#!"));
            let interpreter = interpreter.map(|line| format!("{line}\n")).unwrap_or_default();
            let header =
                text.strip_prefix(&interpreter).and_then(|text| text.strip_suffix(&template[interpreter.len()..]));
            let header = header.unwrap_or_else(|| panic!("{path} is not its template"));
            assert!(header.starts_with("# Generated by codelab-gen from the profile "), "{path}: {header}");
            assert_eq!((header.lines().count(), header.ends_with("\n#\n")), (4, true), "{path}: {header}");
            let actual = fs::metadata(folder.join(path)).unwrap().permissions().mode() & 0o7777;
            assert_eq!(actual, mode, "{}: {path} has the mode {actual:o}", case.name);
        }
    }
}

#[test]
fn golden_folders_hold_nothing_else() {
    for case in CASES {
        let folder = tests().join("golden").join(case.name);
        let mut files = Vec::new();
        files_below(&folder, &mut files);
        for file in files {
            let path = file.strip_prefix(&folder).unwrap();
            assert!(case.files.iter().any(|(known, _)| Path::new(known) == path), "{}", file.display());
        }
    }
}
