//! Knows how a hand-kept service says its database. Must not know how that was found.

use crate::import::database::{Database, PostgresSide};
use crate::import::layout::{Line, Shape};
use crate::import::scope::Scope;
use crate::import::service::Service;
use crate::profile::Raw;
use crate::value::{Choice as _, Driver, EnvironmentKey};

impl Service<'_, '_> {
    pub(super) fn database_lines(&self, scope: &Scope) -> Option<Line> {
        let Database { url, engine, sqlite, postgres, parts: _, is_guess, is_of_files: _ } = self.database()?;
        let mut lines = Vec::new();
        let is_choice = sqlite.is_some() && postgres.is_some();
        if is_choice && scope.engine != Some(*engine) {
            lines.push(Line::text("engine", engine.as_str()));
        }
        lines.extend(sqlite.as_ref().map(|file| Line::text("sqlite", file.path.as_str())));
        if let Some(PostgresSide { name, driver, options }) = postgres {
            let line = Line::text("postgres", name.as_str());
            lines.push(if *is_guess { line.beside("a guess: the one that the server is made with") } else { line });
            if *driver != Driver::Asyncpg {
                lines.push(Line::text("driver", driver.as_str()));
            }
            lines.extend(options.as_ref().map(|options| Line::text("options", &options.to_string())));
        }
        let usual = EnvironmentKey::of_service(&self.name, "__DB_URL").to_string();
        match url {
            Some((variable, _)) if *variable == usual => {}
            Some((variable, _)) => {
                lines.push(Line::text("env", variable).beside("the container's variable for the URL"));
            }
            None => {
                lines.push(Line::short("give_url", Raw::plain("false")).beside("it keeps the variables that it has"));
            }
        }
        if scope.is_shared(self) {
            lines.push(Line::short("shared", Raw::plain("true")).beside("with another service, as before"));
        }
        Some(Line::new("database", Shape::Lines(lines)))
    }
}
