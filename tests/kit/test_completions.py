"""Completions in the shells themselves: a person types a begun name, Tab, and Enter, and the whole command runs."""

from pathlib import Path

import pytest

from programs import SCRUBBED, run
from terminal import terminal

pytestmark = pytest.mark.quick

# What a shell's file of settings would say.
SETTINGS = {
    "bash": "source <(codelab-gen completions bash)",
    "zsh": "autoload -Uz compinit; compinit -u -D; source <(codelab-gen completions zsh)",
}


def environment(binary: Path, home: Path) -> dict[str, str]:
    path = f"{binary.parent}:{SCRUBBED['PATH']}"
    return {**SCRUBBED, "PATH": path, "HOME": str(home), "TERM": "dumb"}


@pytest.mark.parametrize("shell", SETTINGS, indirect=True)
@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("codelab-gen explain -p mi\tstage", "profile mixed ("),
        ("codelab-gen expl\t--profile prod-\tstage", "profile prod-postgres ("),
        ("codelab-gen explain -p prod services.auth-service.po\t", "profile prod-postgres ("),
        ("codelab-gen code port-c\t", "port-clash: "),
    ],
)
def test_tab_finishes_names(shell: str, typed: str, shown: str, project: Path, binary: Path) -> None:
    env = environment(binary, project.parent)
    with terminal(shell, SETTINGS[Path(shell).name], project, env) as person:
        # what stands before the first colon of the output is not what was typed
        person.type(f'{typed}; echo ended-""here\n')
        person.wait_for(shown)
        person.wait_for("ended-here")


@pytest.mark.parametrize("shell", ["fish"], indirect=True)
@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("codelab-gen -p ", ["dev-sqlite", "dev", "mixed", "prod-postgres", "prod"]),
        ("codelab-gen explain -p prod services.", ["services.agent-runtime", "services.auth-service"]),
        ("codelab-gen rotate -p prod P", ["POSTGRES_PASSWORD"]),
        ("codelab-gen code port-", ["port-clash"]),
        ("codelab-gen val", ["validate"]),
    ],
)
def test_fish_offers_names(shell: str, typed: str, names: list[str], project: Path, binary: Path) -> None:
    script = f"codelab-gen completions fish | source; complete --do-complete '{typed}'"
    done = run(shell, "--no-config", "--command", script, cwd=project, env=environment(binary, project.parent))
    offered = [line.split("\t")[0] for line in done.stdout.splitlines()]
    assert sorted(name for name in offered if not name.startswith("-")) == sorted(names), done.stdout
