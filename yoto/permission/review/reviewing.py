"""The part of ``PermissionSystem`` for access reviews."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from yoto.errors import ValidationFailed
from yoto.nodes import NodeId
from yoto.permission.directory import renew_people
from yoto.permission.review.access import lines_of
from yoto.permission.review.difference import difference_of
from yoto.permission.review.report import AccessDifference, AccessPage
from yoto.permission.scopes import parse_place
from yoto.permission.search.users import list_users
from yoto.permission.source import reading
from yoto.permission.state import get_state


class Reviewing:
    """Answers for those who answer for access; from the database, never from a cache.

    Raises:
        ValidationFailed: bad input, by field; ``UnknownResource`` for a place that is not there.
        UnknownPermission: nobody registered the permission.
        StoreUnavailable: the database did not answer.
    """

    def who_can(
        self,
        permission: str,
        scope: str,
        scope_id: NodeId | None = None,
        after: int | None = None,
        limit: int = 100,
    ) -> AccessPage:
        """Who has the permission in the place, since when, and by which grant, role or overwrite.

        Args:
            scope, scope_id, after, limit: as in ``list_users``.
        """
        state = get_state()
        place, registered = parse_place(scope, scope_id), state.registry.get(permission)
        page = list_users(state, permission, scope, scope_id, after, limit, None)
        with reading() as connection:
            lines = lines_of(connection, state.registry, registered, place, page.ids, state.clock())
        return AccessPage(tuple(lines), page.next_after)

    def access_difference(
        self,
        permission: str,
        scope: str,
        scope_id: NodeId | None = None,
        *,
        since: datetime,
        until: datetime | None = None,
    ) -> AccessDifference:
        """Who gained and who lost the permission in the place between two moments.

        The rows of today are taken back change by change, as the audit log has them. What it does
        not have is told in ``unknown``; policies are left out.

        Args:
            since, until: aware; by default until now.
        """
        state = get_state()
        place, registered = parse_place(scope, scope_id), state.registry.get(permission)
        now = datetime.fromtimestamp(state.clock(), UTC)
        until = now if until is None else until
        for field, value in (("since", since), ("until", until)):
            _check_moment(field, value)
        if until > now:
            raise ValidationFailed({"until": "must not lie ahead"})
        if since >= until:
            raise ValidationFailed({"since": "must be before until"})
        renew_people(None)
        with reading() as connection:
            return difference_of(connection, state.registry, registered, place, since, until)


def _check_moment(field: str, value: Any) -> None:
    if not isinstance(value, datetime):
        raise ValidationFailed({field: "must be a datetime"})
    if value.utcoffset() is None:
        raise ValidationFailed({field: "must have a time zone"})
