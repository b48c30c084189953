"""The contract of rooms: nothing outside a room imports it, and the list of exceptions is exact."""

from __future__ import annotations

import grimp
import pytest

from tools.contracts import imports_of_rooms, rooms_of

ROOMS = rooms_of(["tuner: shop.tuning shop.tunables", "queue: shop.queue"])


@pytest.fixture
def graph() -> grimp.ImportGraph:
    made = grimp.ImportGraph()
    for importer, imported in (
        ("shop.core", "shop.tuning.advice"),
        ("shop.tuning.advice", "shop.core"),
        ("shop.tuning.advice", "shop.tunables"),
        ("shop.queue", "shop.tunables"),
    ):
        made.add_import(importer=importer, imported=imported)
    made.add_module("shop.tuning")
    return made


def test_the_core_and_other_rooms_are_outside_a_room(graph: grimp.ImportGraph) -> None:
    assert imports_of_rooms(graph, ROOMS) == {
        ("shop.core", "shop.tuning.advice"),
        ("shop.queue", "shop.tunables"),
    }


def test_a_room_of_a_module_that_is_gone_is_an_error(graph: grimp.ImportGraph) -> None:
    with pytest.raises(ValueError, match="shop.forecast"):
        imports_of_rooms(graph, rooms_of(["forecast: shop.forecast"]))
