"""Subject, Resource and Action Search (AuthZEN 1.0, section 8).

A search for anything unknown has an empty result, not an error.

A page token holds the point to go on from, and the search. It is no secret and needs no
signature, since it only moves the start of a search that its bearer is allowed to make. The digest
distinguishes tokens of other searches.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import partial
from typing import Any

from yoto.api.guards import STATEMENTS_OF_SEARCH
from yoto.cache import NodeId
from yoto.errors import UnknownResource
from yoto.extensions import permissions
from yoto.http.fields import row_id
from yoto.nodes import APPLICATIONS
from yoto.permission import Place, Team
from yoto.rooms.authzen.evaluation import Evaluator, context_for_policies
from yoto.rooms.authzen.vocabulary import (
    PROGRAM,
    TEAM,
    USER,
    Vocabulary,
    declared_type,
    id_of_text,
    is_global,
    programs_shown,
    resources_shown,
    server_of_type,
    users_shown,
)
from yoto.rooms.authzen.wire import (
    Action,
    Entity,
    Evaluation,
    Object,
    action_of,
    context_of,
    entity_of,
    malformed,
    page_of,
)
from yoto.store.models import ScopeType
from yoto.store.resources import ResourceType


def token_of(after: NodeId | None, document: Object) -> str:
    """The token of the page after ``after``; for None an empty one, which means the end."""
    return "" if after is None else f"{after}.{_digest(document)}"


def start_of(token: str | None, document: Object, read: Callable[[str], Any]) -> Any:
    """The point from which a search goes on; None: the beginning.

    Args:
        read: parses the text of a token; returns None for a text of no token.

    Raises:
        BadRequest: it is no token of this search.
    """
    if token is None:
        return None
    after, _, digest = token.rpartition(".")
    start = read(after) if digest == _digest(document) else None
    if start is None:
        raise malformed("page.token", "is not what a page of this search gave")
    return start


def _digest(document: Object) -> str:
    search = {key: value for key, value in document.items() if key != "page"}
    text = json.dumps(search, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


Answer = dict[str, Any]

# Key in the context of a page, with the reason why people may be missing.
INCOMPLETE = "incomplete"


def questions_of(document: Object) -> int:
    """Number of questions that a search counts as; with a context policies judge each result.

    Raises:
        BadRequest: its page is malformed.
    """
    limit, _ = page_of(document)
    return (
        STATEMENTS_OF_SEARCH
        if document.get("context") is None
        else max(limit, STATEMENTS_OF_SEARCH)
    )


def search_subjects(caller_id: int, document: Object) -> Answer:
    """Subjects that may do the action to the resource: users, applications, or teams as such.

    Raises:
        BadRequest: the document is malformed.
        PermissionDenied: the caller is no auditor.
    """
    subject = entity_of(document, "subject", searched=True)
    action, resource = action_of(document), entity_of(document, "resource")
    asked = Evaluation(subject, action, resource, context_of(document))
    limit, after = _page(document)
    Evaluator(caller_id).demand_insight(None)
    words = Vocabulary()
    place, name = words.place(resource), words.permission(action, resource.type)
    if place is None or name is None:
        return _results([], None, document)
    try:
        if subject.type == TEAM:
            return _slice(_teams(name, place), after, limit, document)
        if subject.type in (USER, PROGRAM):
            return _people(subject.type, name, place, after, limit, asked, document)
    except UnknownResource:
        pass  # there is no such resource
    return _results([], None, document)


def _people(
    kind: str,
    name: str,
    place: Place,
    after: int | None,
    limit: int,
    asked: Evaluation,
    document: Object,
) -> Answer:
    # The numbers of applications are above those of all users.
    start = max(after or 0, APPLICATIONS) if kind == PROGRAM else after
    context = context_for_policies(asked)
    page = permissions.list_users(
        name, *place, after=start, limit=limit, context=context, numbers=True
    )
    if kind == PROGRAM:
        found, there_are_more = programs_shown(page.ids), page.next_after is not None
    else:
        found = users_shown(number for number in page.ids if number < APPLICATIONS)
        there_are_more = page.next_after is not None and page.next_after < APPLICATIONS
    answer = _results(found, page.next_after if there_are_more else None, document)
    return (
        answer if page.incomplete is None else answer | {"context": {INCOMPLETE: page.incomplete}}
    )


def _teams(name: str, place: Place) -> list[dict[str, object]]:
    """Teams whose membership alone is enough; policies, which judge people, are not asked."""
    found = permissions.list_sets(name, *place)
    teams = sorted(one.id for one in found if isinstance(one, Team))
    return [{"type": TEAM, "id": str(team_id)} for team_id in teams]


def search_resources(caller_id: int, document: Object) -> Answer:
    """Resources of the type to which the subject may do the action; raises as ``search_subjects``.

    Every caller may search for themselves.
    """
    resource = entity_of(document, "resource", searched=True)
    subject, action = entity_of(document, "subject"), action_of(document)
    asked = Evaluation(subject, action, resource, context_of(document))
    server = server_of_type(resource.type)
    within = None if server is None else (ScopeType.SERVER.value, server)
    declared = declared_type(resource.type if within is None else ScopeType.CHANNEL.value)
    limit, after = _page_of_type(document, declared)
    words = Vocabulary()
    user_id, name = words.user_id(subject), words.permission(action, resource.type)
    Evaluator(caller_id).demand_insight(user_id)
    if user_id is None or name is None:
        return _results([], None, document)
    if is_global(resource.type):
        allowed = permissions.allowed_permissions(
            user_id, ScopeType.GLOBAL.value, context=context_for_policies(asked)
        )
        found = [{"type": resource.type, "id": resource.type}]
        return _results(found if name in allowed else [], None, document)
    if declared is None:
        return _results([], None, document)
    context = context_for_policies(asked)
    page = permissions.list_resources(
        user_id, name, declared.name, after=after, limit=limit, context=context, within=within
    )
    return _results(resources_shown(resource.type, page.ids), page.next_after, document)


def search_actions(caller_id: int, document: Object) -> Answer:
    """Actions that the subject may do to the resource; raises as ``search_resources``."""
    subject, resource = entity_of(document, "subject"), entity_of(document, "resource")
    asked = Evaluation(subject, Action(""), resource, context_of(document))
    limit, after = _page(document)
    words = Vocabulary()
    user_id, place = words.user_id(subject), words.place(resource)
    evaluator = Evaluator(caller_id)
    evaluator.demand_insight(user_id)
    if user_id is None or place is None or not evaluator.sees(place):
        return _results([], None, document)
    names = _names(user_id, place, resource, context_for_policies(asked))
    return _slice([{"name": name} for name in names], after, limit, document)


def _names(user_id: int, place: Place, resource: Entity, context: Object | None) -> list[str]:
    """The permissions as actions on such a resource, judged by policies too."""
    names = permissions.allowed_permissions(user_id, *place, context=context)
    if server_of_type(resource.type) is None:
        return names
    # Actions of another application have its own names: "read", not "record.read".
    prefix = f"{resource.type}."
    return [name.removeprefix(prefix) for name in names if name.startswith(prefix)]


def _page(document: Object) -> tuple[int, int | None]:
    limit, token = page_of(document)
    return limit, start_of(token, document, row_id)


def _page_of_type(document: Object, declared: ResourceType | None) -> tuple[int, NodeId | None]:
    """The page of a search that goes on after a node of the type."""
    limit, token = page_of(document)
    read = row_id if declared is None else partial(id_of_text, declared)
    return limit, start_of(token, document, read)


def _slice(found: list[Any], after: int | None, limit: int, document: Object) -> Answer:
    """A page of results that are all in memory."""
    start = after or 0
    end = start + limit if start + limit < len(found) else None
    return _results(found[start : start + limit], end, document)


def _results(found: list[Any], after: NodeId | None, document: Object) -> Answer:
    page = {"next_token": token_of(after, document), "count": len(found)}
    return {"results": found, "page": page}
