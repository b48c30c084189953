"""Permission checks in front of views, plain functions, and all views of a blueprint.

The check happens when the function is called: for a generator function before the generator is
made, not when it is first advanced.
"""

from __future__ import annotations

import functools
import inspect
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

from flask import Blueprint, Flask, has_request_context, request

from yoto.errors import ConfigurationError, PermissionDenied, ValidationFailed
from yoto.permission.deciding import decide
from yoto.permission.expressions import compile_expression
from yoto.permission.registry import checked_name
from yoto.permission.requirement import (
    Operator,
    PermissionRequirement,
    Requirement,
    RoleRequirement,
    ScopeId,
)
from yoto.permission.role_rules import checked_role
from yoto.permission.roles_held import decide_roles
from yoto.permission.scopes import parse_key, parse_place
from yoto.permission.state import get_state, get_state_to_ask, is_operators
from yoto.permission.subject import subject_of
from yoto.store.models import ScopeType

log = logging.getLogger(__name__)

Function = TypeVar("Function", bound=Callable[..., Any] | Blueprint)
# Arguments of a call, positional and by name.
FindId: TypeAlias = Callable[[tuple[Any, ...], dict[str, Any]], Any]
Check: TypeAlias = Callable[[tuple[Any, ...], dict[str, Any]], None]

ATTRIBUTE = "__permission_requirement__"


def require_permission(
    name: str, scope: str | None = None, scope_id: ScopeId = None
) -> Callable[[Function], Function]:
    """Let only those through who have the permission ``name`` in the scope.

    On a blueprint it guards each of its views, and those of blueprints in it.

    Args:
        scope: ``"server"`` or ``"channel"``; None is global.
        scope_id: the name of the function's argument that holds the id, or a callable that gets
            Flask's ``request`` and returns the id.

    Raises:
        ValidationFailed: at once, for a malformed name, an unknown scope, or a ``scope_id`` that
            the function has no argument for. The decorated function raises ``PermissionDenied``
            for a caller without the permission, ``UnknownPermission`` for a name that nobody
            registered, ``ValidationFailed`` for an id that is not an int.
        TypeError: at once, for a class or what cannot be called: it would guard nothing.
        ConfigurationError: a view of the blueprint has no argument ``scope_id``.
    """
    return require_permissions([name], scope=scope, scope_id=scope_id)


def require_permissions(
    names: Sequence[str],
    op: str = Operator.AND,
    scope: str | None = None,
    scope_id: ScopeId = None,
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
    return _decorator(Requirement(compile_expression(source), operator), scope, scope_id)


def require_expression(
    expression: str, scope: str | None = None, scope_id: ScopeId = None
) -> Callable[[Function], Function]:
    """Like ``require_permission`` for an expression of names, AND, OR, NOT and parentheses.

    Raises: as ``require_permission``; also, with the column, for a wrong expression.
    """
    return _decorator(Requirement(compile_expression(expression)), scope, scope_id)


def require_role(
    name: str, scope: str | None = None, scope_id: ScopeId = None
) -> Callable[[Function], Function]:
    """Let only those through who have the role called ``name`` in the scope; see ``has_role``.

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
    requirement: Requirement | RoleRequirement, scope: str | None, scope_id: ScopeId
) -> Callable[[Function], Function]:
    kind = _checked_scope(scope, scope_id)

    def decorate(function: Function) -> Function:
        if isinstance(function, Blueprint):
            check = _checker(requirement, scope, lambda args, kwargs: _id_of_view(scope_id))
            function.before_request(lambda: check((), {}))
            inner = getattr(function, ATTRIBUTE, None)
            setattr(function, ATTRIBUTE, PermissionRequirement(requirement, kind, scope_id, inner))
            return function
        if not callable(function) or inspect.isclass(function) or isinstance(function, Flask):
            raise TypeError(f"permissions guard functions and blueprints, not {function!r}")
        guarded: Function = _guard_calls(function, requirement, scope, kind, scope_id)
        return guarded

    return decorate


def _checker(
    requirement: Requirement | RoleRequirement, scope: str | None, find_id: FindId
) -> Check:
    """What raises for a call that the caller is not to make."""
    if isinstance(requirement, RoleRequirement):
        return _role_checker(requirement, scope, find_id)
    text = str(requirement)
    # In maintenance operators' own are answered, if no other permission is asked about with them.
    names = requirement.expression.names
    strictest = next((name for name in names if not is_operators(name)), names[0])

    def check(args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        state = get_state_to_ask(strictest)
        user_id = subject_of(state)
        key = parse_key(scope, find_id(args, kwargs))
        decision = decide(state, user_id, state.registry.asked(requirement), key, in_full=False)
        if not decision.allowed:
            raise PermissionDenied(decision, text)
        if state.on_granted is not None:
            try:
                state.on_granted(user_id, text, key)
            except Exception:
                # Who watches changes nothing for the caller.
                log.exception("a listener to passed checks failed")

    return check


def _role_checker(requirement: RoleRequirement, scope: str | None, find_id: FindId) -> Check:
    def check(args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        state = get_state()
        user_id = subject_of(state)
        place = parse_place(scope, find_id(args, kwargs))
        decision = decide_roles(state, user_id, requirement, place)
        if not decision.allowed:
            raise PermissionDenied(decision, str(requirement))

    return check


def _guard_calls(
    function: Any,
    requirement: Requirement | RoleRequirement,
    scope: str | None,
    kind: str,
    scope_id: ScopeId,
) -> Any:
    check = _checker(requirement, scope, _id_finder(function, scope_id))
    declared = PermissionRequirement(
        requirement, kind, scope_id, inner=getattr(function, ATTRIBUTE, None)
    )
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def guarded(*args: Any, **kwargs: Any) -> Any:
            check(args, kwargs)
            return await function(*args, **kwargs)

    else:

        @functools.wraps(function)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            check(args, kwargs)
            return function(*args, **kwargs)

    setattr(guarded, ATTRIBUTE, declared)
    return guarded


def _checked_scope(scope: str | None, scope_id: ScopeId) -> str:
    if scope is None or scope == ScopeType.GLOBAL:
        parse_place(scope, None if scope_id is None else 1)
        return ScopeType.GLOBAL.value
    parse_place(scope, None if scope_id is None else 1)
    if not isinstance(scope_id, str) and not callable(scope_id):
        raise ValidationFailed({"scope_id": "must be an argument's name or a callable"})
    return str(scope)


def _id_of_view(scope_id: ScopeId) -> Any:
    """The scope's id in the request for a view of a guarded blueprint."""
    if not isinstance(scope_id, str):
        return None if scope_id is None else scope_id(request)
    arguments: Mapping[str, Any] = request.view_args or {}
    if scope_id not in arguments:
        raise ConfigurationError(
            "scope_id", f"the view {request.endpoint} has no argument '{scope_id}'"
        )
    return arguments[scope_id]


def _id_finder(function: Callable[..., Any], scope_id: ScopeId) -> FindId:
    """How to get the scope's id out of a call of ``function``."""
    if scope_id is None:
        return lambda args, kwargs: None
    if not isinstance(scope_id, str):
        from_request = scope_id

        def ask_request(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            if not has_request_context():
                raise RuntimeError("a scope_id callable needs a request; name an argument instead")
            return from_request(request)

        return ask_request
    return _argument_finder(function, scope_id)


def _argument_finder(function: Callable[..., Any], name: str) -> FindId:
    signature = inspect.signature(function)
    parameters = signature.parameters
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    if name not in parameters and not takes_any:
        raise ValidationFailed({"scope_id": f"{function.__qualname__} has no argument '{name}'"})
    # Where it stands when it is not given by name; nowhere, when it is by name alone.
    positional = [
        p.name
        for p in parameters.values()
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    place = positional.index(name) if name in positional else sys.maxsize

    def find(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if place < len(args):
            return args[place]
        if name in kwargs:
            return kwargs[name]
        # Its default, or the error of a call that lacks it.
        call = signature.bind(*args, **kwargs)
        call.apply_defaults()
        return call.arguments.get(name)

    return find
