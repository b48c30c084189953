"""People in memory: right as of what the log said."""

from __future__ import annotations

from datetime import UTC, datetime

from yoto.cache import Position
from yoto.rooms.policies.attributes import Person, RememberedPeople

AT = Position(1)


def test_a_person_is_read_once_until_something_about_them_changes() -> None:
    looks: list[int] = []

    def load(user_id: int) -> Person | None:
        looks.append(user_id)
        return None if user_id == 404 else Person(len(looks), False, datetime.now(UTC))

    people = RememberedPeople(load)

    def clearance() -> int:
        found = people.get(7, True)
        assert found is not None
        return found.clearance

    assert [clearance(), clearance()] == [1, 1]
    people.heard(["user:8", "channel:7", "server:7", "role:7", "policy"], AT)
    assert clearance() == 1
    for number, subject in enumerate(["user:7", "global"], 2):
        people.heard([subject], AT)
        assert [clearance(), clearance()] == [number] * 2
    assert people.get(7, False) != people.get(7, True)
    assert [people.get(404, True) for _ in range(2)] == [None] * 2
    assert looks == [7, 7, 7, 7, 404, 404]
