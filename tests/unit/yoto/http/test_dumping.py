"""Prepared functions dump the same as marshmallow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from random import Random
from types import MappingProxyType, SimpleNamespace
from typing import Any

import marshmallow as ma
import pytest

import app.blueprints  # noqa: F401  # declares the schemas
from app.blueprints.messages.views import MessageSchema
from app.models import ChannelKind
from yoto.http.dumping import prepared, quicken
from yoto.http.fields import EpochInstant

MOMENT = datetime(2026, 11, 27, 8, 30, 0, 1, UTC)
VALUES: list[tuple[type[Any], list[Any]]] = [
    (EpochInstant, [0, 1_764_000_000.5]),
    (ma.fields.DateTime, [MOMENT, MOMENT.replace(microsecond=0)]),
    (ma.fields.Integer, [0, -1, 2**63, True]),
    (ma.fields.Float, [0.5, 2]),
    (ma.fields.Boolean, [True, False]),
    (ma.fields.String, ["", "Ahoy", "\u2028", b"bytes", ChannelKind.TEXT]),
    (ma.fields.Dict, [{}, {"a": [1]}]),
]


def schemas(base: type[ma.Schema] = ma.Schema) -> Iterator[type[ma.Schema]]:
    """All that the application declares."""
    for schema in base.__subclasses__():
        if schema.__module__.startswith("app."):
            yield schema
        yield from schemas(schema)


def value_of(field: ma.fields.Field[Any], choice: Random) -> Any:
    if field.allow_none and choice.random() < 0.2:
        return None
    if isinstance(field, ma.fields.Nested):
        if not (field.many or field.schema.many):
            return object_of(field.schema, choice)
        return [object_of(field.schema, choice) for _ in range(2)]
    if isinstance(field, ma.fields.List):
        return [value_of(field.inner, choice) for _ in range(2)]
    if isinstance(field, ma.fields.Enum):
        return choice.choice(list(field.enum))
    return choice.choice(
        next((found for kind, found in VALUES if isinstance(field, kind)), ["anything"])
    )


def object_of(schema: ma.Schema, choice: Random) -> Any:
    """An object as views return them, with all or some of what the schema names."""
    named = {field.attribute or name: field for name, field in schema.dump_fields.items()}
    whole = choice.random() < 0.7
    values = {
        name: value_of(field, choice)
        for name, field in named.items()
        # Marshmallow looks among the methods of a dictionary for a key that it lacks.
        if whole or choice.random() < 0.5 or hasattr(dict, name)
    }
    make = choice.choice([dict, MappingProxyType, lambda values: SimpleNamespace(**values)])
    return make(values)


def outcome(dump: Callable[[Any], Any], obj: Any) -> Any:
    """The dump, or the kind of error that says that something in it must not be left out."""
    try:
        return dump(obj)
    except (KeyError, TypeError) as error:
        return type(error)


@pytest.mark.parametrize("schema", sorted(set(schemas()), key=str), ids=lambda one: one.__name__)
def test_each_schema_dumps_the_same(schema: type[ma.Schema]) -> None:
    made, choice = schema(), Random(schema.__name__)
    dump = prepared(made)
    for _ in range(10):
        obj = object_of(made, choice)
        assert outcome(dump, obj) == outcome(made.dump, obj)


def test_what_writes_none_in_its_own_way_is_asked_about_it() -> None:
    class Louder(ma.fields.String):
        def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> str:
            return "nothing" if value is None else str(value).upper()

    schema = ma.Schema.from_dict({"said": Louder(), "heard": ma.fields.List(Louder())})()
    assert prepared(schema)({"said": None, "heard": ["a", None]}) == {
        "said": "nothing",
        "heard": ["A", "nothing"],
    }


def test_hooks_and_fields_that_write_no_value_are_left_to_marshmallow() -> None:
    class Signed(ma.Schema):
        id = ma.fields.Integer()
        kind = ma.fields.Constant("signed")
        size = ma.fields.Method("measure")

        def measure(self, obj: dict[str, int]) -> int:
            return len(obj)

        @ma.post_dump
        def sign(self, dumped: dict[str, Any], **options: Any) -> dict[str, Any]:
            return dumped | {"by": "us"}

    wanted = {"id": 1, "kind": "signed", "size": 1, "by": "us"}
    assert prepared(Signed())({"id": 1}) == Signed().dump({"id": 1}) == wanted


def test_a_schema_is_prepared_when_it_first_dumps() -> None:
    schema = MessageSchema()
    quicken(schema)
    now = datetime.now(UTC)
    message = {
        "id": 1,
        "channel_id": 2,
        "author": {"id": 3, "username": "mara", "display_name": "Mara"},
        "content": "Ahoy",
        "created_at": now,
        "edited_at": None,
        "pinned_at": None,
        "pinned_by": None,
    }
    wanted = message | {"created_at": now.isoformat()}
    assert schema.dump(message) == schema.dump(message) == wanted
