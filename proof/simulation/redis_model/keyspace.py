"""The keys of one server: values by key, each with an end, by a clock that somebody sets."""

from __future__ import annotations

from typing import Any, TypeVar

WRONG_TYPE = "WRONGTYPE Operation against a key holding the wrong kind of value"

Value = TypeVar("Value")
Id = tuple[int, int]


class CommandError(Exception):
    """An error that a server answers instead of a reply, such as ``WRONGTYPE ...``."""


class Status(bytes):
    """A simple string, such as ``OK``, which Lua sees as a table."""


class Scores(dict[bytes, float]):
    """A sorted set."""

    def ordered(self) -> list[tuple[float, bytes]]:
        """Score and member, in the order of Redis."""
        return sorted((score, member) for member, score in self.items())


class Group:
    """A consumer group.

    Attributes:
        pending: by id, in no order: its consumer, when it was delivered (ms), how many times.
    """

    def __init__(self, last: Id) -> None:
        self.last = last
        self.pending: dict[Id, tuple[bytes, int, int]] = {}
        self.consumers: dict[bytes, None] = {}


class Stream:
    """A stream; a ``dict`` keeps the order in which ids came, and they only grow."""

    def __init__(self) -> None:
        self.entries: dict[Id, list[bytes]] = {}
        self.last: Id = (0, 0)
        self.groups: dict[bytes, Group] = {}


class Keyspace:
    """The keys of a server.

    Attributes:
        now: microseconds since 1970 by the server's clock; set before each command.
    """

    def __init__(self) -> None:
        self.now = 0
        self.values: dict[bytes, Any] = {}
        self.ends: dict[bytes, int] = {}

    @property
    def ms(self) -> int:
        """The clock in ms."""
        return self.now // 1000

    def find(self, key: bytes) -> Any:
        """The value of a key that has not ended, or None."""
        end = self.ends.get(key)
        if end is not None and end <= self.now // 1000:
            self.drop(key)
        return self.values.get(key)

    def get(self, key: bytes, kind: type[Value]) -> Value | None:
        """The same, of a key that holds what the command is about."""
        value = self.find(key)
        if value is None or type(value) is kind:
            return value
        raise CommandError(WRONG_TYPE)

    def make(self, key: bytes, kind: type[Value]) -> Value:
        """The same; a missing key begins empty."""
        value = self.get(key, kind)
        if value is None:
            value = self.values[key] = kind()
        return value

    def put(self, key: bytes, value: Any, end: int | None = None) -> None:
        """Set a key, and its end in ms; None: it has none."""
        self.values[key] = value
        self.ends.pop(key, None)
        if end is not None:
            self.ends[key] = end

    def drop(self, key: bytes) -> bool:
        """Delete a key; whether it was there."""
        self.ends.pop(key, None)
        return self.values.pop(key, None) is not None

    def tidy(self, key: bytes) -> None:
        """Empty collections are not there; a stream may be empty."""
        value = self.values.get(key)
        if value is not None and not isinstance(value, Stream) and not value:
            self.drop(key)
