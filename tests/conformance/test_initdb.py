"""What `postgres.initdb` says makes a volume, by the real initdb of each version, as the image gives it: by a shell."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from postgres_server import SUPERUSER, Postgres, PostgresServer, folder_for_a_server, unprivileged
from programs import Generate

PROFILE: dict[str, Any] = {
    "format": 1,
    "project": "app",
    "stage": "ci",
    "services": {"api": {"image": "app:1", "database": {"postgres": "app"}}},
}

# The version, what is written, and what the databases have then: provider, locale, encoding, checksums.
CASES: list[tuple[int, dict[str, Any], str]] = [
    (15, {"locale": "C"}, "c||UTF8|off"),
    (15, {"locale": "C.UTF-8", "checksums": True}, "c||UTF8|on"),
    (15, {"locale": "de-DE", "provider": "icu", "args": ["--lc-collate=C"]}, "i|de-DE|UTF8|off"),
    (15, {"checksums": False, "args": ["--wal-segsize=4"]}, "c||UTF8|off"),
    (18, {"locale": "C.UTF-8", "provider": "builtin", "checksums": False}, "b|C.UTF-8|UTF8|off"),
    (18, {"locale": "PG_UNICODE_FAST", "provider": "builtin"}, "b|PG_UNICODE_FAST|UTF8|on"),
]

FOUND = """
SELECT DISTINCT datlocprovider, coalesce(facts ->> 'datlocale', facts ->> 'daticulocale', ''),
  pg_encoding_to_char(encoding), current_setting('data_checksums')
FROM pg_database CROSS JOIN LATERAL to_jsonb(pg_database) AS facts
"""


@pytest.mark.parametrize(("major", "initdb", "found"), CASES)
def test_a_volume_is_made_as_it_is_written(
    generate: Generate, request: pytest.FixtureRequest, tmp_path: Path, major: int, initdb: dict[str, Any], found: str
) -> None:
    postgres: Postgres = request.getfixturevalue(f"postgres_{major}")
    server = {"image": f"postgres:{major}", "user": SUPERUSER, "initdb": initdb}
    profile = tmp_path / "profile.yaml"
    profile.write_text(json.dumps({**PROFILE, "postgres": server}), encoding="utf-8")
    out = tmp_path / "out"
    generate(profile, out)
    services = yaml.safe_load(out.joinpath("docker-compose.yml").read_text(encoding="utf-8"))["services"]
    arguments = services["postgres"]["environment"].get("POSTGRES_INITDB_ARGS", "")
    made = folder_for_a_server()
    try:
        command = f'eval "exec \\"$0\\" --no-sync --username={SUPERUSER} --pgdata=data $1"'
        program = [str(postgres.bin_dir / "initdb"), arguments]
        who = unprivileged()
        who["env"] = {**who["env"], "LC_ALL": "", "LANG": "C.UTF-8"}  # as the image has it
        done = subprocess.run(["sh", "-c", command, *program], cwd=made, capture_output=True, check=False, **who)
        assert done.returncode == 0, done.stderr.decode()
        with PostgresServer(Postgres(postgres.bin_dir, made / "data")) as running:
            assert running.query(FOUND) == [found]
    finally:
        shutil.rmtree(made)
