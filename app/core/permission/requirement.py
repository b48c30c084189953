"""What a decorated function asks of its caller."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.core.permission.expressions import Expression

# A view argument's name, or a callable that finds the id in the request.
ScopeId = str | Callable[[Any], int] | None


class Operator(enum.StrEnum):
    """How several permissions make one requirement; ``NOT``: the caller has none of them."""

    AND = "AND"
    OR = "OR"
    NOT = "NOT"


@dataclass(frozen=True, slots=True)
class Requirement:
    """A condition on somebody's permissions.

    Attributes:
        expression: the condition.
        operator: how its names are joined, if that is all there is to it; None for a free
            expression.
    """

    expression: Expression
    operator: Operator | None = None

    def __str__(self) -> str:
        return self.expression.source


@dataclass(frozen=True, slots=True)
class PermissionRequirement:
    """A requirement as put on a function, for introspection.

    Attributes:
        requirement: the condition.
        scope: ``global``, ``server`` or ``channel``.
        scope_id: where the id of the scope comes from.
        inner: the requirement of the next decorator below, if several are stacked.
    """

    requirement: Requirement
    scope: str
    scope_id: ScopeId
    inner: PermissionRequirement | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The permissions it speaks of."""
        return self.requirement.expression.names
