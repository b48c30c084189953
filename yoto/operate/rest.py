"""The routes of the control API, made from declared operations."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from contextlib import nullcontext
from datetime import datetime
from typing import Any, TypeAlias, get_args, get_origin

import marshmallow as ma
from marshmallow.validate import OneOf, Range

from yoto.errors import UnknownResource
from yoto.http.acts import author
from yoto.http.control_api import ActSchema, ControlBlueprint, right
from yoto.http.fields import Flag, Instant
from yoto.http.preconditions import etag, if_match_given, may_compare
from yoto.operate.operation import REQUIRED, Between, Operation, Subject, hints_of, taken_apart

Field: TypeAlias = ma.fields.Field[Any]
PLAIN: Mapping[Any, type[Field]] = {
    int: ma.fields.Integer,
    float: ma.fields.Float,
    str: ma.fields.String,
    bool: Flag,
    datetime: Instant,
    Any: ma.fields.Raw,
}


def blueprint(subject: Subject) -> ControlBlueprint:
    """All routes of a subject."""
    made = ControlBlueprint(f"{subject.name}_control", __name__, subject.path, subject.title)
    schemas = Schemas(subject.names)
    for operation in subject.operations:
        _add(made, schemas, operation, subject.noun)
    return made


class Schemas:
    """Schemas and fields made from classes and annotations, of each class one."""

    def __init__(self, names: Mapping[type, str]) -> None:
        """``names`` as in ``Subject``."""
        self._names = names
        self._made: dict[type, type[ma.Schema]] = {}

    def of(self, shape: type) -> type[ma.Schema]:
        """The schema that documents and writes objects of a class."""
        if shape not in self._made:
            fields = {name: self.field(hint) for name, hint in hints_of(shape).items()}
            self._made[shape] = _schema(self._names.get(shape, shape.__name__), ma.Schema, fields)
        return self._made[shape]

    def field(self, hint: Any, default: Any = REQUIRED, strict: bool = True) -> Field:
        """The field for an annotation.

        Args:
            strict: whether numbers are JSON's; those of a query are text.
        """
        parts = taken_apart(hint)
        kind = parts.kind
        options: dict[str, Any] = {"allow_none": parts.optional}
        options |= {"required": True} if default is REQUIRED else {"load_default": default}
        if (words := parts.note(str)) is not None:
            options["metadata"] = {"description": words}
        inner = get_args(kind)
        if parts.choices is not None:
            return ma.fields.String(validate=OneOf(list(parts.choices)), **options)
        if get_origin(kind) in (list, tuple):
            return ma.fields.List(self.field(inner[0]), **options)
        if get_origin(kind) is dict:
            return ma.fields.Dict(ma.fields.String(), self.field(inner[1]), **options)
        if (bounds := parts.note(Between)) is not None:
            least, most, above = bounds
            options["validate"] = Range(least, most, min_inclusive=not above)
            options |= {"strict": strict} if kind is int else {}
        return (
            PLAIN[kind](**options) if kind in PLAIN else ma.fields.Nested(self.of(kind), **options)
        )


def _add(made: ControlBlueprint, schemas: Schemas, operation: Operation, noun: str) -> None:
    taken = {one.common for one in operation.parameters}

    def view(*given: dict[str, Any], **path: Any) -> Any:
        with if_match_given() if "version" in taken else nullcontext() as version:
            found = operation.function(
                **path,
                **(given[0] if given else {}),
                **({"by": author()} if "author" in taken else {}),
                **({"version": version} if "version" in taken else {}),
            )
        if found is None:
            raise UnknownResource(noun, *path.values())
        tag = found.get("version") if isinstance(found, dict) else None
        return found, 200, {} if tag is None else etag(tag)

    view.__name__ = operation.function.__name__
    view.__doc__ = inspect.getdoc(operation.function)
    view = made.response(200, schemas.of(operation.answer))(view)
    if "version" in taken:
        view = may_compare(made)(view)
    if operation.conflicts:
        view = made.alt_response(409, "CONFLICT")(view)
    arguments = _arguments(schemas, operation)
    if arguments is not None:
        location = "query" if operation.method == "GET" else "json"
        view = made.arguments(arguments, location=location)(view)
    view = right(operation.right)(view)
    # Names are any text, and two slashes in a row are not one.
    made.route(operation.path, methods=[operation.method], merge_slashes=False)(view)


def _arguments(schemas: Schemas, operation: Operation) -> type[ma.Schema] | None:
    """What comes in the query or the body; None: nothing does."""
    strict = operation.method != "GET"
    fields = {
        one.name: schemas.field(one.hint, one.default, strict)
        for one in operation.parameters
        if one.name not in operation.in_path and one.common in (None, "until")
    }
    acts = any(one.common == "reason" for one in operation.parameters)
    base = ActSchema if acts else ma.Schema
    if not fields:
        return base if acts else None
    return _schema(operation.body or operation.function.__name__, base, fields)


def _schema(name: str, base: type[ma.Schema], fields: Mapping[str, Field]) -> type[ma.Schema]:
    return type(f"{name}Schema", (base,), dict(fields))
