"""Subject, Resource and Action Search (AuthZEN 1.0, section 8).

What nobody has heard of is found nowhere: the answer is empty, not an error.
"""

from __future__ import annotations

from typing import Any

from yoto.api.guards import STATEMENTS_OF_SEARCH
from yoto.authzen.evaluation import Evaluator, context_for_policies
from yoto.authzen.page_tokens import start_of, token_of
from yoto.authzen.vocabulary import (
    GLOBAL_TYPES,
    MODELS,
    USER,
    Vocabulary,
    resources_shown,
    server_of_type,
    users_shown,
)
from yoto.authzen.wire import (
    Action,
    Entity,
    Evaluation,
    Object,
    action_of,
    context_of,
    entity_of,
    page_of,
)
from yoto.extensions import permissions
from yoto.permission import Place
from yoto.store.models import ScopeType

Answer = dict[str, Any]


def questions_of(document: Object) -> int:
    """What a search counts as; with a context policies judge each result of a page.

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
    """Who may do the action to the resource.

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
    if subject.type != USER or place is None or name is None:
        return _results([], None, document)
    context = context_for_policies(asked)
    page = permissions.list_users(name, *place, after=after, limit=limit, context=context)
    return _results(users_shown(page.ids), page.next_after, document)


def search_resources(caller_id: int, document: Object) -> Answer:
    """To which resources of the type the subject may do the action; raises as ``search_subjects``.

    Everybody may search for themselves.
    """
    resource = entity_of(document, "resource", searched=True)
    subject, action = entity_of(document, "subject"), action_of(document)
    asked = Evaluation(subject, action, resource, context_of(document))
    limit, after = _page(document)
    words = Vocabulary()
    user_id, name = words.user_id(subject), words.permission(action, resource.type)
    Evaluator(caller_id).demand_insight(user_id)
    if user_id is None or name is None:
        return _results([], None, document)
    if resource.type in GLOBAL_TYPES:
        allowed = permissions.allowed_permissions(
            user_id, ScopeType.GLOBAL.value, context=context_for_policies(asked)
        )
        found = [{"type": resource.type, "id": resource.type}]
        return _results(found if name in allowed else [], None, document)
    server_id = server_of_type(resource.type)
    scope = resource.type if server_id is None else ScopeType.CHANNEL.value
    if scope not in MODELS:
        return _results([], None, document)
    context = context_for_policies(asked)
    page = permissions.list_resources(user_id, name, scope, server_id, after, limit, context)
    return _results(resources_shown(resource.type, page.ids), page.next_after, document)


def search_actions(caller_id: int, document: Object) -> Answer:
    """What the subject may do to the resource; raises as ``search_resources``."""
    subject, resource = entity_of(document, "subject"), entity_of(document, "resource")
    asked = Evaluation(subject, Action(""), resource, context_of(document))
    limit, after = _page(document)
    words = Vocabulary()
    user_id, place = words.user_id(subject), words.place(resource)
    evaluator = Evaluator(caller_id)
    evaluator.demand_insight(user_id)
    if user_id is None or place is None or not evaluator.sees(place):
        return _results([], None, document)
    start = after or 0
    names = _names(user_id, place, resource, context_for_policies(asked))
    found = [{"name": name} for name in names[start : start + limit]]
    end = start + limit if start + limit < len(names) else None
    return _results(found, end, document)


def _names(user_id: int, place: Place, resource: Entity, context: Object | None) -> list[str]:
    """The permissions by their names as actions on such a resource, policies heard."""
    names = permissions.allowed_permissions(user_id, *place, context=context)
    if server_of_type(resource.type) is None:
        return names
    # An action of another application is called as it calls it: "read", not "record.read".
    prefix = f"{resource.type}."
    return [name.removeprefix(prefix) for name in names if name.startswith(prefix)]


def _page(document: Object) -> tuple[int, int | None]:
    limit, token = page_of(document)
    return limit, start_of(token, document)


def _results(found: list[Any], after: int | None, document: Object) -> Answer:
    page = {"next_token": token_of(after, document), "count": len(found)}
    return {"results": found, "page": page}
