"""Actions on their way to Redis: batches with ids, so that storing one twice stores it once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import msgspec

from yoto.nodes import place_of_text
from yoto.permission import Place
from yoto.rooms.prefetch.recording.recorder import Visit
from yoto.rooms.prefetch.steps import UserBehavior

SECOND_MS = 1000


class UserAction(msgspec.Struct, array_like=True):
    """An action in the log.

    ``age`` is in ms at the time of writing. ``id`` is the text of the place after its kind, where
    that is no number.
    """

    action: str
    kind: str
    id: int | str | None
    age: int
    observed: bool


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(list[UserAction])


@dataclass(slots=True)
class VisitBatch:
    """The actions that one worker saw between two flushes.

    Attributes:
        writer, number: its id; numbers of a writer only grow.
        visits: actions by user, in order.
        logged: whether it is in the log, so that only histories remain to be written.
    """

    writer: str
    number: int
    visits: dict[int, list[Visit]] = field(default_factory=dict)
    logged: bool = False

    @classmethod
    def of(cls, writer: str, number: int, visits: Iterable[Visit]) -> VisitBatch:
        """Sort visits by user."""
        batch = cls(writer, number)
        for visit in visits:
            batch.visits.setdefault(visit.user_id, []).append(visit)
        return batch

    def __len__(self) -> int:
        """The number of actions."""
        return sum(map(len, self.visits.values()))


def age_ms(visit: Visit, moment: float) -> int:
    """The age of a visit, in ms; never negative."""
    return max(0, int((moment - visit.moment) * SECOND_MS))


def to_log(visits: Sequence[Visit], moment: float) -> bytes:
    """Actions of one user in the form of the log, at ``moment`` of the monotonic clock."""
    return _encoder.encode(
        [
            UserAction(
                step.action,
                step.kind,
                _logged(step.place),
                age_ms(visit, moment),
                visit.observed,
            )
            for visit in visits
            for step in (visit.step,)
        ]
    )


def from_log(user_id: int, data: bytes, written_ms: float) -> list[UserBehavior]:
    """The actions of an entry that was written at ``written_ms``; none if it cannot be read."""
    try:
        return [
            UserBehavior(
                user_id,
                activity.action,
                *_place(activity),
                (written_ms - activity.age) / SECOND_MS,
                activity.observed,
            )
            for activity in _decoder.decode(data)
        ]
    except (msgspec.MsgspecError, ValueError):
        return []


def _logged(place: Place) -> int | str | None:
    if place.id is None or isinstance(place.id, int):
        return place.id
    return str(place).partition(":")[2]


def _place(activity: UserAction) -> Place:
    return (
        place_of_text(f"{activity.kind}:{activity.id}")
        if isinstance(activity.id, str)
        else Place(activity.kind, activity.id)
    )


def to_member(batch: VisitBatch, index: int, visit: Visit) -> str:
    """An action in the form of the history: batch and index make it unique."""
    mark = "o" if visit.observed else "t"
    step = visit.step
    return f"{batch.writer}.{batch.number}.{index} {mark} {step.place} {step.action}"


def from_member(user_id: int, member: bytes, at_ms: float) -> UserBehavior | None:
    """The action of a member; None if it cannot be read."""
    try:
        _, mark, where, action = member.decode().split(" ", 3)
        place = place_of_text(where)
    except ValueError:
        return None
    return UserBehavior(user_id, action, *place, at_ms / SECOND_MS, mark == "o")
