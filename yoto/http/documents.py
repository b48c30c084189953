"""Reading a JSON document as strictly as its later readers, who store it or pass it on."""

from __future__ import annotations

import json
from math import isfinite
from typing import Any


def json_document(body: bytes) -> Any:
    """The value of a JSON document.

    Raises:
        ValueError: it is none. Besides broken syntax: numbers of thousands of digits, ``NaN``,
            infinite numbers and escapes of half a character, which no database can store.
        RecursionError: thousands of open brackets.
    """
    document = _DECODER.decode(body.decode())
    if b"\\u" in body:
        json.dumps(document, ensure_ascii=False).encode()
    return document


def _refused(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError(f"{text} is too large a number")
    return number


_DECODER = json.JSONDecoder(parse_constant=_refused, parse_float=_finite)
