"""The denials against a user's allows of one permission.

An allow that a later step of the verdict takes away gives nothing: steps 3 and 5 of
``docs/verdicts.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from yoto.permission.registry.bits import KnownBits
from yoto.permission.verdict.facts import NOWHERE, PlaceFacts, UserFacts
from yoto.permission.verdict.resolver import NOTHING, FlatPlace, RoleSum, Trace


class Stage(IntEnum):
    """The steps at which a verdict applies an allow or a deny, in order."""

    BASE = 0
    DEFAULT_ROLE = 1
    ROLES = 2
    USER = 3


# A step at a level: the level comes first. Steps before all levels have none.
At = tuple[int, Stage]
IN_BASE: At = (-1, Stage.BASE)


def default_of(place: FlatPlace, user: UserFacts) -> RoleSum:
    """The default role as far as the user has it."""
    return place.default if belongs(place.facts, user) else NOTHING


def belongs(place: PlaceFacts, user: UserFacts) -> bool:
    """Whether the user has the default role there."""
    if place.home is None or not user.exists or user.disabled:
        return False
    return user.member or place.owner_id == user.user_id


@dataclass(frozen=True, slots=True)
class Denials:
    """The denials of one permission that are in force for one user in one place.

    Attributes:
        in_base: whether a grant of a role denies it; there a deny wins over each allow.
        last: the last step with an overwrite that denies it; ``IN_BASE``: there is none. Within
            such a step an allow wins.
    """

    in_base: bool
    last: At

    @classmethod
    def of(
        cls, place: FlatPlace, user: UserFacts, trace: Trace, bits: KnownBits, mask: int
    ) -> Denials:
        """Find them in the inputs of the verdict; ``mask`` is the permission's."""
        default = default_of(place, user)
        held = [(place.roles[one.role_id], one.node == NOWHERE) for one in trace.assignments]
        # A role held at a node gives nothing that is global.
        in_base = default.deny & mask or any(
            role.deny & mask & (-1 if everywhere else bits.local) for role, everywhere in held
        )
        last = IN_BASE
        if mask & bits.local:
            # A denial at a node holds for outsiders, too.
            by_roles = 0
            for denied in (*(role.local_deny for role, _ in held), *(t.deny for t in trace.teams)):
                by_roles |= denied
            for level in range(len(place.facts.rules.levels)):
                bit = mask << level * bits.width
                if user.own_deny & bit:
                    last = level, Stage.USER
                elif by_roles & bit:
                    last = level, Stage.ROLES
                elif default.local_deny & bit:
                    last = level, Stage.DEFAULT_ROLE
        return cls(bool(in_base), last)

    def leave(self, step: At) -> bool:
        """Whether an allow that counts in ``step`` is still there in the end."""
        if step == IN_BASE:
            return not self.in_base and self.last == IN_BASE
        return step >= self.last
