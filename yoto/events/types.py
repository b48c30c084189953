"""Typed events: a fact is one frozen object, named once, encoded as JSON.

Scripts write events too. The ``data`` that a script writes must decode into the class of its type;
a field that a class does not know is skipped, so a newer writer does not break an older reader.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import msgspec

from yoto.errors import ConfigurationError


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all events. Register a subclass with ``@event_type("dotted.name")``."""

    type: ClassVar[str] = ""


class UnknownEvent(Event, frozen=True, kw_only=True):
    """An entry of a type, or with data, that this process does not understand.

    Attributes:
        name: the type name as written.
        data: the JSON value as written, or None when it was no JSON.
    """

    name: str
    data: Any = None


E = TypeVar("E", bound=Event)

_classes: dict[str, type[Event]] = {}
_decoders: dict[str, msgspec.json.Decoder[Any]] = {}
_encoder = msgspec.json.Encoder()


def event_type(name: str) -> Callable[[type[E]], type[E]]:
    """Class decorator: register an event class under its type name.

    Raises:
        ConfigurationError: another class has the name already.
    """

    def register(cls: type[E]) -> type[E]:
        known = _classes.get(name)
        if known is not None and known.__qualname__ != cls.__qualname__:
            raise ConfigurationError(name, f"is the event type of {known.__qualname__} already")
        cls.type = name
        _classes[name] = cls
        # Lua writes whole numbers as 1e+15 or as text at times; strict decoding would refuse them.
        _decoders[name] = msgspec.json.Decoder(cls, strict=False)
        return cls

    return register


def registered_types() -> dict[str, type[Event]]:
    """Type name to class, a copy."""
    return dict(_classes)


def encode(event: Event) -> bytes:
    """The ``data`` field of an event: JSON, UTF-8."""
    return _encoder.encode(event)


def decode(name: str, data: bytes) -> Event:
    """The event of a stream entry; an ``UnknownEvent`` when it cannot be understood."""
    decoder = _decoders.get(name)
    try:
        if decoder is not None:
            return decoder.decode(data)  # type: ignore[no-any-return]
        return UnknownEvent(name=name, data=msgspec.json.decode(data))
    except msgspec.MsgspecError:
        return UnknownEvent(name=name, data=_loose(data))


def _loose(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data)
    except msgspec.MsgspecError:
        return None
