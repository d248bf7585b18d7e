"""The programs of `codelab-gen upgrade` and `migrate`, which are laid down for a run: linters, and what they read of servers."""

from collections.abc import Callable
from pathlib import Path

import pytest

from postgres_server import Postgres, PostgresServer
from programs import ROOT, SCRUBBED, run, tool

PROGRAMS = ROOT / "templates" / "upgrade"


@pytest.mark.parametrize("name", ["upgrade/upgrade.sh", "upgrade/server.sh", "migrate/migrate.sh"])
def test_linters_have_nothing_to_say(name: str) -> None:
    for linter in (("shellcheck",), ("shfmt", "-d", "-i", "2")):
        done = run(tool(linter[0]), *linter[1:], PROGRAMS.parent / name, cwd=ROOT)
        assert done.stdout + done.stderr == ""


def in_server(server: PostgresServer, tmp_path: Path) -> Callable[..., str]:
    """A function of the program, with the server's own programs."""
    postgres = ROOT.joinpath("templates/scripts/db/postgres.sh").read_text(encoding="utf-8")
    own = PROGRAMS.joinpath("server.sh").read_text(encoding="utf-8")
    program = tmp_path / "server.sh"
    program.write_text(postgres.replace('\n"$@"\n', f'\n{own}\n"$@"\n'), encoding="utf-8")
    path = f"{server.bin_dir}:{SCRUBBED['PATH']}"
    where = {"PGHOST": str(server.socket_dir), "PGPORT": str(server.port), "PGUSER": server.superuser, "PATH": path}
    return lambda *arguments, stdin="": run("bash", program, *arguments, cwd=tmp_path, env=where, stdin=stdin).stdout


def test_a_database_is_described_and_made_as_it_was(
    postgres_15: Postgres, postgres_18: Postgres, tmp_path: Path
) -> None:
    """Names and values of every kind, on a server of another version; and the census sees what differs."""
    with PostgresServer(postgres_15) as old, PostgresServer(postgres_18) as new:
        old.query("CREATE ROLE \"o'dd\" LOGIN PASSWORD 'x'; CREATE ROLE other NOLOGIN")
        old.query('GRANT other TO "o\'dd" WITH ADMIN OPTION')
        old.query('CREATE DATABASE "A ""b" OWNER "o\'dd" CONNECTION LIMIT 3')
        old.query("""ALTER DATABASE "A ""b" SET search_path = "a, b", public""")
        old.query("""ALTER ROLE "o'dd" IN DATABASE "A ""b" SET application_name = 'it''s \\ me'""")
        old.query("""GRANT TEMPORARY ON DATABASE "A ""b" TO other; COMMENT ON DATABASE "A ""b" IS 'a ''b'""")
        folders = [tmp_path / name for name in ("old", "new")]
        for folder in folders:
            folder.mkdir()
        before, after = in_server(old, folders[0]), in_server(new, folders[1])
        after("take_roles", stdin=before("all_roles"))
        after("create", 'A "b', stdin=before("describe", 'A "b'))
        assert sorted(after("census", 'A "b').splitlines()) == sorted(before("census", 'A "b').splitlines())
        assert sorted(after("census_of_server").splitlines()) == sorted(before("census_of_server").splitlines())
        assert before("hinders") == ""

        seen = after("census", 'A "b')
        new.query("CREATE TABLE t (id serial PRIMARY KEY); GRANT SELECT ON t TO other", 'A "b')
        added = set(after("census", 'A "b').splitlines()) - set(seen.splitlines())
        assert "right other SELECT on relation public.t" in added
        assert "owner of relation public.t: codelab" in added
        assert "constraint t_pkey of public.t: p t" in added
        assert any(line.startswith("sequence public.t_id_seq: unused 1 1 ") for line in added)
        new.query("ALTER ROLE other CREATEDB")
        assert after("census_of_server") != before("census_of_server")
