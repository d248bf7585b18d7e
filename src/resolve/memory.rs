//! Knows whether the server's settings fit into its container. Must not know anything else about settings.

use super::scope::Faults;
use crate::deployment::{Host, Server};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::field::FieldPath;
use crate::postgres::number;
use crate::profile::Profile;
use crate::spelling::quoted;

/// Memory that the server takes at its start and never gives back; the kernel would kill it once it is filled.
const SHARED_BUFFERS: &str = "shared_buffers";

/// What `shared_buffers` counts in where it has no unit
/// (<https://www.postgresql.org/docs/current/runtime-config-resource.html>).
const BLOCK: f64 = 8.0 * KIB;

const KIB: f64 = 1024.0;

pub(super) fn check(server: &Server, profile: &Profile, faults: &mut Faults) {
    let (limits, settings) = match &server.host {
        Host::Container(container) => (&container.limits, &container.settings),
        Host::Operated(operated) => (&operated.limits, &operated.settings),
        Host::External(_) => return,
    };
    let Some(limit) = &limits.memory else { return };
    let setting = settings.iter().find(|(name, _)| name.as_str() == SHARED_BUFFERS);
    // one that nobody wrote is a share of the limit
    let Some((_, written)) = setting else { return };
    let (Some(taken), Some(allowed)) = (size(written, BLOCK), size(limit.as_str(), 1.0)) else { return };
    if taken < allowed {
        return;
    }
    let at = FieldPath::root().key("postgres");
    let limit_at = Place::value(&at.key("limits").key("memory"));
    let place = Place::value(&at.key("settings").key(SHARED_BUFFERS));
    let message = format!("`{SHARED_BUFFERS}` takes {}, but the server may use {limit} of memory", quoted(written));
    let help = "write `limits: { memory: … }` in the `postgres` section, about four times as much";
    let fault = Diagnostic::error(Code::MemoryLimit, place, message, help);
    let limits = profile.postgres.get().and_then(|postgres| postgres.limits.get());
    let is_written = limits.is_some_and(|limits| limits.memory.is_given());
    faults.push(if is_written { fault.also(limit_at, "the limit") } else { fault });
}

/// Bytes of a number with the unit of Compose or of PostgreSQL; one without counts in `unit`.
fn size(text: &str, unit: f64) -> Option<f64> {
    let (number, suffix) = number(text)?;
    let unit = match suffix.to_ascii_lowercase().as_str() {
        "" => unit,
        "b" => 1.0,
        "k" | "kb" => KIB,
        "m" | "mb" => KIB * KIB,
        "g" | "gb" => KIB * KIB * KIB,
        "tb" => KIB * KIB * KIB * KIB,
        _ => return None,
    };
    Some(number * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        for (text, megabytes) in [
            ("128MB", Some(128)),
            ("16384", Some(128)),
            ("0x4000", Some(128)),
            ("1g", Some(1 << 10)),
            (" 2 GB", Some(2 << 10)),
            ("1TB", Some(1 << 20)),
            ("65536kB", Some(64)),
            ("0.5GB", Some(512)),
            ("1PB", None),
            ("much", None),
        ] {
            assert_eq!(size(text, BLOCK), megabytes.map(|megabytes: u32| f64::from(megabytes) * KIB * KIB), "{text}");
        }
    }
}
