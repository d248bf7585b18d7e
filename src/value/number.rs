//! Knows the numbers of a profile with their ranges. Must not know which field a number stands in.

use std::fmt;

/// A TCP port: 1 to 65535.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Port(u16);

/// How many containers of a service run: 1 to 1000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replicas(u16);

/// How many processes and threads a container may have: 16 to 65535; fewer than 16 start no program worth a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcessCount(u16);

/// How many connections a role of PostgreSQL may have at a time: 1 to 10000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionCount(u16);

/// A major version of PostgreSQL. The scripts need psql's `\getenv`, so 15 at the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PostgresMajor(u16);

macro_rules! numbers {
    ($($name:ident: $range:expr, $words:literal;)+) => {$(
        impl $name {
            /// The numbers that are allowed.
            pub const RANGE: std::ops::RangeInclusive<u16> = $range;
            /// The rule in words, after the word 'expected'.
            pub const WORDS: &'static str = $words;

            /// The number, where it lies in the range.
            #[must_use]
            pub fn new(number: i128) -> Option<Self> {
                u16::try_from(number).ok().filter(|number| Self::RANGE.contains(number)).map(Self)
            }

            /// The number.
            #[must_use]
            pub fn get(self) -> u16 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

numbers! {
    Port: 1..=65535, "a port from 1 to 65535";
    Replicas: 1..=1000, "a number from 1 to 1000";
    ProcessCount: 16..=65535, "a number of processes from 16 to 65535";
    ConnectionCount: 1..=10000, "a number of connections from 1 to 10000";
    PostgresMajor: 15..=99, "a major version of PostgreSQL, 15 or later";
}

impl Replicas {
    /// Just one.
    pub const ONE: Self = Self(1);

    /// Enough failures in a row to believe them.
    pub const THREE: Self = Self(3);

    /// Enough of them where they come fast.
    pub const FIVE: Self = Self(5);
}

impl Port {
    /// Where PostgreSQL listens unless told otherwise.
    pub const POSTGRES: Self = Self(5432);
}
