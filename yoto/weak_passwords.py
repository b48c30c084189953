"""Passwords that are guessed first: the commonest ten thousand, and the name of the account; and
keys that are guessed first: those of examples.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

COMMONEST = 10_000
AROUND = "0123456789!?._-"  # what people put around a name
# The shortest accepted keys have 16 hexadecimal digits; one in 10,000 random ones has fewer.
FEWEST_CHARACTERS = 6
_ROWS = ("abcdefghijklmnopqrstuvwxyz", "0123456789", "1234567890", "qwertyuiopasdfghjklzxcvbnm")
# Words of keys in examples and templates, such as "please-change-me-in-production".
_OF_EXAMPLES = re.compile(
    "|".join(row[:length] for row in _ROWS for length in range(len(row), 3, -1))
    + "|anything|application|change|characters|default|development|dev|django|dummy|example"
    "|fallback|flask|here|insecure|key|long|must|only|password|placeholder|please|production|prod"
    "|random|replace|sample|secret|sekrit|some|string|super|test|text|this|todo|token|value|very"
    "|with|yoto|your"
    r"|(?:\b|_)(?:a|an|at|be|for|in|is|it|least|me|my|not|now|of|the|to)(?:\b|_)|changeme",
    re.IGNORECASE,
)
_REPEATED = re.compile(r"(.{1,12}?)\1+", re.DOTALL)


def is_weak(password: str, username: str) -> bool:
    """Whether an attacker would try this password among the first.

    Args:
        username: the account's name. A password that is made of it, with nothing but digits and
            signs beside it, is weak, and so is one of a single character.
    """
    plain = unicodedata.normalize("NFC", password).strip().lower()
    name = username.strip().lower()
    beside_name = plain.replace(name, "").strip(AROUND) if name and name in plain else plain
    return beside_name == "" or len(set(plain)) == 1 or plain in _commonest()


@cache
def _commonest() -> frozenset[str]:
    # 30 ms to import, and a server without sign-ups need not.
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(FREQUENCY_LISTS["passwords"][:COMMONEST])


def is_placeholder(key: str) -> bool:
    """Whether a key looks like one of an example, which many know: a short text again and again, or
    fewer than ``FEWEST_CHARACTERS`` different characters beside the words of examples.
    """
    left = _OF_EXAMPLES.sub("", _OF_EXAMPLES.sub(" ", key)).lower()
    return bool(_REPEATED.fullmatch(key)) or len(set(left) - set(" -_.!?<>$")) < FEWEST_CHARACTERS
