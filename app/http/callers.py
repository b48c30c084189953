"""Whom guards count a request for, where it is not the signed-in user."""

from __future__ import annotations

import hashlib
from typing import Any

from app.core.resilience import MultiDimensionalKey, network_of
from app.http.context import origin

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
