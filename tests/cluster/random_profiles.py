"""Random profiles for a cluster, each of its number: what the fields may hold, from their borders and from between.

They are meant to be right. What still does not go together, such as a budget of connections, codelab-gen refuses.
"""

from random import Random
from typing import Any

Profile = dict[str, Any]

STAGES = ("development", "ci", "staging", "production")
LETTERS = "abcdefghijklmnopqrstuvwxyz"
DIGITS = "0123456789"

# What YAML, kustomize, the kubelet and the API server could read as something else than a text.
TEXTS = (
    *(
        "",
        " ",
        "a b",
        " a ",
        "yes",
        "null",
        "0777",
        "1e3",
        "~",
        "-",
        "- a",
        "a: b # c",
        "#",
        "'",
        '"',
        "it's",
        'say "x"',
    ),
    *(
        "$(HOME)",
        "$$(X)",
        "$",
        "$$",
        "${X}",
        "$(",
        "\\",
        "a\\nb",
        "a\nb",
        "\n",
        "a\n\n",
        "\ta",
        "{a: b}",
        "[a]",
        "*a",
        "&a",
    ),
    *(
        "!!int 1",
        "%",
        "@",
        "`id`",
        "|",
        ">",
        "é",
        "漢",
        "😀",
        "\u00a0",
        "\u2028",
        "\u0085",
        "=",
        "2026-01-01",
        "x" * 3000,
    ),
)
IMAGES = (
    *("api:1.4", "library/api:1", "registry.example.com/shop/api:1.4", "registry.example.com:5000/a/b_c/d.e:v1.2-rc.1"),
    *(
        f"ghcr.io/shop/api:1@sha256:{'0a' * 32}",
        f"ghcr.io/shop/api@sha256:{'f1' * 32}",
        f"localhost:5000/api:{'t' * 128}",
    ),
)
USERS = ("1", "1000", "1000:1000", "65534:65534", "10001:0", "2147483647:2147483647")
SPANS = ("1s", "500ms", "1500ms", "1m", "1m30s", "90s", "2h", "15s")
SIZES = ("1Mi", "500Mi", "1Gi", "10Gi", "2Ti")
MEMORY = ("6m", "64m", "512m", "1g", "3g", "6291457b", "100000k")
CPUS = ("0.01", "0.1", "0.5", "1", "1.5", "2.25", "64")
SCHEDULES = ("* * * * *", "*/15 8-18 * * 1-5", "0 0 1 1 *", "59 23 31 12 6", "0,30 */2 1-15 1,6 0", "5 4 * * 0")
LABELS = (
    *("com.example.team", "example.com/Yes", "a", "UPPER_lower.1-2", "team", "x" * 60),
    f"{'p' * 50}.example.com/{'n' * 60}",
)
PATHS = ("/health", "/", "/a/b?full=1&x=%20", "/$(HOME)", "/%C3%A9")
FOLDERS = ("/app/data", "/srv", "/var/lib/with space", "/data/it's", "/a.b-c_d", "/opt/é")
FORMS = ("host", "port", "user", "password", "name")
SETTINGS = {
    "work_mem": "12MB",
    "log_min_duration_statement": "250ms",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
}


def name(random: Random, longest: int, more: str = "-") -> str:
    """A name as a service may have it, often of one letter, sometimes as long as it may be."""
    length = random.choice((1, 2, random.randint(3, 12), random.randint(3, 12), longest))
    middle = "".join(random.choice(LETTERS + DIGITS + more) for _ in range(length - 2))
    return random.choice(LETTERS) + (middle + random.choice(LETTERS + DIGITS) if length > 1 else "")


def several(random: Random, choices: tuple[str, ...], most: int) -> list[str]:
    return random.sample(choices, random.randint(0, min(most, len(choices))))


def often(random: Random, share: float = 0.5) -> bool:
    return random.random() < share


def profile(number: int) -> Profile:
    """The profile of a number: always the same one."""
    random = Random(f"manifests {number}")
    stage = random.choice(STAGES)
    names = list(dict.fromkeys(name(random, random.choice((20, 40, 63))) for _ in range(random.randint(1, 5))))
    made: Profile = {
        "stage": stage,
        "project": name(random, random.choice((20, 63)), "-_"),
        "secrets": {"KEY": "generate", "OTHER_KEY": "generate"},
        "services": {},
        "volumes": {},
    }
    if often(random, 0.3):
        made["image_pull_secrets"] = several(random, ("registry-login", "a.b.example.com", "x"), 3)
    if often(random, 0.3):
        made["nodes"] = {"count": random.randint(1, 9), "memory": "8g", "cpus": "4"}
    if often(random, 0.2):
        made["secrets_in"] = "external"
    has_server = often(random, 0.7)
    for service in names:
        made["services"][service] = described(random, made, service, names, stage, has_server)
    if has_server:
        made["postgres"] = server(random)
        fit(made)
    return made


def fit(made: Profile) -> None:
    """What one part of a profile must not say because of another one."""
    for one in (one for one in made["services"].values() if "postgres" in one.get("database", {})):
        if made["postgres"]["access"] == "shared":
            one["database"]["postgres"].pop("connection_limit", None)
        if "external" in made["postgres"]:
            one.pop("outbound", None)


def described(random: Random, made: Profile, own: str, names: list[str], stage: str, has_server: bool) -> Profile:
    """One service. Those before it in the list are what it may wait for."""
    one: Profile = {
        "image": random.choice(IMAGES[:-2] if stage == "production" else IMAGES),
        "user": random.choice(USERS),
    }
    one["environment"] = environment(random)
    if often(random, 0.6):
        one["port"] = random.choice((1, 80, 8000, 65535))
        one |= {"publish": random.choice((80, 8080, 65535))} if often(random, 0.4) else {}
    elif often(random, 0.3):
        one["outbound"] = False
    if often(random, 0.4):
        one["command"] = random.choice((["serve", *several(random, TEXTS, 4)], "serve --port 1 'a b'"))
    if often(random, 0.2):
        one["entrypoint"] = ["/bin/tini", "--", *several(random, TEXTS, 2)]
    if often(random, 0.5):
        one["healthcheck"] = healthcheck(random, "port" in one)
    if often(random, 0.5):
        limits = {"memory": random.choice(MEMORY), "cpus": random.choice(CPUS), "pids": 100}
        one["limits"] = {key: limits[key] for key in several(random, tuple(limits), 3)}
    if often(random, 0.4):
        one["labels"] = {label: random.choice(TEXTS) for label in several(random, LABELS, 4)}
    if often(random, 0.3):
        one["hardening"] = "strict"
    if often(random, 0.3):
        one["stop_grace_period"] = random.choice(("0s", *SPANS))
    if often(random, 0.2):
        one["working_dir"] = random.choice(FOLDERS)
    if often(random, 0.25):
        one["runs"] = random.choice(("once", *SCHEDULES))
    if often(random, 0.3):
        before = [name for name in names[: names.index(own)] if "runs" not in made["services"][name]]
        one["depends_on"] = several(random, tuple(before), 2)
    keeps = mounts(random, made, own, one)
    if often(random, 0.4) and not keeps:
        one["replicas"] = random.choice((1, 2, 3, 10))
    if has_server and often(random, 0.7):
        one["database"] = database(random, one, own == names[0])
    elif keeps and "runs" not in one and often(random):
        one["database"] = {"engine": "sqlite", "sqlite": f"{FOLDERS[0]}/own.db"}
    return one


def mounts(random: Random, made: Profile, own: str, one: Profile) -> bool:
    """Whether it has a volume that one pod alone can have."""
    folder = random.choice(FOLDERS[1:])
    if often(random, 0.3):
        made["volumes"]["both"] = {
            "storage": {"size": random.choice(SIZES), "class": "nfs.example.com", "shared": True}
        }
        one["volumes"] = [f"both:{folder}{random.choice(('', ':ro'))}"]
    if often(random, 0.3):
        one["data"] = f"{own[:40]}-data:{FOLDERS[0]}"
        one["storage"] = random.choice((random.choice(SIZES), {"size": random.choice(SIZES), "class": "fast"}))
        return True
    return False


def environment(random: Random) -> Profile:
    texts: Profile = {f"TEXT_{number}": text for number, text in enumerate(several(random, TEXTS, 6))}
    keys = {"secret": {"secret": random.choice(("KEY", "OTHER_KEY"))}, "_lower9": {"env": "LEVEL", "default": "info"}}
    return {**texts, **{key: keys[key] for key in several(random, tuple(keys), 2)}}


def healthcheck(random: Random, has_port: bool) -> Profile:
    asked: Profile = {
        "command": random.choice((["test", "-e", "/tmp/$(x)"], "true || exit 1", ["a", *several(random, TEXTS, 3)]))
    }
    if has_port and often(random, 0.7):
        asked = {"http": random.choice(PATHS)}
    spans = {key: random.choice(SPANS) for key in several(random, ("interval", "timeout", "start_period"), 3)}
    return {**asked, **spans, **({"retries": random.choice((1, 3, 1000))} if often(random, 0.3) else {})}


def database(random: Random, one: Profile, is_first: bool) -> Profile:
    called = name(random, random.choice((12, 63)), "_-")
    of_server: Profile = {"name": random.choice((called, called.upper(), "all" if is_first else called))}
    if often(random, 0.3):
        of_server["extensions"] = several(random, ("citext", "pgcrypto", "uuid-ossp", "pg_trgm"), 4)
    if often(random, 0.2):
        of_server["connection_limit"] = random.randint(16, 30)
    found: Profile = {"postgres": of_server, "pool": 1}
    if often(random, 0.3):
        found["give_url"] = False
        one["environment"] |= {
            f"DB_{form.upper()}": {"database": form} for form in ("password", *several(random, FORMS, 5))
        }
    elif often(random, 0.4):
        found["driver"] = random.choice(("psycopg", "django", "jdbc", "npgsql", "pgx", "node", "rails", "plain"))
    return found


def server(random: Random) -> Profile:
    made: Profile = {
        "image": random.choice(
            ("postgres:15", "postgres:16.4", "postgres:17-bookworm", "docker.io/library/postgres:18")
        ),
        "user": name(random, random.choice((12, 63)), "_"),
        "access": random.choice(("shared", "per_service")),
    }
    kind = random.choice(("single", "operator", "external"))
    if kind == "external":
        return {
            **made,
            "external": {"host": "db.example.com", "port": random.choice((5432, 65535)), "ca_secret": "db-ca"},
        }
    made["storage"] = random.choice(("10Gi", {"size": "1Ti", "class": "fast.example.com"}))
    if often(random, 0.5):
        made["settings"] = {key: SETTINGS[key] for key in several(random, tuple(SETTINGS), 4)}
    if often(random, 0.4):
        made["limits"] = {"memory": random.choice(("2g", "4g")), "cpus": random.choice(("1", "2.5"))}
    if kind == "operator":
        return {**made, "operator": "cloudnative-pg", "instances": random.choice((1, 2, 3, 5))}
    if often(random, 0.3):
        made["environment"] = environment(random)
    return made
