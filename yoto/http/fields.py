"""Field types of the REST API: the form of text, numbers and times from outside."""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import marshmallow as ma
from marshmallow.validate import Length, OneOf, Range

from yoto.errors import ValidationFailed
from yoto.moments import FIRST_YEAR, LAST_YEAR, YEARS
from yoto.nodes import GLOBAL_KIND, MAX_ID
from yoto.nodes import NodeId as ResourceId
from yoto.permission import CONTEXT_BYTES, CONTEXT_DEPTH, checked_context, node_of_text
from yoto.store.resources import ResourceType, known_types

EXACT_MAX = 2**53 - 1  # the largest integer that is exact as a JSON number everywhere
# Control characters, and lone surrogates, which no database encodes.
REFUSED_CATEGORIES = frozenset({"Cc", "Cs"})
LINE_CHARACTERS = frozenset("\n\t")


def row_id(text: str) -> int | None:
    """The id that a text spells in ASCII digits; None: none that a row could have."""
    # ``isdecimal`` alone takes digits of all scripts, and any number of them.
    if not text.isascii() or not text.isdecimal() or len(text) > len(str(MAX_ID)):
        return None
    number = int(text)
    return number if 1 <= number <= MAX_ID else None


class Text(ma.fields.String):
    """Trimmed text of a bounded length, of one line or of several.

    Args:
        max_length: characters after trimming.
        min_length: characters after trimming.
        lines: whether line breaks and tabs are allowed.
    """

    default_error_messages = {
        "characters": "Control characters are not allowed.",
    }

    def __init__(
        self, max_length: int, *, min_length: int = 0, lines: bool = False, **options: Any
    ) -> None:
        super().__init__(validate=Length(min=min_length, max=max_length), **options)
        self.lines = lines

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        text = super()._deserialize(value, attr, data, **options).strip().replace("\r\n", "\n")
        if not text.isprintable() and any(self._refuses(character) for character in text):
            raise self.make_error("characters")
        return text

    def _refuses(self, character: str) -> bool:
        if self.lines and character in LINE_CHARACTERS:
            return False
        return unicodedata.category(character) in REFUSED_CATEGORIES


class Name(Text):
    """A name people read: one line, never empty."""

    def __init__(self, max_length: int, **options: Any) -> None:
        super().__init__(max_length, min_length=1, **options)


class Whole(ma.fields.Integer):
    """A JSON integer within bounds; text and fractions are refused."""

    def __init__(self, minimum: int, maximum: int, **options: Any) -> None:
        super().__init__(strict=True, validate=Range(min=minimum, max=maximum), **options)


class RowId(Whole):
    """The id of a row in a JSON body."""

    def __init__(self, **options: Any) -> None:
        super().__init__(1, MAX_ID, **options)


class _Declared(OneOf):
    """Names of types of resources: those that the current application declares."""

    def __init__(self, everywhere: bool) -> None:
        self._everywhere = everywhere
        self.labels, self.labels_text, self.error = [], "", self.default_message

    @property
    def choices(self) -> list[str]:  # type: ignore[override]
        """The names, in the order in which they were declared."""
        return [
            *([GLOBAL_KIND] if self._everywhere else []),
            *(one.name for one in known_types() if one.askable),
        ]

    @property
    def choices_text(self) -> str:  # type: ignore[override]
        """The same for people."""
        return ", ".join(self.choices)

    def _repr_args(self) -> str:
        return f"everywhere={self._everywhere!r}"


class TypeName(ma.fields.String):
    """The name of a type of resources that permissions can be checked at.

    Args:
        everywhere: ``global`` is one, too.
    """

    def __init__(self, *, everywhere: bool = True, **options: Any) -> None:
        super().__init__(validate=_Declared(everywhere), **options)


class NodeId(ma.fields.Field[Any]):
    """The id of a resource or an account: an integer or a text, as its type has it; a UUID is a
    text. An integer that JavaScript would round leaves as one, too: the number of a program.

    The type decides between the two: see ``with_node_id``.
    """

    default_error_messages = {"invalid": "Not an integer or a text."}

    def __init__(self, *, metadata: Mapping[str, Any] | None = None, **options: Any) -> None:
        merged = {"type": ["integer", "string"], **(metadata or {})}
        super().__init__(metadata=merged, **options)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> Any:
        rounded = type(value) is int and value > EXACT_MAX
        return str(value) if rounded or isinstance(value, uuid.UUID) else value

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> int | str:
        if type(value) is int or isinstance(value, str):
            return value
        raise self.make_error("invalid")


def with_node_id(
    data: dict[str, Any], type_field: str, id_field: str, *, spelled: bool = False
) -> dict[str, Any]:
    """The loaded data, its id as the type has it; without an id or a declared type, unchanged.

    Args:
        spelled: a query has it, in which integers are texts.

    Raises:
        marshmallow.ValidationError: not an id of this type; names ``id_field``.
    """
    try:
        found = declared_id(data[type_field], data[id_field], id_field, spelled=spelled)
        return {**data, id_field: found}
    except ValidationFailed as error:
        raise ma.ValidationError(dict(error.errors)) from None


def declared_id(kind: str, given: Any, field: str, *, spelled: bool = True) -> Any:
    """An id as the type has it; None, and one of a type that is not declared, as it was given.

    Raises:
        ValidationFailed: not an id of this type; names ``field``.
    """
    declared = known_types().find(kind)
    if declared is None or given is None:
        return given
    return read_id(declared, given, field, spelled=spelled)


def read_id(declared: ResourceType, given: Any, field: str, *, spelled: bool) -> ResourceId:
    """The id of a resource in JSON or, ``spelled``, in a query or a command.

    Raises:
        ValidationFailed: not an id of this type; names ``field``.
    """
    # A number that leaves as a text comes back as one.
    text = isinstance(given, str) and (spelled or (row_id(given) or 0) > EXACT_MAX)
    return declared.spelled(given, field) if text else declared.checked(given, field)


class Node(ma.fields.String):
    """A resource as one text, type and id: ``server:7``."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        text = super()._deserialize(value, attr, data, **options)
        try:
            return node_of_text(text, "node")
        except ValidationFailed as error:
            raise ma.ValidationError(list(error.errors["node"])) from None


class Flag(ma.fields.Boolean):
    """A JSON boolean and nothing that merely looks like one."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class Facts(ma.fields.Dict):
    """A JSON object that policies read; see ``checked_context`` for its bounds."""

    def __init__(
        self, *, most: int = CONTEXT_BYTES, depth: int = CONTEXT_DEPTH, **options: Any
    ) -> None:
        options = {"load_default": None, "allow_none": True} | options
        super().__init__(keys=ma.fields.String(), **options)
        self._most = most
        self._depth = depth

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        if isinstance(value, dict):
            try:
                return checked_context(value, "facts", self._most, self._depth)
            except ValidationFailed as error:
                raise ma.ValidationError(error.errors["facts"]) from None
        return super()._deserialize(value, attr, data, **options)  # type: ignore[no-untyped-call]


class Instant(ma.fields.AwareDateTime):
    """A moment in ISO 8601 with its zone; it leaves in UTC."""

    default_error_messages = {
        "years": YEARS,
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(format="iso", **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> datetime:
        moment = super()._deserialize(value, attr, data, **options)
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            raise self.make_error("years")
        return moment.astimezone(UTC)


class EpochInstant(Instant):
    """Seconds since 1970 that leave as a moment in ISO 8601."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> Any:
        if value is None:
            return None
        return datetime.fromtimestamp(value, UTC).isoformat(timespec="milliseconds")


REASON_LENGTH = 500


class ReasonSchema(ma.Schema):
    """The reason, for the audit log."""

    reason = Text(REASON_LENGTH, load_default=None)
