"""The decorators that check permissions and roles; ``guarding`` lists what can be decorated."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from yoto.errors import ValidationFailed
from yoto.permission.checking.deciding import answer_of, decide
from yoto.permission.guards.arguments import FindId, checked_scope
from yoto.permission.guards.denying import denied
from yoto.permission.guards.freshness import checked_within, is_fresh
from yoto.permission.guards.guarding import Check, Finder, Function, guard, publish_granted
from yoto.permission.guards.roles_held import decide_roles
from yoto.permission.guards.subject import subject_of
from yoto.permission.people.keys import NO_PERSON
from yoto.permission.people.numbers import number_of
from yoto.permission.registry.expressions import compile_expression
from yoto.permission.registry.registry import checked_name
from yoto.permission.registry.requirement import (
    Operator,
    PermissionRequirement,
    Requirement,
    RoleRequirement,
    ScopeId,
)
from yoto.permission.registry.scopes import GLOBAL, parse_key, parse_place, place_of
from yoto.permission.state import PermissionState, get_state, get_state_to_ask, strictest_of
from yoto.permission.verdict.verdict import SIGN_IN_AGAIN, Decision, is_blocked
from yoto.permission.writes.role_rules import checked_role

TOO_LONG_AGO = Decision(False, SIGN_IN_AGAIN)


def require_permission(
    name: str,
    scope: str | None = None,
    scope_id: ScopeId = None,
    *,
    owner: Owner = None,
    within: float | None = None,
) -> Callable[[Function], Function]:
    """Allow only calls by users who have the permission ``name`` in the scope.

    On a blueprint it guards each of its views, and those of blueprints in it.

    Args:
        scope: a type of resources, such as ``"channel"``; None is global.
        scope_id: the name of the function's argument that holds the id, or a callable that gets
            Flask's ``request`` and returns the id.
        owner: id of the owner of the thing that the call is about: an argument's name, or a
            callable as for ``scope_id``. The owner passes without the permission, and no policy is
            asked; None: there is no owner. Errors of the callable are raised.
        within: seconds. The caller must have signed in no longer ago, as the application reports by
            ``authenticated_at``. An unknown time counts as too long ago.

    Raises:
        ValidationFailed: at once, for a malformed name, an unknown scope, or a ``scope_id`` that
            the function has no argument for. The decorated function raises ``PermissionDenied``
            for a caller without the permission, ``SignInAgain`` for one who signed in too long ago,
            ``UnknownPermission`` for a name that is not registered, ``ValidationFailed`` for an id
            that is not an int.
        TypeError: at once, for a class or a value that cannot be called: it would guard nothing.
        ConfigurationError: a view of the blueprint has no argument ``scope_id``.
    """
    return require_permissions([name], scope=scope, scope_id=scope_id, owner=owner, within=within)


def require_permissions(
    names: Sequence[str],
    op: str = Operator.AND,
    scope: str | None = None,
    scope_id: ScopeId = None,
    *,
    owner: Owner = None,
    within: float | None = None,
) -> Callable[[Function], Function]:
    """Like ``require_permission`` for several: all of them (``AND``), one (``OR``), none (``NOT``).

    Raises: as ``require_permission``; also for no names and for an unknown ``op``.
    """
    if isinstance(names, str) or not names:
        raise ValidationFailed({"names": "must be a list with at least one permission name"})
    try:
        operator = Operator(op)
    except ValueError:
        raise ValidationFailed({"op": f"{op!r} is not AND, OR or NOT"}) from None
    checked = [checked_name(name, "names") for name in names]
    if operator is Operator.NOT:
        source = f"NOT ({' OR '.join(checked)})"
    else:
        source = f" {operator} ".join(checked)
    return _decorator(
        Requirement(compile_expression(source), operator), scope, scope_id, owner, within
    )


def require_expression(
    expression: str,
    scope: str | None = None,
    scope_id: ScopeId = None,
    *,
    owner: Owner = None,
    within: float | None = None,
) -> Callable[[Function], Function]:
    """Like ``require_permission`` for an expression of names, AND, OR, NOT and parentheses.

    Raises: as ``require_permission``; also, with the column, for a wrong expression.
    """
    return _decorator(Requirement(compile_expression(expression)), scope, scope_id, owner, within)


def require_role(
    name: str, scope: str | None = None, scope_id: ScopeId = None
) -> Callable[[Function], Function]:
    """Allow only callers who have the role called ``name`` in the scope; see ``has_role``.

    Raises:
        ValidationFailed: as ``require_permission``, at once; ``name`` cannot be a role's, or is the
            default role's.
        PermissionDenied: by the decorated function, also where no role is called so.
    """
    return require_roles([name], scope=scope, scope_id=scope_id)


def require_roles(
    names: Sequence[str],
    op: str = Operator.AND,
    scope: str | None = None,
    scope_id: ScopeId = None,
) -> Callable[[Function], Function]:
    """Like ``require_role`` for several: all of them (``AND``), or one (``OR``).

    Raises: as ``require_role``; also for no names and for another ``op``.
    """
    if isinstance(names, str) or not names:
        raise ValidationFailed({"names": "must be a list with at least one name of a role"})
    if op not in (Operator.AND, Operator.OR):
        raise ValidationFailed({"op": f"{op!r} is not AND or OR"})
    checked = tuple(checked_role(name, "names") for name in names)
    return _decorator(RoleRequirement(checked, Operator(op)), scope, scope_id)


def _decorator(
    requirement: Requirement | RoleRequirement,
    scope: str | None,
    scope_id: ScopeId,
    owner: Owner = None,
    within: float | None = None,
) -> Callable[[Function], Function]:
    within = checked_within(within)
    declared = PermissionRequirement(requirement, checked_scope(scope, scope_id), scope_id)
    check_owner(owner)

    def make_check(find: Finder) -> Check:
        find_id = find(scope_id)
        if isinstance(requirement, RoleRequirement):
            return _role_checker(requirement, scope, find_id)
        check = _checker(requirement, scope, find_id)
        if owner is not None:
            check = _owner_passes(check, requirement, find(owner, "owner"))
        if within is not None:
            check = _then_fresh(check, requirement, scope, find_id, within)
        return check

    return lambda function: guard(function, make_check, declared)


def _checker(requirement: Requirement, scope: str | None, find_id: FindId) -> Check:
    """The check that raises for a call that the caller may not make."""
    text, strictest = str(requirement), strictest_of(requirement.names)

    def check(args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        state = get_state_to_ask(strictest)
        user_id = subject_of(state)
        key = parse_key(scope, find_id(args, kwargs))
        decision = decide(state, user_id, state.registry.asked(requirement), key, in_full=False)
        if not decision.allowed:
            raise denied(user_id, decision, text, place_of(key))
        if state.on_granted is not None:
            publish_granted(state, user_id, text, key)

    return check


def _owner_passes(check: Check, requirement: Requirement, find_owner: FindId) -> Check:
    strictest = strictest_of(requirement.names)

    def check_others(args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        state = get_state_to_ask(strictest)
        if not owns(state, subject_of(state), find_owner(args, kwargs)):
            check(args, kwargs)

    return check_others


def _then_fresh(
    check: Check, requirement: Requirement, scope: str | None, find_id: FindId, within: float
) -> Check:
    text, strictest = str(requirement), strictest_of(requirement.names)

    def check_both(args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        # Permission first: a user without it need not sign in again to learn that.
        check(args, kwargs)
        state = get_state_to_ask(strictest)
        if not is_fresh(state, within):
            place = parse_place(scope, find_id(args, kwargs))
            raise denied(subject_of(state), TOO_LONG_AGO, text, place, within)

    return check_both


def _role_checker(requirement: RoleRequirement, scope: str | None, find_id: FindId) -> Check:
    def check(args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        state = get_state()
        user_id = subject_of(state)
        place = parse_place(scope, find_id(args, kwargs))
        decision = decide_roles(state, user_id, requirement, place)
        if not decision.allowed:
            raise denied(user_id, decision, str(requirement), place)

    return check


# A view argument's name, or a callable that finds the owner's id in the request.
Owner: TypeAlias = str | Callable[[Any], Any] | None


def check_owner(owner: Any) -> None:
    """Raises ``TypeError`` for a value that can name no owner."""
    if owner is None or isinstance(owner, str):
        return
    # Its coroutine would never be awaited.
    if not callable(owner) or inspect.iscoroutinefunction(owner):
        raise TypeError(f"owner must be an argument's name or a callable, not {owner!r}")


def owns(state: PermissionState, user_id: int, owner: Any) -> bool:
    """Whether a user is the owner, and may act at all: a disabled account owns nothing.

    Args:
        owner: an id, as the application has it; None: there is no owner.

    Raises:
        ValidationFailed: the owner is no id.
        StoreUnavailable: neither the cache nor the database answered.
    """
    if owner is None or user_id == NO_PERSON or number_of(owner, "owner") != user_id:
        return False
    return not is_blocked(answer_of(state, user_id, GLOBAL).resolution)
