"""Access tokens that were verified, by their whole text: a signature is checked once.

A caller who knows a text that is in here knows a valid token. Only verified tokens enter, and a
text that differs anywhere does not match.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cachebox import LRUCache

from yoto.http.fields import row_id

FAMILY_CLAIM = "fam"
EPOCH_CLAIM = "epoch"
# The time of authentication (OpenID Connect Core, section 2).
AUTH_TIME_CLAIM = "auth_time"
ACCESS = "access"
# Tokens that one worker remembers: about 10 MB.
MOST_TOKENS = 10_000

# The canonical spelling of a token (RFC 7515, appendix C): a decoder also accepts a signature whose
# last bits differ from the encoder's, and skips letters outside base64url.
_CANONICAL = re.compile(
    r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\."
    r"([A-Za-z0-9_-]{4})*([A-Za-z0-9_-][AQgw]|[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048])?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class TokenClaims:
    """The claims of a verified token.

    Attributes:
        user_id, epoch: the account, and its token epoch when this was made.
        family: the id of its sign-in.
        denial_keys: the ids whose denial refuses it: its sign-in's and, for an access token, its
            own. A spent refresh token is refused when it is exchanged.
        expires_at: epoch seconds.
        access: whether it is an access token.
        authenticated_at: when its sign-in began, in epoch seconds; None: it does not say.
    """

    user_id: int
    epoch: int
    family: str
    denial_keys: tuple[str, ...]
    expires_at: float
    access: bool
    authenticated_at: float | None = None

    @classmethod
    def of(cls, claims: Mapping[str, Any]) -> TokenClaims | None:
        """The token that verified claims describe; None: signed by us perhaps, but not accepted."""
        subject, epoch, expires_at = claims.get("sub"), claims.get(EPOCH_CLAIM), claims.get("exp")
        family, token_id = claims.get(FAMILY_CLAIM), claims.get("jti")
        user_id = row_id(subject) if isinstance(subject, str) else None
        if user_id is None or type(epoch) is not int or type(expires_at) not in (int, float):
            return None
        if not isinstance(family, str) or not isinstance(token_id, str):
            return None
        access = claims.get("type") == ACCESS
        keys = (family, token_id) if access else (family,)
        at = claims.get(AUTH_TIME_CLAIM)
        authenticated_at = float(at) if type(at) in (int, float) else None
        return cls(user_id, epoch, family, keys, float(expires_at), access, authenticated_at)


class TokenMemory:
    """At most ``size`` access tokens; the one not seen for longest goes. Safe for threads."""

    def __init__(self, size: int = MOST_TOKENS) -> None:
        self._tokens: LRUCache[str, TokenClaims] = LRUCache(size)

    def get(self, text: str, now: float) -> TokenClaims | None:
        """The claims of the token; None: not verified, or expired by ``now`` (epoch seconds)."""
        found = self._tokens.get(text)
        return found if found is not None and now < found.expires_at else None

    def remember(self, text: str, claims: TokenClaims) -> None:
        """Keep an access token that was just verified, if its text is the canonical spelling."""
        if claims.access and _CANONICAL.fullmatch(text):
            self._tokens.insert(text, claims)

    def __len__(self) -> int:
        """The number of tokens, expired ones included."""
        return len(self._tokens)
