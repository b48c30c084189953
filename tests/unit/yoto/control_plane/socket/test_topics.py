"""Which message an event becomes for whom."""

from __future__ import annotations

import pytest

from yoto.control_plane.socket.limits import BURST, RATE, ClientPace
from yoto.control_plane.socket.snapshots import running_tasks
from yoto.control_plane.socket.topics import EVENT_TOPICS, Subscription, parse, payload_of
from yoto.errors import RateLimited, ValidationFailed
from yoto.events import StoredEvent, TaskFinished, TaskProgressed
from yoto.operate.live.filters import TypeFilter

# As in an application that has the room.
WITH_ALERTS = EVENT_TOPICS | {"alerts": ("alert", TypeFilter(["alert.*"]))}


@pytest.mark.parametrize(
    ("topics", "types", "kind", "messages"),
    [
        (["events"], [], "store.lost", ["permission_event"]),
        (["events"], ["store.*"], "store.lost", ["permission_event"]),
        (["events"], ["store"], "store.lost", []),
        (["events"], ["alert.*"], "store.lost", []),
        (["events"], ["store.lost"], "store.lost.again", []),
        (["alerts"], [], "alert.raised", ["alert"]),
        (["alerts"], [], "alerting.raised", []),
        (["events", "alerts"], ["store.*"], "alert.raised", ["alert"]),
        (["events", "tasks"], [], "task.finished", ["permission_event", "task_progress"]),
        (["maintenance"], [], "maintenance.changed", ["maintenance_mode_change"]),
        (["status", "performance", "cache"], [], "store.lost", []),
    ],
)
def test_events_go_to_the_topics_they_belong_to(
    topics: list[str], types: list[str], kind: str, messages: list[str]
) -> None:
    found = parse({"topics": topics, "filters": {"types": types}}, WITH_ALERTS)
    assert found.messages(kind) == messages
    assert found.hears_events == bool({"events", "alerts", "tasks", "maintenance"} & set(topics))


def test_a_topic_of_a_room_that_is_off_is_refused() -> None:
    with pytest.raises(ValidationFailed, match="'alerts' is none of status, performance"):
        parse({"topics": ["alerts"]})


def test_nothing_is_followed_before_somebody_says_so() -> None:
    assert Subscription().messages("store.lost") == [] and TypeFilter().wants("anything")


def test_a_change_of_maintenance_looks_like_its_snapshot() -> None:
    event = {"id": "1-0", "at": 1, "source": "w", "type": "maintenance.changed"}
    data = {"enabled": True, "reason": "a disk", "by": "user:1"}
    assert payload_of("maintenance_mode_change", event | {"data": data}) == {
        **data,
        "id": "1-0",
        "at": 1,
    }
    assert payload_of("permission_event", event) == event


def test_a_client_may_hurry_now_and_then_and_not_for_long() -> None:
    now = [0.0]
    pace = ClientPace(lambda: now[0])
    for _ in range(round(BURST)):
        pace.admit()
    with pytest.raises(RateLimited) as refusal:
        pace.admit()
    assert refusal.value.retry_after == pytest.approx(1 / RATE) and pace.refused == 1
    now[0] += 1 / RATE
    pace.admit()
    assert pace.refused == 0


def test_tasks_that_go_on_are_those_that_were_heard_lately_and_have_not_ended() -> None:
    def progress(task: str, at: int, step: str = "") -> StoredEvent:
        event = TaskProgressed(task_id=task, task="warm_up", step=step)
        return StoredEvent(f"{at}-0", at, "w", event)

    ended = TaskFinished(task_id="b", task="warm_up", success=True, seconds=1.0)
    newest_first = [
        progress("a", 900_000, "second"),
        StoredEvent("800000-0", 800_000, "w", ended),
        progress("b", 790_000),
        progress("a", 780_000, "first"),
        progress("old", 100_000),
    ]
    (found,) = running_tasks(newest_first, 901_000)
    assert (found["task_id"], found["step"], found["at"]) == ("a", "second", 900_000)
