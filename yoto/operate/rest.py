"""The routes of the control API, made from declared operations."""

from __future__ import annotations

from contextlib import nullcontext
from functools import wraps
from http import HTTPStatus
from pathlib import Path
from typing import Any

import marshmallow as ma
from marshmallow.utils import get_value
from marshmallow.validate import OneOf

from yoto.errors import UnknownResource
from yoto.http.acts import author
from yoto.http.control_api import ActSchema, ControlBlueprint, right
from yoto.http.files import MEDIA_TYPE, attachment, csv_lines, json_array
from yoto.http.idempotency import secret_answer
from yoto.http.preconditions import edits, etag, if_match
from yoto.http.shapes import NAMES, REQUIRED, schema_named, schema_of
from yoto.operate.operation import Common, Operation, Subject
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
    """All routes of a subject."""
    made = ControlBlueprint(f"{subject.name}_control", __name__, subject.path, subject.title)
    NAMES.update(subject.names)
    for operation in subject.operations:
        _add(made, operation, subject.noun)
    return made


def _add(made: ControlBlueprint, operation: Operation, noun: str) -> None:
    by, seen = operation.takes(Common.AUTHOR), operation.takes(Common.VERSION)
    must_say = seen is not None and seen.default is REQUIRED

    @wraps(operation.function)
    def run(*given: dict[str, Any], **path: Any) -> Any:
        asked = dict(given[0]) if given else {}
        form = asked.pop("format", JSON) if operation.table else JSON
        with nullcontext() if seen is None else if_match(must_say) as version:
            found = operation.function(
                **path,
                **asked,
                **({} if by is None else {by.name: author()}),
                **({} if seen is None else {seen.name: version}),
            )
        if operation.answer is None:
            return None
        if found is None:
            raise UnknownResource(noun, *path.values())
        if operation.table is not None and form == CSV:
            rows = csv_lines(operation.table.columns, map(operation.table.row, found))
            return attachment(rows, Path(operation.file or "").with_suffix(".csv").name, MEDIA_TYPE)
        if operation.file is not None:
            lines = json_array(shape.dump([one])[0] for one in found)
            return attachment(lines, operation.file)
        tag = get_value(found, "version", None) if operation.tagged else None
        return found, operation.status, {} if tag is None else etag(tag)

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
        at = "query" if operation.method == "GET" else "json"
        view = made.arguments(arguments, location=at)(view)
    view = right(operation.right)(view)
    if not operation.changes:
        view = read_only(view)
    if operation.secret:
        view = secret_answer(view)
    # A name can be any text, so two slashes in a row must not become one.
    made.route(operation.path, methods=[operation.method], merge_slashes=False)(view)


def body_of(operation: Operation) -> type[ma.Schema] | None:
    """The schema of the query or the body; None: there is neither."""
    asked = (one for one in operation.parameters if one.note(Common) in (None, Common.UNTIL))
    taken = [one for one in asked if not operation.in_path(one.name)]
    base = ActSchema if operation.takes(Common.REASON) else ma.Schema
    base = FileQuery if operation.table is not None else base
    if not taken:
        return None if base is ma.Schema else base
    name = operation.body or operation.function.__name__
    return schema_named(name, base, operation.method != "GET", *taken)
