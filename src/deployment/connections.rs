//! Knows how many connections services open on the server, and how many it has for them. Must not know who is told.

use super::{Host, Server, Service};
use crate::postgres::{count, setting};
use crate::value::{PostgresMajor, SettingName};

/// How many connections each container of a service may open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pool {
    /// All of them.
    pub connections: u32,
    /// Whether the profile says so.
    pub is_written: bool,
}

impl Pool {
    /// What SQLAlchemy opens where nobody says otherwise: `pool_size` and `max_overflow`
    /// (<https://docs.sqlalchemy.org/en/20/core/engines.html#sqlalchemy.create_engine>).
    pub const USUAL: Self = Self { connections: 5 + 10, is_written: false };
}

/// What a service opens on the server, in all of its databases there.
#[derive(Debug, Clone, Copy)]
pub struct Demand<'d> {
    /// The service.
    pub service: &'d Service,
    /// How many containers of it there are.
    pub containers: u64,
    /// How many connections each of them opens in any case: its pools as far as the profile says them, and one for each other.
    pub written: u64,
    /// How many each of them may open where the other pools are as usual.
    pub usual: u64,
    /// How many of its pools the profile does not say.
    pub unwritten: u64,
    /// How many its role may have at a time.
    pub limit: Option<u64>,
}

impl<'d> Demand<'d> {
    /// What each service opens that is there all the time.
    pub fn of(services: &'d [Service]) -> impl Iterator<Item = Self> {
        let lasting = services.iter().filter(|service| service.uses_postgres() && !service.runs.ends());
        lasting.map(|service| {
            let containers = service.replicas.map_or(1, |replicas| u64::from(replicas.get()));
            let (mut written, mut usual, mut unwritten, mut limit) = (0, 0, 0, None);
            for (database, _) in service.databases_on_server() {
                let connections = u64::from(database.pool.connections);
                written += if database.pool.is_written { connections } else { 1 };
                usual += connections;
                unwritten += u64::from(!database.pool.is_written);
                limit = limit.or(database.limits.connections.map(|limit| u64::from(limit.get())));
            }
            Self { service, containers, written, usual, unwritten, limit }
        })
    }

    /// What it opens in any case: what the profile says, or one for each container.
    #[must_use]
    pub fn certain(&self) -> u64 {
        self.containers * self.written
    }

    /// What it may open where it has the usual pool.
    #[must_use]
    pub fn likely(&self) -> u64 {
        self.containers * self.usual
    }

    /// How large each pool that the profile does not say may be, for its role to have enough.
    #[must_use]
    pub fn fitting(&self, limit: u64) -> u64 {
        let room = (limit / self.containers).saturating_sub(self.written.saturating_sub(self.unwritten));
        room.checked_div(self.unwritten).unwrap_or(room).max(1)
    }

    /// No more than its role may have.
    #[must_use]
    pub fn limited(&self, connections: u64) -> u64 {
        self.limit.map_or(connections, |limit| connections.min(limit))
    }
}

/// The connections of a server.
#[derive(Debug, Clone, Copy)]
pub struct Slots {
    /// All of them.
    pub all: u64,
    /// Those that are kept for administrators.
    pub kept: u64,
}

impl Server {
    /// The connections that its settings give it, where the deployment has them: of several servers with an operator those of
    /// the one that is written to, since services connect to no other.
    #[must_use]
    pub fn slots(&self) -> Option<Slots> {
        match &self.host {
            Host::Container(container) => Some(Slots::of(&container.settings, container.major)),
            Host::Operated(operated) => Some(Slots::of(&operated.settings, operated.major)),
            Host::External(_) => None,
        }
    }
}

impl Slots {
    /// What settings give a server.
    #[must_use]
    pub fn of(settings: &[(SettingName, String)], major: PostgresMajor) -> Self {
        let number = |name: &str, usual: u64| {
            let written = settings.iter().find(|(known, _)| known.as_str() == name).map(|(_, value)| value);
            let is_right = |value: &&String| setting(major, name).is_none_or(|known| known.check(value).is_ok());
            written.filter(is_right).and_then(|value| u64::try_from(count(value)?).ok()).unwrap_or(usual)
        };
        // the defaults of PostgreSQL: https://www.postgresql.org/docs/current/runtime-config-connection.html
        let kept = number("superuser_reserved_connections", 3).saturating_add(number("reserved_connections", 0));
        Self { all: number("max_connections", 100), kept }
    }

    /// Those that services may have.
    #[must_use]
    pub fn free(&self) -> u64 {
        self.all.saturating_sub(self.kept)
    }

    /// What `max_connections` would have to be for so many, in whole tens.
    #[must_use]
    pub fn enough_for(&self, connections: u64) -> u64 {
        connections.saturating_add(self.kept).div_ceil(10).saturating_mul(10)
    }
}
