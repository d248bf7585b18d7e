"""`codelab-gen graph` as the programs that draw it read it: every part, edge and text is what the profile says.

What is expected is made here, from what the profile was made of. Read by Graphviz and by two versions of Mermaid, whose
older one takes labels for Markdown.
"""

import json
import os
import random
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from programs import SCRUBBED, NodeProgram
from verdicts import ROOT

READERS = {"mermaid-2024": "mermaid", "mermaid-2026": "mermaid", "graphviz": "dot"}

GOLDEN = [f"tests/golden/{name}.yaml" for name in ("every-field", "external", "strict")]
PROFILES = ["dev", "prod", "mixed", *GOLDEN]

USES, KEPT, PUBLISHED, WAITED = "normal arrow", "normal line", "thick arrow", "dotted arrow"

# Texts that mean something to Mermaid, Markdown, HTML, Graphviz or YAML.
HOSTILE = """
    "" ' ` `code` " \\ \\n \\N \\l \\" # #quot; #35; ; &amp; &lt; & <b>bold</b> <br/> <script> end subgraph graph ]
    [ ) ( )] } { {{ }} | || --> -.-> --- == % %% %%{init: style classDef click default @{ @ a@b.c http://a.b/c www.a.b
    ftp://a *a* **a** _a_ __a__ a_b ~~a~~ 1. 2) - + > # ## === --- $$x$$ $a$ ${A} fa:fa-car ß ﬂ°°35¶ß $$$x$$$ é 日本語 😀 \u202e
    \u2028 \xa0 o x --x --o ::: :::a style:#fff; classDef:x#y; [[a]] [a](b) ![a](b) <!-- --> <a &#65; <mailto:a@b.c> ^ $ =
    \\G \\E \\H \\L \\r \\| /* */ // --- |a|b|
""".split() + ["1. a", "- a", "    a", " a ", "a  b", "a: b", "style a:b#c;d", "# a", "> a", "+ a", "end ", "a -- b --> c", "\xad"]


@dataclass
class Drawing:
    """What is to be read: parts by their lines and group, edges between parts."""

    parts: set[tuple[str, ...]] = field(default_factory=set)
    groups: dict[tuple[str, ...], str | None] = field(default_factory=dict)
    edges: list[tuple[tuple[str, ...], str, tuple[str, ...], tuple[str, ...]]] = field(default_factory=list)

    def part(self, lines: Sequence[str], group: str | None = None) -> tuple[str, ...]:
        part = tuple(shown(line) for line in lines)
        self.parts.add(part)
        self.groups[part] = None if group is None else shown(group)
        return part

    def edge(self, start: tuple[str, ...], style: str, end: tuple[str, ...], label: str = "") -> None:
        self.edges.append((start, style, end, (shown(label),) if label else ()))

    def facts(self) -> Counter[str]:
        def ends(style: str, *both: tuple[str, ...]) -> list[tuple[str, ...]]:
            # a line without an arrow has no direction
            return sorted(both) if style == KEPT else list(both)

        parts = (f"part {part} in {group}" for part, group in self.groups.items())
        edges = (f"edge {ends(style, start, end)} {style} {label}" for start, style, end, label in self.edges)
        return Counter([*parts, *edges])


def assert_same(read: Drawing, expected: Drawing, text: str) -> None:
    only_read, only_expected = read.facts() - expected.facts(), expected.facts() - read.facts()
    assert not only_read and not only_expected, "\n".join(["read:", *only_read, "expected:", *only_expected, text])


def shown(text: str) -> str:
    """A text as a drawing has it: on one line, with what would steer the reader as an escape."""
    steering = "\u061c\u200e\u200f\u2028\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\xad"

    def one(character: str) -> str:
        is_control = ord(character) < 32 or 127 <= ord(character) < 160
        return f"\\u{{{ord(character):x}}}" if is_control or character in steering else character

    # Graphviz writes as unbroken the spaces that must not be lost
    return "".join(one(character) for character in text).replace("\xa0", " ")


def drawn(read: dict[str, Any]) -> Drawing:
    """What a program read; no two parts of a drawing here have the same lines."""

    def lines(texts: list[str]) -> tuple[str, ...]:
        return tuple(text.replace("\xa0", " ") for text in texts)

    drawing = Drawing()
    titles = {name: lines(texts) for name, texts in read["groups"].items()}
    parts = {name: lines(node["lines"]) for name, node in read["nodes"].items()}
    for name, node in read["nodes"].items():
        drawing.parts.add(parts[name])
        drawing.groups[parts[name]] = None if node["group"] is None else titles[node["group"]][0]
    assert len(drawing.parts) == len(parts), parts
    for edge in read["edges"]:
        drawing.edges.append((parts[edge["from"]], edge["style"], parts[edge["to"]], lines(edge["lines"])))
    return drawing


class Graphs:
    """Draws profiles, and reads drawings."""

    def __init__(self, binary: Path, start: Callable[[str], NodeProgram]) -> None:
        self.binary, self.start = binary, start
        self.readers: dict[str, NodeProgram] = {}

    def text(self, language: str, *arguments: str | Path, profile: Any = None) -> str:
        command = [self.binary, "graph", "--format", language, *arguments]
        text = None if profile is None else json.dumps(profile, ensure_ascii=False)
        done = subprocess.run(
            command, cwd=ROOT, env=SCRUBBED, input=text, capture_output=True, encoding="utf-8", check=False
        )
        assert done.returncode == 0, f"{done.stderr}\n{text}"
        return done.stdout

    def ask(self, reader: str, texts: Sequence[str]) -> list[dict[str, Any]]:
        if reader not in self.readers:
            self.readers[reader] = self.start(reader)
        return self.readers[reader].ask(texts)

    def read(self, reader: str, texts: Sequence[str]) -> list[Drawing]:
        return [drawn(read) for read in self.ask(reader, texts)]


@pytest.fixture(scope="session")
def graphs(binary: Path, node: Path, node_modules: Path) -> Iterator[Graphs]:
    with ExitStack() as stack:

        def start(reader: str) -> NodeProgram:
            program = Path(__file__).with_name("drawings.mjs")
            return stack.enter_context(NodeProgram(node, program, node_modules, reader))

        yield Graphs(binary, start)


class Chance:
    """A profile by chance, with the drawing that it must give."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.drawing = Drawing()
        self.steps = 0

    def text(self) -> str:
        # Compose takes an open `${` for a reference
        return self.random.choice(["", " ", "-"]).join(self.random.choices(HOSTILE, k=3)).replace("${", "$")

    def path(self) -> str:
        """A path that occurs once: a step holds neither colons nor slashes."""
        self.steps += 1
        steps = [self.text().replace(":", ".").replace("/", "|") for _ in range(2)]
        return f"{steps[0]}/{self.steps}{steps[1]}"

    def networks(self) -> tuple[Any, str | None]:
        """Raw Compose keys, and what is read above the container."""
        match self.random.randint(0, 3):
            case 0:
                names = sorted({f"{self.text()}!" for _ in range(self.random.randint(1, 3))})
                shuffled = self.random.sample(names, k=len(names))
                raw = shuffled if self.random.random() < 0.5 else {name: {} for name in shuffled}
                return {"networks": raw}, f"network{'s' if len(names) > 1 else ''} {', '.join(names)}"
            case 1:
                mode = f"container:{self.text()}"
                return {"network_mode": mode}, f"network_mode: {mode}"
            case 2:
                return {"network_mode": "none"}, None
            case _:
                return {}, "network default"

    def program(self) -> tuple[Any, str]:
        """What a service runs, and how it is read."""
        if self.random.random() < 0.5:
            context = f"./{self.path()}"
            return {"build": context}, f"built from {context}"
        image = self.random.choice(["a:1.", "www.a.b/c:style", f"a:1@sha256:{'0' * 64}", "a:5000/b_c/d__e:_"])
        # a digest is told as short as Docker tells it
        return {"image": image}, image.replace("0" * 64, f"{'0' * 12}…")

    def kept(self, part: tuple[str, ...], target: str, read_only: bool = False) -> str:
        """A mount, and where it leads from a part."""
        if self.random.random() < 0.3:
            source = self.random.choice(["end", "style", "www.a", "1.", "x--o", "graph"])
            place = self.drawing.part([source, "volume"])
        else:
            source = f"./{self.path()}"
            place = self.drawing.part([source, "on the host"])
        mode = ":ro" if read_only else ""
        self.drawing.edge(part, KEPT, place, f"{target}{mode}")
        return f"{source}:{target}{mode}"

    def profile(self) -> Any:
        services: dict[str, Any] = {}
        parts: dict[str, tuple[str, ...]] = {}
        names = ["end", "style", "graph", "subgraph", "default", "class", "o", "x1", "a-b", "ab"]
        for position, name in enumerate(self.random.sample(names, k=3)):
            networks, group = self.networks()
            program, told = self.program()
            service: dict[str, Any] = {"compose": networks, **program, "depends_on": {}}
            part = self.drawing.part([name, told], group)
            if self.random.random() < 0.5:
                variable, port = f"PORT_{position}", 8000 + position
                service |= {"port": 80, "publish": {"address": "::1", "env": variable, "default": port}}
                host = self.drawing.part(["the host"])
                self.drawing.edge(host, PUBLISHED, part, f"[::1]:${{{variable}:-{port}}} to 80")
            if self.random.random() < 0.5:
                service["database"] = {"sqlite": f"{position} a/style.db", "engine": "sqlite"}
                file = self.drawing.part([f"/end/{position} a/style.db", "SQLite"])
                self.drawing.edge(part, USES, file)
                service |= {"data": self.kept(file, "/end"), "working_dir": "/end"}
            targets = [f"/{self.path()}" for _ in range(self.random.randint(0, 2))]
            service["volumes"] = [self.kept(part, target, self.random.random() < 0.5) for target in targets]
            for other in self.random.sample(sorted(parts), k=self.random.randint(0, len(parts))):
                service["depends_on"][other] = "started"
                self.drawing.edge(part, WAITED, parts[other], "started")
            services[name], parts[name] = service, part
        return {"format": 1, "project": "end", "stage": "ci", "services": services}


@pytest.mark.parametrize(("reader", "language"), READERS.items())
@pytest.mark.parametrize("part", range(2))
def test_every_text_is_read_as_it_is_meant(graphs: Graphs, reader: str, language: str, part: int) -> None:
    chances = [Chance(seed) for seed in range(part * 20, part * 20 + 20)]
    texts = [graphs.text(language, "--profile", "-", profile=chance.profile()) for chance in chances]
    for chance, text, read in zip(chances, texts, graphs.read(reader, texts), strict=True):
        assert_same(read, chance.drawing, text)


@pytest.mark.parametrize(
    ("reader", "language"),
    [pytest.param(*one, marks=[pytest.mark.quick] * (one[0] != "mermaid-2024")) for one in READERS.items()],
)
def test_each_hostile_text_is_read_alone(graphs: Graphs, reader: str, language: str) -> None:
    profile = {"format": 1, "project": "x", "stage": "ci", "services": {}}
    expected = Drawing()
    for position, text in enumerate(HOSTILE):
        networks = {"compose": {"networks": [text]}}
        profile["services"][f"s{position}"] = {"image": "a:1", **networks}
        expected.part([f"s{position}", "a:1"], f"network {text}")
    text = graphs.text(language, "--profile", "-", profile=profile)
    [read] = graphs.read(reader, [text])
    assert_same(read, expected, text)


def test_all_programs_read_the_same_drawings(graphs: Graphs) -> None:
    texts = {
        language: [graphs.text(language, "--profile", profile) for profile in PROFILES]
        for language in ("mermaid", "dot")
    }
    first, *others = ([*graphs.read(reader, texts[language])] for reader, language in READERS.items())
    for other in others:
        for text, read, expected in zip(texts["mermaid"], other, first, strict=True):
            assert len(expected.edges) >= 4
            assert_same(read, expected, text)


def test_the_picture_of_readme_is_drawn_of_its_profile(binary: Path, graphs: Graphs, tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    _, _, behind = readme.partition("<!-- file: shop.yaml -->\n```yaml\n")
    (tmp_path / "shop.yaml").write_text(behind.partition("```")[0], encoding="utf-8")
    text = graphs.text("dot", "--profile", tmp_path / "shop.yaml")
    [drawn] = graphs.ask("graphviz-svg", [text])
    picture = ROOT / "docs" / "shop.svg"
    if os.environ.get("BLESS") == "1":
        picture.write_text(drawn["svg"], encoding="utf-8")
    assert picture.read_text(encoding="utf-8") == drawn["svg"], "BLESS=1 draws it anew"
    assert 'fill="white"' in drawn["svg"], "on a dark page it has a ground of its own"


@pytest.mark.quick
def test_a_deployment_with_a_server_is_drawn_whole(graphs: Graphs) -> None:
    text = graphs.text("dot", "--profile", "mixed", "--set", "postgres.publish=5433")
    [read] = graphs.read("graphviz", [text])
    expected = Drawing()
    agent = expected.part(["agent-runtime", "built from ./agent-runtime"], "network default")
    auth = expected.part(["auth-service", "built from ./auth-service"], "networks default, database")
    published = "networks database, postgres-published"
    server = expected.part(["postgres", "postgres:16-alpine"], published)
    database = expected.part(["auth_db", "PostgreSQL"], published)
    ensure = expected.part(["postgres-ensure", "brings databases in line", "at every start"])
    file = expected.part(["/app/data/agent_runtime.db", "SQLite"])
    socket = expected.part(["postgres-socket", "volume"])
    expected.edge(expected.part(["the host"]), PUBLISHED, server, "127.0.0.1:5433 to 5432")
    expected.edge(agent, USES, file)
    expected.edge(auth, USES, database)
    expected.edge(database, KEPT, server)
    expected.edge(auth, WAITED, ensure, "completed")
    expected.edge(ensure, WAITED, server, "healthy")
    expected.edge(file, KEPT, expected.part(["./agent-runtime/data", "on the host"]), "/app/data")
    expected.edge(auth, KEPT, expected.part(["./auth-service/data", "on the host"]), "/app/data")
    expected.edge(server, KEPT, expected.part(["postgres-data", "volume"]), "/var/lib/postgresql/data")
    expected.edge(server, KEPT, socket, "/var/run/postgresql")
    expected.edge(ensure, KEPT, socket, "/var/run/postgresql:ro")
    assert_same(read, expected, text)
