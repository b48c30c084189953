"""What stands against a user's grants and overwrites of one permission.

An allow that a later step of the verdict takes away gives nothing: steps 3 and 5 of
``docs/verdicts.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from yoto.permission.explain.derivation import Derivation
from yoto.permission.explain.evidence import Evidence, GrantRow
from yoto.permission.resolver import Standing


class Step(IntEnum):
    """Where a verdict takes up an allow or a deny, in the order in which it does."""

    BASE = 0
    DEFAULT_ROLE = 1
    ROLES = 2
    USER = 3

    @classmethod
    def of_role(cls, evidence: Evidence, role_id: int | None) -> Step:
        """Where a channel's overwrite of the role counts; no role: the user's own."""
        if role_id is None:
            return cls.USER
        return cls.DEFAULT_ROLE if evidence.roles[role_id].is_default else cls.ROLES

    @classmethod
    def of_grant(cls, evidence: Evidence, row: GrantRow) -> Step:
        """A grant in the channel counts as an overwrite of its role."""
        return cls.of_role(evidence, row.role_id) if row.in_channel else cls.BASE


@dataclass(frozen=True, slots=True)
class Denials:
    """The denials of one permission that are in force for one user in one place.

    Attributes:
        in_base: whether a grant of a role denies it; there a deny wins over each allow.
        last: the last step with an overwrite that denies it; BASE: there is none. Within such a
            step an allow wins.
    """

    in_base: bool
    last: Step

    @classmethod
    def of(cls, derivation: Derivation, permission_id: int) -> Denials:
        evidence, in_force = derivation.evidence, derivation.in_force
        steps = [
            Step.of_grant(evidence, row)
            for row in evidence.grants
            if row.permission_id == permission_id and not row.allows and row.role_id in in_force
        ]
        in_base = Step.BASE in steps
        inside = derivation.resolution.standing > Standing.OUTSIDER
        for marked in evidence.overwrites:
            if marked.permission_id == permission_id and not marked.allows:
                if marked.role_id in in_force or (marked.role_id is None and inside):
                    steps.append(Step.of_role(evidence, marked.role_id))
        return cls(in_base, max(steps, default=Step.BASE))

    def leave(self, step: Step) -> bool:
        """Whether an allow that counts in ``step`` is still there in the end."""
        if step is Step.BASE:
            return not self.in_base and self.last is Step.BASE
        return step >= self.last
