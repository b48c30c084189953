"""Places in memory: right as of what the log said."""

from __future__ import annotations

from yoto.cache import Position
from yoto.nodes import mark_of
from yoto.permission.judged import PlaceAttributes, RememberedPlaces

AT = Position(1)
# As where they are declared: a tag of a type that this process does not know touches everything.
SERVER, CHANNEL = map(mark_of, ("server", "channel"))


class Table:
    """A stored place, and how often it was looked at."""

    def __init__(self) -> None:
        self.looks = 0
        self.sensitivity = 0
        self.places = RememberedPlaces(self.load, capacity=3)
        self.during = lambda: None

    def load(self, scope: str, scope_id: int) -> PlaceAttributes | None:
        self.looks += 1
        found = self.sensitivity
        self.during()
        if scope_id == 404:
            return None
        channel = {"sensitivity": found, "hours": None} if scope == "channel" else None
        return PlaceAttributes(scope_id // 10, {}, channel)

    def sensitivity_of(self, channel_id: int, may_remember: bool = True) -> int:
        found = self.places.get("channel", channel_id, may_remember)
        assert found is not None and found.channel is not None
        sensitivity: int = found.channel["sensitivity"]
        return sensitivity


def test_a_place_is_read_once() -> None:
    table = Table()
    assert [table.sensitivity_of(31) for _ in range(3)] == [0, 0, 0]
    assert table.looks == 1


def test_a_place_is_read_again_after_a_change_of_it_or_its_server() -> None:
    table = Table()
    for number, subject in enumerate(["channel:31", "server:3", "global"], 1):
        table.sensitivity_of(31)
        table.sensitivity = number
        table.places.heard([subject], AT)
        assert table.sensitivity_of(31) == number


def test_a_change_of_something_else_forgets_nothing() -> None:
    table = Table()
    table.sensitivity_of(31)
    table.places.heard(["channel:32", "server:4", "user:31", "policy"], AT)
    table.sensitivity_of(31)
    assert table.looks == 1


def test_what_was_read_before_a_change_is_not_remembered_after_it() -> None:
    table = Table()
    table.during = lambda: table.places.heard(["channel:31"], AT)
    assert table.sensitivity_of(31) == 0
    table.during = lambda: None
    table.sensitivity = 2
    assert table.sensitivity_of(31) == 2


def test_who_may_not_rely_on_memory_reads() -> None:
    table = Table()
    table.sensitivity_of(31)
    table.sensitivity = 2
    assert table.sensitivity_of(31, may_remember=False) == 2
    assert table.sensitivity_of(31) == 0


def test_what_does_not_exist_is_not_remembered() -> None:
    table = Table()
    for _ in range(2):
        assert table.places.get("channel", 404, True) is None
    assert table.looks == 2


def test_memory_is_bounded() -> None:
    table = Table()
    for channel_id in range(10, 30):
        table.sensitivity_of(channel_id)
    assert len(table.places._known) <= 3


def test_only_hours_and_a_sensitivity_make_a_channel_one_that_policies_judge() -> None:
    def judged(sensitivity: int, hours: object) -> bool:
        channel = {"sensitivity": sensitivity, "hours": hours}
        return PlaceAttributes(1, {}, channel).judged

    assert judged(1, None) and judged(0, {"days": []})
    assert not judged(0, None)
    assert not PlaceAttributes(1, {}).judged
