"""`codelab-gen doctor`, as its user asks it, and what it has found."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from deployment import Deployment, check

ON_HOST = """
import os, subprocess, sys
os.chdir(sys.argv[1])
print(subprocess.run(sys.argv[2:], stdout=subprocess.PIPE, text=True).stdout)
"""


class Doctor:
    """Asks for findings, and checks each time that nothing is changed, left behind, or shown."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.secrets: set[str] = set()

    def look(self, env: Mapping[str, str] | None = None) -> "Findings":
        before = self.standing()
        command = self.deployment.generate_command("doctor", "--format", "json")
        done = self.deployment.finish(command, cwd=self.deployment.root, env=env)
        assert self.standing() == before
        found = Findings(json.loads(done.stdout)["findings"])
        assert done.returncode == int("problem" in found.verdicts()), done.stderr
        variables = {**self.deployment.variables(), **self.deployment.exported}
        self.secrets |= {value for name, value in variables.items() if "PASSWORD" in name}
        for secret in self.secrets:
            assert secret not in done.stdout + done.stderr
        return found

    def look_on_host(self) -> "Findings":
        """Where the engine publishes ports."""
        command = self.deployment.generate_command("doctor", "--format", "json")
        environment = {**self.deployment.engine.environment(), **self.deployment.exported}
        said = self.deployment.engine.on_host(ON_HOST, str(self.deployment.root), *command, env=environment)
        return Findings(json.loads(said)["findings"])

    def mend(self, command: str | None) -> None:
        """Runs a printed command as it stands, in the folder where codelab-gen ran."""
        assert command is not None
        self.deployment.check_project()
        path = f"{self.deployment.binary.parent}:{self.deployment.engine.environment()['PATH']}"
        check(self.deployment.finish(["sh", "-ec", command], cwd=self.deployment.root, env={"PATH": path}))

    def standing(self) -> dict[str, list[str]]:
        """What the engine has, and the files of the deployment."""
        kinds = (["ps", "--all"], ["volume", "ls"], ["network", "ls"], ["image", "ls", "--all"])
        standing = {kind[0]: sorted(self.deployment.engine.docker(*kind, "--quiet").split()) for kind in kinds}
        files = [f"{name} {hashlib.sha256(text).hexdigest()}" for name, text in self.deployment.files()]
        return {**standing, "files": files}


class Findings(list[dict[str, Any]]):
    def verdicts(self) -> set[str]:
        return {finding["verdict"] for finding in self}

    def of(self, verdict: str) -> list[str]:
        """The names of the checks with this verdict."""
        return sorted({finding["check"] for finding in self if finding["verdict"] == verdict})

    def the(self, check: str, words: str, verdict: str = "problem") -> dict[str, Any]:
        """The one finding of a check that has the words in its message."""
        found = [one for one in self if (one["verdict"], one["check"]) == (verdict, check) and words in one["message"]]
        assert len(found) == 1, f"{verdict} [{check}] {words}: {json.dumps(self, indent=1)}"
        return found[0]


def states(deployment: Deployment) -> dict[str, str]:
    """The health of each container that has one."""
    states = {name: container["State"] for name, container in deployment.containers().items()}
    return {name: state["Health"]["Status"] for name, state in states.items() if "Health" in state}
