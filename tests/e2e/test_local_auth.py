"""`postgres.local_auth`: what a program in the server's own container may do without a password."""

import re

import images
from deployment import DATABASES, SEEDS, SERVICES, Deployment, check
from doctor import Doctor
from operations import back_up, facts, run_script

ASKS_ITSELF = ["psql", "-X", "-A", "-t", "-w", "-U", "codelab", "-d", "postgres", "-c", "SELECT rolsuper FROM pg_roles"]
WAYS = {"the socket": [], "127.0.0.1": ["-h", "127.0.0.1"], "::1": ["-h", "::1"]}


def let_in(deployment: Deployment) -> set[str]:
    """The ways by which somebody without a password becomes superuser in the server's container."""
    asked = {way: deployment.try_inside("postgres", *ASKS_ITSELF, *options) for way, options in WAYS.items()}
    assert all(done.returncode == 0 or "no password supplied" in done.stderr for done in asked.values()), asked
    return {way for way, done in asked.items() if done.returncode == 0}


BY_PASSWORD = ("--set", "postgres.local_auth=password", "--set", "postgres.access=per_service")


def test_a_new_volume_asks_for_passwords_inside_as_well(deployment: Deployment) -> None:
    """All that brings roles in line, and the scripts, log in by password."""
    deployment.run_printed(deployment.generate_profile("prod", *BY_PASSWORD))
    assert let_in(deployment) == set()
    deployment.up("--force-recreate")
    assert facts(back_up(deployment)) == {f"{name}.dump": {"public.notes": 2} for name in DATABASES.values()}
    for service in SERVICES:
        assert deployment.read(service) == SEEDS
        said = run_script(deployment, "psql", service, "-Atc", "SELECT current_user").stdout
        assert said == f"{service.replace('-', '_')}\n"
    found = Doctor(deployment).look()
    found.the("server-unreachable", "the server answers", "ok")
    assert run_script(deployment, "psql", "--superuser", "-Atc", "SELECT current_user").stdout == "codelab\n"


def test_a_new_password_is_given_by_hand_and_a_lost_one_by_the_servers_user(deployment: Deployment) -> None:
    deployment.run_printed(deployment.generate_profile("prod", *BY_PASSWORD))
    rotated = deployment.generate("rotate", "POSTGRES_PASSWORD", *images.postgres_settings(), *BY_PASSWORD)
    said = re.search(r"before the next command, while it runs: `(.+)` asks for it", rotated.notes)
    assert said is not None, rotated.notes
    new = deployment.variables()["POSTGRES_PASSWORD"]
    typed = f"{new}\n{new}\n"
    check(deployment.finish(["sh", "-ec", said[1]], cwd=deployment.root, stdin=typed))
    deployment.run_printed(rotated)
    is_superuser(deployment)

    deployment.env.write_text(f"COMPOSE_PROJECT_NAME={deployment.project}\n", encoding="ascii")
    lost = deployment.generate_profile("prod", *BY_PASSWORD)
    assert "with `local_auth: password` nobody comes in without the old one" in lost.notes
    guide = images.HERE.parents[1].joinpath("docs", "containers.md").read_text(encoding="utf-8")
    opened, closed = re.findall(r"^docker compose exec -T --user postgres .*pg_hba.*$", guide, re.MULTILINE)
    for command in (opened, "docker compose up -d --wait", closed):
        check(deployment.finish(["sh", "-ec", command]))
    assert let_in(deployment) == set()
    is_superuser(deployment)
    assert deployment.read("auth-service") == SEEDS


def is_superuser(deployment: Deployment) -> None:
    """By the password that the server's container has now."""
    assert run_script(deployment, "psql", "--superuser", "-Atc", "SELECT current_user").stdout == "codelab\n"


def test_a_volume_that_is_there_stays_as_it_is(deployment: Deployment) -> None:
    deployment.run_printed(deployment.generate_profile("prod"))
    assert let_in(deployment) == set(WAYS), "as the image makes it"
    deployment.write("auth-service", "before")
    deployment.run_printed(deployment.generate_profile("prod", *BY_PASSWORD))
    assert let_in(deployment) == set(WAYS)
    assert deployment.read("auth-service") == [*SEEDS, "before"]
