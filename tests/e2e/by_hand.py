"""A look by hand at the deployments of a test, before they are removed.

    E2E_STAY=1 bash tests/run.sh e2e -n 0 test_starts.py -k NAME
"""

import shlex
import sys
import time
from collections.abc import Sequence

from deployment import Deployment
from engine import Engine

POLL_INTERVAL = 0.2


def wait(engine: Engine, deployments: Sequence[Deployment]) -> None:
    """Says how each is reached from another shell, and waits until a file is removed."""
    signal = engine.folder / "stays"
    signal.touch()
    variables = " ".join(f"{name}={shlex.quote(value)}" for name, value in engine.environment().items())
    lines = ["", "e2e: these deployments stay for now; in another shell, as the same user:"]
    for deployment in deployments:
        lines.append(f"  cd {deployment.out} && env {variables} docker compose ps --all")
    if engine.host_of is not None:
        lines.append(f"  nsenter --net=/proc/{engine.host_of}/ns/net curl http://127.0.0.1:PORT   # where ports are published")
    lines.append(f"  rm {signal}   # goes on, and removes them")
    print("\n".join(lines), file=sys.stderr, flush=True)
    while signal.exists():
        time.sleep(POLL_INTERVAL)
