"""Deeds on their way to Redis: batches with ids, so that storing one twice stores it once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import msgspec

from yoto.prefetch.recording.recorder import Visit
from yoto.prefetch.steps import UserBehavior

SECOND_MS = 1000


class Deed(msgspec.Struct, array_like=True):
    """A deed in the log; ``age`` in ms when it was written."""

    action: str
    kind: str
    id: int | None
    age: int
    observed: bool


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(list[Deed])


@dataclass(slots=True)
class Batch:
    """What one worker saw between two flushes.

    Attributes:
        writer, number: its id; numbers of a writer only grow.
        visits: deeds by user, in order.
        logged: whether it is in the log, so that only histories are left to be written.
    """

    writer: str
    number: int
    visits: dict[int, list[Visit]] = field(default_factory=dict)
    logged: bool = False

    @classmethod
    def of(cls, writer: str, number: int, visits: Iterable[Visit]) -> Batch:
        """Sort visits by user."""
        batch = cls(writer, number)
        for visit in visits:
            batch.visits.setdefault(visit.user_id, []).append(visit)
        return batch

    def __len__(self) -> int:
        """How many deeds."""
        return sum(map(len, self.visits.values()))


def age_ms(visit: Visit, moment: float) -> int:
    """How old a visit is, in ms; never negative."""
    return max(0, int((moment - visit.moment) * SECOND_MS))


def to_log(visits: Sequence[Visit], moment: float) -> bytes:
    """Deeds of one user as the log has them, at ``moment`` of the monotonic clock."""
    return _encoder.encode(
        [
            Deed(step.action, step.kind, step.id, age_ms(visit, moment), visit.observed)
            for visit in visits
            for step in (visit.step,)
        ]
    )


def from_log(user_id: int, data: bytes, written_ms: float) -> list[UserBehavior]:
    """The deeds of an entry that was written at ``written_ms``; none if it cannot be read."""
    try:
        deeds = _decoder.decode(data)
    except msgspec.MsgspecError:
        return []
    return [
        UserBehavior(
            user_id,
            deed.action,
            deed.kind,
            deed.id,
            (written_ms - deed.age) / SECOND_MS,
            deed.observed,
        )
        for deed in deeds
    ]


def to_member(batch: Batch, index: int, visit: Visit) -> str:
    """A deed as the history has it: batch and index make it one of its kind."""
    action, kind, resource_id = visit.step
    mark = "o" if visit.observed else "t"
    where = kind if resource_id is None else f"{kind}:{resource_id}"
    return f"{batch.writer}.{batch.number}.{index} {mark} {where} {action}"


def from_member(user_id: int, member: bytes, at_ms: float) -> UserBehavior | None:
    """The deed of a member; None if it cannot be read."""
    try:
        _, mark, where, action = member.decode().split(" ", 3)
        kind, _, digits = where.partition(":")
        resource_id = int(digits) if digits else None
    except ValueError:
        return None
    return UserBehavior(user_id, action, kind, resource_id, at_ms / SECOND_MS, mark == "o")
