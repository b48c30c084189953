"""The question of a search: one permission, or an expression over several.

A search finds for each place or person which of the permissions roles give, as a small mask: bit
``n`` for the ``n``-th permission. The masks that satisfy it are few enough to be listed, so SQL
evaluates no expression: it looks the mask up among those that ``BoundExpression`` allowed here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from yoto.errors import ValidationFailed
from yoto.permission.registry.expressions import Expression, Name, compile_expression
from yoto.permission.registry.registry import PermissionRegistry, RegisteredPermission
from yoto.permission.registry.requirement import BoundRequirement, Operator, Requirement
from yoto.permission.registry.scopes import MAX_ID

# Each name is one more verdict in the SQL of a list, and doubles the masks.
MOST_NAMES = 8


@dataclass(frozen=True, slots=True)
class Question:
    """The required permissions, and the argument that named them.

    Attributes:
        field: ``permission`` or ``expression``, for errors.
    """

    asked: BoundRequirement
    field: str

    @property
    def permissions(self) -> tuple[RegisteredPermission, ...]:
        """All its permissions, by bit of the small mask."""
        return self.asked.permissions

    @property
    def wanted(self) -> list[RegisteredPermission]:
        """Permissions of which everybody who satisfies the question holds at least one."""
        wanted = self.asked.bound.wanted
        return [permission for permission in self.permissions if permission.mask & wanted]

    def judged(self, context: Mapping[str, Any] | None) -> int:
        """The small mask of the permissions about which policies decide too, at least somewhere."""
        return self.bits(one.judged or context is not None for one in self.permissions)

    def small(self, mask: int) -> int:
        """A mask of the registry as a small one."""
        return self.bits(mask & one.mask != 0 for one in self.permissions)

    def mask(self, small: int) -> int:
        """A small mask as one of the registry."""
        found = (one.mask for number, one in enumerate(self.permissions) if small >> number & 1)
        return sum(found)

    def possible(self, judged: int = 0) -> list[int]:
        """The small masks that satisfy it, or would without some of the bits in ``judged``."""
        bits = {name: 1 << number for number, name in enumerate(self.asked.requirement.names)}
        bound = self.asked.requirement.expression.bind(bits)
        every = range(1 << len(bits))
        met = [mask for mask in every if bound.matches(mask)]
        return [
            mask
            for mask in every
            if any(mask & one == one and not (mask ^ one) & ~judged for one in met)
        ]

    @staticmethod
    def bits(chosen: Iterable[bool]) -> int:
        """The small mask of the chosen permissions, with one answer for each."""
        return sum(1 << number for number, one in enumerate(chosen) if one)


def question_of(registry: PermissionRegistry, permission: Any, expression: Any) -> Question:
    """The question that one of the two arguments of a search asks.

    Raises:
        ValidationFailed: both are given or neither, one is malformed, or the expression names more
            than ``MOST_NAMES`` permissions or is true for people who hold none of them.
        UnknownPermission: a permission is not registered.
    """
    if expression is None:
        if permission is None:
            raise ValidationFailed({"permission": "give a permission, or an expression"})
        name = registry.get(permission).name
        alone = Requirement(Expression(name, Name(name), (name,)), Operator.AND)
        return Question(registry.bind(alone), "permission")
    if permission is not None:
        raise ValidationFailed({"expression": "give either a permission or an expression"})
    compiled = compile_expression(expression)
    if len(compiled.names) > MOST_NAMES:
        raise ValidationFailed(
            {"expression": f"names more than {MOST_NAMES} permissions, the most that a list takes"}
        )
    registry.get_many(compiled.names, "expression")
    asked = registry.bind(Requirement(compiled))
    if asked.bound.matches(0):
        raise ValidationFailed(
            {
                "expression": "is true where none of its permissions is held, so that it would "
                "list everything: join it by AND with a permission that must be held"
            }
        )
    return Question(asked, "expression")


PAGE_MAX = 1_000
# Candidates that one page looks at. A page that finds too few among them is short, and says where
# to go on: work for a page is bounded, however few of a million candidates are allowed.
SCAN_MAX = 5_000
# The reasons why a search for users can lack people; the first where both apply.
PEOPLE_UNKNOWN = "people"
ROLES_UNKNOWN = "provided_roles"


@dataclass(frozen=True, slots=True)
class Page:
    """Ids in ascending order.

    Attributes:
        ids: at most as many as asked for; fewer, even none, do not mean the end.
        next_after: give it as ``after`` for the next page; None: there is none.
        incomplete: why people may be missing; None: none are. ``people``: some have no number yet,
            or a function of the application knows them, and was never asked about all.
            ``provided_roles``: the function that provides roles was never asked about some people.
    """

    ids: tuple[Any, ...]
    next_after: Any
    incomplete: str | None = None


def checked_after(after: Any) -> int:
    """The cursor as a number, 0 for the beginning.

    Raises:
        ValidationFailed: field ``after``: it is not from a page.
    """
    if after is None:
        return 0
    if type(after) is not int or not 0 <= after <= MAX_ID:
        raise ValidationFailed({"after": "must be what a page gave as next_after"})
    return after


def checked_limit(limit: Any) -> int:
    """Raises ``ValidationFailed`` (field ``limit``) for anything but 1 to ``PAGE_MAX``."""
    if type(limit) is not int or not 1 <= limit <= PAGE_MAX:
        raise ValidationFailed({"limit": f"must be an integer from 1 to {PAGE_MAX}"})
    return limit
