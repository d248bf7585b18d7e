"""Podman of the machine's own package, which answers as a Docker Engine does, in a cage as the engine of the tests has one.

systemd would look at the health of its containers; here a loop in the cage does.
"""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import images
import machine
from engine import Engine, answers

HELPERS = "/usr/lib/podman"  # where its package looks for what makes networks

CAGE = """
set -e
mount -t tmpfs tmpfs /run
ip link set lo up
export CONTAINERS_CONF="$1/containers.conf"
podman() {
  command podman --root "$folder/root" --runroot /run/pod --tmpdir /run/podtmp --network-config-dir "$folder/networks" "$@"
}
folder=$1
mkdir "$folder/networks"
(
  while sleep 1; do
    for container in $(podman ps --quiet); do
      podman healthcheck run "$container" || :
    done
  done
) >/dev/null 2>&1 &
podman system service --time=0 "unix://$folder/podman.sock"
"""

# In a cage there is no systemd, and networks with names want Debian's newer programs.
SETTINGS = """
[network]
network_backend = "netavark"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
"""


@contextmanager
def podman(engine: Engine, folder: Path) -> Iterator[Engine]:
    """An engine that has the images of the other one."""
    machine.provide("podman", "netavark", "aardvark-dns", path=f"{machine.PATH}:{HELPERS}")
    folder.joinpath("containers.conf").write_text(SETTINGS, encoding="ascii")
    log, socket = folder / "podman.log", folder / "podman.sock"
    cage = ["--mount", "--net", "--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc", "--propagation", "private"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig=KILL", "unshare", *cage, "sh", "-c", CAGE, "cage", folder],
            env={"PATH": machine.PATH, "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        found = replace(engine, address=f"unix://{socket}", user=None, health={})
        deadline = time.monotonic() + 60
        while not (socket.exists() and answers(found)):
            if process.poll() is not None or time.monotonic() > deadline:
                machine.unavailable(f"Podman did not start:\n{log.read_text(errors='replace')[-4000:]}")
            time.sleep(0.2)
        socket.chmod(0o666)
        saved = folder / "images.tar"
        engine.docker("save", "--output", str(saved), images.SERVICE, images.POSTGRES)
        found.docker("load", "--input", str(saved))
        saved.unlink()
        yield found
    finally:
        process.kill()
        process.wait(60)
