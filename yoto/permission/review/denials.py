"""The denials against a user's grants and overwrites of one permission.

An allow that a later step of the verdict takes away gives nothing: steps 3 and 5 of
``docs/verdicts.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from yoto.permission.explain.derivation import Derivation
from yoto.permission.explain.evidence import Evidence, GrantRow, OverwriteRow
from yoto.permission.registry.registry import RegisteredPermission
from yoto.permission.verdict.facts import NOWHERE
from yoto.permission.verdict.resolver import lineage
from yoto.store.models import ScopeType


class Step(IntEnum):
    """The steps at which a verdict applies an allow or a deny, in order."""

    BASE = 0
    DEFAULT_ROLE = 1
    ROLES = 2
    USER = 3


# A step of a level: the level comes first. What counts before all levels is at none.
At = tuple[int, Step]
IN_BASE: At = (-1, Step.BASE)


def of_mark(evidence: Evidence, row: OverwriteRow) -> At:
    """The step at which an overwrite counts; neither role nor team: the user's own."""
    level = evidence.level_of(row.place)
    if row.role_id is None:
        return level, Step.USER if row.team_id is None else Step.ROLES
    return level, _of_role(evidence, row.role_id)


def of_grant(evidence: Evidence, row: GrantRow) -> At:
    """A grant with the scope of a level counts as an overwrite of its role."""
    if evidence.in_base(row):
        return IN_BASE
    return evidence.level_of(row.scope), _of_role(evidence, row.role_id)


def _of_role(evidence: Evidence, role_id: int) -> Step:
    return Step.DEFAULT_ROLE if evidence.roles[role_id].is_default else Step.ROLES


def counting(derivation: Derivation, permission: RegisteredPermission) -> frozenset[int]:
    """The roles whose grants of a permission count: one of scope global only global roles give,
    that are held nowhere in particular.
    """
    if permission.scope != ScopeType.GLOBAL:
        return derivation.in_force
    roles = derivation.evidence.roles
    return frozenset(
        role_id
        for held in derivation.trace.assignments
        if held.node == NOWHERE
        for role_id in lineage(held.role_id, derivation.place)
        if roles[role_id].home == NOWHERE
    )


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
    def of(cls, derivation: Derivation, permission: RegisteredPermission) -> Denials:
        evidence, permission_id = derivation.evidence, permission.id
        in_force = counting(derivation, permission)
        steps = [
            of_grant(evidence, row)
            for row in evidence.grants
            if row.permission_id == permission_id and not row.allows and row.role_id in in_force
        ]
        if permission.scope == ScopeType.GLOBAL:
            return cls(IN_BASE in steps, IN_BASE)
        in_base = IN_BASE in steps
        # A denial to them holds outside, too.
        steps += (
            of_mark(evidence, marked)
            for marked in evidence.overwrites
            if marked.permission_id == permission_id and not marked.allows
            if derivation.counts(marked)
        )
        return cls(in_base, max(steps, default=IN_BASE))

    def leave(self, step: At) -> bool:
        """Whether an allow that counts in ``step`` is still there in the end."""
        if step == IN_BASE:
            return not self.in_base and self.last == IN_BASE
        return step >= self.last
