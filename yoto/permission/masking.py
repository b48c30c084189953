"""Masks data that a record must not contain: secrets, and whole addresses."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Mapping
from math import isfinite
from typing import Any

MASKED = "***"
_SECRET = re.compile(
    r"token|secret|passw|authori[sz]ation|cookie|credential|api_?key|session", re.I
)
# JSON Web Tokens, and bearer credentials, anywhere in a text.
_SECRET_VALUE = re.compile(r"\beyJ[\w-]{8,}|\bbearer\s", re.I)

TEXT_MAX = 200  # characters of one value
CONTEXT_MAX = 4_000  # characters of a whole context as JSON
KEPT_V4, KEPT_V6 = 24, 48  # bits


def masked_context(context: Mapping[str, Any] | None) -> Any:
    """A copy of ``context`` for the record: JSON data, without secrets, addresses shortened."""
    if context is None:
        return None
    masked = _masked(context, 0)
    return masked if len(json.dumps(masked)) <= CONTEXT_MAX else {"masked": "too long"}


def masked_address(text: str | None) -> str | None:
    """The network of an address: 24 bits of IPv4, 48 of IPv6; anything else is masked whole."""
    if text is None:
        return None
    return _network(text) or MASKED


def _network(text: str) -> str | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    kept = KEPT_V4 if address.version == 4 else KEPT_V6
    return str(ipaddress.ip_network((address, kept), strict=False))


def _masked(value: Any, depth: int) -> Any:
    if depth > 6:
        return MASKED
    if isinstance(value, Mapping):
        return {
            str(key)[:TEXT_MAX]: MASKED if _SECRET.search(str(key)) else _masked(inner, depth + 1)
            for key, inner in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_masked(inner, depth + 1) for inner in value]
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return value if isfinite(value) else str(value)  # JSON has no name for the others
    text = str(value)
    if _SECRET_VALUE.search(text):
        return MASKED
    return _network(text) or text[:TEXT_MAX]
