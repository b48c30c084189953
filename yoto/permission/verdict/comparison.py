"""Rights of people in a place before and after a change, or at several moments, side by side.

Pure, as the resolver that judges both sides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from yoto.permission.registry.bits import KnownBits
from yoto.permission.registry.registry import RegisteredPermission
from yoto.permission.verdict.facts import Assignment, TeamFacts, UserFacts
from yoto.permission.verdict.resolver import FlatPlace, Resolution, resolve
from yoto.permission.verdict.verdict import reason_of


class Sides(NamedTuple):
    """A place before and after a change."""

    before: FlatPlace
    after: FlatPlace
    bits: KnownBits

    def are_equal(self) -> bool:
        """Whether users with the same roles may do the same there before and after it."""
        one, other = (replace(side.facts, roles={}) for side in (self.before, self.after))
        return one == other and self.before[1:] == self.after[1:]

    def at(self, moment: float, was: UserFacts, is_: UserFacts) -> tuple[Resolution, Resolution]:
        """The rights of a user there before and after it, at one moment (epoch seconds)."""
        return (
            resolve(self.before, was, moment, self.bits),
            resolve(self.after, is_, moment, self.bits),
        )


def over_time(
    place: FlatPlace, user: UserFacts, since: float, bits: KnownBits, until: float | None = None
) -> Iterator[Resolution]:
    """The rights of a user then, and from each later moment of change on; None: without an end."""
    moment: float | None = since
    while moment is not None:
        found = resolve(place, user, moment, bits)
        yield found
        moment = found.valid_until
        if until is not None and moment is not None and moment >= until:
            return


def moments(since: float, *users: UserFacts) -> set[float]:
    """This moment, and all later ones at which the permissions of one of the users may change."""
    held: list[Assignment | TeamFacts] = []
    for user in users:
        held += user.assignments
        held += user.teams
    ends = {end for one in held for end in (one.valid_from, one.valid_until)}
    ends |= {one.timeout_until for one in users}
    return {since, *(end for end in ends if end is not None and end > since)}


def differing(
    one: Resolution, other: Resolution, permissions: Iterable[RegisteredPermission]
) -> Iterator[tuple[RegisteredPermission, str, str]]:
    """The permissions that only one of two resolutions has, each with both reasons."""
    changed = one.mask ^ other.mask
    for permission in permissions if changed else ():
        if changed & permission.mask:
            yield permission, reason_of(one, permission), reason_of(other, permission)
