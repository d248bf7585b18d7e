"""Profiles made wrong, or differently right, by chance: the same ones for the same seed.

Knows what people and programs get wrong in data: keys, types, ranges, places. Must not know any rule of the format but
its words, which `Vocabulary` reads from the schema.
"""

import copy
import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Document = Any
Path = tuple[str | int, ...]

# Lengths just below, at and above the limits of names: 63, 128, 253, and of two bytes a character.
LENGTHS = [0, 1, 2, 3, 62, 63, 64, 65, 127, 128, 129, 252, 253, 254]

NUMBERS = [-1, 0, 1, 2, 3, 14, 15, 16, 99, 100, 999, 1000, 1001, 65535, 65536, 10**6, 10**20, 0.5, 1.5, -2.25]

# One of each kind that a reader could take for another: ends of lines, white space, controls, wide and split ones.
CHARACTERS = "aZ09_-. /:~$%{}'\"\\@=\t\n\r\x00\x01\x1f\x7f\x80\x85\x9f\xa0éßſ\u2028\u2029\u3000\ufeff\ufffdK😀"

# Texts at the borders of the grammars of paths, mounts, images, quantities and addresses.
TEXTS = """
    . .. / // /a /a/ /a//b /./a /a/. /a/.. /a/../b /a/./b /a/...  ./a ../a ~ ~/a a/~ a:b :
    /a:/b ./a:/b ./a:/b:ro ./a:/b:rw ./a:/b:z ./a:/b:ro:ro v1:/b v:/b vol:/ vol:b vol:/a/../b vol:/a/. .:/b ..:/b ...:/b
    .a:/b /:/b //:/b ./${A}:/b ./${A:/b ./a:/${b} ./a:/${b vol.1:/b -v:/b ./~:/b ~/a:/b
    a app app:1 app:latest app: app:1:2 App:1 a.b a..b a_b a__b a___b a--b a-.b a_-b -a a- a/b a//b /a:1 a/B a.b:5/c
    app:${V:-1} app:v${V:-1.2}-a app:${V:-latest} app:${V:-latest}-a app:${V} app:${V:-} app:${v:-1} ${V:-app:1}
    a.b:5/c:${V:-latest} a.b:5/c:${V:-2} app:${V:-1}:2 app:${V:-1}${W:-2} app:$V a=b&c=d ?a=b a=b#c a=${b}
    localhost:5000/a:1 localhost:123456/a reg-.io/a REG.io/a app:1@sha256:0 app:.1 app:-1 app:1. app:_ a@b
    30s 1m30s 0s 500ms 10us 1h 30 30S 1.5s -1s 1d s 1234567s 12345678s 1s1s
    512m 0m 1g 1gb 1GB 1t 1kb m 123456789b 1234567890b 01m
    0 0.5 .5 1. 02 1.234 1.2345 1234 12345 00
    always once read write icu libc --data-checksums --wal-segsize=64
    80 080 65535 65536 0.0.0.0:80 0.0.0.0:080 0.0.0.0:0 0.0.0.0:65536 127.0.0.1 256.0.0.1:80 1.2.3:80 01.2.3.4:80
    [::1]:80 ::1 ::1:80 [::1] [::] [::1 [1.2.3.4]:80 [1.2.3.4] [::ffff:1.2.3.4]:80 ::ffff:1.2.3.4 1:2:3:4:5:6:7:8
    1:2:3:4:5:6:7:8:9 1::8 1:2::7:8 ::12345 [fe80::1%eth0]:80 [:::]:80 [1::2::3]:80
    1Gi 0Gi 10G 01Mi 999999Ti 1000000Ti db.example.com db-1 -db db- db. db..x d_b http://db
    /health /health?a=1&b=%20 /h#x health /é /a b
    data/a.db /data/a.db data//a.db data/ data/.a ../a.db data/a?b data/_a data/-a data/a.db.
    A _ 1A a1 A_B A-B LOG_LEVEL x-a X-a x- com.example.team two=1 max_connections search_path a.b _a
    postgres sqlite generate required started healthy completed url host port user password name
    development ci staging production shared per_service asyncpg psycopg plain verify-full require disable
    dotenv environment files external cloudnative-pg kubernetes compose python curl wget true false null yes no on off Yes NULL ~ 1 0x1F 0o17 1e3 .inf .nan 1_000
    - -- -x ./base.yaml builtin:base builtin: pg_a template0 none public POSTGRES_PASSWORD <<
""".split()
TEXTS += [f"app@sha256:{'0' * 64}", f"app:1@sha256:{'a' * 64}", f"app@sha256:{'A' * 64}", f"app:{'t' * 128}"]
TEXTS += [f"app:{'t' * 129}", "two words", " a", "a ", "a\n", "\n", "", "  ", "\x85", "\ufeff", "data/a b.db", "run it"]
TEXTS += ["03:15", "3:15", "23:59", "24:00", "03:60", "03:15:00", "SELECT true", "SELECT true; SELECT true", "select 1"]


@dataclass(frozen=True)
class Vocabulary:
    """The keys that the format has anywhere, and values that stand below them."""

    keys: list[str]
    values: dict[str, list[Document]]

    @staticmethod
    def of(schema: Document, documents: list[Document]) -> "Vocabulary":
        keys: set[str] = set()
        for part in (node for _, node in nodes(schema) if isinstance(node, dict)):
            fields = part.get("properties")
            if isinstance(fields, dict):
                keys.update(key for key in fields if re.fullmatch("[a-z_]+", key))
        values: dict[str, list[Document]] = {}
        for document in documents:
            for path, value in nodes(document):
                if path and isinstance(path[-1], str):
                    values.setdefault(path[-1], []).append(value)
        return Vocabulary(sorted(keys), values)


def nodes(document: Document, path: Path = ()) -> Iterator[tuple[Path, Document]]:
    """Every value of a document with the keys and indices that lead to it."""
    yield path, document
    if isinstance(document, dict):
        for key, value in document.items():
            yield from nodes(value, (*path, key))
    elif isinstance(document, list):
        for index, value in enumerate(document):
            yield from nodes(value, (*path, index))


def text(document: Document) -> str:
    """A document as JSON that is YAML as well: a character beyond the first 65,536 stands as itself, because JSON
    writes it as two escapes, and YAML knows no halves of characters."""

    def joined(escape: re.Match[str]) -> str:
        found = escape.group()
        return json.loads(f'"{found}"') if len(found) == 12 else found

    pair = r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\."
    return re.sub(pair, joined, json.dumps(document))


class Mutator:
    """Changes copies of documents by chance."""

    def __init__(self, vocabulary: Vocabulary, chance: random.Random) -> None:
        self.vocabulary = vocabulary
        self.chance = chance
        self.kinds: list[tuple[Callable[[Document, Path], Document], int]] = [
            (self.rename, 3),
            (self.delete, 3),
            (self.copy_beside, 1),
            (self.retype, 3),
            (self.renumber, 2),
            (self.respell, 5),
            (self.nest, 1),
            (self.add_unknown, 1),
            (self.add_extension, 1),
            (self.add_field, 4),
            (self.replace_field, 4),
            (self.swap, 1),
        ]

    def mutated(self, document: Document) -> Document:
        """A changed copy."""
        changed = copy.deepcopy(document)
        kinds, weights = zip(*self.kinds, strict=True)
        for _ in range(self.chance.choice([1, 1, 1, 2, 2, 3])):
            kind = self.chance.choices(kinds, weights)[0]
            path = self.chance.choice([path for path, _ in nodes(changed)])
            changed = kind(changed, path)
        return changed

    def rename(self, document: Document, path: Path) -> Document:
        """A key under another name: a known one, a misspelt one, one at the border of a grammar."""
        if not path or isinstance(path[-1], int):
            return document
        key = path[-1]
        names = [self.known_key(), self.known_key(), key[:-1], key + key[-1:], key.upper(), f"x-{key}", self.border()]
        return rekeyed(document, path, self.chance.choice(names))

    def delete(self, document: Document, path: Path) -> Document:
        return removed(document, path) if path else document

    def copy_beside(self, document: Document, path: Path) -> Document:
        """The same value a second time: under another key, or as one more item."""
        if not path:
            return document
        parent = at(document, path[:-1])
        value = copy.deepcopy(at(document, path))
        if isinstance(parent, list):
            parent.insert(self.chance.randrange(len(parent) + 1), value)
        else:
            parent[self.chance.choice([self.known_key(), f"{path[-1]}-2", self.border()])] = value
        return document

    def retype(self, document: Document, path: Path) -> Document:
        value = at(document, path)
        others = [None, True, False, 7, 0.5, "7", "text", [], {}, [value], {"name": value}, str(value)]
        if isinstance(value, (dict, list)):
            others += [len(value), list(value)]
        return replaced(document, path, self.chance.choice(others))

    def renumber(self, document: Document, path: Path) -> Document:
        """A number at the border of a range, where one stands if there is any."""
        numbers = [path for path, value in nodes(document) if isinstance(value, int) and not isinstance(value, bool)]
        place = self.chance.choice(numbers) if numbers and self.chance.random() < 0.8 else path
        return replaced(document, place, self.chance.choice(NUMBERS))

    def respell(self, document: Document, path: Path) -> Document:
        """Another text where one stands."""
        texts = [path for path, value in nodes(document) if isinstance(value, str)]
        place = self.chance.choice(texts) if texts else path
        found = at(document, place)
        return replaced(document, place, self.border(found if isinstance(found, str) else ""))

    def nest(self, document: Document, path: Path) -> Document:
        """A value one level too deep, or not deep enough."""
        value = at(document, path)
        wrapped = [[value], {self.known_key(): value}]
        if isinstance(value, dict) and value:
            wrapped.append(self.chance.choice(list(value.values())))
        if isinstance(value, list) and value:
            wrapped.append(value[0])
        return replaced(document, path, self.chance.choice(wrapped))

    def add_unknown(self, document: Document, path: Path) -> Document:
        return self.with_key(document, path, self.chance.choice(["colour", self.border(), self.known_key()]))

    def add_extension(self, document: Document, path: Path) -> Document:
        return self.with_key(document, path, self.chance.choice(["x-", "x-mine", "x-\n", "X-mine", "x_mine"]))

    def add_field(self, document: Document, path: Path) -> Document:
        """One more field that some mapping has, with a value that it has in some profile."""
        mappings = [path for path, value in nodes(document) if isinstance(value, dict)]
        key = self.chance.choice(list(self.vocabulary.values))
        place = self.chance.choice(mappings) if mappings else path
        return self.with_key(document, place, key, self.value_of(key))

    def replace_field(self, document: Document, path: Path) -> Document:
        """The value of a field by another one that it has in some profile."""
        keyed = [path for path, _ in nodes(document) if path and path[-1] in self.vocabulary.values]
        if not keyed:
            return document
        place = self.chance.choice(keyed)
        return replaced(document, place, self.value_of(str(place[-1])))

    def swap(self, document: Document, path: Path) -> Document:
        """Two values in each other's place, neither inside of the other."""
        other = self.chance.choice([path for path, _ in nodes(document)])
        shorter = min(len(path), len(other))
        if path[:shorter] == other[:shorter]:
            return document
        one, two = at(document, path), at(document, other)
        return replaced(replaced(document, path, two), other, one)

    def with_key(self, document: Document, path: Path, key: str, value: Document = None) -> Document:
        while not isinstance(at(document, path), dict):
            if not path:
                return document
            path = path[:-1]
        if value is None:
            value = self.chance.choice([1, "text", None, [], {}, True, self.value_of("image")])
        at(document, path)[key] = value
        return document

    def value_of(self, key: str) -> Document:
        values = self.vocabulary.values.get(key)
        return copy.deepcopy(self.chance.choice(values)) if values else "text"

    def known_key(self) -> str:
        return self.chance.choice(self.vocabulary.keys)

    def border(self, found: str = "name") -> str:
        """A text near the borders of the grammars: of a list, of a critical length, or an altered one."""
        character = self.chance.choice(CHARACTERS)
        place = self.chance.randrange(len(found) + 1)
        length = self.chance.choice(LENGTHS)
        altered = [
            found[:place] + character + found[place:],
            found[:place] + character + found[place + 1 :],
            character + found,
            found + character,
            found.upper(),
            found.swapcase(),
            found * 2,
            self.chance.choice("aA0_-é") * length,
            (found * length)[:length],
            "a" + self.chance.choice("a0_-.é") * max(0, length - 1),
            f"/{'a' * length}",
        ]
        return self.chance.choice([self.chance.choice(altered), self.chance.choice(TEXTS)])


def at(document: Document, path: Path) -> Document:
    for step in path:
        document = document[step]
    return document


def replaced(document: Document, path: Path, value: Document) -> Document:
    if not path:
        return value
    at(document, path[:-1])[path[-1]] = value
    return document


def removed(document: Document, path: Path) -> Document:
    del at(document, path[:-1])[path[-1]]
    return document


def rekeyed(document: Document, path: Path, name: str) -> Document:
    """The document with another key at the same place among its siblings."""
    parent = at(document, path[:-1])
    renamed = {name if key == path[-1] else key: value for key, value in parent.items()}
    return replaced(document, path[:-1], renamed)
