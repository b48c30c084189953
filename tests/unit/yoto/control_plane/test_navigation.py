"""The order of the pages, of which rooms have some."""

from __future__ import annotations

import pytest

from yoto.control_plane.navigation import CONTROL, Page, pages_of
from yoto.parts.rooms import ALL, NONE, chosen
from yoto.room import Room

OF_ROOMS = {"alerts", "access_requests", "policies", "suggestions"}
ORDER = (
    "overview alerts guards permissions access_requests policies cache queues events audit "
    "instances suggestions settings"
).split()


def test_pages_of_rooms_stand_at_their_places_among_those_of_the_core() -> None:
    assert [one.key for one in pages_of(chosen(ALL))] == ORDER
    assert [one.key for one in pages_of(chosen(NONE))] == [
        one for one in ORDER if one not in OF_ROOMS
    ]


@pytest.mark.parametrize(
    ("rooms", "sections"),
    [
        ("tuner", ["suggestions"]),
        ("forecast", ["forecasts"]),
        ("forecast,tuner", ["suggestions", "forecasts"]),
    ],
)
def test_a_page_of_sections_has_those_of_the_rooms_that_are_on(
    rooms: str, sections: list[str]
) -> None:
    [page] = [one for one in pages_of(chosen(rooms)) if one.key == "suggestions"]
    assert [one.key for one in page.sections] == sections
    assert {*sections} <= {*page.areas}
    assert all(folder != CONTROL for folder, _ in page.modules)


@pytest.mark.parametrize(
    "page", [Page("till", "/till", after="shop"), Page("till", on="shop")], ids=("after", "on")
)
def test_a_page_at_no_page_of_the_core_is_an_error(page: Page) -> None:
    with pytest.raises(ValueError, match="'sales': the core has no page 'shop' for 'till'"):
        pages_of([Room("sales", pages=lambda: (page,))])
