"""Signatures of messages by the Standard Webhooks specification (standardwebhooks.com).

A receiver computes the HMAC-SHA256 of ``<webhook-id>.<webhook-timestamp>.<body>`` with the secret
and compares it with the text after ``v1,`` in ``webhook-signature``; and refuses a timestamp
that is too old, so that a recorded message cannot be replayed. While a secret is being replaced
there are two signatures, separated by a space, and a receiver takes either.
"""

from __future__ import annotations

import base64
import hmac
import secrets

PREFIX = "whsec_"
SECRET_BYTES = 32

ID_HEADER = "webhook-id"
TIMESTAMP_HEADER = "webhook-timestamp"
SIGNATURE_HEADER = "webhook-signature"


def new_secret() -> str:
    """A new secret in the form for receivers: ``whsec_`` and base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The signature of a message.

    Args:
        secret: in the form of ``new_secret``.
        timestamp: time of this try, seconds since 1970.
    """
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    digest = hmac.digest(key, signed, "sha256")
    return f"v1,{base64.b64encode(digest).decode()}"


def headers(secret: str, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers by which a receiver recognises a message as ours.

    Args:
        secret: one, or several separated by spaces, each of which signs.
    """
    signatures = (sign(one, message_id, timestamp, body) for one in secret.split())
    return {
        ID_HEADER: message_id,
        TIMESTAMP_HEADER: str(timestamp),
        SIGNATURE_HEADER: " ".join(signatures),
    }
