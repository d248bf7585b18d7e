//! Knows which settings of the server follow from what its container may use, where nobody set them.
//! Must not know what the container is run by.
//!
//! The quarter for `shared_buffers`, and more WAL for more of them, are what PostgreSQL's own documentation names as a start
//! (<https://www.postgresql.org/docs/current/runtime-config-resource.html>, `…/runtime-config-wal.html`); the other shares
//! are those of `PGTune` (<https://github.com/le0pard/pgtune>). A limit of the container takes the place of the machine's
//! memory, which is what both speak of.

use crate::deployment::{Container, Limits, Operated, Sized, Slots};
use crate::postgres::mebibytes;
use crate::value::{ByteSize, CpuCount, PostgresMajor, SettingName, TextValue as _};

/// A file of settings of one's own, beside which nothing is set that it may hold.
const OWN_FILE: &str = "config_file";

/// The setting for room on the disk.
const WAL: &str = "max_wal_size";

/// Processes that have memory of their own beside those of connections, by default.
const WORKERS: u64 = 8;

/// The same where `CloudNativePG` sets it (<https://cloudnative-pg.io/documentation/current/postgresql_conf/>).
const WORKERS_OF_OPERATOR: u64 = 32;

/// A setting with its value: its number, what it counts in, what the server takes where nobody sets it, and the rule.
type Rule = (&'static str, u64, &'static str, u64, &'static str);

/// What values follow from.
struct Base<'b> {
    limits: &'b Limits,
    settings: &'b [(SettingName, String)],
    major: PostgresMajor,
    workers: u64,
    /// Whether the files of WAL have as much room as there is on the disk.
    has_room: bool,
}

/// Sets what follows from the limits, and the memory that processes share with that.
pub(super) fn size(container: &mut Container) {
    if container.settings.iter().all(|(name, _)| name.as_str() != OWN_FILE) {
        let Container { limits, settings, major, .. } = &*container;
        let base = Base { limits, settings, major: *major, workers: WORKERS, has_room: true };
        container.sizes = base.sizes();
        container.settings.extend(changed(&container.sizes));
    }
    container.shared_memory = shared_memory(container);
}

/// The same for servers that an operator runs: each has the limits for itself. Of their memory that processes share the
/// operator takes care.
pub(super) fn size_operated(operated: &mut Operated) {
    let Operated { limits, settings, major, .. } = &*operated;
    let base = Base { limits, settings, major: *major, workers: WORKERS_OF_OPERATOR, has_room: false };
    operated.sizes = base.sizes();
    operated.settings.extend(changed(&operated.sizes));
}

/// Those that the server would not take by itself.
fn changed(sizes: &[Sized]) -> Vec<(SettingName, String)> {
    let changed = sizes.iter().filter(|size| !size.is_usual);
    changed.filter_map(|size| Some((SettingName::parse(size.name).ok()?, size.value.clone()))).collect()
}

impl Base<'_> {
    fn sizes(&self) -> Vec<Sized> {
        let memory = self.limits.memory.as_ref().map_or(0, ByteSize::bytes) >> 20;
        let processors = self.limits.cpus.as_ref().map_or(0, CpuCount::thousandths).div_ceil(1000);
        let mut sizes = Vec::new();
        if memory > 0 {
            sizes.extend(sized(&self.by_memory(memory), &self.by_memory(memory * 2), "as much"));
        }
        if processors > 0 {
            sizes.extend(sized(&self.by_processors(processors), &self.by_processors(processors * 2), "as many"));
        }
        let is_written = |size: &Sized| self.settings.iter().any(|(name, _)| name.as_str() == size.name);
        // a volume of its own has a size, of which WAL must not take more than the server does by itself
        sizes.retain(|size| !is_written(size) && (self.has_room || size.name != WAL));
        sizes
    }

    fn by_memory(&self, memory: u64) -> [Rule; 5] {
        let buffers = set(self.settings, self.major, "shared_buffers").unwrap_or((memory / 4).max(1));
        let processes = Slots::of(self.settings, self.major).all.saturating_add(WORKERS).saturating_mul(3);
        [
            ("shared_buffers", buffers, "MB", 128, "a quarter of `limits.memory`"),
            ("effective_cache_size", (memory * 3 / 4).max(1), "MB", 4096, "three quarters of `limits.memory`"),
            (
                "maintenance_work_mem",
                (memory / 16).clamp(4, 2048),
                "MB",
                64,
                "a sixteenth of `limits.memory`, at most 2048MB",
            ),
            (
                "work_mem",
                (memory.saturating_sub(buffers) / processes).clamp(4, 1024),
                "MB",
                4,
                "what `shared_buffers` leaves, three times for each connection, at least 4MB",
            ),
            (WAL, buffers.saturating_mul(4).clamp(1024, 16_384), "MB", 1024, "four times `shared_buffers`, 1 to 16 GB"),
        ]
    }

    fn by_processors(&self, processors: u64) -> [Rule; 4] {
        let (most, workers) = (processors.min(1024), self.workers);
        let at_least =
            if workers == WORKERS { "as `limits.cpus`, at least 8" } else { "as `limits.cpus`, at least 32" };
        let of_one_query = processors.div_ceil(2).min(4);
        [
            ("max_worker_processes", most.max(workers), "", workers, at_least),
            ("max_parallel_workers", most, "", workers, "as `limits.cpus`"),
            ("max_parallel_workers_per_gather", of_one_query, "", 2, "half of `limits.cpus`, at most 4"),
            ("max_parallel_maintenance_workers", of_one_query, "", 2, "half of `limits.cpus`, at most 4"),
        ]
    }
}

fn sized(now: &[Rule], twice: &[Rule], amount: &str) -> Vec<Sized> {
    let both = now.iter().zip(twice);
    both.map(|((name, number, unit, usual, rule), (_, doubled, ..))| Sized {
        name,
        value: format!("{number}{unit}"),
        rule: format!("{rule}; {doubled}{unit} at twice {amount}"),
        is_usual: number == usual,
    })
    .collect()
}

/// Mebibytes of `/dev/shm`: the dead rows of one parallel vacuum, and twice `work_mem` (as hashes may take,
/// `hash_mem_multiplier`) for each process of a parallel query
/// (<https://www.postgresql.org/docs/current/runtime-config-resource.html>). It is a bound, and nothing that is taken.
fn shared_memory(container: &Container) -> u32 {
    let set = |name, usual| set(&container.settings, container.major, name).unwrap_or(usual);
    let workers = container.settings.iter().find(|(name, _)| name.as_str() == "max_parallel_workers_per_gather");
    let workers = workers.and_then(|(_, value)| u64::try_from(crate::postgres::count(value)?).ok()).unwrap_or(2);
    let queries = set("work_mem", 4).saturating_mul(2).saturating_mul(workers.saturating_add(1));
    let all = set("maintenance_work_mem", 64).saturating_add(queries);
    u32::try_from(all).unwrap_or(u32::MAX).clamp(LEAST, MOST)
}

/// Enough for a few parallel queries where no limit says more.
const LEAST: u32 = 256;

/// A bound that Docker takes, and no server comes near to.
const MOST: u32 = 1 << 20;

/// Mebibytes that a setting says.
fn set(settings: &[(SettingName, String)], major: PostgresMajor, name: &str) -> Option<u64> {
    let (_, value) = settings.iter().find(|(known, _)| known.as_str() == name)?;
    mebibytes(major, name, value)
}

#[cfg(test)]
mod tests {
    use crate::resolve::resolved;

    fn sized(postgres: &str) -> (Vec<(String, String)>, u32) {
        let deployment = resolved(&format!(
            "format: 1\nstage: development\nproject: p\nservices: {{ api: {{ image: 'a:1', database: {{ postgres: a }} }} }}\n\
             postgres: {{ image: 'postgres:16', user: u, {postgres} }}\n"
        ));
        let container = deployment.contained_server().unwrap().1.clone();
        let settings = container.settings.iter().map(|(name, value)| (name.to_string(), value.clone())).collect();
        (settings, container.shared_memory)
    }

    fn pairs(written: &[(&str, &str)]) -> Vec<(String, String)> {
        written.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn nothing_follows_from_no_limit() {
        assert_eq!(sized("ensure: true"), (Vec::new(), 256));
    }

    #[test]
    fn memory_follows_from_its_limit() {
        let (settings, shared) = sized("limits: { memory: 8g }");
        let right = [
            ("shared_buffers", "2048MB"),
            ("effective_cache_size", "6144MB"),
            ("maintenance_work_mem", "512MB"),
            ("work_mem", "18MB"),
            ("max_wal_size", "8192MB"),
        ];
        assert_eq!(settings, pairs(&right));
        assert_eq!(shared, 512 + 18 * 2 * 3);
        let small = sized("limits: { memory: 256m }").0;
        let right = [("shared_buffers", "64MB"), ("effective_cache_size", "192MB"), ("maintenance_work_mem", "16MB")];
        assert_eq!(small, pairs(&right), "what is usual is not set");
    }

    #[test]
    fn what_is_written_stays_and_counts() {
        let (settings, _) = sized("limits: { memory: 8g }, settings: { shared_buffers: 4GB, max_connections: 20 }");
        let right = [
            ("shared_buffers", "4GB"),
            ("max_connections", "20"),
            ("effective_cache_size", "6144MB"),
            ("maintenance_work_mem", "512MB"),
            ("work_mem", "48MB"),
            ("max_wal_size", "16384MB"),
        ];
        assert_eq!(settings, pairs(&right));
        let (settings, shared) = sized("settings: { maintenance_work_mem: 2GB }");
        assert_eq!(settings, pairs(&[("maintenance_work_mem", "2GB")]));
        assert_eq!(shared, 2048 + 24);
        let own = sized("limits: { memory: 8g }, settings: { config_file: /etc/postgresql.conf }").0;
        assert_eq!(own, pairs(&[("config_file", "/etc/postgresql.conf")]));
    }

    #[test]
    fn each_server_of_an_operator_has_the_limits_and_wal_the_size_of_its_volume() {
        let deployment = resolved(
            "format: 1\nstage: production\nproject: p\ntarget: kubernetes\n\
             services: { api: { image: 'a:1', user: '1:1', database: { postgres: a } } }\n\
             postgres: { image: 'postgres:17', user: u, access: per_service, operator: cloudnative-pg, storage: 10Gi, \
             limits: { memory: 8g, cpus: \"4\" }, settings: { work_mem: 8MB } }\n",
        );
        let operated = deployment.server.as_ref().unwrap().operated().unwrap();
        let settings: Vec<_> = operated.settings.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let right = [
            "work_mem=8MB",
            "shared_buffers=2048MB",
            "effective_cache_size=6144MB",
            "maintenance_work_mem=512MB",
            "max_parallel_workers=4",
        ];
        assert_eq!(settings, right);
    }

    #[test]
    fn workers_follow_from_processors() {
        for (cpus, right) in [
            (
                "0.5",
                &[
                    ("max_parallel_workers", "1"),
                    ("max_parallel_workers_per_gather", "1"),
                    ("max_parallel_maintenance_workers", "1"),
                ][..],
            ),
            ("4", &[("max_parallel_workers", "4")]),
            (
                "12",
                &[
                    ("max_worker_processes", "12"),
                    ("max_parallel_workers", "12"),
                    ("max_parallel_workers_per_gather", "4"),
                    ("max_parallel_maintenance_workers", "4"),
                ],
            ),
        ] {
            assert_eq!(sized(&format!("limits: {{ cpus: \"{cpus}\" }}")).0, pairs(right), "{cpus}");
        }
    }
}
