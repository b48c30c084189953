"""The cache entry of an account: whether a credential that was made for it still counts.

The epoch only grows and a denial is never taken back, so a refusal for either is right however old
the entry is. Every other refusal may come from the entry's age: only the database knows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import msgspec

from yoto.cache import Entry, Loaded

# Denied sign-ins of one account that an entry holds, 32 characters each; with more of them the
# database is asked about each credential.
MOST_DENIALS = 64

_SUPER_ADMIN, _DISABLED, _MANY_DENIALS = 1, 2, 4
_EPOCH_SHIFT = 3

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(frozenset[str])


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """An account as the database has it.

    Attributes:
        epoch: credentials made for an earlier one are refused.
        denied: sign-ins and tokens of the account that are refused and did not run out yet.
    """

    super_admin: bool
    disabled: bool
    epoch: int
    denied: Collection[str]


def to_loaded(facts: AccountFacts) -> Loaded:
    """An account for the cache."""
    mask = facts.epoch << _EPOCH_SHIFT
    mask |= _SUPER_ADMIN * facts.super_admin | _DISABLED * facts.disabled
    if len(facts.denied) > MOST_DENIALS:
        return Loaded(mask | _MANY_DENIALS)
    return Loaded(mask, detail=_encoder.encode(sorted(facts.denied)) if facts.denied else b"")


def is_super_admin(entry: Entry) -> bool:
    """Whether the account is a super-admin."""
    return bool(entry.mask & _SUPER_ADMIN)


def accepts(entry: Entry, epoch: int, keys: Iterable[str]) -> bool | None:
    """Whether a credential counts; None: only the database knows.

    Args:
        epoch: the epoch that the credential was made in.
        keys: the id of its sign-in and its own; a denial of either refuses it.
    """
    mask = entry.mask
    known_epoch = mask >> _EPOCH_SHIFT
    if known_epoch > epoch:
        return False
    if entry.detail and not _decoder.decode(entry.detail).isdisjoint(keys):
        return False
    if known_epoch != epoch or mask & (_DISABLED | _MANY_DENIALS):
        return None
    return True
