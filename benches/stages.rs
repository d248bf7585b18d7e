//! How long each stage between the text of a profile and the plan takes, at 2, 100 and 10,000 services.
//! The whole program beside others is measured by `compare.sh`.

#![expect(clippy::unwrap_used, reason = "a measurement ends where something that it relies on fails")]

use std::hint::black_box;
use std::path::Path;
use std::process::Command;

use codelab_gen::change::{Existing, Wanted, apply, plan};
use codelab_gen::deployment::Deployment;
use codelab_gen::disk::Folder;
use codelab_gen::placement::Placement;
use codelab_gen::profile::parse;
use codelab_gen::render::RenderedFile;
use codelab_gen::resolve::resolve;
use codelab_gen::secret::Values;
use codelab_gen::source::{Source, SourceId};
use codelab_gen::target::compose::Extras;
use codelab_gen::target::{Found, Inputs, Target};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use indexmap::IndexMap;

const SERVICES: [u64; 3] = [2, 100, 10_000];

/// The profile that `compare.sh` measures with as well.
fn source(services: u64) -> Source {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/profile.sh");
    let printed = Command::new("bash").arg(script).arg(services.to_string()).output().unwrap();
    assert!(printed.status.success(), "{}", String::from_utf8_lossy(&printed.stderr));
    Source::from_text("fleet", &String::from_utf8(printed.stdout).unwrap())
}

fn placement() -> Placement {
    Placement { profile: "fleet".to_owned(), root: ".".to_owned(), settings: Vec::new() }
}

fn rendered(deployment: &Deployment, placement: &Placement) -> Vec<RenderedFile> {
    let inputs = Inputs { values: Values::Withheld { kept: &IndexMap::new() }, placement, found: &Found::default() };
    Target::Compose.render(deployment, &Extras::default(), &inputs).unwrap()
}

fn wanted<'w>(
    folder: &'w Path,
    (deployment, extras): (&'w Deployment, &'w Extras),
    placement: &'w Placement,
    files: Vec<RenderedFile>,
) -> Wanted<'w> {
    let (secret_files, secrets) = (Vec::new(), Vec::new());
    Wanted { folder, deployment, extras, placement, files, withheld: true, secret_files, force: false, secrets }
}

fn stages(criterion: &mut Criterion) {
    for services in SERVICES {
        let source = source(services);
        let (profile, faults) = parse(&source, SourceId(0));
        assert!(faults.is_empty(), "{faults:?}");
        let deployment = resolve(&profile).unwrap();
        let placement = placement();
        let extras = Extras::default();
        let files = rendered(&deployment, &placement);
        let folder = tempfile::tempdir().unwrap();
        let opened = Folder::open(folder.path()).unwrap();
        let nothing = Existing::read(Some(&opened), &[], &[]).unwrap();
        apply(&plan(wanted(folder.path(), (&deployment, &extras), &placement, files.clone()), &nothing), &opened)
            .unwrap();
        let written = Existing::read(Some(&opened), &[], &[]).unwrap();

        let mut group = criterion.benchmark_group("stages");
        group.throughput(Throughput::Elements(services));
        if services > 1000 {
            group.sample_size(10);
        }
        group.bench_function(BenchmarkId::new("parse", services), |bench| {
            bench.iter(|| parse(black_box(&source), SourceId(0)));
        });
        group.bench_function(BenchmarkId::new("resolve", services), |bench| {
            bench.iter(|| resolve(black_box(&profile)).unwrap());
        });
        group.bench_function(BenchmarkId::new("render", services), |bench| {
            bench.iter(|| rendered(black_box(&deployment), &placement));
        });
        for (name, existing) in [("plan, all new", &nothing), ("plan, unchanged", &written)] {
            group.bench_function(BenchmarkId::new(name, services), |bench| {
                let planned = |files| plan(wanted(folder.path(), (&deployment, &extras), &placement, files), existing);
                bench.iter_batched(|| files.clone(), planned, BatchSize::LargeInput);
            });
        }
        group.finish();
    }
}

criterion_group!(benches, stages);
criterion_main!(benches);
