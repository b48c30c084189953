"""The routes of the control API, made from declared operations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from datetime import datetime
from functools import cache, partial, wraps
from typing import Any, TypeAlias, get_args, get_origin

import marshmallow as ma
from marshmallow.utils import get_value
from marshmallow.validate import OneOf, Range

from yoto.errors import UnknownResource
from yoto.http.acts import author
from yoto.http.context import read_only
from yoto.http.control_api import ActSchema, ControlBlueprint, right
from yoto.http.fields import EpochInstant, Flag, Instant, NodeId
from yoto.http.idempotency import secret_answer
from yoto.http.paging import Page, page_of
from yoto.http.preconditions import edits, etag, if_match
from yoto.moments import Since1970
from yoto.nodes import NodeId as ResourceId
from yoto.operate.operation import REQUIRED, Between, Operation, Parameter, Subject, parts_of

Field: TypeAlias = ma.fields.Field[Any]
PLAIN: Mapping[Any, type[Field]] = ma.Schema.TYPE_MAPPING | {
    bool: Flag,
    datetime: Instant,
    Any: ma.fields.Raw,
    ResourceId: NodeId,
}
# What the API document calls classes that have another name there.
NAMES: dict[type, str] = {}


def blueprint(subject: Subject) -> ControlBlueprint:
    """All routes of a subject."""
    made = ControlBlueprint(f"{subject.name}_control", __name__, subject.path, subject.title)
    NAMES.update(subject.names)
    for operation in subject.operations:
        _add(made, operation, subject.noun)
    return made


def schema_of(shape: Any) -> Any:
    """The schema that documents and writes objects of a class, or pages of them."""
    if get_origin(shape) is Page:
        return page_of(schema_of(*get_args(shape)))
    return _schema(NAMES.get(shape, shape.__name__), ma.Schema, True, *parts_of(shape))


def field_of(one: Parameter, strict: bool = True) -> Field:
    """The field for what is taken, or for a part of an answer, which there must be.

    Args:
        strict: whether numbers are JSON's; those of a query are text.
    """
    kind, options = one.kind, dict[str, Any](allow_none=one.optional)
    options |= {"required": True} if one.default is REQUIRED else {"load_default": one.default}
    if (words := one.note(str)) is not None:
        options["metadata"] = {"description": words}
    if (special := one.note(partial)) is not None:
        made: Field = special.func(*special.args, **options | special.keywords)
        return made
    if one.note(Since1970) is not None:
        return EpochInstant(**options)
    if one.choices is not None:
        return ma.fields.String(validate=OneOf(list(one.choices)), **options)
    if get_origin(kind) in (list, tuple, Sequence):
        return ma.fields.List(field_of(one.inner), **options)
    if one.is_mapping:
        return ma.fields.Dict(ma.fields.String(), field_of(one.inner), **options)
    if (bounds := one.note(Between)) is not None:
        least, most, above = bounds
        options["validate"] = Range(least, most, min_inclusive=not above)
        options |= {"strict": strict} if kind is int else {}
    return PLAIN[kind](**options) if kind in PLAIN else ma.fields.Nested(schema_of(kind), **options)


def _add(made: ControlBlueprint, operation: Operation, noun: str) -> None:
    by, seen = operation.takes("author"), operation.takes("version")
    must_say = seen is not None and seen.default is REQUIRED

    @wraps(operation.function)
    def run(*given: dict[str, Any], **path: Any) -> Any:
        with nullcontext() if seen is None else if_match(must_say) as version:
            found = operation.function(
                **path,
                **(given[0] if given else {}),
                **({} if by is None else {by.name: author()}),
                **({} if seen is None else {seen.name: version}),
            )
        if operation.answer is None:
            return None
        if found is None:
            raise UnknownResource(noun, *path.values())
        tag = get_value(found, "version", None) if operation.tagged else None
        return found, operation.status, {} if tag is None else etag(tag)

    shape = None if operation.answer is None else schema_of(operation.answer)
    view = made.response(operation.status if shape else 204, shape)(run)
    if seen is not None:
        view = edits(made, must_say)(view)
    if operation.refuses:
        view = made.alt_response(422, "UNPROCESSABLE_ENTITY")(view)
    arguments = body_of(operation)
    if arguments is not None:
        at = "query" if operation.method == "GET" else "json"
        view = made.arguments(arguments, location=at)(view)
    view = right(operation.right)(view)
    if not operation.changes:
        view = read_only(view)
    if operation.secret:
        view = secret_answer(view)
    # Names are any text, and two slashes in a row are not one.
    made.route(operation.path, methods=[operation.method], merge_slashes=False)(view)


def body_of(operation: Operation) -> type[ma.Schema] | None:
    """What comes in the query or the body; None: nothing does."""
    asked = (one for one in operation.parameters if one.common in (None, "until"))
    taken = [one for one in asked if not operation.in_path(one.name)]
    base = ActSchema if operation.takes("reason") else ma.Schema
    if not taken:
        return base if base is ActSchema else None
    name = operation.body or operation.function.__name__
    return _schema(name, base, operation.method != "GET", *taken)


@cache
def _schema(name: str, base: type[ma.Schema], strict: bool, *taken: Parameter) -> type[ma.Schema]:
    """The schema of a name; what is alike is one, wherever it is declared."""
    fields = {one.name: field_of(one, strict) for one in taken}
    return type(f"{name}Schema", (base,), fields)
