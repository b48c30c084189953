"""The caller that guards count a request for, where it is not the signed-in user."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from flask import current_app

from yoto.request.context import origin
from yoto.resilience import MultiDimensionalKey, network_of

DIGEST_BYTES = 16


def address() -> MultiDimensionalKey:
    """The caller's address."""
    return MultiDimensionalKey(ip_address=network_of(origin().address))


def guess(username: str, *_: Any, **__: Any) -> MultiDimensionalKey:
    """The caller's address, and the account (existing or not) whose password is tried."""
    return MultiDimensionalKey(
        user_id=account_digest(username), ip_address=network_of(origin().address)
    )


def account_digest(username: str) -> str:
    """A digest that replaces the name of an account where guesses are counted.

    The name is untrusted text of any length, and need not be readable in Redis. The key keeps
    operators who see the digest in the control plane from finding the name by brute force.
    """
    name = username.strip().lower().encode(errors="surrogatepass")
    key = hmac.digest(current_app.config["SECRET_KEY"].encode(), b"yoto callers", "sha256")
    return hashlib.blake2b(name, digest_size=DIGEST_BYTES, key=key).hexdigest()
