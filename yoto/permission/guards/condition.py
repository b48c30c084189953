"""Permissions as objects that can be checked, entered, combined and passed on.

    edit = Permission("post.edit", scope="server", scope_id=5) | Permission("admin.posts")

A condition about one place is one expression, and is decided as by ``require_expression``. A
condition about several is decided place by place, each as if it had been asked alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

from yoto.cache import PlaceKey, node_key
from yoto.permission.checking.deciding import decide
from yoto.permission.guards.arguments import checked_scope, id_of_view
from yoto.permission.guards.denying import denied
from yoto.permission.guards.guarding import Check, Finder, Function, guard, publish_granted
from yoto.permission.guards.subject import subject_of, visitor_of
from yoto.permission.registry.expressions import compile_expression
from yoto.permission.registry.registry import checked_name
from yoto.permission.registry.requirement import (
    Operator,
    PermissionRequirement,
    Requirement,
    ScopeId,
)
from yoto.permission.registry.scopes import parse_key, place_of
from yoto.permission.state import PermissionState, get_state_to_ask, strictest_of
from yoto.permission.verdict.verdict import Decision
from yoto.store.models import ScopeType

# From the source of a scope's id to the id, in one call.
FindId: TypeAlias = "Callable[[ScopeId], Any]"
# Ids by value; a text is the name of an argument.
_FIXED = (int, UUID)


@dataclass(frozen=True, slots=True)
class _InPlace:
    """An expression in one place."""

    requirement: Requirement
    scope: str | None
    scope_id: ScopeId | int | UUID
    # The operator of its parts; None: it has only one.
    top: str | None = None

    @property
    def leaves(self) -> tuple[_InPlace, ...]:
        return (self,)

    def parts_of(self, operator: Operator) -> tuple[_Node, ...]:
        return (self,)

    def is_where(self, other: _Node) -> bool:
        return isinstance(other, _InPlace) and (self.scope, self.scope_id) == (
            other.scope,
            other.scope_id,
        )

    def negated(self) -> _InPlace:
        return self._with(f"NOT {self._within(Operator.NOT)}", Operator.NOT)

    def joined(self, operator: Operator, other: _InPlace) -> _InPlace:
        return self._with(
            f"{self._within(operator)} {operator} {other._within(operator)}", operator
        )

    def _within(self, operator: Operator) -> str:
        """Its text as a part of another, with no unneeded parentheses."""
        bare = self.top in (None, Operator.NOT, operator)
        return str(self) if bare else f"({self})"

    def _with(self, source: str, top: str) -> _InPlace:
        requirement = Requirement(compile_expression(source))
        return _InPlace(requirement, self.scope, self.scope_id, top)

    def __str__(self) -> str:
        return str(self.requirement)


@dataclass(frozen=True, slots=True)
class _InSeveral:
    """Conditions in different places, joined by ``AND`` or ``OR``."""

    operator: Operator
    parts: tuple[_Node, ...]

    @property
    def leaves(self) -> tuple[_InPlace, ...]:
        return tuple(leaf for part in self.parts for leaf in part.leaves)

    def parts_of(self, operator: Operator) -> tuple[_Node, ...]:
        return self.parts if operator is self.operator else (self,)

    def negated(self) -> _InSeveral:
        other = Operator.OR if self.operator is Operator.AND else Operator.AND
        return _InSeveral(other, tuple(part.negated() for part in self.parts))

    def __str__(self) -> str:
        return f" {self.operator} ".join(f"({part})" for part in self.parts)


_Node: TypeAlias = "_InPlace | _InSeveral"


class Permission:
    """A condition on the caller's permissions. Immutable; equal conditions are equal.

    ``a & b``, ``a | b`` and ``~a`` are conditions too. ``with a:`` raises for a user who does not
    meet it, and ``@a`` guards functions and blueprints as ``@require_permission`` does. It has no
    truth value: ``if a.can():`` asks.
    """

    __slots__ = ("_node",)

    def __init__(
        self, name: str, scope: str | None = None, scope_id: ScopeId | int | UUID = None
    ) -> None:
        """The permission ``name`` in a place.

        Args:
            scope: a type of resources, such as ``"channel"``; None is global.
            scope_id: its id, an int or a UUID; or the source of the id in each request, as for
                ``require_permission``.

        Raises:
            ValidationFailed: a malformed name, an unknown scope, or an id that is none.
        """
        if isinstance(scope_id, _FIXED):
            node_key(checked_scope(scope, "scope_id"), scope_id)
        else:
            checked_scope(scope, scope_id)
        # A single name is decided as a permission, not as an expression.
        source = compile_expression(checked_name(name, "name"))
        self._node: _Node = _InPlace(Requirement(source, Operator.AND), scope, scope_id)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its permissions."""
        return tuple(
            dict.fromkeys(name for leaf in self._node.leaves for name in leaf.requirement.names)
        )

    def can(self) -> bool:
        """Whether the user who makes the request meets it; False without a user.

        As with ``check_permission``, a super-admin's power that is needed for it is used. Raises as
        ``check_permission``, and ``RuntimeError`` where the acting user is unknown.
        """
        state = get_state_to_ask(strictest_of(self.names))
        user_id = visitor_of(state)
        if user_id is None:
            return False
        return _decide(self._node, state, user_id, id_of_view, []).allowed

    def test(self) -> None:
        """Do nothing where ``can`` is true.

        Raises:
            PermissionDenied: it is not met.
            Exception: the application's error for a user who is not signed in.
        """
        self._check(id_of_view)

    def __enter__(self) -> Permission:
        self.test()
        return self

    def __exit__(self, *_: object) -> None:
        """Errors of the block pass unchanged."""

    def __call__(self, function: Function) -> Function:
        """``function``, or a blueprint, guarded; raises as ``require_permission``."""

        def make_check(find: Finder) -> Check:
            finders = {
                leaf.scope_id: find(leaf.scope_id)
                for leaf in self._node.leaves
                if not isinstance(leaf.scope_id, _FIXED)
            }

            def check(args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
                self._check(lambda scope_id: finders[scope_id](args, kwargs))

            return check

        declared = PermissionRequirement(self, None, None)
        if isinstance(self._node, _InPlace):
            scope = self._node.scope or ScopeType.GLOBAL.value
            declared = PermissionRequirement(self, scope, self._node.scope_id)
        return guard(function, make_check, declared)

    def _check(self, find: FindId) -> None:
        state = get_state_to_ask(strictest_of(self.names))
        user_id = subject_of(state)
        asked: list[_Asked] = []
        decision = _decide(self._node, state, user_id, find, asked)
        if not decision.allowed:
            place = place_of(asked[0].key) if isinstance(self._node, _InPlace) else None
            raise denied(user_id, decision, str(self), place)
        for one in asked:
            if one.allowed:
                publish_granted(state, user_id, one.requirement, one.key)

    def __and__(self, other: Permission) -> Permission:
        return self._joined(Operator.AND, other)

    def __or__(self, other: Permission) -> Permission:
        return self._joined(Operator.OR, other)

    def __invert__(self) -> Permission:
        return _of(self._node.negated())

    def _joined(self, operator: Operator, other: Permission) -> Permission:
        if not isinstance(other, Permission):
            return NotImplemented
        ours, theirs = self._node, other._node
        if isinstance(ours, _InPlace) and isinstance(theirs, _InPlace) and ours.is_where(theirs):
            return _of(ours.joined(operator, theirs))
        return _of(_InSeveral(operator, ours.parts_of(operator) + theirs.parts_of(operator)))

    def __bool__(self) -> bool:
        raise TypeError("a permission is neither true nor false: ask 'can()', join by & and |")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Permission) and self._node == other._node

    def __hash__(self) -> int:
        return hash(self._node)

    def __str__(self) -> str:
        return str(self._node)

    def __repr__(self) -> str:
        return f"<Permission {self}>"


class _Asked(NamedTuple):
    """The question and the place, by the cache's key."""

    requirement: str
    key: PlaceKey
    allowed: bool


def _of(node: _Node) -> Permission:
    made = Permission.__new__(Permission)
    made._node = node
    return made


def _decide(
    node: _Node, state: PermissionState, user_id: int, find: FindId, asked: list[_Asked]
) -> Decision:
    """The verdict; of several parts the one that decides, else the first.

    Args:
        asked: receives the questions on the way.
    """
    if isinstance(node, _InPlace):
        scope_id = node.scope_id if isinstance(node.scope_id, _FIXED) else find(node.scope_id)
        key = parse_key(node.scope, scope_id)
        about = state.registry.asked(node.requirement)
        decision = decide(state, user_id, about, key, in_full=False)
        asked.append(_Asked(str(node), key, decision.allowed))
        return decision
    first = None
    for part in node.parts:
        decision = _decide(part, state, user_id, find, asked)
        if decision.allowed is (node.operator is Operator.OR):
            return decision
        first = first or decision
    assert first is not None
    return first
