"""AuthZEN requests as values: required and ignored fields.

https://openid.net/specs/authorization-api-1_0.html, sections 5 to 8. Unknown fields are ignored; a
required one that is missing, or of a wrong type, makes the request malformed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from werkzeug import Request
from werkzeug.exceptions import BadRequest

from yoto.errors import ValidationFailed
from yoto.http.rest import json_document
from yoto.permission import CONTEXT_DEPTH, RequestContext, checked_context

Object = Mapping[str, Any]

ID_LENGTH = 256  # characters of the longest name
PAGE_DEFAULT, PAGE_MAX = 100, 1_000
NOTHING: Object = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Entity:
    """A subject or a resource; without ``id`` if it is searched for."""

    type: str
    id: str = ""
    properties: Object = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Action:
    """The action of a question."""

    name: str
    properties: Object = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """May the subject do the action to the resource?"""

    subject: Entity
    action: Action
    resource: Entity
    context: RequestContext | None = None


def malformed(where: str, what: str) -> BadRequest:
    """A 400 that names the field."""
    error = BadRequest(f"{where}: {what}")
    error.data = {"errors": {where: [what]}}  # type: ignore[attr-defined]
    return error


def document_of(request: Request) -> Object:
    """The body of a request.

    Raises:
        BadRequest: it is no JSON object, or does not say that it is JSON.
    """
    if not request.is_json:
        raise malformed("body", "must be sent as application/json")
    try:
        document = json_document(request.get_data())
    except (ValueError, RecursionError):
        raise malformed("body", "is no JSON document that can be read") from None
    return _object(document, "body")


def evaluation_of(document: Object, defaults: Object | None = None) -> Evaluation:
    """One evaluation; keys that it leaves out are taken from ``defaults``.

    A key that is present replaces the whole default; nothing missing in it is filled in.

    Raises:
        BadRequest: something is missing or of a wrong type.
    """
    merged = dict(document)
    for key in ("subject", "action", "resource", "context"):
        if defaults is not None and key in defaults:
            merged.setdefault(key, defaults[key])
    return Evaluation(
        entity_of(merged, "subject"),
        action_of(merged),
        entity_of(merged, "resource"),
        context_of(merged),
    )


def entity_of(document: Object, key: str, *, searched: bool = False) -> Entity:
    """The subject or resource of a document; if it is ``searched``, only the type matters."""
    found = _object(document.get(key), key)
    id_ = "" if searched else _text(found.get("id"), f"{key}.id")
    return Entity(_text(found.get("type"), f"{key}.type"), id_, _properties(found, key))


def action_of(document: Object) -> Action:
    """The action of a document."""
    found = _object(document.get("action"), "action")
    return Action(_text(found.get("name"), "action.name"), _properties(found, "action"))


def context_of(document: Object) -> RequestContext | None:
    """The context of a document, if it has one."""
    context = document.get("context")
    return None if context is None else bounded(_object(context, "context"), "context")


def bounded_defaults(document: Object) -> Object:
    """A document with context and properties within their bounds, checked once for all items.

    Raises:
        BadRequest: they are not.
    """
    defaults = dict(document)
    if defaults.get("context") is not None:
        defaults["context"] = context_of(document)
    for key in ("subject", "action", "resource"):
        found = defaults.get(key)
        if isinstance(found, dict) and isinstance(found.get("properties"), dict):
            defaults[key] = found | {"properties": _properties(found, key)}
    return defaults


def bounded(found: Object, where: str, depth: int = CONTEXT_DEPTH) -> RequestContext:
    """The part of a document that policies may read, within its bounds.

    Raises:
        BadRequest: it is too long, or nested too deeply.
    """
    try:
        checked = checked_context(found, where, depth=depth)
    except ValidationFailed as error:
        raise malformed(where, error.errors[where][0]) from None
    assert checked is not None
    return checked


def page_of(document: Object) -> tuple[int, str | None]:
    """The number of results wanted, and the token to go on from."""
    page = document.get("page")
    if page is None:
        return PAGE_DEFAULT, None
    page = _object(page, "page")
    limit = page.get("limit", PAGE_DEFAULT)
    if type(limit) is not int or limit < 1:
        raise malformed("page.limit", "must be a positive integer")
    token = page.get("token")
    if token is not None and not isinstance(token, str):
        raise malformed("page.token", "must be a string")
    return min(limit, PAGE_MAX), token or None


def _object(value: Any, where: str) -> Object:
    if value is None:
        raise malformed(where, "is missing")
    if not isinstance(value, dict):
        raise malformed(where, "must be an object")
    return value


def _text(value: Any, where: str) -> str:
    if value is None:
        raise malformed(where, "is missing")
    if not isinstance(value, str):
        raise malformed(where, "must be a string")
    if not 1 <= len(value) <= ID_LENGTH:
        raise malformed(where, f"must have 1 to {ID_LENGTH} characters")
    return value


def _properties(found: Object, key: str) -> Object:
    properties = found.get("properties")
    if properties is None:
        return NOTHING
    return bounded(_object(properties, f"{key}.properties"), f"{key}.properties")
