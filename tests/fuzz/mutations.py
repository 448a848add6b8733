"""Changes a file's bytes, its lines or its JSON, the same way for the same seed."""

import copy
import json
import random
import re
from collections.abc import Callable
from typing import Any

BYTES = (0, 9, 10, 13, 27, 32, 34, 43, 44, 47, 58, 64, 127, 128, 194, 255)
NUMBERS = (b"-1", b"0", b"1e400", b"nan", b"9999999999", b"18446744073709551616", b"1.5", b"", b"0x10")
WORDS = (b"\x1b[2J", b"=1+1", b"\xff\xfe", b"null", b"@", b"\t", b"\r\n", b"A" * 300, b"../..", b"\x00")
VALUES: tuple[Any, ...] = (None, True, -1, 0, 1.5, 1e308, 2**63, "", "x", "\x1b[2J", [], {}, [[]], {"a": 1})
LONGEST_RANGE = 64

_NUMBER = re.compile(rb"\d+")


def _range(source: random.Random, data: bytes) -> tuple[int, int]:
    start = source.randrange(len(data))
    return start, min(len(data), start + source.randint(1, LONGEST_RANGE))


def _bit(source: random.Random, data: bytes) -> bytes:
    place = source.randrange(len(data))
    return data[:place] + bytes([data[place] ^ 1 << source.randrange(8)]) + data[place + 1 :]


def _byte(source: random.Random, data: bytes) -> bytes:
    place = source.randrange(len(data))
    return data[:place] + bytes([source.choice(BYTES)]) + data[place + 1 :]


def _lost(source: random.Random, data: bytes) -> bytes:
    start, end = _range(source, data)
    return data[:start] + data[end:]


def _doubled(source: random.Random, data: bytes) -> bytes:
    start, end = _range(source, data)
    return data[:end] + data[start:]


def _zeroed(source: random.Random, data: bytes) -> bytes:
    start, end = _range(source, data)
    return data[:start] + bytes(end - start) + data[end:]


def _inserted(source: random.Random, data: bytes) -> bytes:
    place = source.randrange(len(data))
    return data[:place] + source.choice(WORDS) + data[place:]


def _cut(source: random.Random, data: bytes) -> bytes:
    return data[: source.randrange(len(data))]


def _number(source: random.Random, data: bytes) -> bytes:
    found = list(_NUMBER.finditer(data))
    if not found:
        return _byte(source, data)
    one = source.choice(found)
    return data[: one.start()] + source.choice(NUMBERS) + data[one.end() :]


def _lines(source: random.Random, data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    one, other = source.randrange(len(lines)), source.randrange(len(lines))
    kind = source.randrange(3)
    if kind == 0:
        lines[one], lines[other] = lines[other], lines[one]
    elif kind == 1:
        lines.insert(other, lines[one])
    else:
        del lines[one]
    return b"".join(lines)


MUTATIONS: tuple[Callable[[random.Random, bytes], bytes], ...] = (
    *(_bit, _byte, _lost, _doubled, _zeroed, _inserted, _cut, _number, _lines),
)


def mutated(data: bytes, seed: int, *, text: bool = True) -> bytes:
    """Return other bytes.

    Args:
        data: not empty.
        seed: decides how.
        text: whether lines and numbers mean something in it.
    """
    source = random.Random(seed)
    kinds = MUTATIONS if text else MUTATIONS[:-2]
    after = data
    for _ in range(source.choice((1, 1, 1, 2, 4))):
        after = source.choice(kinds)(source, after) or data
    return after if after != data else _bit(source, data)


def mutated_json(data: Any, seed: int) -> Any:
    """Return a copy of JSON data with another value, or without a key, at one place."""
    source = random.Random(seed)
    after = copy.deepcopy(data)
    places = list(_places(after))
    container, key = source.choice(places)
    kind = source.randrange(4)
    if kind == 0 and isinstance(container, dict):
        del container[key]
    elif kind == 1 and isinstance(container, dict):
        container[f"{key}x"] = container.pop(key)
    elif kind == 2 and isinstance(container[key], int):
        container[key] = source.choice((-container[key], container[key] * 1000 + 7, float(container[key])))
    else:
        container[key] = source.choice(VALUES)
    return after


def _places(data: Any) -> Any:
    if isinstance(data, dict | list):
        for key in list(data) if isinstance(data, dict) else range(len(data)):
            yield data, key
            yield from _places(data[key])


def mutated_json_text(text: str, seed: int) -> str:
    """Return the text of JSON, changed as data or as text."""
    if seed % 3 == 0:
        return mutated(text.encode(), seed).decode("utf-8", "surrogateescape")
    return json.dumps(mutated_json(json.loads(text), seed), indent=1)
