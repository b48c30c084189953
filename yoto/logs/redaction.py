"""Removes secrets from lines before they are logged: by field name, by pattern, and by value.

None of the three is enough alone. A name tells what a field holds, but not what a library wrote
into a message. Patterns find tokens, addresses and hashes anywhere, but not a bare password. The
values of this process's own settings are known exactly.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

HIDDEN = "[hidden]"
# Shorter values of settings are words that occur elsewhere, such as a password "yoto".
MIN_VALUE_LENGTH = 8  # characters
# A shorter text has no room for a name and a secret.
MIN_TEXT = 8  # characters
MAX_DEPTH = 8  # of nested fields; what lies deeper is left out
MAX_TEXT = 16_384  # characters of one text; the rest is left out

_SECRET_NAME = re.compile(
    r"passw(?:or)?d|passphrase|secret|token|authorization|cookie|credential|csrf"
    r"|api_?key|private_?key|signature"
)
_SEPARATORS = re.compile(r"[\s.-]+")


class _SecretPattern(NamedTuple):
    """A kind of secret with a recognisable form.

    Attributes:
        signs: texts in lower case; the pattern is tried only if one of them occurs.
        pattern: its repeats are bounded wherever a match may fail late, since the text is
            untrusted.
    """

    signs: tuple[str, ...]
    pattern: re.Pattern[str]
    instead: str


# Ordered: a match of an earlier pattern may contain matches of later ones.
_SECRET_PATTERNS = (
    # Header lines, as libraries print them: everything after the name is the credential.
    _SecretPattern(
        ("authorization", "cookie"),
        re.compile(r"(?i)(authorization|cookie)(['\"]?\s{0,4}[:=]\s{0,4})[^\r\n]+"),
        rf"\1\2{HIDDEN}",
    ),
    # Addresses of hooks, whose path is the secret at many services
    _SecretPattern(
        ("hook",),
        re.compile(
            r"(?i)(https?://(?:[^\s/'\"]{0,128}hook[^\s/'\"]{0,128}"
            r"|[^\s/'\"]{1,256}(?=/[^\s'\"]{0,256}hook)))/[^\s'\"<>]{1,2048}"
        ),
        rf"\1/{HIDDEN}",
    ),
    # scheme://user:password@host, whose password may hold anything but a space
    _SecretPattern(
        ("://",),
        re.compile(r"(://[^\s:/@'\"]{0,128}):\S{1,512}@"),
        rf"\1:{HIDDEN}@",
    ),
    # RFC 6750
    _SecretPattern(("bearer",), re.compile(r"(?i)\b(bearer\s{1,4})[\w.~+/=-]{6,}"), rf"\1{HIDDEN}"),
    # RFC 7519
    _SecretPattern(("eyj",), re.compile(r"\beyJ[\w-]{4,512}\.[\w-]{2,}(?:\.[\w-]*)?"), HIDDEN),
    # Hashes of passwords, in the form that argon2, bcrypt and crypt share
    _SecretPattern(("$",), re.compile(r"\$(?:argon2\w{0,2}|2[aby]|[56])\$[\w$./+=,-]{8,}"), HIDDEN),
    # password=..., "refresh_token": "...", X-Device-Token: ...
    _SecretPattern(
        ("passw", "passphrase", "secret", "token", "credential", "csrf", "key"),
        re.compile(
            r"(?i)((?:passw(?:or)?d|passphrase|secret|token|credential|csrf|api[_-]?key"
            r"|private[_-]?key)[\w.-]{0,32})(['\"]?\s{0,4}[:=]\s{0,4})"
            r"(?:\"(?:[^\"\\]|\\.){0,4096}\"?|'(?:[^'\\]|\\.){0,4096}'?|[^\s\"',;&)}\]]+)"
        ),
        rf"\1\2{HIDDEN}",
    ),
    # The platform's own: API tokens, the break-glass token, secrets of webhooks
    _SecretPattern(
        ("yoto_api_", "yoto_glass_", "whsec_"),
        re.compile(r"\b(?:yoto_(?:api|glass)|whsec)_[\w+/=-]{4,}"),
        HIDDEN,
    ),
)


class Redactor:
    """Hides secrets in fields and texts.

    Args:
        values: secrets that are known; short ones are not looked for.
    """

    def __init__(self, values: Iterable[str] = ()) -> None:
        known = {value for value in values if len(value) >= MIN_VALUE_LENGTH}
        # The longest first, so that a value that contains another is hidden as a whole.
        ordered = sorted(known, key=len, reverse=True)
        self._values = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def text(self, text: str) -> str:
        """``text`` without known and likely secrets."""
        if len(text) < MIN_TEXT:
            return text
        if self._values is not None:
            # Before the text is cut, which could leave half of a secret.
            text = self._values.sub(HIDDEN, text)
        if len(text) > MAX_TEXT:
            text = f"{text[:MAX_TEXT]}... ({len(text)} characters)"
        lowered = text.lower()
        for kind in _SECRET_PATTERNS:
            for sign in kind.signs:
                if sign in lowered:
                    text = kind.pattern.sub(kind.instead, text)
                    break
        return text

    def fields(self, fields: Mapping[Any, Any], depth: int = 0) -> dict[str, Any]:
        """A copy of ``fields`` that holds text, numbers, lists and mappings only."""
        shown = {}
        for name, value in fields.items():
            # At the top a key is an argument's name; in nested data it may come from anywhere.
            known = name if depth == 0 and isinstance(name, str) else self.text(str(name))
            hidden = is_secret(str(name)) and _may_be_secret(value)
            shown[known] = HIDDEN if hidden else self._value(value, depth)
        return shown

    def _value(self, value: Any, depth: int) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if value is None or isinstance(value, bool | int):
            return value
        if isinstance(value, float):
            # JSON has neither infinity nor NaN.
            return value if math.isfinite(value) else str(value)
        if depth >= MAX_DEPTH:
            return "..."
        if isinstance(value, Mapping):
            return self.fields(value, depth + 1)
        if isinstance(value, list | tuple | set | frozenset):
            return [self._value(one, depth + 1) for one in value]
        # Rendering the object later would bypass redaction.
        return self.text(repr(value))


@lru_cache(maxsize=1024)
def is_secret(name: str) -> bool:
    """Whether a field of that name holds a secret: ``refresh_token``, ``X-Device-Token``, ..."""
    return _SECRET_NAME.search(_SEPARATORS.sub("_", name.lower())) is not None


def _may_be_secret(value: Any) -> bool:
    """Whether a value may be a secret; None and booleans are none."""
    return value is not None and not isinstance(value, bool)
