"""`access: shared` and `access: per_service` follow each other on full databases, and nothing gets unreadable."""

from urllib.parse import unquote, urlsplit

from deployment import DATABASES, SEEDS, SERVICES, Deployment
from server import state

REFUSED = "42501"

OBJECTS = [
    "CREATE TABLE orders (id serial PRIMARY KEY, note text)",
    "CREATE VIEW order_notes AS SELECT note FROM orders",
    "CREATE MATERIALIZED VIEW order_count AS SELECT count(*) FROM orders",
    "CREATE SEQUENCE counter",
    "CREATE FUNCTION doubled(n integer) RETURNS integer LANGUAGE sql AS 'SELECT n * 2'",
    "CREATE TYPE mood AS ENUM ('good')",
]


def test_full_databases_change_hands_and_stay_usable(deployment: Deployment) -> None:
    rows: list[str] = []
    for turn, access in enumerate(("shared", "per_service", "shared")):
        deployment.run_printed(deployment.generate_profile("prod", "--set", f"postgres.access={access}"))
        owners = {service: login_of(deployment, service)[0] for service in SERVICES}
        assert set(owners.values()) == ({"codelab"} if access == "shared" else {"agent_runtime", "auth_service"})
        rows.append(f"turn {turn}")
        for service in SERVICES:
            if turn == 0:
                assert deployment.sql(service, *OBJECTS) == []
            use_everything(deployment, service, rows)
        everything_belongs_to(deployment, owners)
        if access == "per_service":
            others_are_refused(deployment)


def login_of(deployment: Deployment, service: str) -> tuple[str, str]:
    """The role and password in the URL that `.env` gives to a service."""
    url = urlsplit(deployment.variables()[f"{service.upper().replace('-', '_')}__DB_URL"])
    return unquote(url.username or ""), unquote(url.password or "")


def use_everything(deployment: Deployment, service: str, rows: list[str]) -> None:
    """Reads and writes by the service's URL, and changes the tables, as a migration does, which only an owner may."""
    turn = len(rows)
    deployment.write(service, rows[-1])
    assert deployment.read(service) == [*SEEDS, *rows]
    wrote = deployment.sql(
        service,
        f"INSERT INTO orders (note) VALUES ('{rows[-1]}')",
        f"ALTER TABLE orders ADD COLUMN extra{turn} text",
        f"CREATE INDEX ON orders (extra{turn})",
        "REFRESH MATERIALIZED VIEW order_count",
        f"CREATE OR REPLACE FUNCTION doubled(n integer) RETURNS integer LANGUAGE sql AS 'SELECT n * {turn}'",
        f"ALTER TYPE mood ADD VALUE 'mood {turn}'",
    )
    assert wrote == []
    assert deployment.sql(service, "SELECT note FROM order_notes ORDER BY note") == [[row] for row in rows]
    counted = "SELECT nextval('counter'), doubled(10), count, (SELECT max(id) FROM orders) FROM order_count"
    assert deployment.sql(service, counted) == [[turn, 10 * turn, turn, turn]]


def everything_belongs_to(deployment: Deployment, owners: dict[str, str]) -> None:
    found = state(deployment)
    for service, owner in owners.items():
        database = DATABASES[service]
        assert found.databases[database]["owner"] == owner
        assert {"orders", "order_notes", "order_count", "counter", "notes"} <= found.relations[database].keys()
        assert {relation["owner"] for relation in found.relations[database].values()} == {owner}
        assert set(found.routines[database].values()) == {owner}


def others_are_refused(deployment: Deployment) -> None:
    """Each role gets into its own database and into no other one, not even those of the server itself."""
    for service in SERVICES:
        role, password = login_of(deployment, service)
        for database in (*DATABASES.values(), "postgres", "template1", "codelab"):
            assert deployment.login(password, database, role) == ("in" if database == DATABASES[service] else REFUSED)
