"""What codelab-gen takes for the same meaning in a Compose file is the same to Docker Compose, and what it tells apart is not.

`tests/suite/meaning.rs` asks codelab-gen about the same lines."""

import json
from pathlib import Path
from typing import Any

import pytest

from programs import HERE, Compose, Meaning

FRAME = """
services:
  s: {{ image: x, {} }}
  a: {{ image: a, healthcheck: {{ test: x }} }}
  b: {{ image: b }}
volumes: {{ uol: , vol: , wol: }}
networks: {{ m: , n: }}
secrets: {{ s: {{ file: s }} }}
configs: {{ c: {{ file: c }} }}
"""


def lines(name: str) -> list[str]:
    text = (HERE / "spellings" / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if not line.startswith("#")]


def framed(keys: str) -> str:
    """A file with a service of these keys; a part of the frame that the service says itself is left out."""
    inner = keys.strip().removeprefix("{}")
    frame = FRAME.replace("image: x, ", "") if inner.startswith("image:") else FRAME
    return frame.format(inner)


def comparable(value: Any) -> Any:
    """Lists that are sets to Docker, in an order; a mapping that says nothing is as good as none."""
    match value:
        case dict():
            return {
                key: None if item == {} else comparable(item) for key, item in value.items() if (key, item) != ("volume", {})
            }
        case list() if any(isinstance(item, dict) for item in value):
            return sorted((comparable(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
        case _:
            return value


def service(folder: Path, compose: Compose, *files: str) -> Any:
    for name, keys in zip(("docker-compose.yml", "docker-compose.override.yml"), files, strict=False):
        (folder / name).write_text(framed(keys) if name == "docker-compose.yml" else over(keys), encoding="utf-8")
    for name in ("empty.env", "s", "c"):
        (folder / name).touch()
    said = compose(folder, "--profile", "*", "config", "--format", "json").stdout
    return comparable(json.loads(said.replace(str(folder), ""))["services"]["s"])


def over(keys: str) -> str:
    return f"services:\n  s: {{ {keys.strip()} }}\n"


@pytest.mark.parametrize("line", [line for line in lines("services.txt") if not line.startswith("~")])
def test_docker_compose_agrees_on_what_is_the_same(line: str, tmp_path: Path, compose: Compose) -> None:
    one, other = line[1:].split(" | ")
    same = service(tmp_path, compose, one) == service(tmp_path, compose, other)
    assert same == line.startswith("=")


@pytest.mark.parametrize("line", lines("over.txt"))
def test_docker_compose_agrees_on_what_two_files_say_together(line: str, tmp_path: Path, compose: Compose) -> None:
    known, more, both = line.split(" | ")
    (together := tmp_path / "together").mkdir()
    (alone := tmp_path / "alone").mkdir()
    assert service(together, compose, known, more) == service(alone, compose, both)


def test_docker_compose_reads_what_codelab_gen_reads_in_dotenv(tmp_path: Path, meaning: Meaning) -> None:
    """The values that tests/suite/meaning.rs expects of the same file."""
    text = (HERE / "spellings" / "dotenv.env").read_text(encoding="utf-8")
    expected: dict[str, str] = json.loads((HERE / "spellings" / "dotenv.json").read_text(encoding="utf-8"))
    (tmp_path / ".env").write_text(text, encoding="utf-8")
    given = "\n".join(f"      {name}: '${{{name}}}'" for name in expected)
    (tmp_path / "docker-compose.yml").write_text(
        f"services:\n  s:\n    image: x\n    environment:\n{given}\n", encoding="utf-8"
    )
    assert meaning(tmp_path)["services"]["s"]["environment"] == expected
