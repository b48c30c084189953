"""Whom guards count a request for, where it is not the signed-in user."""

from __future__ import annotations

import hashlib
import ipaddress
from typing import Any

from app.core.resilience import MultiDimensionalKey
from app.http.context import origin

# Bits. What one customer of a provider gets of IPv6: whoever has it has 2**64 addresses.
IPV6_PREFIX = 64
DIGEST_BYTES = 16


def address() -> MultiDimensionalKey:
    """The caller's address."""
    return MultiDimensionalKey(ip_address=network_of(origin().address))


def guess(username: str, *_: Any, **__: Any) -> MultiDimensionalKey:
    """The caller's address and the account whose password is tried, whether or not it exists.

    The name is hashed: it is text of any length by anybody, and need not be readable in Redis.
    """
    name = username.strip().lower().encode(errors="surrogatepass")
    account = hashlib.blake2b(name, digest_size=DIGEST_BYTES).hexdigest()
    return MultiDimensionalKey(user_id=account, ip_address=network_of(origin().address))


def network_of(text: str | None) -> str | None:
    """What stands for an address: itself, or the network that its owner has of IPv6."""
    try:
        found = ipaddress.ip_address(text or "")
    except ValueError:
        return text  # a Unix socket, or whatever else a server calls its peer
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((int(found), IPV6_PREFIX), strict=False).network_address)
