"""Gaps: events that a reader of the stream may have missed."""

from __future__ import annotations

from dataclasses import dataclass

from .stream import BEGINNING, StreamInfo, position


@dataclass(frozen=True, slots=True)
class Gap:
    """Events may have been missed: a listener that keeps state from events reads it anew.

    Attributes:
        reason: ``start`` (the first notice of each tailer: from here on nothing is missed),
            ``trimmed`` (we were slower than the stream is long), ``lost`` (Redis lost the stream).
        after_id: id of the last event that was seen; None at the start.
    """

    reason: str
    after_id: str | None


def find_gap(before: str, after: str, info: StreamInfo) -> tuple[Gap | None, str]:
    """Whether events may be missing between two positions, and where to read on.

    Args:
        before: position before a read.
        after: id of the last event of that read; ``before`` if there was none.
        info: the ends of the stream, asked after the read.

    Redis does not say which ids were trimmed, so a stream whose first entry is newer than
    ``before`` counts as a gap even if only ``before`` itself is gone: rather one notice too many.
    """
    if position(info.last_id) < position(after):
        return Gap("lost", before), info.last_id
    if info.first_id is None:
        missed = position(info.last_id) > position(after)
        return (Gap("trimmed", before), info.last_id) if missed else (None, after)
    if before == BEGINNING:
        return (Gap("trimmed", before) if info.trimmed else None), after
    missed = position(info.first_id) > position(before)
    return (Gap("trimmed", before) if missed else None), after
