"""Time-based one-time passwords: RFC 6238 over RFC 4226, as authenticator apps make them."""

from __future__ import annotations

import base64
import hmac
import secrets
import struct
from urllib.parse import quote, urlencode

STEP_SECONDS = 30
DIGITS = 6
SECRET_BYTES = 20  # RFC 4226, section 4: as long as the hash
# Steps before and after now whose codes are taken: clocks differ, and people type slowly.
TOLERANCE = 1
ISSUER = "Yoto"


def new_secret() -> bytes:
    """A secret to share with an app."""
    return secrets.token_bytes(SECRET_BYTES)


def code_of(secret: bytes, step: int, digits: int = DIGITS) -> str:
    """The code of a step; ``step`` is seconds since 1970 over ``STEP_SECONDS``."""
    digest = hmac.digest(secret, struct.pack(">Q", step), "sha1")
    offset = digest[-1] & 0x0F
    number = struct.unpack_from(">I", digest, offset)[0] & 0x7FFF_FFFF
    return str(number % 10**digits).zfill(digits)


def matching_step(secret: bytes, code: str, now: float) -> int | None:
    """The step near ``now`` (seconds since 1970) whose code it is; None: there is none.

    If several match, it is the newest. The caller must know whether it was used before.
    """
    current = int(now) // STEP_SECONDS
    given = code.encode(errors="surrogatepass")
    found = None
    for step in range(current - TOLERANCE, current + TOLERANCE + 1):
        if hmac.compare_digest(code_of(secret, step).encode(), given):
            found = step
    return found


def shown_secret(secret: bytes) -> str:
    """A secret as people type it into an app."""
    return base64.b32encode(secret).decode()


def uri_of(secret: bytes, account: str) -> str:
    """The text that apps read from a QR code (Key Uri Format of Google Authenticator)."""
    query = urlencode({"secret": shown_secret(secret), "issuer": ISSUER})
    return f"otpauth://totp/{ISSUER}:{quote(account)}?{query}"
