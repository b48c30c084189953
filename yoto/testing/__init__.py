"""Tests of an application that has Yoto: no Redis, people to act as, guards that refuse or do not.

Nothing here takes pytest; ``yoto.testing.fixtures`` has the same as fixtures. docs/testing.md has
an example.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from flask import Flask, current_app, has_app_context

from yoto.resilience import Resilience

if TYPE_CHECKING:
    from yoto.nodes import NodeId

__all__ = ["CONFIG", "acting_as", "grant", "refusing", "set_up"]

# No server listens on this port, so that each verdict comes from the database.
CONFIG: Mapping[str, Any] = MappingProxyType(
    {
        "TESTING": True,
        "YOTO_RESILIENCE_ENABLED": False,
        "YOTO_REDIS_URL": "redis://127.0.0.1:1",
        "YOTO_REDIS_CLUSTER_NODES": "",
    }
)
REASON = "a test"


def set_up(app: Flask) -> None:
    """Run ``flask yoto setup``: the tables, and what the code declares. It takes about half a
    second of one core.

    Raises:
        RuntimeError: it failed; has its output.
    """
    made = app.test_cli_runner().invoke(args=["yoto", "setup"])
    if made.exit_code != 0:
        raise RuntimeError(f"flask yoto setup: {made.output}") from made.exception


@contextmanager
def acting_as(app: Flask, person: Any) -> Iterator[None]:
    """Within the block, permissions of requests and of decorated functions are those of ``person``.

    The application's own sign-in is not asked, and does not know of it.

    Args:
        person: their id, as the application has it.

    Raises:
        ValidationFailed: it is no id.
    """
    from yoto.permission import acting_as as acting

    with ExitStack() as stack:
        with _inside(app):
            stack.enter_context(acting(person))
        yield


def grant(
    app: Flask,
    subject: Any,
    *permissions: str,
    role: int | str | None = None,
    at: tuple[str, NodeId] | None = None,
) -> int:
    """Give somebody permissions, by a new role, or a role.

    Args:
        subject: a person's id, or a ``Team``, ``Everyone``, ``PUBLIC`` or ``Application``.
        permissions: by their names.
        role: the name of a declared role, or the id of any, in place of permissions.
        at: the node at which, type and id; None: everywhere.

    Returns:
        The id of the assignment.

    Raises:
        TypeError: neither permissions nor a role are given, or both.
        ValidationFailed: there is no such permission, role or node.
    """
    from yoto.current.permissions import assign, assign_permissions_to_role, register_role

    if bool(permissions) == (role is not None):
        raise TypeError("grant: give permissions or a role")
    with _inside(app):
        if role is None:
            [role] = register_role(f"test {secrets.token_hex(4)}", reason=REASON).ids
            assign_permissions_to_role(role, permissions, reason=REASON)
        [given] = assign(subject, role, at=at, reason=REASON).ids
        return given


@contextmanager
def refusing(app: Flask, name: str) -> Iterator[None]:
    """Within the block, the rate limit, circuit breaker and bulkhead ``name`` refuse every call.

    Guards are switched off in the application, as ``CONFIG`` has it: before and after they refuse
    none.

    Raises:
        RuntimeError: guards are on.
    """
    guards = Resilience.of(app)
    if guards.enabled:
        raise RuntimeError("guards are on: set YOTO_RESILIENCE_ENABLED to False, as CONFIG does")
    parts: list[Any] = [
        guards.circuit_breaker(name),
        guards.rate_limiter(name),
        guards.bulkhead(name),
    ]
    before = [part.refuses for part in parts]
    try:
        for part in parts:
            part.refuses = True
        yield
    finally:
        for part, refused in zip(parts, before, strict=True):
            part.refuses = refused


def _inside(app: Flask) -> AbstractContextManager[Any]:
    """A context of ``app``; the current one, with its session, where there is one."""
    if has_app_context() and current_app._get_current_object() is app:  # type: ignore[attr-defined]
        return nullcontext()
    return app.app_context()
