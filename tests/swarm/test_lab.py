"""The Swarm of the tests itself: three hosts that reach each other, and nothing of them stays."""

from contextlib import ExitStack
from pathlib import Path

import parts
import pytest

import images
from cage import CGROUPS, working_folder
from lab import NAMES, Lab, prepared, running
from stack import PREFIX

CLIENT = ("python", "/opt/service/client.py")


@pytest.mark.always
def test_a_service_is_reached_from_every_engine(lab: Lab) -> None:
    lab.all_ready()
    assert set(lab.nodes()) == set(NAMES)
    network, service = f"{PREFIX}-between", f"{PREFIX}-serving"
    lab.docker("network", "create", "--driver=overlay", "--attachable", network)
    how = ["--detach", "--endpoint-mode=dnsrr", f"--network={network}", f"--constraint=node.hostname=={NAMES[2]}"]
    lab.docker("service", "create", f"--name={service}", *how, images.SERVICE, "python", "-m", "http.server", "8000")
    try:
        state = ("service", "ps", "--format={{.CurrentState}}", service)
        lab.until("the service runs", lambda: lab.docker(*state).startswith("Running"))
        for member in lab.members.values():
            run = ["run", "--rm", f"--network={network}", images.SERVICE, *CLIENT, "reach", service, "8000"]
            lab.until(f"{member.name} reaches it", lambda m=member, run=run: m.engine.docker(*run) == "reached\n", 20)
    finally:
        lab.docker("service", "rm", service)
    lab.until("the network is free", lambda: lab.try_docker("network", "rm", network).returncode == 0)


def test_two_swarms_share_nothing_and_leave_nothing() -> None:
    docker = parts.parts()
    made = prepared(docker)
    with ExitStack() as both:
        labs = [both.enter_context(running(docker, both.enter_context(working_folder()), made)) for _ in range(2)]
        ids = [{node["ID"] for node in lab.nodes().values()} for lab in labs]
        assert [len(found) for found in ids] == [3, 3] and not ids[0] & ids[1]
        for lab in labs:
            lab.docker("run", "--detach", "--network=none", images.SERVICE, "sleep", "infinity")
        folders = [lab.folder for lab in labs]
        processes = [process for lab in labs for process in lab.cage.processes.values()]
        assert all(groups(folder.name) for folder in folders)
    assert all(process.poll() is not None for process in processes)
    assert [path for folder in folders for path in (folder, *groups(folder.name)) if path.exists()] == []


def groups(name: str) -> list[Path]:
    return [group for tree in ("", "*/") for group in CGROUPS.glob(f"{tree}{name}")]
