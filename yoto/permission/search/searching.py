"""The part of ``PermissionSystem`` that searches for resources by user, and users by resource."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from sqlalchemy import Select

from yoto.cache import NodeId
from yoto.errors import ValidationFailed
from yoto.permission.checking.asking import ask_policies
from yoto.permission.loading.source import DatabaseSource
from yoto.permission.people.numbers import SubjectId, number_of, own_ids, person_number
from yoto.permission.registry.scopes import checked_id, parse_place
from yoto.permission.search.question import Page, question_of
from yoto.permission.search.resources import list_resources
from yoto.permission.search.sets import list_sets
from yoto.permission.search.users import list_users
from yoto.permission.search.visible import visible_in
from yoto.permission.state import get_state, get_state_for
from yoto.permission.verdict.context import checked_context
from yoto.store.models import ScopeType

Statement = TypeVar("Statement", bound=Select[Any])


class Searching:
    """Searches with the verdicts of ``check_permission``, from the database, never from a cache.

    A search is no use of the permission: searches about super-admins are not audited.

    Raises:
        ValidationFailed: bad input, by field; ``UnknownResource`` for a place that does not exist.
        UnknownPermission: the permission is not registered.
        StoreUnavailable: the database did not answer.
    """

    def list_resources(
        self,
        user_id: SubjectId,
        permission: str | None = None,
        scope: str = "channel",
        server_id: int | None = None,
        after: NodeId | None = None,
        limit: int = 100,
        context: Mapping[str, Any] | None = None,
        within: tuple[str, NodeId] | None = None,
        *,
        expression: str | None = None,
    ) -> Page:
        """A page of the nodes of a type at which the user has the permission, by id.

        Args:
            permission: its name; or give ``expression``.
            scope: the type, such as ``"channel"``.
            within: only nodes below this one, type and id; ``server_id`` is short for a server.
            after: ``next_after`` of the page before; None: the first page.
            limit: 1 to 1000.
            context: as in ``decide``.
            expression: a condition over 8 permissions at most, as in ``require_expression``, in
                place of one permission: the nodes where ``decide_expression`` allows it. One that
                is true without any permission is refused, since it would list everything.
        """
        user_id = person_number(user_id)
        state, known = get_state(), checked_context(context)
        question = question_of(state.registry, permission, expression)
        if server_id is not None:
            within = (ScopeType.SERVER.value, checked_id(server_id, "server_id"))
        return list_resources(state, user_id, question, scope, within, after, limit, known)

    def list_users(
        self,
        permission: str | None = None,
        scope: str | None = None,
        scope_id: NodeId | None = None,
        after: int | None = None,
        limit: int = 100,
        context: Mapping[str, Any] | None = None,
        numbers: bool = False,
        *,
        expression: str | None = None,
    ) -> Page:
        """A page of the users who have the permission in the place, by number.

        It has their ids, as the application knows them; ``next_after`` is a number.

        Args:
            scope, scope_id: as in ``check_permission``.
            permission, expression, after, limit, context: as in ``list_resources``.
            numbers: have the platform's numbers in place of their ids.
        """
        state, known = get_state_for(permission), checked_context(context)
        question = question_of(state.registry, permission, expression)
        page = list_users(state, question, scope, scope_id, after, limit, known)
        if numbers:
            return page
        return replace(page, ids=tuple(own_ids(page.ids).values()))

    def list_sets(self, permission: str, scope: str, scope_id: NodeId | None = None) -> list[Any]:
        """The sets of people who have the permission in the place: ``Team``, ``Everyone``,
        ``PUBLIC``. Each has it by belonging there alone, whatever else its people are given or
        denied; policies are left out.

        Args:
            scope, scope_id: as in ``check_permission``.
        """
        return list_sets(get_state(), permission, scope, scope_id)

    def allowed_permissions(
        self,
        user_id: SubjectId,
        scope: str | None = None,
        scope_id: NodeId | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> list[str]:
        """The names of all permissions that the user has in the place, by bit.

        Unlike ``effective_permissions`` it asks the policies, each about its permissions.

        Args:
            scope, scope_id, context: as in ``decide``.
        """
        user_id = number_of(user_id)
        state, context = get_state(), checked_context(context)
        place = parse_place(scope, scope_id)
        source = DatabaseSource(state.registry, state.clock)
        mask = source.load(user_id, place).mask
        held = state.registry.snapshot.in_mask(mask)
        judged = [found for found in held if state.asks(found, place, context)]
        denied = 0
        for permission in judged:
            denied |= ask_policies(state, user_id, [permission], place, context).denied
        return [found.name for found in held if not found.mask & denied]

    def is_registered(self, name: str) -> bool:
        """Whether there is a permission of that name; False for a malformed name."""
        try:
            get_state().registry.get(name)
        except ValidationFailed:
            return False
        return True

    def visible(
        self,
        statement: Statement,
        user_id: SubjectId,
        permission: str | None = None,
        *,
        expression: str | None = None,
    ) -> Statement:
        """Narrow ``select(Channel)`` to where the user has the permission, or a select of any
        other class whose rows are nodes.

        The condition is plain SQL with the time of this call in it, for each supported database: it
        can be joined, counted, ordered and paged like any other. Build it anew for each use.
        Where policies judge the permission they are asked by this call, and the condition holds
        their verdicts.

        Args:
            permission, expression: as in ``list_resources``.

        Raises:
            ValidationFailed: also for a statement that selects nodes of no type, or of several,
                and for a permission that policies judge in more than 5,000 places.
        """
        user_id = person_number(user_id)
        state = get_state()
        question = question_of(state.registry, permission, expression)
        return visible_in(state, statement, user_id, question)
