"""What the nodes have: images without a registry, and the programs that run in pods of the cluster's own.

The images are those of tests/e2e, and one of PostgreSQL as CloudNativePG wants it. They are kept per machine as
containerd keeps them: each node gets them by mounts.
"""

import hashlib
import io
import json
import platform
import signal
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import images
import machine
import parts
from built import RECIPES
from engine import private
from engine import working_folder as engine_folder
from kept import kept, tell

from cage import caged, working_folder
from node import PLUGINS, containerd

HERE = Path(__file__).resolve().parent

# As the nodes call them.
SERVICE = images.SERVICE
POSTGRES = images.OFFICIAL
SANDBOX = "docker.io/library/codelab-gen-test-sandbox:local"
OPERATED = "ghcr.io/cloudnative-pg/postgresql:15-system-trixie"
OPERATOR = f"ghcr.io/cloudnative-pg/cloudnative-pg:{RECIPES['cloudnative-pg'].version.removeprefix('v')}"
DNS = f"registry.k8s.io/coredns/coredns:{RECIPES['coredns'].version}"

ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())

# Of a folder of `contexts` each.
BUILT = {"operated": OPERATED, "sandbox": SANDBOX}

PROGRAMS = ("kubernetes", "containerd", "coredns", "kube-router", "cloudnative-pg")


@dataclass(frozen=True)
class Stock:
    """Folders with programs, and a folder of containerd with the images."""

    programs: Mapping[str, Path]
    images: Path

    @property
    def path(self) -> str:
        """Where the programs of a cluster are found."""
        return path_of(self.programs)


def path_of(programs: Mapping[str, Path]) -> str:
    return ":".join([*map(str, programs.values()), machine.PATH])


def stock() -> Stock:
    """Everything, installed and built where it is missing."""
    machine.provide("etcd", "nft", "ipset", "iptables", "ip", "runc")
    machine.provide("bridge", path=PLUGINS)
    programs = {name: parts.made(name) for name in PROGRAMS}
    return Stock(programs, made_images(programs))


def made_images(programs: Mapping[str, Path]) -> Path:
    """A folder of containerd that has every image."""
    if parts.CURRENT:
        machine.unavailable("the images are made by an engine of the tests' own, not by E2E_ENGINE=current")
    docker = parts.parts()
    prepared = images.prepared(docker)
    sources = [HERE.joinpath("contexts", name, "Dockerfile").read_text(encoding="utf-8") for name in BUILT]
    parents = [programs[name].name for name in ("containerd", "coredns", "cloudnative-pg")]

    def make(made: Path) -> None:
        tell("making the images of the cluster, once, in half a minute")
        with working_folder() as folder, caged(folder, path_of(programs)) as cage:
            save_images_of_engine(docker, prepared, folder / "engine.tar")
            write_image(folder / "coredns.tar", DNS, {"coredns": programs["coredns"] / "coredns"}, user="0:0")
            # The operator gives itself to the pods of its servers, as the one for their processors.
            manager = programs["cloudnative-pg"] / "manager"
            files = {"manager": manager, f"operator/manager_{ARCHITECTURE}": manager}
            write_image(folder / "operator.tar", OPERATOR, files, user="65532:65532")
            settings = folder / "containerd.toml"
            settings.write_text(containerd(made, folder, SANDBOX), encoding="ascii")
            cage.start("containerd", "containerd", "--config", settings)
            cage.until("containerd answers", Path(f"/proc/{cage.first}/root/run/containerd/containerd.sock").exists)
            for tar in sorted(folder.glob("*.tar")):
                cage.run("ctr", "--namespace=k8s.io", "images", "import", tar)
            cage.stop("containerd", signal.SIGTERM)

    made_from = [docker.version, str(prepared), *parents, *BUILT, *BUILT.values(), DNS, OPERATOR, *sources]
    return kept("cluster-images", "\0".join(made_from), make)


def save_images_of_engine(docker: parts.Parts, prepared: Path | None, tar: Path) -> None:
    """Those that an engine of tests/e2e makes."""
    client = Path(docker.client)
    with engine_folder() as folder, private(docker, folder, client, folder / "data", prepared) as engine:
        with tempfile.TemporaryDirectory(prefix="codelab-gen-test-", dir="/var/tmp") as contexts:
            copy = machine.copied(HERE / "contexts", Path(contexts, "contexts"))
            for context, name in BUILT.items():
                engine.docker("build", "--quiet", "--network=none", "--tag", name, str(copy / context))
        engine.docker("save", "--output", str(tar), *BUILT.values(), SERVICE, POSTGRES, images.POSTGRES)


def write_image(tar: Path, name: str, files: Mapping[str, Path], user: str) -> None:
    """An image of programs that need nothing else, as `docker save` would write it; the first one is run."""
    with tempfile.TemporaryFile(dir=tar.parent) as layer:
        with tarfile.open(fileobj=layer, mode="w") as archive:
            for file, source in files.items():
                archive.add(source, file, filter=of_root)
        layer.seek(0)
        config = {
            "architecture": ARCHITECTURE,
            "os": "linux",
            "config": {"Entrypoint": [f"/{next(iter(files))}"], "User": user, "WorkingDir": "/"},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.file_digest(layer, 'sha256').hexdigest()}"]},
        }
        manifest = [{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}]
        size = layer.seek(0, io.SEEK_END)
        layer.seek(0)
        with tarfile.open(tar, "w") as archive:
            for file, content in (("config.json", config), ("manifest.json", manifest)):
                text = json.dumps(content).encode()
                archive.addfile(entry(file, len(text)), io.BytesIO(text))
            archive.addfile(entry("layer.tar", size), layer)


def entry(name: str, size: int) -> tarfile.TarInfo:
    described = tarfile.TarInfo(name)
    described.size = size
    return described


def of_root(described: tarfile.TarInfo) -> tarfile.TarInfo:
    described.uid = described.gid = 0
    described.uname = described.gname = "root"
    described.mode = 0o755
    return described
