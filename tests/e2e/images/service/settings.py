"""What a service is told by its variables: the one with a connection URL, and for an unknown one its port."""

import os
import sys

# What the built-in profiles say that their services listen on; another service is told its PORT.
PORTS = {"AGENT_RUNTIME__DB_URL": 8001, "AUTH_SERVICE__DB_URL": 8003}


def settings() -> tuple[str, int]:
    """The URL, with an asynchronous driver, and the port."""
    variables = [name for name in os.environ if name.endswith("__DB_URL")]
    if len(variables) != 1:
        sys.exit(f"one variable with a URL is needed, there are: {variables}")
    url = os.environ[variables[0]].replace("sqlite:///", "sqlite+aiosqlite:///", 1)
    return url, int(os.environ.get("PORT") or PORTS[variables[0]])
