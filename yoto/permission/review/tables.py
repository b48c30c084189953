"""Reviews as rows of a table, for spreadsheets and terminals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from yoto.permission.explain.plain import plain
from yoto.permission.review.report import AccessDifference, AccessLine

Row = tuple[Any, ...]

ACCESS_COLUMNS = (
    *("user_id", "username", "reason", "since"),
    *("way", "scope", "role_id", "role", "via", "group", "way_since", "way_until"),
)
DIFFERENCE_COLUMNS = ("change", "user_id", "action", "at", "actor_id", "record_id", "note")


def access_rows(line: AccessLine) -> Iterator[Row]:
    """A row for each way; times in ISO 8601, ``via`` with spaces, None for missing values."""
    user = (line.user_id, line.username, line.reason, plain(line.since))
    for way in line.ways:
        via = " ".join(map(str, way.via)) or None
        times = (plain(way.since), plain(way.until))
        yield (*user, way.kind, way.scope, way.role_id, way.role, via, way.group, *times)


def difference_rows(difference: AccessDifference) -> Iterator[Row]:
    """A row for each ``gained`` and ``lost`` user, then each ``unknown`` with its note."""
    for change, turns in (("gained", difference.gained), ("lost", difference.lost)):
        for turn in turns:
            why = (turn.action, plain(turn.at), turn.actor_id, turn.record_id)
            yield (change, turn.user_id, *why, None)
    for note in difference.unknown:
        yield ("unknown", *[None] * 5, note)
