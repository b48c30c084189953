"""What is cached: the effective permissions of one user in one place, and the user's account.

A place is one int, so that a look-up hashes nothing larger: 0 is the global scope, an even number
is a server and an odd one a channel. A hot path may compute it in place: ``server_id << 1``,
``channel_id << 1 | 1``. Ids begin at 1, so 1 is no channel: the state of the account itself is
kept there, whose ``mask`` holds no permissions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from yoto.cache.position import Position
from yoto.errors import ValidationFailed

PlaceKey: TypeAlias = int

GLOBAL_PLACE: PlaceKey = 0
ACCOUNT_PLACE: PlaceKey = 1


def place_key(scope: str | None, scope_id: int | None = None) -> PlaceKey:
    """The place of a scope: ``None`` or ``"global"``, ``"server"``, ``"channel"``.

    Raises:
        ValidationFailed: another scope, or an id that is missing or too much.
    """
    if scope is None or scope == "global":
        if scope_id is None:
            return GLOBAL_PLACE
        raise ValidationFailed({"scope_id": "the global scope has no id"})
    if scope not in ("server", "channel"):
        raise ValidationFailed({"scope": f"unknown scope {scope!r}"})
    if type(scope_id) is not int or scope_id < 1:
        raise ValidationFailed({"scope_id": "must be an id"})
    return scope_id << 1 | (scope == "channel")


def server_of(place: PlaceKey) -> int | None:
    """The id of the server that ``place`` is."""
    return None if place & 1 else place >> 1 or None


def channel_of(place: PlaceKey) -> int | None:
    """The id of the channel that ``place`` is."""
    return (place >> 1 or None) if place & 1 else None


class Concerns(NamedTuple):
    """The subjects, apart from users, whose changes concern something cached."""

    roles: frozenset[int] = frozenset()
    servers: frozenset[int] = frozenset()
    channels: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a loader found out.

    Attributes:
        mask: effective permissions; 0 is an answer like any other.
        valid_until: epoch seconds from which the mask may be wrong by the mere passing of time;
            None: never.
        roles: ids of all roles that had a part in it: held (also if inactive, or not valid yet),
            inherited from, default. A change of any other role leaves the entry alone.
        server_id: the server of a channel, so that the server's changes reach the entry; may be
            left out elsewhere.
        detail: bytes that mean something to the loader's side alone.
    """

    mask: int
    valid_until: float | None = None
    roles: frozenset[int] = frozenset()
    server_id: int | None = None
    detail: bytes = b""


@dataclass(frozen=True, slots=True)
class Entry:
    """A cached answer with all that decides whether it may still be believed.

    Attributes:
        user_id, place: whose permissions, and where.
        position: up to here the log had been applied before the loader began to read.
        loaded_at: epoch seconds just before the loader began to read.
        mask, valid_until, roles, server_id, detail: as in ``Loaded``.
    """

    user_id: int
    place: PlaceKey
    position: Position
    loaded_at: float
    mask: int
    valid_until: float | None = None
    roles: frozenset[int] = frozenset()
    server_id: int | None = None
    detail: bytes = b""

    @classmethod
    def of(
        cls, user_id: int, place: PlaceKey, position: Position, loaded_at: float, loaded: Loaded
    ) -> Entry:
        """Tie what a loader found to the moment at which it began.

        Raises:
            ValueError: a channel without its server.
        """
        server_id = server_of(place) or loaded.server_id
        if server_id is None and place > ACCOUNT_PLACE:
            raise ValueError("what is loaded for a channel must name the channel's server")
        return cls(
            user_id,
            place,
            position,
            loaded_at,
            loaded.mask,
            loaded.valid_until,
            loaded.roles,
            server_id,
            loaded.detail,
        )

    @property
    def concerns(self) -> Concerns:
        """Whose changes concern the entry, apart from its user's."""
        channel_id = channel_of(self.place)
        return Concerns(
            self.roles,
            frozenset() if self.server_id is None else frozenset((self.server_id,)),
            frozenset() if channel_id is None else frozenset((channel_id,)),
        )

    def expires_at(self, ttl: float) -> float:
        """Epoch seconds at which the entry ends when entries of its kind live ``ttl`` seconds."""
        end = self.loaded_at + ttl
        return end if self.valid_until is None else min(end, self.valid_until)
