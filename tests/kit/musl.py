"""What builds static programs with musl: rustup's target where it is installed, else packages of Debian, unpacked into
the user's cache folder: a compiler with the source of its standard library, which is then built as well."""

import shlex
from dataclasses import dataclass, field
from pathlib import Path

from programs import kept, run, with_cargo

TARGET = "x86_64-unknown-linux-musl"
PACKAGES = ("rustc-web", "rust-web-src", "musl-dev")

# The packages, and what they need that is not installed, without being root.
UNPACK = """\
set -e
needed=$(apt-get install --simulate --no-install-recommends "$@" | sed -n 's/^Inst \\([^ ]*\\).*/\\1/p')
mkdir packages
cd packages
apt-get download $needed >&2
cd ..
for package in packages/*.deb; do dpkg-deb --extract "$package" .; done
rm -r packages
"""


@dataclass
class Musl:
    """How cargo is asked for a static program."""

    env: dict[str, str]
    arguments: list[str] = field(default_factory=lambda: ["--target", TARGET])


def musl(folder: Path) -> Musl:
    """What this machine has, or gets; the folder is for what is written for one run."""
    env = with_cargo()
    libraries = run("rustc", "--print", "target-libdir", "--target", TARGET, cwd=Path("/"), env=env).stdout.strip()
    if Path(libraries).is_dir():
        return Musl(env)
    root = kept("musl", "sh", "-c", UNPACK, "sh", *PACKAGES, env={"PATH": env["PATH"]})
    known = TARGET.upper().replace("-", "_")
    env |= {
        "RUSTC": str(root / "usr" / "bin" / "rustc"),
        "RUSTC_BOOTSTRAP": "1",  # Debian's compiler is a stable one, and building its library is not stable yet
        "LD_LIBRARY_PATH": str(root / "usr" / "lib" / "x86_64-linux-gnu"),
        f"CARGO_TARGET_{known}_LINKER": str(linker(root, folder)),
        "RUSTFLAGS": "-Ctarget-feature=+crt-static -Clink-self-contained=no -Crelocation-model=static",
    }
    return Musl(env, ["-Zbuild-std=std,panic_abort,panic_unwind", "--target", TARGET])


def linker(root: Path, folder: Path) -> Path:
    """gcc with the start files and the libc.a of musl in the place of its own."""
    there = root / "usr" / "lib" / "x86_64-linux-musl"
    gcc = Path(run("gcc", "-print-libgcc-file-name", cwd=folder).stdout.strip()).parent
    # what unwinds a panic, under the name that Rust asks for
    (folder / "libunwind.a").write_text("INPUT(-lgcc_eh)\n", encoding="ascii")
    before = ["-nostdlib", f"-L{folder}", f"-L{there}", f"-L{gcc}"]
    before += [str(part) for part in (there / "crt1.o", there / "crti.o", gcc / "crtbeginT.o")]
    after = ["-Wl,--start-group", "-lgcc", "-lgcc_eh", "-lc", "-Wl,--end-group"]
    after += [str(part) for part in (gcc / "crtend.o", there / "crtn.o")]
    program = folder / "musl-gcc"
    script = f'#!/bin/sh\nunset LD_LIBRARY_PATH\nexec gcc {shlex.join(before)} "$@" {shlex.join(after)}\n'
    program.write_text(script, encoding="utf-8")
    program.chmod(0o755)
    return program
