"""The input of a queue: a kind, a JSON mapping, a caller's key."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from yoto.errors import ValidationFailed
from yoto.rules import Text, checked

KIND = re.compile(r"[a-z][a-z0-9_.\-]{0,63}", re.ASCII)
KIND_SAYS = "must be 1 to 64 of a-z, 0-9, '_', '.', '-', beginning with a letter"
# Bytes of JSON. An item is an instruction; larger data belongs into the database.
MAX_PAYLOAD = 64 * 1024
# Mappings and lists within one another.
MAX_DEPTH = 16
MAX_KEY = 200  # characters
_MIN_INT, _MAX_INT = -(2**63), 2**64 - 1


def checked_kind(kind: str) -> str:
    """``kind`` itself.

    Raises:
        ValidationFailed: it is no name of a kind (field ``kind``).
    """
    if not isinstance(kind, str) or KIND.fullmatch(kind) is None:
        raise ValidationFailed({"kind": f"{kind!r}: {KIND_SAYS}"})
    return kind


def checked_key(key: str | None) -> str | None:
    """``key`` itself.

    Raises:
        ValidationFailed: it is empty, too long, or no text (field ``key``).
    """
    if key is not None:
        checked("key", key, Text(MAX_KEY, shortest=1), shown=False)
    return key


def encode(payload: Mapping[str, Any]) -> bytes:
    """``payload`` as JSON.

    Raises:
        ValidationFailed: it is no mapping, or has a value that JSON lacks; the field is its path,
            such as ``payload.names[3]``.
    """
    if not isinstance(payload, Mapping):
        raise ValidationFailed({"payload": f"must be a mapping, not {type(payload).__name__}"})
    _check(payload, "payload", MAX_DEPTH)
    data = msgspec.json.encode(payload)
    if len(data) > MAX_PAYLOAD:
        raise ValidationFailed({"payload": f"is {len(data)} bytes of JSON; at most {MAX_PAYLOAD}"})
    return data


def decode(data: bytes) -> dict[str, Any]:
    """The inverse of ``encode``.

    Raises:
        msgspec.DecodeError: these bytes are not from ``encode``.
    """
    return msgspec.json.decode(data, type=dict[str, Any])


def _check(value: Any, path: str, depth: int) -> None:
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        if not value.isascii() and _is_broken(value):
            raise ValidationFailed({path: "is no text that UTF-8 can say"})
    elif isinstance(value, int):
        if not _MIN_INT <= value <= _MAX_INT:
            raise ValidationFailed({path: f"must be a whole number of 64 bits, not {value}"})
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise ValidationFailed({path: f"must be a finite number, not {value}"})
    elif not depth:
        raise ValidationFailed({path: f"is more than {MAX_DEPTH} mappings and lists deep"})
    elif isinstance(value, Mapping):
        for name, part in value.items():
            if not isinstance(name, str) or _is_broken(name):
                raise ValidationFailed({path: f"has the name {name!r}; names must be text"})
            _check(part, f"{path}.{name}", depth - 1)
    elif isinstance(value, (list, tuple)):
        for number, part in enumerate(value):
            _check(part, f"{path}[{number}]", depth - 1)
    else:
        raise ValidationFailed({path: f"{type(value).__name__} is nothing that JSON can say"})


def _is_broken(text: str) -> bool:
    """Whether there are surrogates in it, which UTF-8 cannot encode."""
    return any("\ud800" <= character <= "\udfff" for character in text)
