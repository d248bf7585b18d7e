//! Knows whether the server's settings fit into its container. Must not know anything else about settings.

use super::Faults;
use crate::deployment::Container;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::field::FieldPath;
use crate::profile::Profile;
use crate::spelling::quoted;

/// Memory that the server takes at its start and never gives back; the kernel would kill it once it is filled.
const SHARED_BUFFERS: &str = "shared_buffers";

/// What `shared_buffers` is where nobody says otherwise.
const USUAL_BUFFERS: &str = "128MB";

/// What `shared_buffers` counts in where it has no unit
/// (<https://www.postgresql.org/docs/current/runtime-config-resource.html>).
const BLOCK: u64 = 8 << 10;

pub(super) fn check(container: &Container, profile: &Profile, faults: &mut Faults) {
    let Some(limit) = &container.limits.memory else { return };
    let setting = container.settings.iter().find(|(name, _)| name.as_str() == SHARED_BUFFERS);
    let written = setting.map_or(USUAL_BUFFERS, |(_, written)| written.as_str());
    let (Some(taken), Some(allowed)) = (size(written, BLOCK), size(limit.as_str(), 1)) else { return };
    if taken < allowed {
        return;
    }
    let at = FieldPath::root().key("postgres");
    let limit_at = Place::value(&at.key("limits").key("memory"));
    let place = match setting {
        Some(_) => Place::value(&at.key("settings").key(SHARED_BUFFERS)),
        None => limit_at.clone(),
    };
    let message = format!("`{SHARED_BUFFERS}` takes {}, but the server may use {limit} of memory", quoted(written));
    let help = "write `limits: { memory: … }` in the `postgres` section, about four times as much";
    let fault = Diagnostic::error(Code::MemoryLimit, place, message, help);
    let limits = profile.postgres.get().and_then(|postgres| postgres.limits.get());
    let is_written = limits.is_some_and(|limits| limits.memory.is_given());
    faults.push(if is_written && setting.is_some() { fault.also(limit_at, "the limit") } else { fault });
}

/// Bytes of a number with the unit of Compose or of PostgreSQL; one without counts in `unit`.
fn size(text: &str, unit: u64) -> Option<u64> {
    let text = text.trim();
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, suffix) = text.split_at_checked(digits)?;
    let unit = match suffix.trim().to_ascii_lowercase().as_str() {
        "" => unit,
        "b" => 1,
        "k" | "kb" => 1 << 10,
        "m" | "mb" => 1 << 20,
        "g" | "gb" => 1 << 30,
        "tb" => 1 << 40,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        for (text, bytes) in [
            ("128MB", Some(128 << 20)),
            ("16384", Some(128 << 20)),
            ("1g", Some(1 << 30)),
            (" 2 GB", Some(2 << 30)),
            ("1TB", Some(1 << 40)),
            ("65536kB", Some(64 << 20)),
            ("0.5GB", None),
            ("much", None),
            ("", None),
            ("99999999999999999999GB", None),
        ] {
            assert_eq!(size(text, BLOCK), bytes, "{text}");
        }
    }
}
