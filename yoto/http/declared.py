"""Routes made from declared operations: those of the control API, and those of people."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from functools import cache, wraps
from http import HTTPStatus
from pathlib import Path
from typing import Any

import marshmallow as ma
from flask import url_for
from marshmallow.utils import get_value
from marshmallow.validate import OneOf

from yoto.auth.identity import current_user_id
from yoto.errors import UnknownResource
from yoto.http.acts import author
from yoto.http.api import API_PREFIX
from yoto.http.control_api import ActSchema, ControlBlueprint, right
from yoto.http.fields import ReasonSchema
from yoto.http.files import MEDIA_TYPE, attachment, csv_lines, json_array
from yoto.http.idempotency import once, secret_answer
from yoto.http.operation import Common, Operation, Subject
from yoto.http.preconditions import edits, etag, if_match
from yoto.http.rest import RestBlueprint
from yoto.http.shapes import LEFT_OUT, NAMES, REQUIRED, Parameter, schema_named, schema_of
from yoto.request.context import read_only

FORMATS = (JSON, CSV) = ("json", "csv")
_OF_ROOMS: dict[str, ControlBlueprint] = {}
AS_CSV = {"schema": {"type": "string"}, "content_type": MEDIA_TYPE, "success": True}


class FileQuery(ma.Schema):
    """The format of a file."""

    format = ma.fields.String(load_default=JSON, validate=OneOf(FORMATS))


def as_blueprint(acts: Subject | ControlBlueprint) -> ControlBlueprint:
    """The routes that a room adds to the control plane, made once for all applications."""
    if isinstance(acts, ControlBlueprint):
        return acts
    if acts.name not in _OF_ROOMS:
        _OF_ROOMS[acts.name] = blueprint(acts)
    return _OF_ROOMS[acts.name]


def blueprint(subject: Subject) -> ControlBlueprint:
    """All routes of a subject, for operators."""
    made = ControlBlueprint(f"{subject.name}_control", __name__, subject.path, subject.title)
    NAMES.update(subject.names)
    for operation in subject.operations:
        assert isinstance(operation.right, str)
        # A name can be any text, so two slashes in a row must not become one.
        _add(made, operation, subject, right(operation.right), merge_slashes=False)
    return made


def people_blueprint(subject: Subject) -> RestBlueprint:
    """All routes of a subject, for the people of an application."""
    made = RestBlueprint(
        subject.name,
        __name__,
        url_prefix=f"{API_PREFIX}{subject.path}",
        description=subject.title,
    )
    NAMES.update(subject.names)
    for operation in subject.operations:
        _add(made, operation, subject, operation.right)
    return made


def _add(
    made: RestBlueprint, operation: Operation, subject: Subject, admit: Any, **options: Any
) -> None:
    by, seen = operation.takes(Common.AUTHOR), operation.takes(Common.VERSION)
    actor = operation.takes(Common.ACTOR)
    must_say = seen is not None and seen.default is REQUIRED
    address = None if operation.location is None else _address(subject, *operation.location)

    @wraps(operation.function)
    def run(*given: dict[str, Any], **path: Any) -> Any:
        asked = dict(given[0]) if given else {}
        form = asked.pop("format", JSON) if operation.table else JSON
        with nullcontext() if seen is None else if_match(must_say) as version:
            found = operation.function(
                **path,
                **asked,
                **({} if by is None else {by.name: author()}),
                **({} if actor is None else {actor.name: current_user_id()}),
                **({} if seen is None else {seen.name: version}),
            )
        if operation.answer is None:
            return None
        if found is None:
            raise UnknownResource(subject.noun, *path.values())
        if operation.table is not None and form == CSV:
            rows = csv_lines(operation.table.columns, map(operation.table.row, found))
            return attachment(rows, Path(operation.file or "").with_suffix(".csv").name, MEDIA_TYPE)
        if operation.file is not None:
            lines = json_array(shape.dump([one])[0] for one in found)
            return attachment(lines, operation.file)
        tag = get_value(found, "version", None) if operation.tagged else None
        headers = {} if tag is None else etag(tag)
        return found, operation.status, headers if address is None else headers | address(found)

    shape: Any = None if operation.answer is None else schema_of(operation.answer)
    view = made.response(operation.status if shape else 204, shape)(run)
    if operation.table is not None:
        view = made.alt_response(200, **AS_CSV)(view)
    if seen is not None:
        view = edits(made, must_say)(view)
    for status in operation.also:
        view = made.alt_response(status, HTTPStatus(status).name)(view)
    arguments = body_of(operation)
    if arguments is not None:
        at = "query" if operation.in_query else "json"
        view = made.arguments(arguments, location=at)(view)
    view = admit(once(view) if operation.once else view)
    if not operation.changes:
        view = read_only(view)
    if operation.secret:
        view = secret_answer(view)
    made.route(operation.path, methods=[operation.method], **options)(view)


def _address(subject: Subject, reading: str, attribute: str) -> Callable[[Any], dict[str, str]]:
    """Returns a function that makes the ``Location`` of a new thing: where ``reading`` reads it."""
    [path] = (one.path for one in subject.operations if one.function.__name__ == reading)
    [name] = re.findall(r"[<:](\w+)>", path)
    return lambda made: {"Location": url_for(f".{reading}", **{name: get_value(made, attribute)})}


def body_of(operation: Operation) -> type[ma.Schema] | None:
    """The schema of the query or the body; None: there is neither."""
    if isinstance(operation.body, type):
        return operation.body
    asked = (one for one in operation.parameters if one.note(Common) in (None, Common.UNTIL))
    taken = [one for one in asked if not operation.in_path(one.name)]
    reason = operation.takes(Common.REASON)
    base = ma.Schema if reason is None else ReasonSchema if reason.optional else ActSchema
    base = FileQuery if operation.table is not None else base
    if not taken:
        return None if base is ma.Schema else base
    name = operation.body or operation.function.__name__
    made = schema_named(name, base, not operation.in_query, *taken)
    return _with_some(made, operation.some, *taken) if operation.some else made


@cache
def _with_some(schema: type[ma.Schema], error: str, *taken: Parameter) -> type[ma.Schema]:
    """The same schema, which demands one of the parameters that may be left out."""
    names = {one.name for one in taken if one.default is LEFT_OUT}

    class Some(schema):  # type: ignore[valid-type]
        @ma.validates_schema
        def gives_some(self, data: Mapping[str, Any], **options: Any) -> None:
            if not data.keys() & names:
                raise ma.ValidationError(error)

    Some.__name__ = schema.__name__
    return Some
