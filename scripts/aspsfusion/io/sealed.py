"""Writes JSON between stages with a checksum of its own in it, and refuses what was changed afterwards.

A changed digit is valid JSON and may be another verdict. The checksum is the first key and is that of all
text after it, so that nothing has to be written anew to compare it.
"""

import hashlib
import json
import re
from typing import Any

_SEAL = re.compile(r'\{\s*"sha256": "([0-9a-f]{64})",')


class SealError(ValueError):
    """A file is not what was written."""


def sealed_json(data: dict[str, Any], **options: Any) -> str:
    r"""Return data that are not empty as JSON with the checksum; the options are those of `json.dumps`.

    >>> text = sealed_json({"reads": 12})
    >>> read_sealed(text), read_sealed(text.replace("12", "92"))
    Traceback (most recent call last):
    aspsfusion.io.sealed.SealError: it was changed after it was written
    """
    rest = json.dumps(data, **options).removeprefix("{")
    start = "{\n " if options.get("indent") else "{"
    return f'{start}"sha256": "{_digest(rest)}",{rest}'


def read_sealed(text: str, *, required: bool = True) -> Any:
    """Return what JSON with a checksum holds, without the checksum, which a file made by hand has not.

    Raises:
        SealError: the checksum is another one, or missing.
        ValueError: the text is no JSON.
    """
    seal = _SEAL.match(text)
    if seal is None:
        if required:
            raise SealError("it has no checksum")
        return json.loads(text)
    # A newline after the last brace is no part of what was sealed.
    if _digest(text[seal.end() :].removesuffix("\n")) != seal[1]:
        raise SealError("it was changed after it was written")
    data = json.loads(text)
    del data["sha256"]
    return data


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
