"""The schema and the program reject the same profiles, but for rules that no schema can say.

Three judges: the program, the Python package jsonschema, and ajv, which most tools that are written in JavaScript ask.
"""

import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from mutations import Document, Mutator, Vocabulary, text
from programs import LONG, NodeProgram
from schema_reader import reader
from slots import SLOTS, SMALL, border_values, filled, laid_over, without_nulls
from verdicts import BEYOND_SCHEMA, ROOT, SCHEMA, Fault, validate

# Documents by chance: so many parts, which run beside each other, of so many documents.
PARTS, DOCUMENTS = (100 if LONG else 12), 1_000

# Of the grammars with the most rules, one each: mounts, images, ports.
QUICK_SLOTS = {
    "services: { api: { data: HOLE } }",
    "services: { api: { image: HOLE } }",
    "services: { api: { port: 80, publish: HOLE } }",
}

# The text is not data to the program, so there is nothing that a schema could judge.
NOT_DATA = {"document-size", "duplicate-key", "syntax"}

# Faults that keep the program from looking at others: what is missing beside a `null`, or the replicas of a service
# whose database is not known. The schema may tell those.
HIDING = {"nothing-to-remove", "outside-mount", "reserved-name"}

# What is wrong in a layer by itself, whatever another one gives.
OF_ONE_LAYER = {"unknown-key", "wrong-type"}


@dataclass(frozen=True)
class Judgement:
    """What the judges say of one document."""

    document: Document
    faults: list[Fault]
    by_schema: dict[str, bool]

    @property
    def is_disputed(self) -> bool:
        expected = self.expected
        return len(set(self.by_schema.values())) > 1 or expected not in (None, *self.by_schema.values())

    @property
    def expected(self) -> bool | None:
        """The schema's verdict as it follows from the program's; nothing where either would be right."""
        codes = {fault.code for fault in self.faults}
        sayable = {fault.code for fault in self.faults if fault.is_sayable}
        if codes & NOT_DATA:
            return None
        if sayable:
            is_layer = isinstance(self.document, dict) and self.document.get("extends") is not None
            return None if is_layer and not sayable & OF_ONE_LAYER else False
        return None if codes & HIDING else True

    def __str__(self) -> str:
        faults = [f"{fault.code}: {fault.message}" for fault in self.faults]
        return f"{json.dumps(self.document)[:1000]}\n  the program: {faults or 'valid'}\n  the schema: {self.by_schema}"


Judge = Callable[[list[Document]], list[Judgement]]
BySchema = Callable[[list[Document]], list[dict[str, bool]]]


@pytest.fixture(scope="session")
def ajv(node: Path, node_modules: Path) -> Iterator[NodeProgram]:
    with NodeProgram(node, ROOT / "tests" / "editors" / "judge.js", node_modules, SCHEMA) as ajv:
        yield ajv


@pytest.fixture(scope="session")
def by_schema(ajv: NodeProgram) -> BySchema:
    """The readers of the schema."""
    jsonschema = reader(json.loads(SCHEMA.read_text(encoding="utf-8")))

    def by_schema(documents: list[Document]) -> list[dict[str, bool]]:
        by_ajv = ajv.ask(documents)
        return [
            {"ajv": is_valid, "jsonschema": jsonschema.is_valid(document)}
            for document, is_valid in zip(documents, by_ajv, strict=True)
        ]

    return by_schema


@pytest.fixture(scope="session")
def judge(binary: Path, by_schema: BySchema, tmp_path_factory: pytest.TempPathFactory) -> Judge:
    """All judges at once."""

    def judge(documents: list[Document]) -> list[Judgement]:
        folder = tmp_path_factory.mktemp("documents")
        files = []
        for index, document in enumerate(documents):
            files.append(folder / f"{index}.yaml")
            files[-1].write_text(text(document), encoding="utf-8")
        by_program = validate(binary, files, folder)
        return list(map(Judgement, documents, by_program, by_schema(documents)))

    return judge


def assert_undisputed(judgements: list[Judgement]) -> None:
    disputed = [judgement for judgement in judgements if judgement.is_disputed]
    shown = "\n".join(str(judgement) for judgement in disputed[:10])
    assert not disputed, f"{len(disputed)} of {len(judgements)}, such as\n{shown}"


@pytest.mark.quick
def test_the_list_of_rules_beyond_the_schema_is_the_programs() -> None:
    source = (ROOT / "src" / "diagnostic" / "code.rs").read_text(encoding="utf-8")
    names = dict(re.findall(r'^ +(\w+) = "([a-z0-9-]+)",$', source, re.MULTILINE))
    [body] = re.findall(r"fn is_beyond_schema\(self\).*?\n    }\n", source, re.DOTALL)
    assert {names[variant] for variant in re.findall(r"Self::(\w+)", body)} == BEYOND_SCHEMA


@cache
def profiles() -> tuple[list[Document], list[Document]]:
    """Good whole profiles, and wrong ones."""
    base = loaded(ROOT / "profiles" / "base.yaml")
    built_in = [laid_over(base, loaded(file)) for file in sorted((ROOT / "profiles").glob("*-*.yaml"))]
    mixed = laid_over(base, loaded(ROOT / "profiles" / "mixed.yaml"))
    external = without_nulls(laid_over(base, loaded(ROOT / "tests" / "golden" / "external.yaml")))
    every_field = loaded(ROOT / "tests" / "golden" / "every-field.yaml")
    good = [*built_in, mixed, external, every_field, loaded(ROOT / "tests" / "editors" / "good.yaml")]
    for document in good:
        document.pop("extends", None)
    files = [*(ROOT / "tests" / "invalid").glob("*.yaml"), *(ROOT / "tests" / "editors" / "wrong").glob("*.yaml")]
    wrong = [document for file in sorted(files) if isinstance(document := loaded(file), dict)]
    return good, wrong


def loaded(file: Path) -> Document:
    """A file as data, as far as JSON has it; nothing where the text is no data, or too much of it."""
    if file.stem == "document-size":
        return None
    try:
        return json.loads(json.dumps(YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8"))))
    except (YAMLError, UnicodeDecodeError, RecursionError):
        return None


@cache
def vocabulary() -> Vocabulary:
    good, wrong = profiles()
    return Vocabulary.of(json.loads(SCHEMA.read_text(encoding="utf-8")), [*good, *wrong])


def documents_by_chance(seed: int) -> list[Document]:
    good, wrong = profiles()
    chance = random.Random(seed)
    mutator = Mutator(vocabulary(), chance)
    documents = []
    for _ in range(DOCUMENTS):
        origin = chance.choice(good if chance.random() < 0.75 else wrong)
        document = mutator.mutated(origin)
        if chance.random() < 0.7:
            document = without_nulls(document)
        if isinstance(document, dict) and isinstance(document.get("extends"), str):
            document["extends"] = chance.choice(["builtin:base", "./nowhere.yaml"])
        documents.append(document)
    return documents


@pytest.mark.quick
def test_the_profiles_of_the_repository_are_judged_alike(binary: Path, by_schema: BySchema) -> None:
    """The good ones, and one that is wrong in each of the ways that we know; as they are, layers too."""
    patterns = ("profiles/*.yaml", "tests/golden/*.yaml", "tests/invalid/*.yaml", "tests/editors/**/*.yaml")
    files = [file for pattern in patterns for file in sorted(ROOT.glob(pattern))]
    documents = {file: document for file in files if (document := loaded(file)) is not None}
    told = validate(binary, list(documents), ROOT)
    judgements = list(map(Judgement, documents.values(), told, by_schema(list(documents.values()))))
    wrong = [one for one in judgements if any(fault.is_sayable for fault in one.faults)]
    assert len(wrong) > 25 and len(judgements) - len(wrong) > 25
    disputed = [str(one) for one in judgements if set(one.by_schema.values()) != {one not in wrong}]
    assert not disputed, "\n".join(disputed)


@pytest.mark.parametrize("part", [pytest.param(0, marks=pytest.mark.quick), *range(1, PARTS)])
def test_profiles_changed_by_chance_are_judged_alike(part: int, judge: Judge) -> None:
    judgements = judge(documents_by_chance(part))
    valid = sum(judgement.expected is True for judgement in judgements)
    assert valid > DOCUMENTS / 10, f"only {valid} profiles are valid, so little is asked"
    assert_undisputed(judgements)


@pytest.mark.parametrize(
    "slot", [pytest.param(slot, marks=[pytest.mark.quick] * (slot in QUICK_SLOTS)) for slot in SLOTS]
)
def test_values_at_the_borders_of_their_grammars_are_judged_alike(slot: str, judge: Judge) -> None:
    judgements = judge(list(filled(slot, border_values())))
    assert {judgement.expected for judgement in judgements} >= {True, False}, "the slot takes everything, or nothing"
    assert_undisputed(judgements)


def small(over: Document) -> Document:
    return laid_over(SMALL, over)


def service(**fields: Document) -> Document:
    return small({"services": {"api": fields}})


# What the judges once disagreed on, with the verdict that is right.
SETTLED: dict[str, tuple[Document, bool]] = {
    "a removed format": (small({"format": None}), False),
    "a null among words": (service(command=["curl", None]), False),
    "a null as an argument of a build": (service(build={"context": ".", "args": {"A": None}}), True),
    "a step back in a path of a container": (service(working_dir="/app/../x"), False),
    "a path of a container that ends in a dot": (service(working_dir="/app/."), False),
    "a path of a container with dots in names": (service(working_dir="/app/..x/.y"), True),
    "a step back in a mount": (service(data="vol:/a/../b"), False),
    "a volume of 128 characters": (service(data=f"{'v' * 128}:/b"), True),
    "a volume of 129 characters": (service(data=f"{'v' * 129}:/b"), False),
    "a control character of Latin-1 in a path": (service(build="./a\x80"), False),
    "a separator of lines before an open reference": (service(data="./a\u2028${b:/b"), False),
    "IPv4 in brackets": (service(port=80, publish="[127.0.0.1]:80"), False),
    "IPv4 in IPv6": (service(port=80, publish="[::ffff:127.0.0.1]:80"), False),
    "IPv6": (service(port=80, publish="[::1]:80"), True),
    "a host of 253 characters": (small({"postgres": {"user": "a", "external": {"host": "h" * 253}}}), True),
    "a host of 254 characters": (small({"postgres": {"user": "a", "external": {"host": "h" * 254}}}), False),
    "a raw key of 128 wide characters": (small({"compose": {"é" * 128: 1}}), True),
    "a raw key of 129 characters": (small({"compose": {"k" * 129: 1}}), False),
    "a raw key of 129 characters further inside": (small({"compose": {"a": [{"k" * 129: 1}]}}), False),
    "a raw key of two lines": (small({"compose": {"a\nb": 1}}), True),
    "a base with a control character": (small({"extends": "a\x00"}), False),
    "standard input as a base": (small({"extends": "-"}), False),
    "a base whose name begins like it": (small({"extends": "-x"}), True),
    "a SQLite file without data beside another engine": (
        small(
            {
                "services": {"api": {"database": {"engine": "postgres", "sqlite": "data/a.db", "postgres": "adb"}}},
                "postgres": {"image": "postgres:16", "user": "app"},
            }
        ),
        False,
    ),
    "a nameless database beside another engine": (
        service(data="./a:/app/data", database={"engine": "sqlite", "sqlite": "data/a.db", "postgres": {}}),
        False,
    ),
    "an owned key that is null": (service(compose={"ports": None}), True),
    "an unnamed service that is null": (small({"services": {"api": {"image": "app:1"}, "b": None}}), True),
    "a command of white space": (service(healthcheck={"command": "\u3000\x85 "}), False),
    "a command of what only JavaScript calls white space": (service(healthcheck={"command": "\ufeff"}), True),
    "an operator of the shell": (service(command="a && b"), False),
    "an operator in quotes": (service(command="a '&&' \";\" \\|"), True),
    "an operator in a list, and in a health check": (service(command=["&&"], healthcheck={"command": "a && b"}), True),
    "a quote that is not closed": (service(entrypoint="it's"), False),
    "a backslash at the end": (service(command="a \\"), False),
    "several lines": (service(command="a\nb"), False),
    "lines with nothing on them": (service(command="\n a \n\n"), True),
    "a comment": (service(command="a #b"), False),
    "no comment": (service(command="a#b '#'"), True),
    "another command's output in quotes": (service(command='a "$(b)"'), False),
    "a command's output in single quotes": (service(command="a '$(b) `c`'"), True),
    "a long text that is almost a command": (service(command="a 'b' \\c \"d\" " * 2_000 + "'"), False),
    "an interval of nothing": (service(healthcheck={"command": "a", "interval": "0m0s"}), False),
    "a start without patience": (service(healthcheck={"command": "a", "start_period": "0s"}), True),
    "microseconds": (service(healthcheck={"command": "a", "timeout": "10us"}), False),
    "more hours than Compose loads": (service(healthcheck={"command": "a", "timeout": "9999999h"}), False),
}


@pytest.mark.quick
@pytest.mark.parametrize("name", SETTLED)
def test_what_was_disputed_is_settled(name: str, judge: Judge) -> None:
    document, is_right = SETTLED[name]
    [judgement] = judge([document])
    assert_undisputed([judgement])
    assert judgement.expected in (is_right, None), judgement
    assert set(judgement.by_schema.values()) == {is_right}, judgement


# What a schema can't say as the program does: the document, whether the program finds something sayable, and the
# schema's verdict.
DIFFERENT: dict[str, tuple[Document, bool, bool]] = {
    # to JSON Schema 8001.0 is a whole number; to the program it is written as a fraction
    "a fraction that is whole": (service(port=8001.0), True, True),
    # what is missing beside a `null` is not told before the null is gone; a schema tells each by itself
    "a null instead of what is missing": (small({"services": {"api": {"image": None}, "b": {}}}), False, False),
    # the rules between a service's replicas and its database need a database that is right
    "a file outside of its mount": (
        service(replicas=2, data="./a:/app/data", database={"sqlite": "other/a.db"}),
        False,
        False,
    ),
    # the pattern of a command does not look over the end of a line
    "a comment behind a line that goes on": (service(command="a \\\n#b"), True, True),
    # what a layer below gives is another file
    "a conflict with the base": (small({"extends": "builtin:base"}), True, True),
}


@pytest.mark.quick
@pytest.mark.parametrize("name", DIFFERENT)
def test_known_differences_are_still_there(name: str, judge: Judge) -> None:
    document, is_rejected, is_valid = DIFFERENT[name]
    [judgement] = judge([document])
    assert any(fault.is_sayable for fault in judgement.faults) == is_rejected, judgement
    assert set(judgement.by_schema.values()) == {is_valid}, judgement
