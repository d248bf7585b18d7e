"""Random deployments that are kept by hand, in random spellings, and what may differ once codelab-gen has taken one over."""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

PASSWORD = "kq83hfKD93jfls02"
SERVERS = ("db", "postgres", "database", "pg")
IMAGES = ("postgres:16", "postgres:15-alpine", "postgres:17.2", "postgis/postgis:16-3.4")


@dataclass
class Kept:
    """A deployment that is kept by hand."""

    compose: str
    dotenv: str
    server: str | None = None
    services: list[str] = field(default_factory=list)


@dataclass
class Writer:
    """Makes one, with the same choices for the same seed."""

    chance: random.Random
    variables: dict[str, str] = field(default_factory=dict)
    volumes: dict[str, str] = field(default_factory=dict)
    networks: set[str] = field(default_factory=set)
    port: int = 8000

    def often(self, share: float = 0.5) -> bool:
        return self.chance.random() < share

    def one(self, *choices: Any) -> Any:
        return self.chance.choice(choices)

    def variable(self, value: str) -> str:
        """A variable of `.env` with this value, by its name."""
        name = f"{self.one('APP', 'WEB', 'SITE', 'X')}_{len(self.variables)}"
        self.variables[name] = value
        return name

    def text(self, value: str) -> str:
        """A value as it stands, or by a variable in one of its forms."""
        match self.chance.randrange(8):
            case 0:
                return f"${{{self.variable(value)}}}"
            case 1:
                return f"${{{self.variable(value)}:-other}}"
            case 2:
                return f"${{{self.variable(value)}:?no}}"
            case 3:
                return f"${{UNSET_{self.chance.randrange(9)}:-{value}}}"
            case 4:
                return f"${self.variable(value)}"
            case _:
                return value

    def quoted(self, text: str) -> str:
        return (
            f"'{text}'"
            if self.often(0.7) and "'" not in text
            else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
        )

    def pairs(self, entries: dict[str, str | None]) -> list[str]:
        """Names with values, as a mapping or as a list."""
        if self.often():
            return [f"  {name}:" + ("" if value is None else f" {self.quoted(value)}") for name, value in entries.items()]
        return [f"  - {self.quoted(name if value is None else f'{name}={value}')}" for name, value in entries.items()]

    def words(self, words: list[str]) -> list[str]:
        if self.often():
            return [f" [{', '.join(map(self.quoted, words))}]"]
        return ["", *(f"  - {self.quoted(word)}" for word in words)]


def kept(seed: int) -> Kept:
    """A deployment of one to four services, with a server in two of three."""
    writer = Writer(random.Random(seed))
    server = writer.one(*SERVERS) if writer.often(0.66) else None
    names = writer.chance.sample(("api", "web", "worker", "admin-ui", "cache"), writer.chance.randint(1, 4))
    blocks = [service(writer, name, names[:at], server) for at, name in enumerate(names)]
    if server is not None:
        blocks.insert(writer.chance.randrange(len(blocks) + 1), server_block(writer, server))
    lines = ["services:"]
    for block in blocks:
        lines += (
            ["", *(f"  {line}" if line else "" for line in block)] if writer.often() else [f"  {line}" for line in block]
        )
    for key, entries in (("volumes", writer.volumes), ("networks", {name: "" for name in sorted(writer.networks)})):
        if entries:
            lines += [f"{key}:", *(f"  {name}:{value}" for name, value in entries.items())]
    if writer.often(0.2):
        lines.insert(0, writer.one("name: shop", "version: '3.8'", "name: '${STACK:-shop}'"))
    return Kept("\n".join(lines) + "\n", dotenv(writer), server, names)


def service(writer: Writer, name: str, others: list[str], server: str | None) -> list[str]:
    keys: list[list[str]] = [program(writer, name)]
    keys += [["environment:", *writer.pairs(environment(writer, server))]] if writer.often(0.8) else []
    if writer.often(0.5):
        keys.append(["ports:", *(f"  - {port}" for port in ports(writer))])
    if writer.often(0.5):
        keys.append(["volumes:", *(f"  - {mount}" for mount in mounts(writer))])
    awaited = [other for other in others if writer.often(0.3)] + ([server] if server and writer.often(0.4) else [])
    if awaited:
        keys.append(depends_on(writer, awaited))
    for extra in extras(writer, name):
        if writer.often(0.15):
            keys.append(extra)
    writer.chance.shuffle(keys)
    return [f"{name}:", *(f"  {line}" for key in keys for line in key)]


def program(writer: Writer, name: str) -> list[str]:
    match writer.chance.randrange(6):
        case 0:
            return [f"build: ./{name}"]
        case 1:
            return ["build:", f"  context: {name}", f"  args: {{ MODE: {writer.quoted(writer.text('x'))} }}"]
        case 2:
            return [f"image: {writer.quoted(f'example/{name}:' + writer.text('1.2'))}"]
        case 3:
            return [f"image: 'example/{name}:${{SHELL_TAG:-stable}}'"]
        case _:
            return [f"image: example/{name}:1"]


def environment(writer: Writer, server: str | None) -> dict[str, str | None]:
    plain: dict[str, str | None] = {
        "MODE": writer.text("fast"),
        "EMPTY": "",
        "DOLLAR": "a$$b",
        "SPACES": "two words # and more",
        "LINK": f"http://{writer.text('example.com')}/x?y={writer.text('1')}",
        "PASSED_ON": None,
        "OF_SHELL": writer.one("${SHELL_USER}", "at ${SHELL_HOME}/x", "$SHELL_USER"),
        "DASH": "${UNSET_1-dash}",
        "PLUS": "${UNSET_2:+plus}",
        "NESTED": "${UNSET_3:-${UNSET_4:-deep}}",
        "API_KEY": writer.one("sk-3f29c1d7e85b4a06", "${API_KEY}", "${API_KEY:-sk-3f29c1d7e85b4a06}"),
        "JSON": '{"a": [1, 2]}',
    }
    chosen = {name: value for name, value in plain.items() if writer.often(0.35)}
    if server is not None and writer.often(0.6):
        chosen |= connection(writer, server)
    if chosen.get("API_KEY", "").startswith("${API_KEY}") or "${API_KEY:-" in (chosen.get("API_KEY") or ""):
        writer.variables.setdefault("API_KEY", "sk-3f29c1d7e85b4a06")
    return chosen or {"MODE": "x"}


def connection(writer: Writer, server: str) -> dict[str, str | None]:
    """How a service finds the server."""
    password = writer.one(PASSWORD, "${POSTGRES_PASSWORD}", "${POSTGRES_PASSWORD:?no}")
    user = writer.one("shop", "${POSTGRES_USER}", "${POSTGRES_USER:-shop}")
    scheme = writer.one("postgresql+asyncpg", "postgresql", "postgresql+psycopg", "postgres", "postgresql+psycopg2")
    port = writer.one("", ":5432", ":${UNSET_5:-5432}")
    url = f"{scheme}://{user}:{password}@{server}{port}/shop" + writer.one("", "", "?sslmode=disable")
    if user == "${POSTGRES_USER}":
        writer.variables.setdefault("POSTGRES_USER", "shop")
    match writer.chance.randrange(5):
        case 0:
            return {"DB_HOST": server, "DB_USER": user, "DB_PASSWORD": password, "DB_NAME": "shop", "DB_PORT": "5432"}
        case 1:
            writer.variables["DATABASE_URL"] = f"postgresql://shop:${{POSTGRES_PASSWORD}}@{server}:5432/shop"
            return {"DATABASE_URL": writer.one("${DATABASE_URL}", "${DATABASE_URL:-sqlite:///x.db}", None)}
        case 2:
            return {"DATABASE_URL": f"${{DATABASE_URL:-{url}}}"}
        case _:
            return {writer.one("DATABASE_URL", "DB_URL", "API__DB_URL"): url}


def ports(writer: Writer) -> Iterator[str]:
    for _ in range(writer.chance.randint(1, 2)):
        writer.port += 1
        port = str(writer.port)
        yield writer.one(
            f'"{port}:{port}"',
            f"'127.0.0.1:{port}:{port}'",
            f"'{writer.text(port)}:{port}'",
            f"'{port}:{port}/udp'",
            f"{{ target: {port}, published: '{port}' }}",
            f"{{ target: {port}, published: '{port}', host_ip: 127.0.0.1, protocol: tcp }}",
            f"'${{SHELL_PORT_{port}:-{port}}}:{port}'",
        )


def mounts(writer: Writer) -> Iterator[str]:
    for target in writer.chance.sample(("/app/data", "/cache", "/etc/app.conf", "/up"), writer.chance.randint(1, 3)):
        volume = f"vol{writer.chance.randrange(3)}"
        mount = writer.one(
            f"./data{target}:{target}",
            f"data:{target}:ro".replace("data:", "./conf/x:"),
            f"{volume}:{target}",
            f"'{volume}:{target}:ro'",
            f"{{ type: bind, source: ./data, target: {target} }}",
            f"{{ type: volume, source: {volume}, target: {target}, read_only: true }}",
            f"'${{SHELL_HOME}}/up:{target}'",
            f"'{writer.text('./given')}:{target}'",
            f"{{ type: tmpfs, target: {target} }}",
        )
        if volume in mount:
            writer.volumes.setdefault(volume, writer.one("", " {}", f" {{ name: own_{volume} }}", " { driver: local }"))
        yield mount


def depends_on(writer: Writer, awaited: list[str]) -> list[str]:
    if writer.often():
        return [f"depends_on: [{', '.join(awaited)}]"]
    condition = writer.one("{ condition: service_started }", "{ condition: service_started, restart: true }")
    return ["depends_on:", *(f"  {name}: {condition}" for name in awaited)]


def extras(writer: Writer, name: str) -> Iterator[list[str]]:
    yield ["restart: " + writer.one("always", "unless-stopped", "'no'", "on-failure")]
    yield ["command: " + writer.one("serve --at 'a b' $$X", "[serve, --at, 'a b']", f"serve {writer.text('x')}", "a && b")]
    yield ["entrypoint: " + writer.one("['/x', y]", "/x y")]
    yield ["labels:", *writer.pairs({"a.b": writer.text("1"), "c": "`x`"})]
    yield [f"user: '{writer.one('1000:1000', '${SHELL_USER}', '${UNSET_6:-1000}')}'"]
    test = writer.one("curl -f http://localhost", "[CMD, 'true']", "[CMD-SHELL, 'x || y']")
    interval = writer.one([], [f"  interval: {writer.one('10s', '1m30s', '0.5s')}"])
    yield writer.one(["healthcheck:", f"  test: {test}", *interval], ["healthcheck: { disable: true }"])
    yield writer.one(
        [f"mem_limit: {writer.one('512m', '1g', '536870912')}"],
        ["deploy:", "  resources:", f"    limits: {{ memory: {writer.one('256M', '1G')}, cpus: '0.50' }}"],
    )
    yield ["profiles: [debug]"]
    yield ["tmpfs: /tmp"]
    yield ["cap_add: [NET_ADMIN]"]
    yield ["extra_hosts: ['h:1.1.1.1']"]
    yield ["logging: { driver: json-file, options: { max-size: 10m } }"]
    yield ["env_file: .env"]
    yield ["stop_grace_period: 1m"]
    yield [f"container_name: {writer.one('own', 'its')}-{name}"]
    yield ["working_dir: /app"]
    yield ["expose: ['9000']"]
    yield ["x-own: { a: 1 }"]
    network = writer.one("front", "back", "database")
    writer.networks.add(network)
    yield [f"networks: {writer.one(f'[{network}, default]', f'{{ {network}: {{ aliases: [alias-{name}] }} }}')}"]


def server_block(writer: Writer, server: str) -> list[str]:
    user, password = writer.one("shop", "${POSTGRES_USER}", "${POSTGRES_USER:-shop}"), "${POSTGRES_PASSWORD}"
    writer.variables.setdefault("POSTGRES_PASSWORD", PASSWORD)
    if user == "${POSTGRES_USER}" or writer.often(0.3):
        writer.variables.setdefault("POSTGRES_USER", "shop")
    given = {"POSTGRES_USER": user, "POSTGRES_PASSWORD": writer.one(password, PASSWORD, "${POSTGRES_PASSWORD:?no}")}
    given |= {"POSTGRES_DB": "shop"} if writer.often() else {}
    given |= {"TZ": "UTC"} if writer.often(0.2) else {}
    keys = [[f"image: {writer.one(*IMAGES)}"], ["environment:", *writer.pairs(given)]]
    keys.append([f"volumes: ['pg:/var/lib/postgresql/data'{writer.one('', ', ./init:/docker-entrypoint-initdb.d', '')}]"])
    writer.volumes["pg"] = writer.one("", " {}", " { name: shop_pgdata }", " { name: elsewhere }")
    optional = (
        [f"ports: ['{writer.one('5432', '127.0.0.1:5433', '${UNSET_7:-5432}')}:5432']"],
        ["healthcheck: { test: [CMD, pg_isready], interval: 5s }"],
        ["command: postgres -c max_connections=200"],
        ["restart: unless-stopped"],
        ["shm_size: 128mb"],
        ["mem_limit: 1g"],
        ["container_name: own-server"],
        ["networks: [default, back]"],
    )
    keys += [key for key in optional if writer.often(0.25)]
    if ["networks: [default, back]"] in keys:
        writer.networks.add("back")
    return [f"{server}:", *(f"  {line}" for key in keys for line in key)]


def dotenv(writer: Writer) -> str:
    """The variables, each in a form that Docker Compose takes."""
    lines = []
    # a line can only refer to those before it
    for name, value in sorted(writer.variables.items(), key=lambda entry: "$" in entry[1]):
        forms = [f"{name}={value}"]
        if "$" not in value and name != "POSTGRES_PASSWORD":
            forms += [f"{name}='{value}'", f'{name}="{value}"', f"{name}={value} # why", f"export {name}={value}"]
        lines.append(writer.one(*forms) if writer.often(0.3) else forms[0])
        if writer.often(0.1):
            lines += ["", "# a comment"]
    referring = next((name for name in writer.variables if name.startswith("APP")), None)
    if referring and writer.often(0.3):
        lines.append(f"DERIVED=x-${{{referring}}}")
    return "".join(f"{line}\n" for line in lines)


# What may differ, as a path with `*` for one step; `server` stands for the server's name of today and afterwards.
IMPROVEMENTS = (
    "networks.database",
    "networks.database-*",
    "networks.default",
    "networks.postgres-published",
    "services.*.networks.database",
    "services.*.networks.database-*",
    "services.*.depends_on.postgres-ensure",
    "services.*.depends_on.postgres",
    "services.*.working_dir",
    "services.postgres.healthcheck",
    "services.postgres.stop_grace_period",
    "services.postgres.shm_size",
    "services.postgres.networks.*.aliases",
    "services.postgres.networks.postgres-published",
    "services.postgres.networks.default",
    "services.postgres.environment.POSTGRES_USER",
    "services.postgres.environment.POSTGRES_DB",
    "services.postgres.volumes./var/run/postgresql",
    "services.postgres.volumes./docker-entrypoint-initdb.d/10-init-postgres.sh",
    "services.postgres-ensure",
    "volumes.*postgres-socket",
)


def is_improvement(path: str) -> bool:
    def explains(improvement: str) -> bool:
        pattern = re.escape(improvement).replace(r"\*", r"[^.]*")
        return re.fullmatch(rf"{pattern}(\..+)?", path) is not None

    return any(map(explains, IMPROVEMENTS))


def same_value(old: Any, new: Any, server: str) -> bool:
    """Whether two values of a variable lead to the same place, where the server is called otherwise."""
    if not isinstance(old, str) or not isinstance(new, str):
        return False
    return old == new or {old, new} == {server, "postgres"} or parts(old, server) == parts(new, server) is not None


def parts(url: str, server: str) -> tuple[Any, ...] | None:
    split = urlsplit(url)
    if not split.scheme or not split.hostname:
        return None
    host = "postgres" if split.hostname == server else split.hostname
    login = (unquote(split.username or ""), unquote(split.password or ""))
    return (split.scheme, *login, host, split.port or 5432, split.path, split.query)


def renamed(model: dict[str, Any], server: str) -> dict[str, Any]:
    """A model in which the server has the name that it has afterwards, wherever it is named by its key."""
    services = {("postgres" if name == server else name): dict(service) for name, service in model["services"].items()}
    for service in services.values():
        if server in service.get("depends_on", {}):
            service["depends_on"] = {
                ("postgres" if name == server else name): to for name, to in service["depends_on"].items()
            }
    return {**model, "services": services}


def by_name(model: dict[str, Any]) -> dict[str, Any]:
    """A model whose volumes are known by the names that Docker has for them: their keys are only the file's."""
    names = {key: volume["name"] for key, volume in model.get("volumes", {}).items()}
    volumes = {names[key]: volume for key, volume in model.get("volumes", {}).items()}
    services = {}
    for name, service in model["services"].items():
        mounts = {target: dict(mount) for target, mount in service.get("volumes", {}).items()}
        for mount in mounts.values():
            if mount["type"] == "volume" and mount.get("source") in names:
                mount["source"] = names[mount["source"]]
        services[name] = {**service, "volumes": mounts}
    return {**model, "services": services, "volumes": volumes}
