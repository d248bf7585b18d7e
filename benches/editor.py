"""Measures the language server as an editor feels it: `python3 benches/editor.py PROGRAM [SERVICES…]`.

The profile is that of `profile.sh`. After each key the time counts until what is shown is that of the new text; the time of an
answer counts from the question. `validate` runs before on the same text. A cell is the p95 in ms, and in brackets how long the
processor worked for one in the server: on a busy machine that is the better figure.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from subprocess import DEVNULL

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "editors"))

from language_server import LanguageServer  # noqa: E402

KEYS, QUESTIONS = 10, 50


def cell(seconds, of_processor):
    return f"{1000 * seconds:.0f} ({1000 * of_processor:.0f})"


def p95(times):
    return sorted(times)[max(0, int(len(times) * 0.95) - 1)]


def peak(pid):
    """The most memory that a process had so far, in MiB."""
    [line] = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


def worked(pid):
    """Seconds that the processor has worked in the threads of a process."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def validated(program, folder):
    """Median seconds, seconds of the processor, and the most memory of `validate`."""
    times, worked_for, memory = [], [], 0
    for _ in range(5):
        start = time.perf_counter()
        done = subprocess.Popen([program, "validate", "profiles/fleet.yaml"], cwd=folder, stdout=DEVNULL, stderr=DEVNULL)
        _, status, usage = wait4(done)
        times.append(time.perf_counter() - start)
        worked_for.append(usage.ru_utime + usage.ru_stime)
        memory = max(memory, usage.ru_maxrss / 1024)
        assert status == 0, status
    return cell(statistics.median(times), statistics.median(worked_for)), memory


def wait4(process):
    pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    return pid, status, usage


class Session(LanguageServer):
    """A server with one profile open."""

    def begin(self, file, text):
        self.file, self.lines = file, text.split("\n")
        self.version = 1
        start = time.perf_counter()
        self.write(file, text)
        self.shown()
        return time.perf_counter() - start

    def shown(self):
        def is_new(message):
            params = message.get("params", {})
            return message.get("method") == "textDocument/publishDiagnostics" and params.get("version") == self.version

        self._await(is_new, lambda: "diagnostics")

    def type(self, line, column, character, removed=0):
        """One key; does not wait."""
        self.version += 1
        place = {"line": line, "character": column}
        range_ = {"start": place, "end": {"line": line, "character": column + removed}}
        document = {"uri": self.file.as_uri(), "version": self.version}
        change = {"textDocument": document, "contentChanges": [{"range": range_, "text": character}]}
        self.notify("textDocument/didChange", change)

    def ask(self, method, line, column):
        start = time.perf_counter()
        place = {"line": line, "character": column}
        answer = self.request(f"textDocument/{method}", {"textDocument": {"uri": self.file.as_uri()}, "position": place})
        return time.perf_counter() - start, answer

    def on(self, method, **more):
        start = time.perf_counter()
        self.request(f"textDocument/{method}", {"textDocument": {"uri": self.file.as_uri()}, **more})
        return time.perf_counter() - start


def measure(program, services):
    script = ROOT / "benches" / "profile.sh"
    text = subprocess.run(["bash", script, str(services)], capture_output=True, encoding="utf-8", check=True).stdout
    # each service opens some connections
    text = text.replace("database: fleet }", "database: fleet, settings: { max_connections: 60000 } }")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "profiles" / "fleet.yaml"
        file.parent.mkdir()
        file.write_text(text)
        validate, memory = validated(program, folder)
        with Session([program, "lsp"], Path(folder)) as session:
            before = worked(session.process.pid)
            first = session.begin(file, text)
            cells = [cell(first, worked(session.process.pid) - before)]
            lines = session.lines
            images = [number for number, line in enumerate(lines) if line.startswith("    image:")]

            def measured(count, does):
                before = worked(session.process.pid)
                times = [does(number) for number in range(count)]
                cells.append(cell(p95(times), (worked(session.process.pid) - before) / count))

            def key(number):
                line = images[len(images) * (number // 2) // KEYS]
                start = time.perf_counter()
                # every second one takes the one before it back
                session.type(line, len(lines[line]), *(("", 1) if number % 2 else ("1",)))
                session.shown()
                return time.perf_counter() - start

            measured(2 * KEYS, key)
            # many keys at once: what the last one waits for
            line = images[0]
            for _ in range(10):
                session.type(line, len(lines[line]), "1")
                time.sleep(0.05)
            start = time.perf_counter()
            session.type(line, len(lines[line]), "", 10)
            session.shown()
            cells.append(f"{1000 * (time.perf_counter() - start):.0f}")
            # the values of hover come behind
            while "holds" not in json.dumps(session.ask("hover", images[0], 6)[1]):
                time.sleep(0.1)
            place = lambda number, all_: all_[len(all_) * number // QUESTIONS]  # noqa: E731
            depends = [number for number, line in enumerate(lines) if line.startswith("    depends_on:")]
            measured(QUESTIONS, lambda number: session.ask("hover", place(number, images), 6)[0])
            measured(QUESTIONS, lambda number: session.ask("completion", place(number, images), 4)[0])
            measured(QUESTIONS, lambda number: session.ask("completion", place(number, depends), 17)[0])
            whole = {"start": {"line": 0, "character": 0}, "end": {"line": 60, "character": 0}}
            measured(3, lambda _: session.on("documentSymbol"))
            measured(3, lambda _: session.on("foldingRange"))
            measured(3, lambda _: session.on("inlayHint", range=whole))
            most = peak(session.process.pid)
    row = [f"{services:,}", validate, *cells, f"{memory:.0f}", f"{most:.0f}", f"{most / memory:.1f}"]
    print(f"| {' | '.join(row)} |", flush=True)


def main():
    program, *sizes = sys.argv[1:]
    names = ["Services", "`validate`", "opened", "a key", "the last of ten keys", "hover", "keys", "names"]
    names += ["symbols", "folds", "hints", "`validate` MiB", "server MiB", "times"]
    print(f"| {' | '.join(names)} |\n|{'--:|' * len(names)}")
    for size in sizes or ["2", "1000", "10000"]:
        measure(str(Path(program).resolve()), int(size))


if __name__ == "__main__":
    main()
