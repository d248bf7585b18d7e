"""What the nodes have: images without a registry, and the programs that run in pods of the cluster's own.

The images are those of tests/e2e, and one of PostgreSQL as CloudNativePG wants it. They are kept per machine as files
that containerd imports.
"""

import hashlib
import io
import json
import platform
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import images
import machine
import parts
from built import RECIPES
from engine import private
from engine import working_folder as engine_folder
from kept import kept, tell

HERE = Path(__file__).resolve().parent

# As the nodes call them.
SERVICE = images.SERVICE
POSTGRES = images.OFFICIAL
SANDBOX = "docker.io/library/codelab-gen-test-sandbox:local"
OPERATED = "ghcr.io/cloudnative-pg/postgresql:15"
OPERATOR = f"ghcr.io/cloudnative-pg/cloudnative-pg:{RECIPES['cloudnative-pg'].version.removeprefix('v')}"
DNS = f"registry.k8s.io/coredns/coredns:{RECIPES['coredns'].version}"

ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())

PROGRAMS = ("kubernetes", "containerd", "coredns", "kube-router", "cloudnative-pg")


@dataclass(frozen=True)
class Stock:
    """Folders with programs, and the files of images."""

    programs: Mapping[str, Path]
    images: Sequence[Path]

    @property
    def path(self) -> str:
        """Where the programs of a cluster are found."""
        return ":".join([*map(str, self.programs.values()), machine.PATH])


def stock() -> Stock:
    """Everything, installed and built where it is missing."""
    machine.provide("etcd", "nft", "ipset", "iptables", "ip", "runc")
    machine.provide("bridge", path="/usr/lib/cni")
    programs = {name: parts.made(name) for name in PROGRAMS}
    of_programs = images_of_programs(programs["coredns"] / "coredns", programs["cloudnative-pg"] / "manager")
    return Stock(programs, [images_of_engine() / "engine.tar", *sorted(of_programs.iterdir())])


def images_of_engine() -> Path:
    """A folder with the images that an engine of tests/e2e makes."""
    if parts.CURRENT:
        machine.unavailable("the images are made by an engine of the tests' own, not by E2E_ENGINE=current")
    docker = parts.parts()
    prepared = images.prepared(docker)
    built = {"operated": OPERATED, "sandbox": SANDBOX}
    sources = [HERE.joinpath("contexts", name, "Dockerfile").read_text(encoding="utf-8") for name in built]

    def make(made: Path) -> None:
        tell("making the images of the cluster, once, in half a minute")
        client = Path(docker.client)
        with engine_folder() as folder, private(docker, folder, client, folder / "data", prepared) as engine:
            with tempfile.TemporaryDirectory(prefix="codelab-gen-test-", dir="/var/tmp") as contexts:
                copy = machine.copied(HERE / "contexts", Path(contexts, "contexts"))
                for context, name in built.items():
                    engine.docker("build", "--quiet", "--network=none", "--tag", name, str(copy / context))
            names = [*built.values(), SERVICE, POSTGRES, images.POSTGRES]
            engine.docker("save", "--output", str(made / "engine.tar"), *names)

    return kept("cluster-images", "\0".join([docker.version, str(prepared), *built, *built.values(), *sources]), make)


def images_of_programs(coredns: Path, manager: Path) -> Path:
    """A folder with the images of programs that need nothing else."""

    def make(made: Path) -> None:
        write_image(made / "coredns.tar", DNS, {"coredns": coredns}, user="0:0")
        # The operator gives itself to the pods of its servers, as the one for their processors.
        files = {"manager": manager, f"operator/manager_{ARCHITECTURE}": manager}
        write_image(made / "operator.tar", OPERATOR, files, user="65532:65532")

    return kept("cluster-programs", "\0".join([coredns.parent.name, manager.parent.name, DNS, OPERATOR]), make)


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
