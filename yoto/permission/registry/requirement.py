"""A decorated function's requirement for its caller."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeAlias
from uuid import UUID

from yoto.nodes import NodeId
from yoto.permission.registry.bits import FLAG_BITS, LOCAL, SUPER
from yoto.permission.registry.expressions import BoundExpression, Expression

if TYPE_CHECKING:
    from yoto.permission.registry.registry import RegisteredPermission

# A view argument's name, or a callable that finds the id in the request.
ScopeId = str | Callable[[Any], NodeId] | None


class Operator(enum.StrEnum):
    """Combines several permissions into one requirement; ``NOT``: the caller has none of them."""

    AND = "AND"
    OR = "OR"
    NOT = "NOT"


@dataclass(frozen=True, slots=True)
class Requirement:
    """A condition on a user's permissions.

    Attributes:
        expression: the condition.
        operator: the operator that joins its names, if there is only one; None for a free
            expression.
    """

    expression: Expression
    operator: Operator | None = None

    @property
    def one_name(self) -> str | None:
        """The only permission that it asks for; None: it asks for several."""
        names = self.expression.names
        return (
            names[0] if len(names) == 1 and self.operator in (Operator.AND, Operator.OR) else None
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its permissions."""
        return self.expression.names

    def __str__(self) -> str:
        return self.expression.source


@dataclass(frozen=True, slots=True)
class BoundRequirement:
    """A requirement with a registry's permissions for its names.

    Attributes:
        permissions: in the order of the names.
        bound: the expression over their bits.
        local: the permissions of a stored verdict with the flag ``LOCAL`` besides its bits.
        judged: whether policies ever decide about one of them.
    """

    requirement: Requirement
    permissions: tuple[RegisteredPermission, ...]
    bound: BoundExpression
    local: int
    judged: bool
    name: ClassVar[None] = None

    @property
    def operator(self) -> Operator | None:
        """The operator that joins the names, if there is only one."""
        return self.requirement.operator

    def is_met_by(self, stored: int) -> bool:
        """Whether a stored verdict meets it by roles alone.

        For super-admins, and for users without permissions, who may not exist, the flags and bits
        do not decide it.
        """
        if not stored or stored & SUPER:
            return False
        mask = stored >> FLAG_BITS
        return self.bound.matches(mask | self.local if stored & LOCAL else mask)

    def __str__(self) -> str:
        return str(self.requirement)


@dataclass(frozen=True, slots=True)
class RoleRequirement:
    """A condition on a user's roles.

    Attributes:
        names: names of roles.
        operator: ``AND`` or ``OR``. There is no ``NOT``: renaming a role would admit everyone it
            kept out.
    """

    names: tuple[str, ...]
    operator: Operator

    def __str__(self) -> str:
        # With a space in it, it cannot be the name of a permission.
        return f" {self.operator} ".join(f"role {name}" for name in self.names)


# The subject of a check: one permission, or a condition over several.
Asked: TypeAlias = "RegisteredPermission | BoundRequirement"


class Condition(Protocol):
    """A decorated function's requirement; ``str`` gives its text."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its permissions, or roles."""


@dataclass(frozen=True, slots=True)
class PermissionRequirement:
    """A requirement as it was put on a function, for introspection.

    Attributes:
        requirement: the condition.
        scope: ``global`` or a type of resources; None: it has several.
        scope_id: the source of the scope's id, or the id itself.
        inner: the requirement of the next decorator below, if several are stacked.
    """

    requirement: Condition
    scope: str | None
    scope_id: ScopeId | int | UUID
    inner: PermissionRequirement | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its permissions, or roles."""
        return self.requirement.names

    def around(self, inner: PermissionRequirement | None) -> PermissionRequirement:
        """This requirement around that of the next decorator below."""
        return replace(self, inner=inner)
