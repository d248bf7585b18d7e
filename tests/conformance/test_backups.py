"""What backups.sh notes of a backup, and how it starts a server that was restored, with the programs of PostgreSQL."""

import base64
import gzip
import os
import re
import shutil
import subprocess
from pathlib import Path
from random import Random

import pytest

from postgres_server import SUPERUSER, Postgres, folder_for_a_server, unprivileged
from programs import PATIENCE, ROOT, run
from values import SEED

SCRIPT = ROOT / "templates" / "scripts" / "backups" / "backups.sh"

# What a service that is the server's superuser may have written, and what asks for the outcome.
PROGRAM = r"""
set -euo pipefail
cp -a "$MADE" "$FOLDER/data"
echo 'local all all trust' >"$FOLDER/hba"
for name in session_preload_libraries local_preload_libraries; do
  echo "$name = 'of_a_service'"
done >>"$FOLDER/data/postgresql.auto.conf"
trap 'pg_ctl --silent --mode=immediate --pgdata="$FOLDER/data" stop' EXIT
start_server "$FOLDER" || { cat "$FOLDER/log"; exit 1; }
for name in shared_preload_libraries session_preload_libraries local_preload_libraries max_prepared_transactions; do
  psql --no-psqlrc -At -h "$FOLDER" -U "$POSTGRES_USER" -d postgres -c "SELECT '$name=' || current_setting('$name')"
done
printf 'event_triggers=%s\n' "$(psql --no-psqlrc -At -h "$FOLDER" -U "$POSTGRES_USER" -d postgres \
  -c "SELECT setting FROM pg_settings WHERE name = 'event_triggers'")"
psql --no-psqlrc -Atq -h "$FOLDER" -U "$POSTGRES_USER" -d postgres -c "COPY (SELECT) TO PROGRAM 'env >&2'"
sed -n 's/^\(BACKUP_KEY\|PGPASSWORD\|POSTGRES_PASSWORD\|PGBACKREST_PG1_USER\)=.*/\1/p' "$FOLDER/log"
"""


def function_of(name: str) -> str:
    found = re.search(rf"^{name}\(\) \{{\n.*?^\}}\n", SCRIPT.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert found
    return found[0]


@pytest.mark.parametrize(
    ("tables", "noted"), [(0, range(1)), (1, range(1, 2)), (400, range(400, 401)), (9000, range(500, 5000))]
)
def test_no_number_of_tables_keeps_a_backup_from_being_noted(tables: int, noted: range, tmp_path: Path) -> None:
    """A program takes so much in one word, and a service may make as many tables as it likes."""
    random = Random(SEED)
    names = (f'"{random.getrandbits(240):060x}"' for _ in range(tables))
    counts = "\n".join(f"shop\tpublic.{name}\t1\t2" for name in names)
    packed = 'packed "$(<"$COUNTS")"; printf "\\n"'
    (tmp_path / "counts").write_text(counts, encoding="ascii")
    program = f"set -euo pipefail\n{function_of('packed')}\n{packed}"
    word = run("/bin/bash", "-c", program, cwd=tmp_path, env={"COUNTS": str(tmp_path / "counts")}).stdout.strip()
    assert len(word) < 128 * 1024
    lines = gzip.decompress(base64.b64decode(word)).decode("ascii").splitlines()
    assert len(lines) in noted
    assert set(lines) <= set(counts.splitlines())


@pytest.mark.parametrize(("version", "event_triggers"), [("postgres_15", ""), ("postgres_17", "off")])
def test_a_restored_server_loads_what_the_profile_says_and_nothing_else(
    version: str, event_triggers: str, request: pytest.FixtureRequest
) -> None:
    """A list with spaces is one setting, what stands in the data is none, and no password is in its environment."""
    postgres: Postgres = request.getfixturevalue(version)
    folder = folder_for_a_server()
    asked = unprivileged()
    asked["env"] |= {
        "PATH": f"{postgres.bin_dir}:{os.defpath}",
        "MADE": str(postgres.made),
        "FOLDER": str(folder),
        "POSTGRES_USER": SUPERUSER,
        "PRELOADED": "pg_stat_statements, auto_explain",
        "PREPARED": "7",
        "PGBACKREST_PG1_USER": SUPERUSER,
        **dict.fromkeys(("BACKUP_KEY", "PGPASSWORD", "POSTGRES_PASSWORD"), "of the container"),
    }
    try:
        done = subprocess.run(
            ["/bin/bash", "-c", function_of("start_server") + PROGRAM],
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=PATIENCE,
            **asked,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    assert done.stdout.splitlines() == [
        "shared_preload_libraries=pg_stat_statements, auto_explain",
        "session_preload_libraries=",
        "local_preload_libraries=",
        "max_prepared_transactions=7",
        f"event_triggers={event_triggers}",
        "PGBACKREST_PG1_USER",
    ]
