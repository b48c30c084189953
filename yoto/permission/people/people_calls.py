"""Calls by which an application reports changes of its people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Flask, current_app

from yoto import cache
from yoto.errors import ValidationFailed
from yoto.permission.database.transactions import write
from yoto.permission.directory import Directory, directory_of, roles_of
from yoto.permission.outbox.receipt import WriteReceipt
from yoto.permission.outbox.watching import touch
from yoto.permission.people.keys import SubjectId, current_keys
from yoto.permission.registry.scopes import checked_id
from yoto.permission.state import get_state_in_maintenance


class PeopleCalls:
    """The part of ``PermissionSystem`` for changes of people that it cannot see itself."""

    def people_changed(self, ids: Iterable[SubjectId], *, commit: bool = True) -> WriteReceipt:
        """Invalidate the reports about people: they were disabled, say, or deleted.

        Call it after the change. Where a function knows the people, it is asked about each of these
        before their permissions are read again; other people have it from their columns, whose
        changes through the session are seen without this call.

        Args:
            ids: the people who changed, whether or not they were ever checked.
            commit: commit now; else the caller commits, and until then it counts in their
                transaction alone.

        Raises:
            ValidationFailed: an id is none (field ``ids``).
            StoreUnavailable: the database did not answer.
        """
        return _changed(ids, commit, directory_of(_current()))

    def roles_changed(self, ids: Iterable[SubjectId], *, commit: bool = True) -> WriteReceipt:
        """Invalidate the roles that a function provides for people.

        It is asked about each of these before their permissions are read again.

        Args:
            ids, commit: as in ``people_changed``.

        Raises: as ``people_changed``.
        """
        return _changed(ids, commit, roles_of(_current()))


def _current() -> Flask:
    return current_app._get_current_object()  # type: ignore[attr-defined,no-any-return]


def _changed(
    ids: Iterable[SubjectId], commit: bool, directory: Directory[Any] | None
) -> WriteReceipt:
    get_state_in_maintenance()
    if isinstance(ids, str):
        raise ValidationFailed({"ids": "must be several, such as a list of one"})
    given, keys = list(ids), current_keys()
    with write(commit) as session:
        if keys is None:
            numbers = {checked_id(one, "ids") for one in given}
        else:
            numbers = keys.given(session, given, "ids")
        if directory is not None:
            directory.end(session, numbers)
        else:
            touch(session, *map(cache.subjects.user, sorted(numbers)))
    return WriteReceipt()
