"""Schemas made from annotations.

Annotations are plain types (``int``, ``str``, ``bool``, ``datetime``, ``Literal``, lists, mappings,
a ``TypedDict`` or dataclass, or one of these with ``None``), with a text for their description,
``Between`` for their bounds, a validator, or a ``partial`` of a marshmallow field where plain types
say too little.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from functools import cache, partial
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias, TypeVar, get_args, get_origin

import marshmallow as ma
from marshmallow.validate import OneOf, Range, Validator

from yoto.http.fields import EpochInstant, Flag, Instant, NodeId
from yoto.http.paging import Page, page_of
from yoto.moments import Since1970
from yoto.nodes import NodeId as ResourceId

N = TypeVar("N")
REQUIRED = inspect.Parameter.empty
# The default of a parameter that the function is not given when a request leaves it out.
LEFT_OUT: Any = ma.missing

Field: TypeAlias = ma.fields.Field[Any]
PLAIN: Mapping[Any, type[Field]] = ma.Schema.TYPE_MAPPING | {
    bool: Flag,
    datetime: Instant,
    Any: ma.fields.Raw,
    ResourceId: NodeId,
}
# Names in the API document of classes that have another name there, or their schemas.
NAMES: dict[Any, Any] = {}


class Between(NamedTuple):
    """The bounds of a number, both included; ``above``: the least is not."""

    least: float
    most: float
    above: bool = False


class Seconds(Between):
    """The bounds of how long something lasts; at a terminal it is written like 90, 15m or 2h."""


class Parameter(NamedTuple):
    """A parameter of an operation, or a part of its result, from an annotation.

    The annotation is like ``Annotated[kind | None, *notes]``; ``REQUIRED`` is the default of a
    mandatory one.
    """

    name: str
    kind: Any
    optional: bool = False
    notes: tuple[Any, ...] = ()
    default: Any = REQUIRED

    def note(self, kind: type[N]) -> N | None:
        """The note of a kind: a text describes, ``Between`` bounds a number."""
        return next((one for one in self.notes if isinstance(one, kind)), None)

    @property
    def inner(self) -> Parameter:
        """One item of the list that it is, or one value of the mapping."""
        return taken_apart("", [one for one in get_args(self.kind) if one is not ...][-1])

    @property
    def is_mapping(self) -> bool:
        """Whether it is a mapping."""
        return get_origin(self.kind) in (dict, Mapping)

    @property
    def choices(self) -> Iterable[str] | None:
        """The texts that it may be; None: any."""
        if get_origin(self.kind) is Literal:
            return get_args(self.kind)
        if isinstance(self.kind, type) and issubclass(self.kind, StrEnum):
            return [one.value for one in self.kind]
        found = self.note(OneOf)
        return None if found is None else found.choices


@cache
def schema_of(shape: Any) -> Any:
    """The schema that documents and writes objects of a class, pages of them, or lists of them."""
    named = NAMES.get(shape)
    if named is not None and not isinstance(named, str):
        return named
    if get_origin(shape) is Page:
        return page_of(schema_of(*get_args(shape)))
    if get_origin(shape) is Iterator:
        return schema_of(*get_args(shape))(many=True)
    return schema_named(named or shape.__name__, ma.Schema, True, *parts_of(shape))


def field_of(one: Parameter, strict: bool = True) -> Field:
    """The field for input, or for a part of a response, which must be present.

    Args:
        strict: whether numbers are JSON numbers; in a query they are text.
    """
    kind, options = one.kind, dict[str, Any](allow_none=one.optional)
    default = tuple if one.default == () else one.default  # a function is not in the document
    options |= {"required": True} if one.default is REQUIRED else {"load_default": default}
    if (words := one.note(str)) is not None:
        options["metadata"] = {"description": words}
    if (special := one.note(partial)) is not None:
        made: Field = special.func(*special.args, **options | special.keywords)
        return made
    if one.note(Since1970) is not None:
        return EpochInstant(**options)
    checks = [found for found in one.notes if isinstance(found, Validator)]
    if one.choices is not None:
        return ma.fields.String(validate=checks or OneOf(list(one.choices)), **options)
    if get_origin(kind) in (list, tuple, Sequence):
        return ma.fields.List(field_of(one.inner), validate=checks or None, **options)
    if one.is_mapping:
        return ma.fields.Dict(ma.fields.String(), field_of(one.inner), **options)
    if (bounds := one.note(Between)) is not None:
        least, most, above = bounds
        checks.append(Range(least, most, min_inclusive=not above))
        options |= {"strict": strict} if kind is int else {}
    if kind not in PLAIN:
        return ma.fields.Nested(schema_of(kind), **options)
    plain = ma.fields.Boolean if kind is bool and not strict else PLAIN[kind]
    return plain(validate=checks or None, **options)


@cache
def schema_named(
    name: str, base: type[ma.Schema], strict: bool, *taken: Parameter
) -> type[ma.Schema]:
    """The schema of this name; equal declarations share one, wherever they are."""
    fields = {one.name: field_of(one, strict) for one in taken}
    return type(f"{name}Schema", (base,), fields)


def parts_of(thing: Any) -> list[Parameter]:
    """A function's parameters and, last, its result; the fields of a ``TypedDict`` or dataclass.

    The fields of a ``TypedDict`` in ``**name: Unpack[...]`` count as parameters; if it is not
    ``total``, each of them may be left out.
    """
    defaults = {} if isinstance(thing, type) else inspect.signature(thing).parameters
    found: list[Parameter] = []
    for name, hint in typing.get_type_hints(thing, include_extras=True).items():
        if get_origin(hint) is typing.Unpack:
            found += map(_unpacked(*get_args(hint)), parts_of(*get_args(hint)))
        elif get_origin(hint) is not typing.ClassVar:
            default = defaults[name].default if name in defaults else REQUIRED
            found.append(taken_apart(name, hint)._replace(default=default))
    return found


def _unpacked(shape: Any) -> Callable[[Parameter], Parameter]:
    """Gives its default to a parameter from a ``TypedDict``."""
    if not shape.__total__:
        return lambda one: one._replace(default=LEFT_OUT)
    return lambda one: one._replace(default=None) if one.optional else one


def taken_apart(name: str, hint: Any) -> Parameter:
    """An annotation in its parts."""
    if get_origin(hint) is Annotated:
        hint, *notes = get_args(hint)
        found = taken_apart(name, hint)
        return found._replace(notes=(*notes, *found.notes))
    if get_origin(hint) not in (typing.Union, UnionType):
        return Parameter(name, None if hint is NoneType else hint)
    kinds = [one for one in get_args(hint) if one is not NoneType]
    several: Any = typing.Union[tuple(kinds)]
    found = taken_apart(name, kinds[0]) if len(kinds) == 1 else Parameter(name, several)
    return found._replace(optional=NoneType in get_args(hint))
