"""What backups.sh notes of a backup, and how it starts a server that was restored, with the programs of PostgreSQL."""

import base64
import gzip
import json
import os
import re
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from random import Random
from typing import ClassVar

import pytest

from postgres_server import SUPERUSER, Postgres, folder_for_a_server, unprivileged
from programs import PATIENCE, ROOT, run
from values import SEED

SCRIPT = ROOT / "templates" / "scripts" / "backups" / "backups.sh"

STARTING = ("without_keys", "start_without_keys", "start_server")
SECRETS = (
    *("BACKUP_KEY", "PGPASSWORD", "POSTGRES_PASSWORD", "WEBHOOK"),
    *("PGBACKREST_REPO1_CIPHER_PASS", "PGBACKREST_REPO1_S3_KEY", "PGBACKREST_REPO1_S3_KEY_SECRET"),
)

# What a service that is the server's superuser may have written, and what asks for the outcome.
PROGRAM = r"""
set -euo pipefail
cp -a "$MADE" "$FOLDER/data"
echo 'local all all trust' >"$FOLDER/hba"
for name in session_preload_libraries local_preload_libraries; do
  echo "$name = 'of_a_service'"
done >>"$FOLDER/data/postgresql.auto.conf"
trap 'pg_ctl --silent --mode=immediate --pgdata="$FOLDER/data" stop' EXIT
start_without_keys "$FOLDER" || { cat "$FOLDER/log"; exit 1; }
for name in shared_preload_libraries session_preload_libraries local_preload_libraries max_prepared_transactions; do
  psql --no-psqlrc -At -h "$FOLDER" -U "$POSTGRES_USER" -d postgres -c "SELECT '$name=' || current_setting('$name')"
done
printf 'event_triggers=%s\n' "$(psql --no-psqlrc -At -h "$FOLDER" -U "$POSTGRES_USER" -d postgres \
  -c "SELECT setting FROM pg_settings WHERE name = 'event_triggers'")"
psql --no-psqlrc -Atq -h "$FOLDER" -U "$POSTGRES_USER" -d postgres -c "COPY (SELECT) TO PROGRAM 'env >&2'"
sed -n 's/^\(BACKUP_KEY\|PGPASSWORD\|POSTGRES_PASSWORD\|PGBACKREST_[A-Z0-9_]*\|WEBHOOK\|KEPT\)=.*/\1/p' "$FOLDER/log"
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
    """A list with spaces is one setting, what stands in the data is none, and no key is in its environment."""
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
        "KEPT": "what is no secret",
        **dict.fromkeys(SECRETS, "of the container"),
    }
    try:
        done = subprocess.run(
            ["/bin/bash", "-c", "".join(map(function_of, STARTING)) + PROGRAM],
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
        "KEPT",
    ]


@pytest.mark.parametrize(
    ("first", "last", "found", "is_right"),
    [
        ("5\t70", "", "5", True),
        ("5\t70", "", "6", False),  # nothing was written while it was counted
        ("5\t70", "5\t72", "6", True),  # a row came and went
        ("5\t70", "5\t72", "9", False),
        ("5\t70", "9\t70", "0", True),  # TRUNCATE
        ("5\t70", "5\t72", "", False),  # it is not there
    ],
)
def test_a_table_that_was_written_while_it_was_counted_fails_no_drill(
    first: str, last: str, found: str, is_right: bool, tmp_path: Path
) -> None:
    table = "shop\tpublic.jobs"
    lines = [f"{table}\t{part}" if part else "" for part in ("5", "5", first, last, found)]
    program = f"""set -euo pipefail
work=.
{function_of("join_counts")}{function_of("compare")}
count_all() {{ printf '%s\\n' "$FOUND"; }}
compare name "$(join_counts "$BEFORE" "$AFTER" "$FIRST" "$LAST" | gzip | base64 -w 0)"
"""
    env = dict(zip(("BEFORE", "AFTER", "FIRST", "LAST", "FOUND"), lines, strict=True))
    said = run("/bin/bash", "-c", program, cwd=tmp_path, env=env, status=0 if is_right else 1).stdout
    assert ("differs" in said) != is_right
    assert "tables\t1\n" in said


class Receiver(BaseHTTPRequestHandler):
    """What a chat is for who posts to it; it refuses the first message."""

    received: ClassVar[list[tuple[str, dict[str, str]]]] = []

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.received.append((self.path, body))
        self.send_response(204 if len(self.received) > 1 else 500)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


# Each look takes the next line; behind the last one it ends.
LOOKS = """set -euo pipefail
looked=0
say() { printf '%s\\n' "$*"; }
sleep() { looked=$((looked + 1)) && [ "$looked" -le 6 ] || exit 0; }
healthy() {
  local line
  line=$(sed -n "${looked}p" looks)
  [ "$line" = good ] || { printf '%s\\n' "$line" && return 1; }
}
"""


def test_a_failure_is_posted_once_and_again_where_nobody_took_it(tmp_path: Path) -> None:
    """Whatever the reason holds, it is one text; and it is said when all goes well again."""
    if shutil.which("curl") is None:
        pytest.skip("conformance: skipped: curl is missing: apt-get install curl")
    functions = "".join(map(function_of, ("watch", "call", "escaped", "printable", "without_keys")))
    bad = 'the "disk" is \\full'
    (tmp_path / "looks").write_text(f"{bad}\n" * 3 + "other\x1b[2J\ngood\ngood\n", encoding="ascii")
    Receiver.received.clear()
    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        env = {
            "WEBHOOK": f"http://127.0.0.1:{server.server_port}/a?b=%22",
            "ON_FAILURE": 'echo "$BACKUP_MESSAGE" >>told',
        }
        done = run("/bin/bash", "-c", f"{LOOKS}{functions}watch", cwd=tmp_path, env=env)
        server.shutdown()
    wrong = f"the backups fail: {bad}"
    messages = [wrong, wrong, "the backups fail: other?[2J", "the backups go well again"]
    assert Receiver.received == [("/a?b=%22", {"text": text, "content": text}) for text in messages], done
    assert (tmp_path / "told").read_text(encoding="ascii").splitlines() == messages
    assert done.stdout.splitlines() == ["the webhook could not be called"]
