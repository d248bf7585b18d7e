"""`postgres.local_auth`: what a program in the server's own container may do without a password."""

from deployment import DATABASES, SEEDS, SERVICES, Deployment
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


def test_a_volume_that_is_there_stays_as_it_is(deployment: Deployment) -> None:
    deployment.run_printed(deployment.generate_profile("prod"))
    assert let_in(deployment) == set(WAYS), "as the image makes it"
    deployment.write("auth-service", "before")
    deployment.run_printed(deployment.generate_profile("prod", *BY_PASSWORD))
    assert let_in(deployment) == set(WAYS)
    assert deployment.read("auth-service") == [*SEEDS, "before"]
