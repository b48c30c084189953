"""The routes of the control API, made from declared operations."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import Any

import marshmallow as ma
from marshmallow.validate import OneOf, Range

from yoto.errors import UnknownResource
from yoto.http.acts import author
from yoto.http.control_api import ActSchema, ControlBlueprint, right
from yoto.http.fields import Flag, Instant, Whole
from yoto.http.preconditions import etag, if_match_given, may_compare
from yoto.operate.operation import Operation, Parameter, Subject, choices_of, fields_of

Fields = dict[str, ma.fields.Field[Any]]
PLAIN: Mapping[Any, type[ma.fields.Field[Any]]] = {
    int: ma.fields.Integer,
    float: ma.fields.Float,
    str: ma.fields.String,
    bool: Flag,
    datetime: Instant,
}


def blueprint(subject: Subject) -> ControlBlueprint:
    """All routes of a subject."""
    made = ControlBlueprint(f"{subject.name}_control", __name__, subject.path, subject.title)
    schemas = Schemas(subject.names)
    for operation in subject.operations:
        _add(made, schemas, operation, subject.noun)
    return made


class Schemas:
    """The schemas that document and write what operations of a subject answer, one a class."""

    def __init__(self, names: Mapping[type, str]) -> None:
        """``names`` as in ``Subject``."""
        self._names = names
        self._made: dict[type, type[ma.Schema]] = {}

    def of(self, shape: type) -> type[ma.Schema]:
        """The schema of a class."""
        if shape not in self._made:
            fields = {one.name: self._field(one) for one in fields_of(shape)}
            name = f"{self._names.get(shape, shape.__name__)}Schema"
            self._made[shape] = type(name, (ma.Schema,), fields)
        return self._made[shape]

    def _field(self, one: Parameter) -> ma.fields.Field[Any]:
        if one.type in PLAIN or choices_of(one.type) is not None:
            return _field(one, _options(one))
        nested = ma.fields.Nested(self.of(one.type), **({} if one.many else _options(one)))
        return ma.fields.List(nested, **_options(one)) if one.many else nested


def _add(made: ControlBlueprint, schemas: Schemas, operation: Operation, noun: str) -> None:
    taken = {one.common for one in operation.parameters}

    def view(*given: dict[str, Any], **path: Any) -> Any:
        with _seen(operation) as version:
            found = operation.function(
                **path,
                **(given[0] if given else {}),
                **({"by": author()} if "author" in taken else {}),
                **({"version": version} if "version" in taken else {}),
            )
        if found is None:
            raise UnknownResource(noun, *path.values())
        tag = _value(found, "version")
        return found, 200, {} if tag is None else etag(tag)

    view.__name__ = operation.function.__name__
    view.__doc__ = inspect.getdoc(operation.function)
    view = made.response(200, schemas.of(operation.answer.type))(view)
    if "version" in taken:
        view = may_compare(made)(view)
    if operation.conflicts:
        view = made.alt_response(409, "CONFLICT")(view)
    arguments = _arguments(operation)
    if arguments is not None:
        location = "query" if operation.method == "GET" else "json"
        view = made.arguments(arguments, location=location)(view)
    view = right(operation.right)(view)
    # Names are any text, and two slashes in a row are not one.
    made.route(operation.path, methods=[operation.method], merge_slashes=False)(view)


def _seen(operation: Operation) -> AbstractContextManager[int | None]:
    if any(one.common == "version" for one in operation.parameters):
        return if_match_given()
    return nullcontext()


def _value(found: Any, name: str) -> Any:
    return found.get(name) if isinstance(found, Mapping) else getattr(found, name, None)


def _arguments(operation: Operation) -> type[ma.Schema] | None:
    """What comes in the query or the body; None: nothing does."""
    strict = operation.method != "GET"
    fields: Fields = {
        one.name: _taken(one, strict)
        for one in operation.parameters
        if one.name not in operation.in_path and one.common not in ("reason", "author", "version")
    }
    acts = any(one.common == "reason" for one in operation.parameters)
    if not fields and not acts:
        return None
    named = operation.body or operation.function.__name__
    base: type[ma.Schema] = ActSchema if acts else ma.Schema
    made: type[ma.Schema] = type(f"{named}Schema", (base,), dict(fields))
    return made


def _taken(one: Parameter, strict: bool) -> ma.fields.Field[Any]:
    options = _options(one, load_default=one.default if not one.required else ma.missing)
    if one.type is int and one.bounds is not None:
        if strict:
            return Whole(*one.bounds, **options)
        return ma.fields.Integer(validate=Range(*one.bounds), **options)
    return _field(one, options)


def _field(one: Parameter, options: dict[str, Any]) -> ma.fields.Field[Any]:
    choices = choices_of(one.type)
    inner = {} if one.many else options
    if choices is None:
        made = PLAIN[one.type](**inner)
    else:
        made = ma.fields.String(validate=OneOf(choices), **inner)
    return ma.fields.List(made, **options) if one.many else made


def _options(one: Parameter, **more: Any) -> dict[str, Any]:
    options: dict[str, Any] = (
        {"metadata": {"description": one.description}} if one.description else {}
    )
    if one.required:
        return {"required": True, "allow_none": one.optional, **options}
    return {"allow_none": one.optional, **options, **more}
