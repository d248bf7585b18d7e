//! Knows how memory and processors are written for a cluster, and what a pod asks for. Must not know what runs in it.

use crate::deployment::Limits;
use crate::yaml::document::{Mapping, Value};

/// What a container is promised, and may not exceed: as much as the profile allows it, so that a node never has too little.
pub(super) fn resources(limits: &Limits) -> Mapping {
    let Limits { memory, cpus, pids: _ } = limits;
    let cpus = cpus.as_ref().map(|cpus| cpu(cpus.thousandths()));
    let memory = memory.as_ref().map(|size| memory_size(size.bytes()));
    let amounts = amounts(cpus, memory);
    of(amounts.clone(), amounts)
}

/// What a container of ours is promised: a shell and a client that wait, and that have more to do for a moment.
pub(super) fn of_helper() -> Mapping {
    let memory = || Some(memory_size(HELPER_BYTES));
    of(amounts(Some(cpu(HELPER_THOUSANDTHS)), memory()), amounts(Some(cpu(10 * HELPER_THOUSANDTHS)), memory()))
}

/// What a container of ours is promised, in bytes and thousandths of a processor.
pub(super) fn of_amounts(bytes: u64, thousandths: u64) -> Mapping {
    let amounts = amounts(Some(cpu(thousandths)), Some(memory_size(bytes)));
    of(amounts.clone(), amounts)
}

/// The processors of a container that waits, in thousandths.
pub(super) const HELPER_THOUSANDTHS: u64 = 50;

/// The memory of a container that waits.
pub(super) const HELPER_BYTES: u64 = 64 << 20;

fn of(requests: Mapping, limits: Mapping) -> Mapping {
    let mut keys = Mapping::default();
    keys.push_filled("requests", Value::from(requests).on_one_line());
    keys.push_filled("limits", Value::from(limits).on_one_line());
    keys
}

fn amounts(cpus: Option<String>, memory: Option<String>) -> Mapping {
    let mut amounts = Mapping::default();
    amounts.push_given("cpu", cpus.map(amount));
    amounts.push_given("memory", memory.map(amount));
    amounts
}

/// A number alone would be none of a text.
fn amount(text: String) -> Value {
    let is_number = text.bytes().all(|digit| digit.is_ascii_digit());
    if is_number { Value::quoted(text) } else { Value::bare(text) }
}

/// Thousandths of a processor as Kubernetes writes them.
pub(super) fn cpu(thousandths: u64) -> String {
    if thousandths.is_multiple_of(1000) { (thousandths / 1000).to_string() } else { format!("{thousandths}m") }
}

/// Bytes as Kubernetes writes them, in the largest unit that they are whole in.
pub(super) fn memory_size(bytes: u64) -> String {
    let units = [("Gi", 30), ("Mi", 20), ("Ki", 10)];
    let whole = units.into_iter().find(|(_, bits)| bytes.trailing_zeros() >= *bits && bytes > 0);
    whole.map_or_else(|| bytes.to_string(), |(unit, bits)| format!("{}{unit}", bytes >> bits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{ByteSize, CpuCount, TextValue as _};

    #[test]
    fn amounts_are_the_same_in_the_units_of_a_cluster() {
        for (text, written) in
            [("512m", "512Mi"), ("2g", "2Gi"), ("1536m", "1536Mi"), ("6144k", "6Mi"), ("6291457b", "6291457")]
        {
            assert_eq!(memory_size(ByteSize::parse(text).unwrap().bytes()), written, "{text}");
        }
        for (text, written) in [("0.5", "500m"), ("2", "2"), ("1.25", "1250m"), ("0.01", "10m"), ("1.0", "1")] {
            assert_eq!(cpu(CpuCount::parse(text).unwrap().thousandths()), written, "{text}");
        }
    }
}
