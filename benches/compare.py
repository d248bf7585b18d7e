"""Measures a static codelab-gen, and a dynamic one, beside the peers on PATH, and writes RESULTS.md. compare.sh installs
them and calls this."""

import datetime
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
OURS, DYNAMIC = (str(pathlib.Path(program).resolve()) for program in sys.argv[1:3])
SIZES = [2, 100, 1000, 10_000]
FILES = ["docker-compose.yml", ".env", "scripts/init-postgres.sh"]


class Result:
    """One program on one job: times in ms, memory in MiB."""

    def __init__(self, name, job, measured, memory):
        times = sorted(measured["times"])
        self.name, self.job, self.memory, self.runs = name, job, memory, len(times)
        self.median, self.least = statistics.median(times) * 1000, times[0] * 1000
        self.cpu = (measured["user"] + measured["system"]) * 1000


def measure(name, job, command, *, prepare="true", fails=False):
    """Times a command by hyperfine, and takes its peak memory from `time`."""
    with tempfile.NamedTemporaryFile() as export:
        options = ["--shell=none", "--style=none", "--warmup=1", "--min-runs=3", "--max-runs=200"]
        options += ["--prepare", prepare, "--export-json", export.name] + ["--ignore-failure"] * fails
        subprocess.run(["hyperfine", *options, " ".join(command)], check=True, stdout=subprocess.DEVNULL)
        measured = json.load(export)["results"][0]
    subprocess.run(prepare.split(), check=True)
    # a child of this process would count this one's memory as its own, a child of `time` does not
    with tempfile.NamedTemporaryFile() as peak:
        timed = ["time", "--quiet", "--format=%M", f"--output={peak.name}", *command]
        subprocess.run(timed, check=not fails, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        memory = int(peak.read().split()[-1]) / 1024
    print(f"{job}: {name} {statistics.median(measured['times']) * 1000:.2f} ms", flush=True)
    return Result(name, job, measured, memory)


def inputs(folder, services):
    """The same profile for every program, with the job of each."""
    os.makedirs(folder)
    os.chdir(folder)
    for form, name in [("yaml", "fleet.yaml"), ("json", "fleet.json"), ("pkl", "fleet.pkl"), ("faulty", "faulty.yaml")]:
        with open(name, "wb") as file:
            subprocess.run(["bash", HERE / "profile.sh", str(services), form], check=True, stdout=file)
    shutil.copytree(HERE / "peers", ".", dirs_exist_ok=True)
    flags = "-a none --trim-blocks --lstrip-blocks -D password=secret"
    lines = [f"minijinja-cli {flags} -o minijinja/{name} templates/{name}.j2 fleet.yaml\n" for name in FILES]
    pathlib.Path("minijinja.sh").write_text("".join(["set -e\n", "mkdir -p minijinja/scripts\n", *lines]))


def peers():
    """The peers that are there: name, command, folder that it writes."""
    known = {
        "minijinja-cli": (["sh", "minijinja.sh"], "minijinja"),
        "jrsonnet": ("jrsonnet -S -c -m jrsonnet -V password=secret job.jsonnet".split(), "jrsonnet"),
        "pkl": ("pkl eval -p password=secret -m pkl fleet.pkl".split(), "pkl"),
        "copier": (
            "copier copy -q --defaults --data-file fleet.yaml -d password=secret templates copier".split(),
            "copier",
        ),
    }
    return {name: job for name, job in known.items() if shutil.which(name)}


def check_peers():
    """The peers write the services that codelab-gen writes, as YAML reads them."""
    import_yaml = "import json,sys,yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))['services'],sort_keys=True))"
    python = shutil.which("copier")
    if python is None:
        return
    python = str(pathlib.Path(python).parent / "python")

    def services(folder):
        command = [python, "-c", import_yaml, f"{folder}/docker-compose.yml"]
        read = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        return {name: service for name, service in read.items() if name.startswith("service-")}

    expected = services("ours")
    for name, (_, folder) in peers().items():
        assert services(folder) == expected, f"{name} writes other services"


def whole_jobs(results):
    """Every program writes everything into an empty folder."""
    for services in SIZES:
        inputs(pathlib.Path(WORK) / str(services), services)
        job = f"all new, {services:,} services"
        if services == 2:
            results.append(measure("/bin/true", job, ["/bin/true"]))
        command = [OURS, "--profile", "./fleet.yaml", "--out", "ours"]
        results.append(measure("codelab-gen", job, command, prepare="rm -rf ours"))
        if services == 100:
            continue
        for name, (command, folder) in peers().items():
            results.append(measure(name, job, command, prepare=f"rm -rf {folder}"))
        if services == 2:
            check_peers()
        if shutil.which("docker-compose") and services < 10_000:
            command = "docker-compose --project-directory ours -f ours/docker-compose.yml config -q".split()
            results.append(measure("docker compose config -q", job, command))


def unchanged(results):
    """Nothing is to be done."""
    os.chdir(pathlib.Path(WORK) / "2")
    job = "nothing to change, 2 services"
    command = [OURS, "--profile", "./fleet.yaml", "--out", "ours"]
    results.append(measure("/bin/true", job, ["/bin/true"]))
    empty = pathlib.Path(WORK) / "empty"
    empty.with_suffix(".rs").write_text("fn main() {}\n")
    subprocess.run(["rustc", "-O", "-o", empty, empty.with_suffix(".rs")], check=True)
    results.append(measure("an empty Rust program", job, [str(empty)]))
    results.append(measure("codelab-gen --version", job, [OURS, "--version"]))
    results.append(measure("codelab-gen", job, command))
    results.append(measure("codelab-gen --check", job, [*command, "--check"]))
    results.append(measure("codelab-gen, dynamic", job, [DYNAMIC, *command[1:]]))


def faulty(results):
    """The last of 10,000 services has a fault."""
    os.chdir(pathlib.Path(WORK) / "10000")
    job = "one fault, 10,000 services"
    command = [OURS, "--profile", "./faulty.yaml", "--out", "faulty"]
    results.append(measure("codelab-gen", job, command, fails=True))


def cost_of_writing():
    """The median ms of writing the outputs of 2 services and waiting for the disk, by the same calls."""
    source = pathlib.Path(WORK) / "2" / "ours"
    texts = {path.relative_to(source): path.read_bytes() for path in source.rglob("*") if path.is_file()}
    target, times = pathlib.Path(WORK) / "written", []
    for _ in range(50):
        shutil.rmtree(target, ignore_errors=True)
        start = time.perf_counter()
        for path in texts:
            (target / path).parent.mkdir(parents=True, exist_ok=True)
        for path, text in texts.items():
            file = os.open(target / f"{path}.tmp", os.O_WRONLY | os.O_CREAT | os.O_EXCL)
            os.write(file, text)
            os.fsync(file)
            os.close(file)
        for path in texts:
            os.rename(target / f"{path}.tmp", target / path)
        for folder in {(target / path).parent for path in texts}:
            file = os.open(folder, os.O_RDONLY)
            os.fsync(file)
            os.close(file)
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times), len(texts)


def targets(results, writing, of):
    """Each target with what was reached: text, figure, limit (at most); `of` is the time of a result."""
    at = {(result.name, result.job): result for result in results}
    new = {services: at["codelab-gen", f"all new, {services:,} services"] for services in SIZES}
    idle = "nothing to change, 2 services"
    true = of(at["/bin/true", idle])
    rows = [
        ("a second run, times of `/bin/true`", of(at["codelab-gen", idle]) / true, 3),
        ("a second run, dynamic, times of `/bin/true`", of(at["codelab-gen, dynamic", idle]) / true, 3),
        ("`--check`, times of `/bin/true`", of(at["codelab-gen --check", idle]) / true, 5),
        (
            "all new at 2 services without the cost of writing and syncing, times of `/bin/true`",
            (of(new[2]) - writing) / of(at["/bin/true", "all new, 2 services"]),
            2.5,
        ),
    ]
    shares = [("docker compose config -q", 2, 5), ("copier", 2, 100), ("pkl", 1000, 3), ("pkl", 10_000, 3)]
    for peer, services, times in shares:
        other = at.get((peer, f"all new, {services:,} services"))
        if other:
            share = of(new[services]) / of(other)
            rows.append((f"all new at {services:,} services, part of the time of `{peer}`", share, 1 / times))
    for services in [1000, 10_000]:
        other = at.get(("pkl", f"all new, {services:,} services"))
        if other:
            share = new[services].memory / other.memory
            rows.append((f"all new at {services:,} services, part of the memory of `pkl`", share, 1 / 4))
        other = at.get(("minijinja-cli", f"all new, {services:,} services"))
        if other:
            share = of(new[services]) / of(other)
            most = 0.8 if services == 10_000 else 1
            rows.append((f"all new at {services:,} services, times of `minijinja-cli`", share, most))
    fault = of(at["codelab-gen", "one fault, 10,000 services"]) / of(new[10_000])
    rows.append(("one fault in 10,000 services, times of the good profile", fault, 1.5))
    for what, grows in [("time", of), ("memory", lambda result: result.memory)]:
        growth = [(grows(new[more]) - grows(new[less])) / (more - less) for less, more in [(100, 1000), (1000, 10_000)]]
        rows.append((f"{what} for one more service above 1,000, times of that below", growth[1] / growth[0], 1.2))
    return rows


def versions():
    """The first line of what each program says of itself."""
    asked = {"codelab-gen": [OURS, "--version"], "rustc": ["rustc", "--version"]}
    asked |= {name: [name, "--version"] for name in ["hyperfine", *peers()]}
    asked["docker-compose"] = ["docker-compose", "version", "--short"]
    for name, command in asked.items():
        if shutil.which(command[0]):
            said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\n")[0]
            yield f"{name} {said.removeprefix(name).strip()}"


def machine():
    """What it was measured on."""
    info = pathlib.Path("/proc/cpuinfo").read_text()
    model = next((line.split(":")[1].strip() for line in info.split("\n") if line.startswith("model name")), "unknown")
    system = platform.freedesktop_os_release()["PRETTY_NAME"]
    return f"{os.cpu_count()} x {model}, {system}, Linux {platform.release()}"


def report(results, writing, files, load):
    """The text of RESULTS.md."""
    before, after = load
    missing = {"minijinja-cli", "jrsonnet", "pkl", "copier", "docker-compose"} - {*peers()}
    missing = sorted(name for name in missing if not shutil.which(name))
    lines = [
        "# The whole program beside others",
        "",
        "`bash benches/compare.sh` writes this file. Every program gets the same profile (`profile.sh`) and writes a",
        "`docker-compose.yml` with the same services, a `.env` and a script for the databases; codelab-gen alone validates,",
        "quotes, keeps secrets and writes atomically, and writes ten more files. It is a static program, as in releases;",
        "`dynamic` is what `cargo build --release` makes. `minijinja-cli` runs once a file, from `sh`; jrsonnet reads JSON and",
        "Pkl its own language. Times are medians of whole processes, memory is the peak of one.",
        "",
        f"- Measured: {datetime.date.today()}, load {before:.1f} before and {after:.1f} after",
        f"- Machine: {machine()}",
        f"- Versions: {'; '.join(versions())}",
        *([f"- Left out, as not installed: {', '.join(missing)}"] if missing else []),
        f"- Writing and syncing {files} files as large as those of 2 services: {writing:.2f} ms",
        "",
        "| Job | Program | Median ms | Least ms | CPU ms | Memory MiB | Runs |",
        "|---|---|--:|--:|--:|--:|--:|",
    ]
    for result in results:
        figures = f"{result.median:.2f} | {result.least:.2f} | {result.cpu:.2f} | {result.memory:.0f} | {result.runs}"
        lines.append(f"| {result.job} | {result.name} | {figures} |")
    lines += ["", "The CPU time decides nothing, but depends less on what else the machine does; it includes the writing.", ""]
    lines += ["| Target | Reached | By CPU time | At most | Met |", "|---|--:|--:|--:|---|"]
    by_median = targets(results, writing, lambda result: result.median)
    by_cpu = targets(results, 0, lambda result: result.cpu)
    for (text, figure, limit), (_, cpu, _) in zip(by_median, by_cpu, strict=True):
        lines.append(f"| {text} | {figure:.3g} | {cpu:.3g} | {limit:.3g} | {'yes' if figure <= limit else 'no'} |")
    return "\n".join(lines) + "\n"


with tempfile.TemporaryDirectory(dir=HERE.parent / ".tools" / "bench") as WORK:
    before = os.getloadavg()[0]
    results = []
    whole_jobs(results)
    unchanged(results)
    faulty(results)
    writing, files = cost_of_writing()
    text = report(results, writing, files, (before, os.getloadavg()[0]))
    (HERE / "RESULTS.md").write_text(text)
    os.chdir(HERE)
