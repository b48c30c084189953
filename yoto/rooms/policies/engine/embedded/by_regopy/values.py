"""Values in the form that regopy takes and gives.

It keeps texts as they are escaped in JSON, so that ``count`` counts backslashes, and ``"\\u0041"``
is another text than ``"A"``. Here a character that JSON has to escape is two of Unicode's private
use: ``MARK`` and one that says which. So nothing is escaped, and equal texts are equal.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

MARK = "\ue000"
_ESCAPED = re.compile(r'[\x00-\x1f"\\\x7f\ue000]')
_MARKED = re.compile(r"\ue000(.)")
_BASE = 0xE100
# The mark's companions are above it; this one stands for a character that is itself a mark.
_MARK_ITSELF = chr(_BASE + 0x80)


def encoded_text(text: str) -> str:
    """A text without characters that JSON escapes."""
    return _ESCAPED.sub(_encode, text)


def encoded(value: Any) -> Any:
    """JSON data with such texts alone, and whole numbers as such."""
    if type(value) is str:
        return encoded_text(value)
    if type(value) is dict:
        return {encoded_text(key): encoded(one) for key, one in value.items()}
    if type(value) is list:
        return [encoded(one) for one in value]
    return int(value) if type(value) is float and value.is_integer() else value


def to_json(value: Any) -> str:
    """The text of JSON data for regopy."""
    return json.dumps(encoded(value), ensure_ascii=False, allow_nan=False)


def from_json(text: str) -> str:
    """A JSON text from regopy, in the form of other engines."""
    return json.dumps(_decoded(json.loads(text))) if MARK in text else text


def read(text: str) -> Any:
    """JSON data.

    Raises:
        ValueError: it is no JSON.
    """
    return json.loads(text, parse_constant=_refuse)


def _encode(match: re.Match[str]) -> str:
    character = match[0]
    return MARK + (_MARK_ITSELF if character == MARK else chr(_BASE + ord(character)))


def _decoded(value: Any) -> Any:
    if type(value) is str:
        return _MARKED.sub(_decode, value)
    if type(value) is dict:
        return {_decoded(key): _decoded(one) for key, one in value.items()}
    return [_decoded(one) for one in value] if type(value) is list else value


def _decode(match: re.Match[str]) -> str:
    return MARK if match[1] == _MARK_ITSELF else chr(ord(match[1]) - _BASE)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
