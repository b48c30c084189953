"""Sealed secrets in the database, for those that are needed in clear; the key: ``SECRET_KEY``.

A reader of the database, or of a copy of it, cannot read them. AES-256-GCM (NIST SP 800-38D) under
a key made by HKDF-SHA256 (RFC 5869). A sealed value says which key it was sealed with, so that
``flask secrets reseal`` can go on where it was interrupted, and a key that is being replaced opens
its values until then.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from flask import Flask

MARK = "sealed1"
NONCE_BYTES = 12
KEY_BYTES, KEY_ID_BYTES = 32, 4
INFO = b"yoto sealed secrets"


class Unreadable(Exception):
    """A value was sealed with another key, for another purpose, or was changed since."""


class Sealer:
    """Seals under one ``SECRET_KEY``, and opens under that and others."""

    def __init__(self, secret_key: str, *others: str) -> None:
        # Slow to import, and few commands need it.
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        self._ciphers = {}
        for key in (secret_key, *others):
            derived = HKDF(SHA256(), KEY_BYTES + KEY_ID_BYTES, None, INFO).derive(key.encode())
            self._ciphers[derived[KEY_BYTES:].hex()] = AESGCM(derived[:KEY_BYTES])
        self.key_id = next(iter(self._ciphers))

    def seal(self, text: str, purpose: str) -> str:
        """The sealed value to store.

        ``purpose`` names its kind, such as ``alert_webhooks.url``, and must be the same when it is
        opened.
        """
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = nonce + self._ciphers[self.key_id].encrypt(nonce, text.encode(), purpose.encode())
        return f"{MARK}:{self.key_id}:{base64.urlsafe_b64encode(sealed).decode()}"

    def open(self, stored: str, purpose: str) -> str:
        """The secret that was sealed.

        Raises:
            Unreadable: it cannot be opened with these keys.
        """
        from cryptography.exceptions import InvalidTag

        mark, _, rest = stored.partition(":")
        key_id, _, text = rest.partition(":")
        cipher = self._ciphers.get(key_id)
        if mark != MARK or cipher is None:
            raise Unreadable(f"{purpose}: sealed with the key '{key_id}', not '{self.key_id}'")
        try:
            sealed = base64.urlsafe_b64decode(text)
            nonce = sealed[:NONCE_BYTES]
            return cipher.decrypt(nonce, sealed[NONCE_BYTES:], purpose.encode()).decode()
        except (ValueError, InvalidTag):
            raise Unreadable(f"{purpose}: was changed since it was sealed") from None


@lru_cache(maxsize=8)
def sealer(secret_key: str, *others: str) -> Sealer:
    """The sealer of a ``SECRET_KEY``, which opens what was sealed with others, too."""
    return Sealer(secret_key, *others)


def sealer_of(app: Flask) -> Sealer:
    """The sealer of ``app``."""
    return sealer(*secret_keys(app.config))


def secret_keys(config: Mapping[str, Any]) -> list[str]:
    """The key to sign and seal with, and then those that are accepted beside it (Flask's names)."""
    return [config["SECRET_KEY"], *(config.get("SECRET_KEY_FALLBACKS") or ())]
