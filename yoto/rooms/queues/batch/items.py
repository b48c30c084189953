"""The items of a queue, for handlers and operators."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec

from yoto.rooms.queues.batch.names import ItemId


@dataclass(frozen=True, slots=True)
class QueueItem:
    """One item, for a handler.

    Attributes:
        id: the same at each try; unique over all kinds.
        kind: the kind, which chooses the handler.
        payload: the enqueued payload.
        attempt: the number of this try, from 1.
        enqueued_at: epoch seconds by Redis's clock; for a redriven item, when it was new.
    """

    id: str
    kind: str
    payload: Mapping[str, Any]
    attempt: int
    enqueued_at: float


Handler: TypeAlias = Callable[[Sequence[QueueItem]], None]
# Raises ``ValidationFailed`` for a payload that the handler could not use.
Check: TypeAlias = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An item that no handler could process.

    Attributes:
        id: the item's id.
        payload: the enqueued payload, as JSON text.
        tries: how often it was tried.
        reason: the error of the last try.
        enqueued_at, died_at: epoch seconds by Redis's clock.
        number: dead letters of a kind are numbered in the order of arrival.
    """

    id: str
    kind: str
    payload: str
    tries: int
    reason: str
    enqueued_at: float
    died_at: float
    number: int


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """A page of dead letters, kind by kind, the newest of each first.

    Attributes:
        after: where the next page begins; None at the end.
    """

    letters: tuple[DeadLetter, ...]
    after: str | None


class _Stored(msgspec.Struct):
    """A dead letter in Redis; times in ms."""

    number: int
    payload: str
    tries: int
    reason: str
    first: int
    died: int


def dead_letter(kind: str, entry: bytes, data: bytes) -> DeadLetter:
    """A dead letter from its form in Redis."""
    # Lua wrote the numbers, and may write 3 as 3.0.
    stored = msgspec.json.decode(data, type=_Stored, strict=False)
    return DeadLetter(
        id=str(ItemId(kind, entry.decode())),
        kind=kind,
        payload=stored.payload,
        tries=stored.tries,
        reason=stored.reason,
        enqueued_at=stored.first / 1000,
        died_at=stored.died / 1000,
        number=stored.number,
    )
