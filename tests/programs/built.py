"""Programs that the tests build from Go modules: whole versions of Docker and of Kubernetes, as users have them.

    python3 tests/programs/built.py NAME...    builds what is not kept yet (kept.py), and prints the folders

Each has a folder here with its go.mod and go.sum. `go get -tool PACKAGE@VERSION` there and the version below change it.
Docker's engine and client have no go.mod of their own: the requirements are those of their vendor.mod. Kubernetes
replaces its staging modules by those of the same version: the list is that of its go.mod. Of CoreDNS the main package is
ours. Go is needed from 1.21 on: a newer one that a module asks for is had from the same proxy as the modules.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kept import kept, tell

HERE = Path(__file__).resolve().parent
OLDEST_GO = (1, 21)


@dataclass(frozen=True)
class Recipe:
    """How programs are built from a module."""

    title: str
    folder: str
    module: str
    version: str
    programs: Mapping[str, str]  # packages of the module, or `./.` for the one here, by the names of the files
    told_by: str = ""  # the variable with the version, which the linker sets
    tags: str = ""
    instead: Mapping[str, str] = field(default_factory=dict)  # files of the folder, by those that they replace
    linked: Mapping[str, str] = field(default_factory=dict)  # what the linker sets besides
    files: Sequence[str] = ()  # of the module, to be kept beside the programs
    large: bool = False  # what the compiler leaves behind is not kept: it is some gigabytes

    def flags(self) -> list[str]:
        version = self.version.removesuffix("+incompatible").removeprefix("v")
        told = {f"{self.module}/{self.told_by}": version} if self.told_by else {}
        linker = " ".join(["-s -w", *(f"-X {name}={value}" for name, value in {**told, **self.linked}.items())])
        return ["-trimpath", "-buildvcs=false", "-mod=readonly", f"-tags={self.tags}", f"-ldflags={linker}"]


def compose(folder: str, module: str, version: str, **more: Mapping[str, str]) -> Recipe:
    title = f"Docker Compose {version.removeprefix('v')}"
    return Recipe(title, folder, module, version, {"docker-compose": "cmd"}, "internal.Version", **more)


KUBERNETES = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl", "kubelet", "kube-proxy")

RECIPES = {
    "engine": Recipe(
        "Docker Engine 28.5.2",
        "engine",
        "github.com/docker/docker",
        "v28.5.2+incompatible",
        {"dockerd": "cmd/dockerd", "docker-proxy": "cmd/docker-proxy"},
        "dockerversion.Version",
        "exclude_graphdriver_btrfs,exclude_graphdriver_zfs,no_buildkit",
    ),
    "client": Recipe(
        "the client of Docker 28.5.2",
        "client",
        "github.com/docker/cli",
        "v28.5.2+incompatible",
        {"docker": "cmd/docker"},
        "cli/version.Version",
    ),
    "containerd": Recipe(
        "containerd 2.4.2",
        "containerd",
        "github.com/containerd/containerd/v2",
        "v2.4.2",
        {name: f"cmd/{name}" for name in ("containerd", "containerd-shim-runc-v2", "ctr")},
        "version.Version",
    ),
    "compose-5": compose(
        "compose-5",
        "github.com/docker/compose/v5",
        "v5.7.1",
        instead={"internal/registry/desktop.go": "desktop.go"},
    ),
    "kubernetes": Recipe(
        "Kubernetes 1.37.2",
        "kubernetes",
        "k8s.io/kubernetes",
        "v1.37.2",
        {name: f"cmd/{name}" for name in KUBERNETES},
        linked={
            "k8s.io/component-base/version.gitVersion": "v1.37.2",
            "k8s.io/component-base/version.gitMajor": "1",
            "k8s.io/component-base/version.gitMinor": "37",
        },
        large=True,
    ),
    "coredns": Recipe("CoreDNS 1.12.4", "coredns", "github.com/coredns/coredns", "v1.12.4", {"coredns": "./."}),
    "kube-router": Recipe(
        "kube-router 2.1.0",
        "kube-router",
        "github.com/cloudnativelabs/kube-router/v2",
        "v2.1.0",
        {"kube-router": "cmd/kube-router"},
        "pkg/version.Version",
    ),
    "cloudnative-pg": Recipe(
        "CloudNativePG 1.30.0",
        "cloudnative-pg",
        "github.com/cloudnative-pg/cloudnative-pg",
        "v1.30.0",
        {"manager": "cmd/manager"},
        "pkg/versions.buildVersion",
        files=["releases/cnpg-1.30.0.yaml"],
    ),
    "compose-2": compose("compose-2", "github.com/docker/compose/v2", "v2.35.0"),
}


class NoGo(Exception):
    """Go is not there, or too old."""


def go() -> str:
    """The program, where it can build what is here."""
    program = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if program is None:
        raise NoGo("Go is missing: https://go.dev/dl/")
    asked = [program, "env", "GOVERSION"]
    version = subprocess.run(asked, env=environment(), capture_output=True, text=True, check=False)
    found = re.match(r"go(\d+)\.(\d+)", version.stdout)
    if found is None or (int(found[1]), int(found[2])) < OLDEST_GO:
        said = (version.stdout + version.stderr).strip()
        raise NoGo(f"Go {'.'.join(map(str, OLDEST_GO))} or later is needed, {program} says: {said}")
    return program


def environment() -> dict[str, str]:
    """That of the user, whose proxy and caches are used, but for what would make another program."""
    home = {"HOME": os.environ.get("HOME") or str(Path.home())}
    fixed = {"GOFLAGS": "", "GOWORK": "off", "GOTOOLCHAIN": "auto", "CGO_ENABLED": "0", "GOOS": "", "GOARCH": ""}
    return {**os.environ, **home, **fixed}


def built(name: str) -> Path:
    """The folder with the programs; raises NoGo."""
    recipe, program = RECIPES[name], go()
    folder = HERE / recipe.folder
    asked = ["env", "GOVERSION", "GOOS", "GOARCH", "GOAMD64", "GOMODCACHE"]
    *goes, modules = run(program, *asked, folder=folder).splitlines()
    sources = [path.read_text(encoding="utf-8") for path in sorted(folder.iterdir()) if path.is_file()]

    def make(made: Path) -> None:
        tell(f"building {recipe.title} from its Go module, once, in some minutes")
        run(program, "mod", "download", recipe.module, folder=folder)
        flags = [*recipe.flags(), *changed(recipe, Path(modules), made.parent)]
        cache = {"GOCACHE": str(made.parent / "cache")} if recipe.large else {}
        for file, package in recipe.programs.items():
            what = package if package.startswith("./") else f"{recipe.module}/{package}"
            run(program, "build", *flags, "-o", str(made / file), what, folder=folder, more=cache)
            made.joinpath(file).chmod(0o755)
        for file in recipe.files:
            shutil.copy(Path(modules, f"{recipe.module}@{recipe.version}", file), made)
            made.joinpath(Path(file).name).chmod(0o644)

    return kept(name, "\0".join([*recipe.flags(), *recipe.programs, *recipe.files, *goes, *sources]), make)


def changed(recipe: Recipe, modules: Path, work: Path) -> list[str]:
    """What lets Go build a copy of the module that has files of ours in place of some of its own."""
    if not recipe.instead:
        return []
    copy = Path(shutil.copytree(modules / f"{recipe.module}@{recipe.version}", work / "module"))
    for path in (copy, *copy.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)  # the cache of modules is for reading only
    for theirs, ours in recipe.instead.items():
        shutil.copy(HERE / recipe.folder / ours, copy / theirs)
    listed = work / "go.mod"
    replaced = f"\nreplace {recipe.module} => {json.dumps(str(copy))}\n"
    listed.write_text(HERE.joinpath(recipe.folder, "go.mod").read_text(encoding="utf-8") + replaced, encoding="utf-8")
    shutil.copy(HERE / recipe.folder / "go.sum", work)
    return [f"-modfile={listed}"]


def run(program: str, *arguments: str, folder: Path, more: Mapping[str, str] | None = None) -> str:
    command, env = [program, *arguments], {**environment(), **(more or {})}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, encoding="utf-8", check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    try:
        for asked in sys.argv[1:] or RECIPES:
            print(built(asked))
    except (NoGo, RuntimeError) as error:
        sys.exit(f"tests/programs: {error}")
