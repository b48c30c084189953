"""The contract of rooms: nothing outside a room imports it."""

from __future__ import annotations

import grimp
import pytest

from tools.contracts import imports_of_rooms


@pytest.fixture
def graph() -> grimp.ImportGraph:
    made = grimp.ImportGraph()
    for name in ("shop.core", "shop.rooms", "shop.rooms.tuning", "shop.rooms.queue"):
        made.add_module(name)
    for importer, imported in (
        ("shop.core", "shop.rooms.tuning.advice"),
        ("shop.rooms.tuning.advice", "shop.core"),
        ("shop.rooms.tuning.advice", "shop.rooms.tuning.room"),
        ("shop.rooms.queue.work", "shop.rooms.tuning.room"),
    ):
        made.add_import(importer=importer, imported=imported)
    return made


def test_the_core_and_other_rooms_are_outside_a_room(graph: grimp.ImportGraph) -> None:
    assert imports_of_rooms(graph, "shop.rooms") == {
        ("shop.core", "shop.rooms.tuning.advice"),
        ("shop.rooms.queue.work", "shop.rooms.tuning.room"),
    }


def test_a_package_without_rooms_is_an_error(graph: grimp.ImportGraph) -> None:
    with pytest.raises(ValueError, match="shop.core"):
        imports_of_rooms(graph, "shop.core")
