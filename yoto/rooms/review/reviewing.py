"""``permissions.review``: access reviews, from the database, never from a cache."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from yoto.errors import ValidationFailed
from yoto.nodes import NodeId
from yoto.permission.directory import renew_people
from yoto.permission.loading.source import reading
from yoto.permission.people.numbers import everybody_has_number, own_ids
from yoto.permission.registry.scopes import parse_place
from yoto.permission.search.question import question_of
from yoto.permission.search.users import list_users
from yoto.permission.state import get_state
from yoto.rooms.review.access import lines_of
from yoto.rooms.review.difference import difference_of
from yoto.rooms.review.report import AccessDifference, AccessPage, Turn

PEOPLE_MISSING = "people about whom no check was ever made may be missing"


class Reviewing:
    """Reviews: who has a permission, and who gained or lost it.

    Raises:
        ValidationFailed: bad input, by field; ``UnknownResource`` for a place that does not exist.
        UnknownPermission: the permission is not registered.
        StoreUnavailable: the database did not answer.
    """

    def who_can(
        self,
        permission: str,
        scope: str,
        scope_id: NodeId | None = None,
        after: int | None = None,
        limit: int = 100,
        numbers: bool = False,
    ) -> AccessPage:
        """The users with the permission in the place, since when, and by which ways.

        A way is a grant, a role or an overwrite.

        Args:
            scope, scope_id, after, limit, numbers: as in ``list_users``.
        """
        state = get_state()
        place, registered = parse_place(scope, scope_id), state.registry.get(permission)
        question = question_of(state.registry, permission, None)
        page = list_users(state, question, scope, scope_id, after, limit, None)
        with reading() as connection:
            lines = lines_of(connection, state.registry, registered, place, page.ids, state.clock())
            if not numbers:
                own = own_ids(page.ids)
                lines = [
                    replace(line, user_id=own.get(line.user_id, line.user_id)) for line in lines
                ]
        return AccessPage(tuple(lines), page.next_after, page.incomplete)

    def difference(
        self,
        permission: str,
        scope: str,
        scope_id: NodeId | None = None,
        *,
        since: datetime,
        until: datetime | None = None,
        numbers: bool = False,
    ) -> AccessDifference:
        """The users who gained or lost the permission in the place between two moments.

        The present rows are undone change by change, by the audit log. Its gaps are listed in
        ``unknown``; policies are left out.

        Args:
            since, until: aware; by default until now.
            numbers: as in ``list_users``.
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
        known = everybody_has_number()
        renew_people(None)
        with reading() as connection:
            found = difference_of(connection, state.registry, registered, place, since, until)
            if not known:
                found = replace(found, unknown=(*found.unknown, PEOPLE_MISSING))
            if numbers:
                return found
            return replace(found, gained=_by_own_ids(found.gained), lost=_by_own_ids(found.lost))


def _by_own_ids(turns: Sequence[Turn]) -> tuple[Turn, ...]:
    people = {one for turn in turns for one in (turn.user_id, turn.actor_id) if one is not None}
    own = own_ids(people)
    return tuple(
        replace(
            turn,
            user_id=own.get(turn.user_id, turn.user_id),
            actor_id=own.get(turn.actor_id, turn.actor_id),
        )
        for turn in turns
    )


def _check_moment(field: str, value: Any) -> None:
    if not isinstance(value, datetime):
        raise ValidationFailed({field: "must be a datetime"})
    if value.utcoffset() is None:
        raise ValidationFailed({field: "must have a time zone"})


REVIEWING = Reviewing()
