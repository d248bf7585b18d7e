"""A server of releases on this machine: what the release workflow would upload, over HTTPS."""

import http.server
import shutil
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import trustme

from programs import ROOT, run, version

VERSION = f"v{version()}"
TARGET = "x86_64-unknown-linux-musl"
ARCHIVE = f"codelab-gen-{VERSION}-{TARGET}.tar.gz"


def copied(folder: Path) -> Path:
    """What a release is made from, in a folder that may be written to."""
    folder.mkdir(parents=True)
    for name in (".ci", "src", "templates", "profiles", "benches"):
        shutil.copytree(ROOT / name, folder / name)
    patterns = ("Cargo.*", "*.md", "LICENSE-*", "build.rs", "pyproject.toml")
    for path in (path for pattern in patterns for path in ROOT.glob(pattern)):
        shutil.copy(path, folder)
    return folder


def built(binary: Path, folder: Path, target: str) -> dict[str, str]:
    """Puts the program where the release build of a target would be, and gives the variable that says where that is."""
    program = folder / "target" / target / "release" / "codelab-gen"
    program.parent.mkdir(parents=True)
    run("strip", "-o", program, binary, cwd=folder)  # a release has no symbols either
    return {"CARGO_TARGET_DIR": str(folder / "target")}


def pack(binary: Path, folder: Path) -> Path:
    """Runs .ci/pack as the release workflow does, on a program that stands where the release build would."""
    source = copied(folder / "source")
    run("bash", ".ci/pack", TARGET, cwd=source, env=built(binary, folder, TARGET))
    return source / "dist"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Says nothing: a test that fails shows what the client said."""


@contextmanager
def served(folder: Path, authority: Path) -> Iterator[str]:
    """The address of a server of a folder; the certificate of who signed its own is written to `authority`."""
    signer = trustme.CA()
    signer.cert_pem.write_to_path(authority)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    signer.issue_cert("localhost").configure_cert(context)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"https://localhost:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
