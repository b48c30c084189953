"""Resolutions as the cache stores them: one int for checks, and bytes for the reasons.

``bits`` says how the int is made. Super-admins' masks are stored without their power, so that a hit
never hides a use of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import msgspec

from yoto import cache
from yoto.cache import Entry, Loaded, PlaceKey
from yoto.nodes import node_key
from yoto.permission.registry.bits import FLAG_BITS, LOCAL, SUPER, KnownBits
from yoto.permission.verdict.facts import UserFacts
from yoto.permission.verdict.resolver import MembershipStatus, Resolution


class _Detail(msgspec.Struct, array_like=True):
    status: int
    base: bytes
    shaped: bytes
    hidden: bool
    timed_out: bool


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Detail)


def to_loaded(
    resolution: Resolution,
    user: UserFacts,
    roles: Iterable[int],
    above: tuple[PlaceKey, ...],
) -> Loaded:
    """A resolution for the cache, with the roles and its other inputs."""
    if user.teams:
        teams = dict.fromkeys(team_key(one.team_id) for one in user.teams)
        above = (*above, *teams)
    stored = resolution.ordinary << FLAG_BITS
    if resolution.status >= MembershipStatus.ADMINISTRATOR and not resolution.timed_out:
        stored |= LOCAL
    if user.super_admin and resolution.status > MembershipStatus.DISABLED:
        stored |= SUPER
    detail = _Detail(
        resolution.status,
        _bytes(resolution.base),
        _bytes(resolution.shaped),
        resolution.hidden,
        resolution.timed_out,
    )
    return Loaded(stored, resolution.valid_until, frozenset(roles), above, _encoder.encode(detail))


def ending_by(loaded: Loaded, until: float | None) -> Loaded:
    """The entry, valid no longer than ``until`` (epoch seconds; None: as long as before)."""
    if until is None or (loaded.valid_until is not None and loaded.valid_until <= until):
        return loaded
    return replace(loaded, valid_until=until)


def to_resolution(entry: Entry | Loaded, bits: KnownBits) -> Resolution:
    """The resolution that was stored, with permissions registered since."""
    detail = _decoder.decode(entry.detail)
    ordinary, shaped = entry.mask >> FLAG_BITS, int.from_bytes(detail.shaped, "big")
    if entry.mask & LOCAL:
        ordinary |= bits.local
        shaped |= bits.local
    return Resolution(
        bits.every if entry.mask & SUPER else ordinary,
        entry.valid_until,
        MembershipStatus(detail.status),
        int.from_bytes(detail.base, "big"),
        shaped,
        ordinary,
        detail.hidden,
        detail.timed_out,
    )


def team_key(team_id: int) -> PlaceKey:
    """A team among the nodes that an entry depends on."""
    return node_key(cache.tags.TEAM, team_id)


def _bytes(mask: int) -> bytes:
    return mask.to_bytes((mask.bit_length() + 7) // 8, "big")
