"""The images of the tests, made without a registry.

A base is made by debootstrap from the machine's own Debian mirror, which takes minutes and is therefore kept as a tar
below `.tools/e2e/`; the images for PostgreSQL and for the services are built on it in seconds, anew in every run.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import machine
from engine import Engine

HERE = Path(__file__).resolve().parent

SUITE = "bookworm"
PACKAGES = "ca-certificates,gosu,postgresql-15,python3"
LEFT_OUT = ["var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale", "dev"]
DEFAULT_MIRROR = "http://deb.debian.org/debian"

BASE = "codelab-gen-test-base:local"
POSTGRES = "codelab-gen-test-postgres:15"
SERVICE = "codelab-gen-test-service:local"
STEPDOWN = "codelab-gen-test-stepdown:local"

# The name by which codelab-gen knows the image's own user. Only the tests' own engine calls their image so: on another
# one it would take the place of the real one.
OFFICIAL = "postgres:15"

POSTGRES_OF_USER = os.environ.get("E2E_POSTGRES_IMAGE")


def postgres_settings() -> list[str]:
    """The arguments that make a profile use the PostgreSQL image of this run."""
    if POSTGRES_OF_USER is not None:
        return ["--set", f"postgres.image={POSTGRES_OF_USER}"]
    return ["--set", f"postgres.image={POSTGRES}", "--set", "postgres.version=15"]


def make_images(engine: Engine) -> None:
    """Makes all images in the engine, under names of the tests' own."""
    if POSTGRES_OF_USER is not None and engine.host_of is not None:
        machine.unavailable("the tests' own engine reaches no registry: E2E_POSTGRES_IMAGE needs E2E_ENGINE=current")
    with machine.alone():
        tar = base_tar()
        packages = site_packages()
    engine.docker("import", "-", BASE, stdin=tar)
    with tempfile.TemporaryDirectory(prefix="codelab-gen-test-", dir="/var/tmp") as folder:
        service = Path(folder, "service")
        shutil.copytree(HERE / "images" / "service", service, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(packages, service / "site-packages")
        engine.docker("build", "--quiet", "--network=none", "--tag", SERVICE, str(service))
    engine.docker("build", "--quiet", "--network=none", "--tag", STEPDOWN, str(HERE / "images" / "stepdown"))
    if POSTGRES_OF_USER is None:
        engine.docker("build", "--quiet", "--network=none", "--tag", POSTGRES, str(HERE / "images" / "postgres"))
        if engine.host_of is not None:
            engine.docker("tag", POSTGRES, OFFICIAL)
    elif not engine.docker("image", "ls", "--quiet", POSTGRES_OF_USER):
        engine.docker("pull", "--quiet", POSTGRES_OF_USER)


def remove_images(engine: Engine) -> None:
    """Removes from the user's engine what `make_images` has made, by name; a pulled image stays."""
    made = [STEPDOWN, SERVICE, *([POSTGRES] if POSTGRES_OF_USER is None else []), BASE]
    engine.docker("image", "rm", *made)


def base_tar() -> Path:
    """The root file system that all images start from."""
    tar = machine.CACHE / f"base-{digest(SUITE, PACKAGES, *LEFT_OUT, platform.machine())}.tar"
    if tar.exists():
        return tar
    if os.geteuid() != 0:
        machine.unavailable(f"{tar.name} is missing in {machine.CACHE}, and debootstrap, which makes it, needs root")
    machine.provide("debootstrap")
    mirror = debian_mirror()
    machine.progress(f"making {tar} by debootstrap from {mirror}, once, in about two minutes")
    machine.CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="codelab-gen-test-", dir="/var/tmp") as folder:
        root = Path(folder, "root")
        machine.checked("debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, root, mirror, timeout=1200)
        partial = tar.with_suffix(f".{os.getpid()}")
        without = [f"--exclude=./{path}/*" for path in LEFT_OUT]
        machine.checked("tar", "--create", "--file", partial, "--directory", root, *without, ".")
        for old in machine.CACHE.glob("base-*.tar"):
            old.unlink()
        partial.rename(tar)
    return tar


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
    folder = machine.CACHE / f"site-packages-{digest(requirements.read_text(encoding='utf-8'), platform.machine())}"
    if folder.exists():
        return folder
    machine.CACHE.mkdir(parents=True, exist_ok=True)
    platforms = [f"--platform=manylinux{version}_{platform.machine()}" for version in ("_2_28", "_2_17", "2014")]
    with tempfile.TemporaryDirectory(prefix="partial-", dir=machine.CACHE) as partial:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
        what = ["--no-deps", "--only-binary=:all:", "--python-version=3.11", *platforms]
        machine.checked(*pip, *what, "--target", Path(partial, "made"), "--requirement", requirements)
        for old in machine.CACHE.glob("site-packages-*"):
            shutil.rmtree(old)
        Path(partial, "made").rename(folder)
    return folder


def digest(*parts: str) -> str:
    """A short name for what something is made from."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
