"""Values that programs like to read differently from what they are, and which of them `.env` can hold.

What this module knows:

* `hostile_values` makes the same values for the same seed on every version of Python, each of them once. NUL and what
  is not UTF-8 is not among them: neither the environment nor a text of YAML can hold it;
* `form` says by which of four rules `.env` can hold a value so that all its readers read it alike. The rules were found
  by measuring the readers, and stand here a second time so that they are not tested by themselves.
"""

import re
from collections.abc import Iterator
from itertools import product
from random import Random

SEED = 20260517

WHITE_SPACE = (" ", "\t", "\n", "\r", "\v", "\f", "\u00a0", "\u0085", "\u2028", "\u3000")
SPECIALS = tuple(" !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
CONTROLS = tuple(map(chr, (*range(0x01, 0x20), *range(0x7F, 0xA0))))
LETTERS = tuple("abcxyzABCXYZ0123456789")
UNICODE = (
    *"éßıİЯשاक漢𝕏😀",
    "e\u0301",  # combining
    "👩\u200d🚀",  # joined
    "\u202e\u202c\u2066\u2069",  # marks of direction
    "\u200b\ufeff\u00ad\u2029",  # unseen
    "\ufffd\ufffe\uffff\ufdd0\ue000\U0010ffff",  # no characters, or private ones
)
PIECES = (
    *("${X}", "${X:-d}", "${", "}", "$X", "$$", "$1", "$(x)", "$((1))", "`id`", "\\$", "\\n", "\\\\", "\\'", '\\"'),
    *("'", "''", '"', '""', "\\", "#", " #", "# ", "=", "==", ": ", "- ", "~", "~/", ":~", "!!", "!x", "%", "%40"),
    *("export ", "export A=b", "KEY=value", "\nKEY=value", "\n#", "\n\n", "{a: b}", "[a]", "*x", "&x", "|", ">", "<<"),
    *("a", "word", "PATH", "/", "://", "@", "?", ";", "&&", "||", "*", "yes", "null", "0777", "1e3", "-", "--"),
)

# What is not seen, or reorders a line: Default_Ignorable_Code_Point without the two looks of an emoji, separators of lines
# and marks of annotations.
HIDDEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0d\ufeff"
    "\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)

# How often a character of a value is of each of these kinds.
KINDS = ((SPECIALS, 12), (LETTERS, 8), (WHITE_SPACE, 2), (UNICODE, 2), (CONTROLS, 1))

# Values that broke some program once, or that one might believe to break this one.
KNOWN = (
    *PIECES,
    *("a: b # c", "$HOME", "${HOME}", "${a:b}", "$(id)", "a\nb", "\n", " ", "\t", "\u00a0", "a\u0085b", "\u2028"),
    *("p@ss:w/rd?#%41&=+ ~", "it's", "it's $5", "it's `x`", "it's \\", 'say "x"', 'it\'s "x"', "'a'\\''b'"),
    *("a'\\b", "a\\\\b", "a\\\\b'", "x\\", "'x\\", "a\\\"b'", "'\\\"", "\\\"'x", "\\'\"x"),
    *("# comment", "a#b", "a #b", "A=1\nB=2", "'\nB=2\n'", '"\nB=2\n"', "a\\\nb", "\\\n", "end\n", "\nstart", "\n\n\n"),
    *("\ufeffx", "e\u0301", "\u0301", "\u202ex\u202c", "👩\u200d🚀", "-n", "-e x", "\\x41", "\\u0041", "\\101", "%s%n"),
    *("\n# <<< codelab-gen\n", "\n# >>> codelab-gen: profile=x\n", "a\n# <<< codelab-gen", "a\n\n# Secrets\nS0=x"),
    *("é" * 5_000, "a'b " * 2_500, "$ " * 5_000, "\\x" * 5_000, "line\n" * 2_000, "long " * 20_000),
)


def hostile_values(count: int, seed: int | str = SEED) -> list[str]:
    """So many different values in random order; the known and the systematic ones are among them."""
    random = Random(seed)
    values = dict.fromkeys((*KNOWN, *systematic()))
    while len(values) < count:
        values[any_value(random)] = None
    shuffled = list(values)
    random.shuffle(shuffled)
    return shuffled


def systematic() -> Iterator[str]:
    """Each character that may be special, alone, at each end and between letters, and each pair of the special ones."""
    for character in (*WHITE_SPACE, *SPECIALS, *CONTROLS, *UNICODE):
        yield from (character, f"{character}a", f"a{character}", f"a{character}b")
    pairs = product((*SPECIALS, "\t", "\n", "\u00a0"), repeat=2)
    for first, second in pairs:
        yield from (first + second, f"a{first}{second}", f"a{first}{second}b")


def any_value(random: Random) -> str:
    """One that is not empty, which would count as missing."""
    shape = random.choices((mixed, specials, pieces, with_edges, arbitrary, long), (30, 30, 20, 10, 9, 0.1))[0]
    return shape(random)


def mixed(random: Random) -> str:
    kinds = random.choices([kind for kind, _ in KINDS], [weight for _, weight in KINDS], k=random.randint(1, 12))
    return "".join(map(random.choice, kinds))


def specials(random: Random) -> str:
    """Two to four special characters, here and there a letter between them."""
    wanted = [random.choice(SPECIALS) + random.choice(("", "", "a")) for _ in range(random.randint(2, 4))]
    return random.choice(("", "a")) + "".join(wanted)


def pieces(random: Random) -> str:
    return "".join(random.choices(PIECES, k=random.randint(2, 4)))


def with_edges(random: Random) -> str:
    edge = (*WHITE_SPACE, "'", '"', "\\", "#", "$", "\u200b", "\ufeff")
    return random.choice(edge) + random.choice((mixed, specials, pieces))(random) + random.choice(("", *edge))


def arbitrary(random: Random) -> str:
    return "".join(map(code_point, random.choices(range(1, 0x110000 - 0x800), k=random.randint(1, 8))))


def code_point(number: int) -> str:
    """The character of this number, if the surrogates were not there."""
    return chr(number if number < 0xD800 else number + 0x800)


def long(random: Random) -> str:
    """10 kB of words with few special characters, as many of them would be refused anyhow."""
    words = random.choices(("word", "слово", " ", "\n", "=", "#", random.choice(SPECIALS)), k=5_000)
    return "".join(words).encode()[:10_000].decode(errors="ignore")


def form(value: str) -> str | None:
    """The form in which `.env` holds the value; nothing where no form is read alike by all readers."""
    if re.fullmatch(r"[A-Za-z0-9!%*+,./:=?@^_{}\[\]-]*", value):
        return "bare"
    if re.search(rf"[\r\0{HIDDEN}]|\$\{{[^}}]*\}}", value):
        return None
    if not re.search(r"'|\\\\|\\\Z", value):
        return "in single quotes"
    if not re.search(r'[`"$\\]', value):
        return "in double quotes"
    if not re.search(r"[$`]|\\\Z", value):
        return "in double quotes with escapes"
    return None
