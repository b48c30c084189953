"""The token for emergencies, when no caller can be recognised: database or permissions are down.

Only its hash is configured (``BREAK_GLASS_HASH``); without one there is no such way in. It opens
the control plane with every ``platform.*`` right and asks neither database nor permission system.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets

from flask import current_app

PREFIX = "yoto_glass_"
SECRET_BYTES = 32

log = logging.getLogger(__name__)


def new_token() -> tuple[str, str]:
    """A token, and the hash to configure for it."""
    token = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    return token, hash_of(token)


def hash_of(token: str) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def opens(token: str) -> bool:
    """Whether this is the token."""
    configured = configured_hash()
    return configured is not None and hmac.compare_digest(hash_of(token), configured)


def configured_hash() -> str | None:
    """The hash of the valid token; sessions of other tokens have ended."""
    found: str | None = current_app.config["BREAK_GLASS_HASH"]
    return found
