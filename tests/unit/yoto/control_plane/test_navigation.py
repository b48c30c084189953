"""The order of the pages, of which rooms have some."""

from __future__ import annotations

from pathlib import Path

import pytest

from yoto.control_plane import pages
from yoto.control_plane.navigation import CONTROL, Page, details_of, pages_of
from yoto.parts.rooms import ALL, NONE, chosen
from yoto.room import Room

TEMPLATES = Path(pages.__file__).parent / "templates/control"
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


def test_a_section_runs_before_the_module_of_its_page_to_which_it_adds() -> None:
    rooms = [Room("sales", pages=lambda: (Page("till", on="guards"), Page("till", on="guard")))]
    listed = [one for one in pages_of(rooms) if one.key == "guards"]
    for page in (*listed, *(one for one in details_of(rooms) if one.key == "guard")):
        assert page.modules == [("sales", "till.js"), (CONTROL, f"{page.key}.js")]
        assert "till" in page.areas


def test_a_section_with_a_template_stands_where_the_template_of_its_page_says() -> None:
    rooms = chosen(ALL)
    for page in (*pages_of(rooms), *details_of(rooms)):
        text = (TEMPLATES / f"{page.key}.html").read_text() if page.sections else ""
        for one in page.sections:
            assert not one.after or f'shell.sections(page, "{one.after}")' in text, one
            file = chosen(one.room)[0].folder / "page" / f"{one.key}.html"
            assert bool(one.after) is file.is_file(), one


@pytest.mark.parametrize(
    "page", [Page("till", "/till", after="shop"), Page("till", on="shop")], ids=("after", "on")
)
def test_a_page_at_no_page_of_the_core_is_an_error(page: Page) -> None:
    with pytest.raises(ValueError, match="'sales': the core has no page 'shop' for 'till'"):
        pages_of([Room("sales", pages=lambda: (page,))])
