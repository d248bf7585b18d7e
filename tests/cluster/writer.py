"""A client that writes to a service's database all the time, by its own URL, whatever becomes of the server."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from release import Release

# Writes number after number until its input ends, and tells which of them the server has acknowledged, and how long it
# was between two of them at most.
WRITE = """
import asyncio, json, sys, threading, time
sys.path.append("/opt/service")
from settings import settings
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

ended = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()

async def insert(engine, number):
    async with engine.begin() as connection:
        await connection.execute(text(f"INSERT INTO written VALUES ({number})"))

async def main():
    engine = create_async_engine(settings()[0], poolclass=NullPool, connect_args={"timeout": 2, "command_timeout": 2})
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE IF NOT EXISTS written (number integer)"))
    acknowledged, last, gap = [], time.monotonic(), 0
    print("writing", flush=True)
    number = 0
    while not ended.is_set():
        number += 1
        try:
            await asyncio.wait_for(insert(engine, number), 5)
        except Exception:
            await asyncio.sleep(0.1)
            continue
        now = time.monotonic()
        gap, last = max(gap, now - last), now
        acknowledged.append(number)
        await asyncio.sleep(0.1)
    print(json.dumps([acknowledged, gap]))

asyncio.run(main())
"""


@dataclass
class Written:
    """What was acknowledged in the end."""

    numbers: list[int] = field(default_factory=list)
    gap: float = 0.0


@contextmanager
def writing(release: Release, service: str) -> Iterator[Written]:
    """Writes as long as the block lasts."""
    [pod, *_] = release.namespace.ready_pods(service)
    cluster = release.namespace.cluster
    kubectl = ["kubectl", f"--namespace={release.namespace.name}", "exec", "--stdin", pod]
    written = Written()
    with subprocess.Popen(
        [*cluster.cage.network_of(), *kubectl, "--", "python", "-c", WRITE],
        env=cluster.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        assert process.stdin and process.stdout
        assert process.stdout.readline() == "writing\n"
        yield written
        process.stdin.close()
        written.numbers, written.gap = json.loads(process.stdout.read())


def lost(release: Release, service: str, written: Written) -> set[int]:
    """What was acknowledged and is not there."""
    rows = release.sql(service, "SELECT number FROM written")
    return set(written.numbers) - {number for (number,) in rows}
