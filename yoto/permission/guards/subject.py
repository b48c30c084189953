"""The acting user: from an explicit ``acting_as`` block, else from the wired loader."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from werkzeug.exceptions import Unauthorized

from yoto.permission.people.numbers import SubjectId, current_keys, number_of
from yoto.permission.state import PermissionState, get_state_in_maintenance

_acting: ContextVar[int | None] = ContextVar("yoto_acting_user", default=None)


@contextmanager
def acting_as(user_id: SubjectId) -> Iterator[None]:
    """Within the block, decorated functions check the permissions of ``user_id``.

    Raises:
        ValidationFailed: ``user_id`` is not an id.
    """
    token = _acting.set(number_of(user_id))
    try:
        yield
    finally:
        _acting.reset(token)


def is_acting_for_another() -> bool:
    """Whether the acting user comes from an ``acting_as`` block, and not from the request."""
    return _acting.get() is not None


def current_subject() -> int:
    """The id of the user who acts.

    Raises:
        RuntimeError: there is no acting user: no ``acting_as`` block and no subject loader, or a
            loader that returns something else than an id.
        Exception: the loader's error for a user who is not signed in.
    """
    user_id = _acting.get()
    return subject_of(get_state_in_maintenance()) if user_id is None else user_id


def subject_of(state: PermissionState) -> int:
    """As ``current_subject``, for callers that have the state."""
    user_id = _acting.get()
    if user_id is not None:
        return user_id
    load = state.subject_loader
    if load is None:
        raise RuntimeError(
            "there is no actor: use 'with acting_as(user_id)', or give init_app a subject_loader"
        )
    loaded = load()
    return loaded if type(loaded) is int else _number_of(loaded)


def visitor_of(state: PermissionState) -> int | None:
    """As ``subject_of``, for queries; None without a user: then nothing is checked.

    Raises:
        RuntimeError: as ``current_subject``.
    """
    user_id = _acting.get()
    if user_id is not None:
        return user_id
    if state.visitor is None:
        try:
            return subject_of(state)
        except Unauthorized:
            return None
    loaded = state.visitor()
    return loaded if loaded is None or type(loaded) is int else _number_of(loaded)


def _number_of(loaded: Any) -> int:
    keys = current_keys()
    if keys is None:
        raise RuntimeError(f"the subject loader must return a user id, not {loaded!r}")
    return keys.number_of(loaded)
