"""The image of codelab-gen for CI systems, as a release makes it: a program without a system around it."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from engine import Engine
from images import HERE

ROOT = HERE.parents[1]
IMAGE = "codelab-gen-test-self:local"
OWNER = 1234


def context(folder: Path, program: Path) -> Path:
    """What `docker build` gets: the program with the libraries that this build of it wants; a release's wants none."""
    root = folder / "dist" / "image" / "amd64"
    root.mkdir(parents=True)
    shutil.copy(program, root / "codelab-gen")
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    for library in re.findall(r"(/\S+) \(0x", listed):
        place = root / library.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, place)
    for path in (root, *root.rglob("*")):
        path.chmod(0o755)
    shutil.copy(ROOT / "Dockerfile", folder)
    return folder


def test_the_image_checks_a_project_as_any_user(engine: Engine, binary: Path, tmp_path: Path) -> None:
    build = ["build", "--quiet", "--network=none", "--target", "given", "--build-arg", "TARGETARCH=amd64"]
    built = context(tmp_path / "context", binary)
    engine.docker(*build, "--build-arg", "VERSION=1.2.3", "--tag", IMAGE, str(built))
    try:
        settings = json.loads(engine.docker("inspect", IMAGE))[0]["Config"]
        assert (settings["User"], settings["Entrypoint"], settings["WorkingDir"]) == (
            "65532:65532",
            ["/codelab-gen"],
            "/project",
        )
        assert settings["Labels"]["org.opencontainers.image.version"] == "1.2.3"

        project = engine.folder / "project-of-the-image"
        project.mkdir()
        project.joinpath("profiles").mkdir()
        profile = "format: 1\nextends: builtin:prod-postgres\nstage: production\nout: ./deploy\n"
        project.joinpath("profiles", "shop.yaml").write_text(profile, encoding="utf-8")
        for path in (project, *project.rglob("*")):
            os.chown(path, OWNER, OWNER)

        def run(*arguments: str) -> subprocess.CompletedProcess[str]:
            mounted = ["run", "--rm", "--network=none", f"--user={OWNER}:{OWNER}", f"--volume={project}:/project"]
            return subprocess.run(
                [engine.client, *mounted, IMAGE, *arguments],
                env=engine.environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                timeout=120,
                check=False,
            )

        made = run("--all")
        assert made.returncode == 0, made.stdout + made.stderr
        assert project.joinpath("deploy", ".env").stat().st_uid == OWNER
        checked = run("--check", "--all")
        assert checked.returncode == 0, checked.stdout + checked.stderr
        project.joinpath("deploy", ".env.example").unlink()
        checked = run("--check", "--all")
        assert (checked.returncode, "created   deploy/.env.example" in checked.stdout) == (1, True), checked.stdout
    finally:
        engine.docker("image", "rm", "--force", IMAGE)
