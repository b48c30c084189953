"""The event stream: each event reaches each reader once and in order, or a gap is announced
(docs/events.md, docs/control-socket.md).

Exceptions: events that a primary of Redis acknowledged and took along when it was lost. Quick
readers saw them; for the others they never were. A gap needs a fault that explains it: one that is
announced while all is well loses events as surely as one that is not.

``happenings`` compares the content of the stream with what happened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from proof.campaign.history import Fault, Operation
from proof.campaign.models import happenings
from proof.campaign.models.finding import Finding, by_key, with_effect

NAME = "events"
# s before and after the loss of a primary in which its last events may be gone.
UNREPLICATED = 5.0
# s before and after a fault in which a gap that it led to is announced.
ANNOUNCED = 10.0

Id = tuple[int, int]


@dataclass(frozen=True)
class Gap:
    """A gap announced at ``at``: events after ``after`` are missing, up to and with ``resumed``."""

    after: Id
    resumed: Id
    at: float

    @property
    def restarts(self) -> bool:
        """Whether the stream was lost, and began again below: its clock went back."""
        return self.resumed < self.after

    def covers(self, event: Id, came: float) -> bool:
        """Whether ``event``, first heard by any reader at ``came``, is missing in this gap."""
        if self.restarts:
            # Events that others heard earlier were of the stream that was lost.
            return event <= self.resumed and came >= self.at
        return self.after < event <= self.resumed


def judge(operations: Sequence[Operation], faults: Sequence[Fault]) -> Finding:
    """Each key is a reader: ``event`` with the id as value, ``gap`` with ``[after, resumed_at]``,
    ``snapshot`` with the ``last_event_id``, ``until`` with the newest id of the stream at a moment
    after which it was left the time to follow; the key ``stream`` has what is there at the end:
    ``list`` with ids. A reader answers for all that came until the last of these. The key
    ``happened`` has what events must say.
    """
    finding = Finding.of(NAME, operations)
    happenings.judge(finding, operations, faults)
    readers = by_key(one for one in operations if one.outcome == "ok" and one.key != happenings.KEY)
    stream = {order(text) for one in readers.pop("stream", ()) for text in one.value}
    seen: dict[Id, float] = {}
    for some in readers.values():
        for one in some:
            if one.call == "event":
                seen.setdefault(order(one.value), one.invoked)
    known = sorted(stream | set(seen))
    for key, some in readers.items():
        _judge_reader(finding, key, some, known, stream, seen, faults)
    return finding


def order(text: str) -> Id:
    """An id of the stream as what can be compared."""
    head, _, tail = text.partition("-")
    return int(head), int(tail or 0)


def _judge_reader(
    finding: Finding,
    key: str,
    operations: list[Operation],
    known: list[Id],
    stream: set[Id],
    seen: dict[Id, float],
    faults: Sequence[Fault],
) -> None:
    heard: list[Id] = []
    gaps: list[Gap] = []
    first: Id | None = None
    until: Id = (0, 0)
    for one in operations:
        if one.call == "snapshot" and first is None and one.value:
            first = order(one.value)
        elif one.call == "until" and one.value:
            until = max(until, order(one.value))
        elif one.call == "gap":
            gaps.append(Gap(order(one.value[0] or "0-0"), order(one.value[1]), one.invoked))
        elif one.call == "event":
            new = order(one.value)
            if heard and new <= heard[-1] and not _restarted(gaps, new):
                twice = "twice" if new in heard else f"after {heard[-1]}"
                finding.violations.append(f"{key}: {new} came {twice}, at {one.invoked:.3f}")
                return
            heard.append(new)
    # One that heard nothing, and was never told where it stands, should have heard all.
    begun = first if first is not None else heard[0] if heard else (0, 0)
    last = max(until, heard[-1]) if heard else until
    had = set(heard)
    losses = with_effect(faults, "lost-data")
    for event in known:
        if not begun < event <= last:
            continue
        if event in had:
            finding.falsifiable += 1
            continue
        announced = [gap for gap in gaps if gap.covers(event, seen.get(event, inf))]
        if any(_explained(gap, faults) for gap in announced):
            finding.excuse("an event in a gap that was announced")
        elif announced:
            finding.violations.append(
                f"{key}: {event} is in a gap that no fault explains, at {announced[0].at:.3f}"
            )
            return
        elif event not in stream and any(
            fault.began - UNREPLICATED <= seen[event] <= fault.healed + UNREPLICATED
            for fault in losses
        ):
            finding.excuse("an event that Redis lost, as documented")
        else:
            finding.violations.append(f"{key}: {event} never came, and no gap was announced")
            return


def _explained(gap: Gap, faults: Sequence[Fault]) -> bool:
    return any(fault.began - ANNOUNCED <= gap.at <= fault.healed + ANNOUNCED for fault in faults)


def _restarted(gaps: list[Gap], new: Id) -> bool:
    """Whether the stream was lost since, and began again below."""
    return any(gap.restarts and gap.resumed < new < gap.after for gap in gaps)
