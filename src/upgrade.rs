//! Knows the program that copies a server to another one, what it reads, and how the second server is started beside the
//! one that runs. Must not know whether somebody may ask for it.

use std::ffi::OsString;
use std::io;
use std::path::Path;

use crate::script::Script;

/// The name of the second server among the services.
const HELPER: &str = "postgres-upgrade";

/// Keys that a server for programs of its own container does without: what reaches it, and what starts it again.
const LEFT_OUT: [&str; 9] =
    ["ports", "expose", "container_name", "restart", "networks", "network_mode", "depends_on", "labels", "profiles"];

/// The sections that its volumes and secrets are in.
const SECTIONS: [&str; 3] = ["volumes", "secrets", "configs"];

/// Settings for the copying: no archive gets what is copied, messages are understood, and nothing waits for each row.
const SETTINGS: [&str; 4] = ["archive_mode=off", "autovacuum=off", "lc_messages=C", "synchronous_commit=off"];

/// The socket's folder, where the second server has one of its own.
const SOCKET: &str = ":/var/run/postgresql";

/// What the program reads, beside what differs.
const FILES: [(&str, &str); 2] = [
    ("server.sh", include_str!("../templates/upgrade/server.sh")),
    ("upgrade.sh", include_str!("../templates/upgrade/upgrade.sh")),
];

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// All is copied to a new server.
    To,
    /// The volume of before is mounted again.
    Back,
    /// The files are new already, and all is started.
    Start,
}

/// What the program is told.
pub struct Order<'o> {
    /// Which way.
    pub direction: Direction,
    /// The output folder.
    pub folder: &'o Path,
    /// The new text of `docker-compose.yml`.
    pub compose: &'o str,
    /// Its variables.
    pub variables: Vec<(&'static str, String)>,
    /// What writes the files of the profile.
    pub generate: Vec<OsString>,
}

/// Becomes the program; comes back where that can't be.
#[must_use]
pub fn become_it(order: &Order<'_>) -> io::Error {
    let second = second_server(order.compose);
    let direction = match order.direction {
        Direction::To => "to",
        Direction::Back => "back",
        Direction::Start => "start",
    };
    let script = Script {
        name: "upgrade",
        files: FILES.into_iter().chain([("docker-compose.yml", second.as_str())]).collect(),
        folder: order.folder,
    };
    let mut arguments = vec![OsString::from(direction)];
    arguments.extend(order.generate.iter().cloned());
    script.become_it(&arguments, &order.variables)
}

/// Of a Compose file of ours the server alone, under another name, for programs of its own container.
#[must_use]
fn second_server(text: &str) -> String {
    let mut second = format!("services:\n  {HELPER}:\n    network_mode: none\n    restart: \"no\"\n");
    let (mut section, mut service, mut key) = ("", "", "");
    let mut has_command = false;
    let mut others = String::new();
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        let name = line.trim().split(':').next().unwrap_or_default();
        match indent {
            _ if line.trim().is_empty() || line.trim().starts_with('#') => continue,
            0 => section = name,
            2 if section == "services" => service = name,
            4 if section == "services" => key = name,
            _ => {}
        }
        if SECTIONS.contains(&section) {
            others.extend([line, "\n"]);
        } else if section == "services" && service == "postgres" && indent > 2 && !LEFT_OUT.contains(&key) {
            if indent == 4 && key == "command" {
                has_command = true;
                second.extend([with_settings(line).as_str(), "\n"]);
            } else if key == "healthcheck" && name == "interval" {
                // somebody sits before it
                second.push_str("      interval: 1s\n");
            } else if key == "volumes" && line.ends_with(SOCKET) {
                second.extend(["      - ", SOCKET.trim_start_matches(':'), "\n"]);
            } else {
                second.extend([line, "\n"]);
            }
        }
    }
    if !has_command {
        second.extend(["    command: [\"postgres\"", &settings(), "]\n"]);
    }
    second + &others
}

/// The settings as further words of a list on one line.
fn settings() -> String {
    SETTINGS.iter().flat_map(|setting| [", \"-c\", \"", setting, "\""]).collect()
}

/// A command with the settings behind it: on one line, or above the lines of a list, whose first word is the program.
fn with_settings(line: &str) -> String {
    match line.strip_suffix(']') {
        Some(words) => format!("{words}{}]", settings()),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
name: shop

services:
  api:
    image: api:1
    ports: [\"80:80\"]

  postgres:
    image: postgres:18
    command: [\"postgres\", \"-c\", \"shared_buffers=256MB\"]
    environment:
      POSTGRES_PASSWORD: ${POSTGRES_PASSWORD:?run codelab-gen to write .env}
    ports:
      - \"127.0.0.1:5432:5432\"
    volumes:
      # the data itself
      - data-18:/var/lib/postgresql
      - postgres-socket:/var/run/postgresql
      - ./scripts/init-postgres.sh:/docker-entrypoint-initdb.d/10-init-postgres.sh:ro
    healthcheck:
      test: [\"CMD\", \"pg_isready\"]
      interval: 5s
    networks:
      database:
        aliases: [db]
    restart: unless-stopped

networks:
  database:
    internal: true

volumes:
  data-18:
  postgres-socket:
secrets:
  postgres_password:
    file: ./secrets/postgres_password
";

    #[test]
    fn the_second_server_is_reached_by_nobody_and_shares_no_socket() {
        assert_eq!(
            second_server(FILE),
            "\
services:
  postgres-upgrade:
    network_mode: none
    restart: \"no\"
    image: postgres:18
    command: [\"postgres\", \"-c\", \"shared_buffers=256MB\", \"-c\", \"archive_mode=off\", \"-c\", \"autovacuum=off\", \
             \"-c\", \"lc_messages=C\", \"-c\", \"synchronous_commit=off\"]
    environment:
      POSTGRES_PASSWORD: ${POSTGRES_PASSWORD:?run codelab-gen to write .env}
    volumes:
      - data-18:/var/lib/postgresql
      - /var/run/postgresql
      - ./scripts/init-postgres.sh:/docker-entrypoint-initdb.d/10-init-postgres.sh:ro
    healthcheck:
      test: [\"CMD\", \"pg_isready\"]
      interval: 1s
volumes:
  data-18:
  postgres-socket:
secrets:
  postgres_password:
    file: ./secrets/postgres_password
"
        );
    }

    #[test]
    fn a_server_without_a_command_gets_one() {
        let text = "services:\n  postgres:\n    image: postgres:18\n";
        let second = second_server(text);
        assert!(second.contains("    command: [\"postgres\", \"-c\", \"archive_mode=off\""), "{second}");
    }
}
