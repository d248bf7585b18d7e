"""The Swarm of the tests itself: it is one of three hosts, and nothing of it stays."""

import json
from contextlib import ExitStack

import parts
import pytest

import images
from cage import working_folder
from lab import NAMES, Lab, prepared, running

WAITS = ("--detach=false", "--quiet")
SLEEP = ("sleep", "infinity")


@pytest.mark.always
def test_three_engines_are_one_swarm(lab: Lab) -> None:
    lab.docker("network", "create", "--driver=overlay", "--attachable", "between")
    for n in NAMES:
        print(n, lab.members[n].engine.docker("info", "--format", "{{json .Swarm}} {{.Name}}")[:300])
    lab.docker("service", "create", "--detach", "--name=serving", "--endpoint-mode=dnsrr", "--network=between", "--constraint=node.hostname==node-3", images.SERVICE, "python", "-m", "http.server", "8000")
    lab.until("runs", lambda: "Running" in lab.docker("service", "ps", "--format={{.CurrentState}}", "serving"))
    print(lab.docker("service", "ps", "serving"))
    for n in NAMES:
        print(n, lab.members[n].engine.docker("run", "--rm", "--network=between", images.SERVICE, "python", "/opt/service/client.py", "reach", "serving", "8000"))
    lab.members["node-1"].lose()
    lab.until("missed", lambda: "node-1" not in lab.ready())
    print(lab.docker("node", "ls"))
    lab.all_ready()
    print(lab.docker("node", "ls"))
