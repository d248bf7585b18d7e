//! Knows the words that stand for one of a few choices. Must not know what follows from a choice.

use schemars::{Schema, json_schema};

use super::grammar::{Mismatch, TextValue};
use crate::help::Help;
use crate::spelling::nearest;

/// One of a few words.
pub trait Choice: Sized + Copy + 'static {
    /// All of them.
    const ALL: &'static [Self];

    /// The word.
    fn as_str(self) -> &'static str;

    /// What it means, for editors.
    fn description(self) -> &'static str;
}

macro_rules! choices {
    ($($(#[doc = $doc:literal])+ $name:ident { $($(#[doc = $meaning:literal])+ $variant:ident = $word:literal,)+ })+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[doc = $meaning])+ $variant,)+
        }

        impl Choice for $name {
            const ALL: &'static [Self] = &[$(Self::$variant),+];

            fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            fn description(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!($($meaning),+).trim_ascii(),)+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl TextValue for $name {
            fn parse(text: &str) -> Result<Self, Mismatch> {
                parse_choice(text)
            }

            fn schema() -> Schema {
                choice_schema::<Self>()
            }
        }
    )+};
}

choices! {
    /// The program that keeps a service's data.
    Engine {
        /// One file in the service's data mount; no server.
        Sqlite = "sqlite",
        /// A database on the deployment's PostgreSQL server.
        Postgres = "postgres",
    }

    /// What a deployment is for; rules get stricter from staging on.
    Stage {
        /// On a developer's machine.
        Development = "development",
        /// In automatic tests.
        Ci = "ci",
        /// As production, before production.
        Staging = "staging",
        /// Where users' data is.
        Production = "production",
    }

    /// What a deployment runs on.
    Target {
        /// Docker Compose, on one machine.
        Compose = "compose",
        /// Kubernetes: manifests that kustomize puts together.
        Kubernetes = "kubernetes",
    }

    /// Who logs in to PostgreSQL.
    Access {
        /// Every service logs in as `postgres.user`.
        Shared = "shared",
        /// Every service has a role and a password of its own and reaches only its own database.
        PerService = "per_service",
    }

    /// Who reads the text by which a service finds its database, and so in which form it is written.
    Driver {
        /// asyncpg, through SQLAlchemy: `postgresql+asyncpg://`.
        Asyncpg = "asyncpg",
        /// psycopg 3, through SQLAlchemy, with and without `async`: `postgresql+psycopg://`.
        Psycopg = "psycopg",
        /// psycopg 2, through SQLAlchemy: `postgresql+psycopg2://`.
        Psycopg2 = "psycopg2",
        /// Django, by dj-database-url or django-environ: `postgresql://`.
        Django = "django",
        /// pgjdbc, and all that is built on it: `jdbc:postgresql://…?user=…&password=…`.
        Jdbc = "jdbc",
        /// Npgsql and Entity Framework: `Host=…;Username=…;Password=…`.
        Npgsql = "npgsql",
        /// Go's lib/pq: `postgres://`, with `sslmode=disable` inside of the deployment, without which it asks for TLS.
        Pq = "pq",
        /// Go's pgx: `postgres://`.
        Pgx = "pgx",
        /// Words as libpq, lib/pq, pgx and GORM read them: `host=… user=… password=… dbname=…`.
        Dsn = "dsn",
        /// Node.js's pg, and all that is built on it: `postgresql://`.
        Node = "node",
        /// Prisma: `postgresql://…?schema=…`.
        Prisma = "prisma",
        /// Ruby on Rails: `postgresql://…?pool=…`.
        Rails = "rails",
        /// Laravel: `postgresql://`, or separate variables.
        Laravel = "laravel",
        /// Rust's sqlx: `postgres://`.
        Sqlx = "sqlx",
        /// Rust's tokio-postgres: `postgres://`.
        TokioPostgres = "tokio_postgres",
        /// Whatever reads `postgresql://`, such as libpq and programs that are not here.
        Plain = "plain",
        /// Whatever reads `postgres://`, the shorter word for the same, which some programs insist on.
        Postgres = "postgres",
    }

    /// Who reads the text by which a service finds its SQLite file, and so in which form it is written.
    SqliteDriver {
        /// Python's own library through SQLAlchemy, and all that read `sqlite:///`.
        Sqlite = "sqlite",
        /// aiosqlite through SQLAlchemy: `sqlite+aiosqlite:///`.
        Aiosqlite = "aiosqlite",
        /// sqlite-jdbc: `jdbc:sqlite:`.
        Jdbc = "jdbc",
        /// Microsoft.Data.Sqlite and Entity Framework: `Data Source=`.
        Dotnet = "dotnet",
        /// Go's mattn/go-sqlite3: `file:`.
        GoSqlite3 = "go_sqlite3",
        /// Prisma: `file:`.
        Prisma = "prisma",
        /// Ruby on Rails: `sqlite3:`.
        Rails = "rails",
        /// Rust's sqlx: `sqlite://`.
        Sqlx = "sqlx",
        /// The path of the file and nothing else, such as better-sqlite3 takes it.
        Path = "path",
    }

    /// What a service may do in its database, where several of them use one.
    Rights {
        /// Everything: its role owns the database and all that is in it.
        Owner = "owner",
        /// Reads and changes the rows of all tables, also of those that the owner makes later; makes none itself.
        Write = "write",
        /// Reads the rows of all tables, also of those that the owner makes later.
        Read = "read",
    }

    /// How PostgreSQL lets in programs of its own container.
    LocalAuth {
        /// As any role, without a password: the image's own default.
        Trust = "trust",
        /// By the role's password. A new `POSTGRES_PASSWORD` must then be given to the server before the next start.
        Password = "password",
    }

    /// What sorts the texts of a database.
    LocaleProvider {
        /// The C library of the image.
        Libc = "libc",
        /// ICU, which knows the rules of every language.
        Icu = "icu",
        /// PostgreSQL itself, from version 17 on: by code points, and the same in every image.
        Builtin = "builtin",
    }

    /// How the connection to an external PostgreSQL is protected.
    Tls {
        /// Encrypted, and the server's certificate and name are verified.
        VerifyFull = "verify-full",
        /// Encrypted; whoever answers is believed.
        Require = "require",
        /// Not encrypted.
        Disable = "disable",
    }

    /// How secrets reach Compose.
    SecretsIn {
        /// They stand in `.env`, beside the connection URLs.
        Dotenv = "dotenv",
        /// A secret manager sets them in the environment of docker compose; `.env` holds none. They may have
        /// A-Z a-z 0-9 . _ - only, because Compose can't encode them in URLs.
        Environment = "environment",
        /// The server's passwords stand in files below `secrets/`, which Compose gives to the server alone. Connection
        /// URLs stay in `.env`, where the services read them.
        Files = "files",
        /// On Kubernetes: something else makes the Secrets that the manifests name, such as External Secrets, Sealed
        /// Secrets or SOPS. No file holds a secret.
        External = "external",
    }

    /// What runs the PostgreSQL server on Kubernetes.
    Operator {
        /// CloudNativePG: a server that is written to, and copies that take its place.
        CloudNativePg = "cloudnative-pg",
    }

    /// What a service's container is kept from.
    Hardening {
        /// What the stage says: in staging and production its processes gain no privileges.
        ByStage = "by_stage",
        /// It has no capabilities, gains no privileges, and can write to nothing but its mounts and `/tmp`.
        Strict = "strict",
    }

    /// Which program in the image asks the health check's URL.
    CommandProbe {
        /// Python's own library; slim images have neither curl nor wget.
        Python = "python",
        /// curl.
        Curl = "curl",
        /// wget, as in BusyBox.
        Wget = "wget",
    }

    /// What a service waits for in another one.
    StartCondition {
        /// It was started.
        Started = "started",
        /// Its health check passes.
        Healthy = "healthy",
        /// It ended without a fault.
        Completed = "completed",
    }

    /// A part of the service's own database.
    DatabasePart {
        /// The whole connection URL.
        Url = "url",
        /// The same without role and password, which then have variables of their own.
        Address = "address",
        /// The word by which the application knows the engine, such as Laravel's `pgsql` and `sqlite`.
        Driver = "driver",
        /// The server's host name; empty with SQLite.
        Host = "host",
        /// The server's port; empty with SQLite.
        Port = "port",
        /// The role; empty with SQLite.
        User = "user",
        /// The role's password; empty with SQLite.
        Password = "password",
        /// The database's name, or the SQLite file's path.
        Name = "name",
    }
}

impl Stage {
    /// Whether mistakes would hurt people's data, so that the strict rules hold.
    #[must_use]
    pub fn is_strict(self) -> bool {
        matches!(self, Self::Staging | Self::Production)
    }
}

fn words<T: Choice>() -> impl Iterator<Item = &'static str> + Clone {
    T::ALL.iter().map(|choice| choice.as_str())
}

fn parse_choice<T: Choice>(text: &str) -> Result<T, Mismatch> {
    if let Some(choice) = T::ALL.iter().find(|choice| choice.as_str() == text) {
        return Ok(*choice);
    }
    let all: Vec<_> = words::<T>().map(|word| format!("`{word}`")).collect();
    let expected = format!("one of {}", all.join(", "));
    Err(match nearest(text, words::<T>()) {
        Some(word) => Mismatch::new(expected, Help::respell(word)),
        None => Mismatch::new(expected, "write one of these words"),
    })
}

fn choice_schema<T: Choice>() -> Schema {
    let variants: Vec<_> = T::ALL
        .iter()
        .map(|choice| serde_json::json!({ "const": choice.as_str(), "title": choice.as_str(), "description": choice.description() }))
        .collect();
    json_schema!({ "type": "string", "oneOf": variants })
}
impl Default for Target {
    /// What every profile ran on before it could say so.
    fn default() -> Self {
        Self::Compose
    }
}
