"""Passwords that are guessed first: the commonest ten thousand, and the name of the account."""

from __future__ import annotations

import unicodedata
from functools import cache

COMMONEST = 10_000
AROUND = "0123456789!?._-"  # what people put around a name


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
