"""The event stream: each event reaches each reader once and in order, or a gap is announced
(docs/events.md, docs/control-socket.md).

Exception: events that a primary of Redis acknowledged and took along when it was lost. Those who
were quick saw them; for the others they never were.
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.chaos.campaign.history import Fault, Operation
from tests.chaos.campaign.models.finding import Finding, by_key, with_effect

NAME = "events"
# s before and after the loss of a primary in which its last events may be gone.
UNREPLICATED = 5.0

Id = tuple[int, int]


def judge(operations: Sequence[Operation], faults: Sequence[Fault]) -> Finding:
    """Each key is a reader: ``event`` with the id as value, ``gap`` with ``[after, resumed_at]``,
    ``snapshot`` with the ``last_event_id``; the key ``stream`` has what is there at the end:
    ``list`` with ids.
    """
    finding = Finding.of(NAME, operations)
    readers = by_key(one for one in operations if one.outcome == "ok")
    stream = {order(text) for one in readers.pop("stream", ()) for text in one.value}
    seen: dict[Id, float] = {}
    for some in readers.values():
        for one in some:
            if one.call == "event":
                seen.setdefault(order(one.value), one.invoked)
    known = sorted(stream | set(seen))
    losses = with_effect(faults, "lost-data")
    for key, some in readers.items():
        _judge_reader(finding, key, some, known, stream, seen, losses)
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
    losses: Sequence[Fault],
) -> None:
    heard: list[Id] = []
    gaps: list[tuple[Id, Id]] = []
    first: Id | None = None
    for one in operations:
        if one.call == "snapshot" and first is None and one.value:
            first = order(one.value)
        elif one.call == "gap":
            gaps.append((order(one.value[0] or "0-0"), order(one.value[1])))
        elif one.call == "event":
            new = order(one.value)
            if heard and new <= heard[-1] and not _restarted(gaps, new):
                twice = "twice" if new in heard else f"after {heard[-1]}"
                finding.violations.append(f"{key}: {new} came {twice}, at {one.invoked:.3f}")
                return
            heard.append(new)
    if not heard:
        return
    begun = heard[0] if first is None else first
    had = set(heard)
    for event in known:
        if not begun < event <= heard[-1] or event in had:
            continue
        if any(after < event <= resumed for after, resumed in gaps):
            finding.excuse("an event in a gap that was announced")
        elif event not in stream and any(
            fault.began - UNREPLICATED <= seen[event] <= fault.healed + UNREPLICATED
            for fault in losses
        ):
            finding.excuse("an event that Redis lost, as documented")
        else:
            finding.violations.append(f"{key}: {event} never came, and no gap was announced")
            return


def _restarted(gaps: list[tuple[Id, Id]], new: Id) -> bool:
    """Whether the stream was lost since, and began again below."""
    return any(resumed < new < after for after, resumed in gaps)
