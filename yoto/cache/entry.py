"""Cached entries: the effective permissions of one user in one place, and the user's account.

A place is one int (``yoto.nodes``), so that a look-up hashes nothing larger. 0 is the global
scope; at 1, which is no node, the state of the account itself is kept, whose ``mask`` holds no
permissions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from yoto.cache.position import Position

PlaceKey: TypeAlias = int

GLOBAL_PLACE: PlaceKey = 0
ACCOUNT_PLACE: PlaceKey = 1


@dataclass(frozen=True, slots=True)
class Loaded:
    """The result of a loader.

    Attributes:
        mask: effective permissions; 0 is an answer like any other.
        valid_until: epoch seconds from which the mask may be wrong by the mere passing of time;
            None: never.
        roles: ids of all roles that had a part in it: held (also if inactive, or not valid yet),
            inherited from, default. A change of any other role leaves the entry alone.
        above: other resources that change it: the nodes above its place, and the teams of its user.
        detail: bytes that only the loader's side interprets.
    """

    mask: int
    valid_until: float | None = None
    roles: frozenset[int] = frozenset()
    above: tuple[PlaceKey, ...] = ()
    detail: bytes = b""


@dataclass(frozen=True, slots=True)
class Entry:
    """A cached value with all that decides whether it is still valid.

    Attributes:
        user_id, place: the user and place of the permissions.
        position: the position up to which the log was applied when the loader began to read.
        loaded_at: epoch seconds just before the loader began to read.
        mask, valid_until, roles, above, detail: as in ``Loaded``.
    """

    user_id: int
    place: PlaceKey
    position: Position
    loaded_at: float
    mask: int
    valid_until: float | None = None
    roles: frozenset[int] = frozenset()
    above: tuple[PlaceKey, ...] = ()
    detail: bytes = b""

    @classmethod
    def of(
        cls, user_id: int, place: PlaceKey, position: Position, loaded_at: float, loaded: Loaded
    ) -> Entry:
        """Tie a loader's result to the moment at which it began."""
        return cls(
            user_id,
            place,
            position,
            loaded_at,
            loaded.mask,
            loaded.valid_until,
            loaded.roles,
            loaded.above,
            loaded.detail,
        )

    def expires_at(self, ttl: float) -> float:
        """Epoch seconds at which the entry ends when entries of its kind live ``ttl`` seconds."""
        end = self.loaded_at + ttl
        return end if self.valid_until is None else min(end, self.valid_until)
