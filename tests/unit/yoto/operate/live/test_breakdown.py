"""Counts by what they are about, the most first."""

from __future__ import annotations

from tests.unit.yoto.rooms.alerts.test_past_values import NOW, Kept
from yoto.monitor import Series, names
from yoto.operate.live.breakdown import breakdown
from yoto.operate.live.performance import stretch_of


def counter(name: str, /, **labels: str) -> Series:
    return Series(name, tuple(sorted(labels.items())))


def test_requests_denials_and_rejections_are_added_up_by_what_they_were() -> None:
    kept = Kept()
    kept.record(
        NOW,
        {
            counter(names.REQUESTS, area="messages", status="2xx"): 7,
            counter(names.REQUESTS, area="users", status="2xx"): 2,
            counter(names.DENIALS, permission="message.send", reason="no_grant"): 1,
            counter(names.REJECTIONS, kind="rate_limit", name="message.send"): 3,
        },
    )
    kept.record(
        NOW + 20,
        {
            counter(names.REQUESTS, area="messages", status="5xx"): 1,
            counter(names.DENIALS, permission="message.pin", reason="no_grant"): 4,
            counter(names.REJECTIONS, kind="bulkhead", name="search"): 0,
        },
    )
    kept.at = NOW + 30
    found = breakdown(kept.monitoring, stretch_of(kept.at, NOW, NOW + 30))
    assert found["requests"] == [
        {"area": "messages", "total": 8, "by_status": {"2xx": 7, "5xx": 1}},
        {"area": "users", "total": 2, "by_status": {"2xx": 2}},
    ]
    assert [(one["permission"], one["count"]) for one in found["denials"]] == [
        ("message.pin", 4),
        ("message.send", 1),
    ]
    assert found["rejections"] == [{"kind": "rate_limit", "name": "message.send", "count": 3}]
    assert found["complete"] is True
