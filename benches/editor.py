"""Measures the language server as an editor feels it: `python3 benches/editor.py PROGRAM [SERVICES…]`.

The profile is that of `profile.sh`. After each key the time counts until what is shown is that of the new text; the time of an
answer counts from the question. `validate` runs beside on the same text. The target is p95.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "editors"))

from language_server import LanguageServer  # noqa: E402

KEYS, QUESTIONS = 20, 100


def p95(times):
    return sorted(times)[max(0, int(len(times) * 0.95) - 1)]


def peak(pid):
    """The most memory that a process had so far, in MiB."""
    [line] = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


def validated(program, folder):
    """Median seconds and the most memory of `validate`."""
    times, memory = [], 0
    for _ in range(5):
        start = time.perf_counter()
        done = subprocess.Popen([program, "validate", "profiles/fleet.yaml"], cwd=folder, stdout=subprocess.DEVNULL)
        _, status, usage = wait4(done)
        times.append(time.perf_counter() - start)
        memory = max(memory, usage.ru_maxrss / 1024)
        assert status == 0, status
    return statistics.median(times), memory


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
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "profiles" / "fleet.yaml"
        file.parent.mkdir()
        file.write_text(text)
        seconds, memory = validated(program, folder)
        with Session([program, "lsp"], Path(folder)) as session:
            first = session.begin(file, text)
            lines = session.lines
            images = [number for number, line in enumerate(lines) if line.startswith("    image:")]
            keys = []
            for number in range(KEYS):
                line = images[len(images) * number // KEYS]
                start = time.perf_counter()
                session.type(line, len(lines[line]), "1")
                session.shown()
                keys.append(time.perf_counter() - start)
                session.type(line, len(lines[line]), "", 1)
                session.shown()
            # many keys at once: what the last one waits for
            line = images[0]
            for _ in range(10):
                session.type(line, len(lines[line]), "1")
                time.sleep(0.05)
            start = time.perf_counter()
            session.type(line, len(lines[line]), "", 10)
            session.shown()
            typed = time.perf_counter() - start
            # the values of hover come behind
            while "holds" not in json.dumps(session.ask("hover", images[0], 6)[1]):
                time.sleep(0.1)
            places = [images[len(images) * number // QUESTIONS] for number in range(QUESTIONS)]
            hover = [session.ask("hover", line, 6)[0] for line in places]
            completion = [session.ask("completion", line, 4)[0] for line in places]
            depends = [number for number, line in enumerate(lines) if line.startswith("    depends_on:")]
            names = [session.ask("completion", line, len("    depends_on: ["))[0] for line in depends[:QUESTIONS]]
            symbols, folds = session.on("documentSymbol"), session.on("foldingRange")
            whole = {"start": {"line": 0, "character": 0}, "end": {"line": 60, "character": 0}}
            hints = session.on("inlayHint", range=whole)
            most = peak(session.process.pid)
    ms = [seconds, first, p95(keys), typed, p95(hover), p95(completion), p95(names), symbols, folds, hints]
    cells = [f"{services:,}", *(f"{1000 * one:.0f}" for one in ms), f"{memory:.0f}", f"{most:.0f}", f"{most / memory:.1f}"]
    print(f"| {' | '.join(cells)} |", flush=True)


def main():
    program, *sizes = sys.argv[1:]
    names = ["Services", "`validate` ms", "opened ms", "a key ms", "last of ten keys ms", "hover ms", "keys ms", "names ms"]
    names += ["symbols ms", "folds ms", "hints ms", "`validate` MiB", "server MiB", "times"]
    print(f"| {' | '.join(names)} |\n|{'--:|' * len(names)}")
    for size in sizes or ["2", "1000", "10000"]:
        measure(str(Path(program).resolve()), int(size))


if __name__ == "__main__":
    main()
