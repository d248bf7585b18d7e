"""What a deployment's PostgreSQL holds, asked of it in its own container as the role that it was made with."""

import json
from dataclasses import dataclass
from typing import Any

from deployment import Deployment

ROLES = "SELECT json_object_agg(rolname, row_to_json(pg_authid)) FROM pg_authid WHERE rolname !~ '^pg_';"
DATABASES = """
SELECT json_object_agg(datname, json_build_object('owner', pg_get_userbyid(datdba), 'access', datacl::text))
FROM pg_database;
"""
RELATIONS = """
SELECT coalesce(json_object_agg(relname, json_build_object('owner', pg_get_userbyid(relowner), 'access', relacl::text)),
                '{}')
FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind <> 'i';
"""
ROUTINES = """
SELECT coalesce(json_object_agg(proname, pg_get_userbyid(proowner)), '{}')
FROM pg_proc WHERE pronamespace = 'public'::regnamespace;
"""


@dataclass(frozen=True)
class State:
    """What the script could change: two states that are equal have the same passwords, owners and rights."""

    roles: dict[str, Any]
    databases: dict[str, Any]
    relations: dict[str, dict[str, Any]]
    routines: dict[str, dict[str, Any]]

    def owners(self) -> dict[str, str]:
        """The owners of the databases."""
        return {name: database["owner"] for name, database in self.databases.items()}

    def without_verifiers(self) -> "State":
        """The same without passwords: each time one is set it is salted anew."""
        roles = {name: {**role, "rolpassword": None} for name, role in self.roles.items()}
        return State(roles, self.databases, self.relations, self.routines)


def state(deployment: Deployment) -> State:
    roles, databases = (json.loads(row) for row in psql(deployment, "postgres", ROLES + DATABASES).splitlines())
    own = [name for name in databases if name not in ("template0", "template1")]
    within = "".join(f'\\connect "{name}"\n{RELATIONS}{ROUTINES}' for name in own)
    found = [json.loads(row) for row in psql(deployment, "postgres", within).splitlines()]
    return State(roles, databases, dict(zip(own, found[::2], strict=True)), dict(zip(own, found[1::2], strict=True)))


def psql(deployment: Deployment, database: str, script: str) -> str:
    options = ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1"]
    return deployment.inside("postgres", "psql", *options, "-U", "codelab", "-d", database, stdin=script).strip()
