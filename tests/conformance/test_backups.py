"""How backups.sh starts a server that was restored, with the programs of PostgreSQL."""

import os
import re
import shutil
import subprocess

from postgres_server import SUPERUSER, Postgres, folder_for_a_server, unprivileged
from programs import PATIENCE, ROOT

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
for name in shared_preload_libraries session_preload_libraries local_preload_libraries; do
  psql --no-psqlrc -At -h "$FOLDER" -U "$POSTGRES_USER" -d postgres -c "SELECT '$name=' || current_setting('$name')"
done
"""


def test_a_restored_server_loads_what_the_profile_says_and_nothing_else(
    postgres_15: Postgres,
) -> None:
    """A list with spaces is one setting, and what stands in the data is none."""
    function = re.search(
        r"^start_server\(\) \{\n.*?^\}\n",
        SCRIPT.read_text(encoding="utf-8"),
        re.MULTILINE | re.DOTALL,
    )
    assert function
    folder = folder_for_a_server()
    asked = unprivileged()
    asked["env"] |= {
        "PATH": f"{postgres_15.bin_dir}:{os.defpath}",
        "MADE": str(postgres_15.made),
        "FOLDER": str(folder),
        "POSTGRES_USER": SUPERUSER,
        "PRELOADED": "pg_stat_statements, auto_explain",
    }
    try:
        done = subprocess.run(
            ["/bin/bash", "-c", function[0] + PROGRAM],
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
    ]
