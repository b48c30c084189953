"""In which cells decisions are counted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from yoto.rooms.decision_log.counts import DAY, Cell, cells_of, counted
from yoto.rooms.decision_log.tables import COUNTED_LENGTH

NOON = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)
HOUR = int(NOON.timestamp()) // 3600
MIDNIGHT = HOUR - 12


def row(**other: Any) -> dict[str, Any]:
    usual = {"at": NOON, "asked": "message.send", "scope": "channel:2", "reason": "not_granted"}
    return {**usual, "allowed": False, "weight": 1, **other}


def test_a_decision_counts_in_its_hour_and_its_day_by_permission_place_and_reason() -> None:
    assert cells_of([row()]) == {
        Cell(facet, span, hour, value, False): 1
        for facet, value in (
            ("permission", "message.send"),
            ("place", "channel:2"),
            ("reason", "not_granted"),
        )
        for span, hour in ((1, HOUR), (DAY, MIDNIGHT))
    }


def test_a_record_counts_for_as_many_decisions_as_it_stands_for() -> None:
    allowed = row(allowed=True, reason="granted", weight=100)
    found = cells_of([row(), row(weight=3), allowed, row(at=NOON.replace(hour=13))])
    assert found[Cell("place", 1, HOUR, "channel:2", False)] == 4
    assert found[Cell("place", 1, HOUR, "channel:2", True)] == 100
    assert found[Cell("place", DAY, MIDNIGHT, "channel:2", False)] == 5


def test_workers_add_to_cells_in_one_order() -> None:
    rows = [row(scope=f"channel:{n}") for n in (9, 3, 7)]
    assert list(cells_of(rows)) == list(cells_of(reversed(rows))) == sorted(cells_of(rows))


def test_a_long_expression_is_counted_by_its_beginning() -> None:
    longest = "x" * COUNTED_LENGTH
    assert counted(longest) == longest
    assert counted(f"{longest}y") == f"{longest[:-1]}…"
