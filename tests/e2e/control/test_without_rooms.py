"""Where all rooms are off, no page asks for what they have, or offers it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.support.browser import watched_page
from tests.support.control_pages import WIDE, sign_in
from tests.support.process import RunningYoto
from yoto.control_plane.navigation import pages_of
from yoto.parts.rooms import ALL, chosen

THINGS = ("/guards/message.send", "/people/mara", "/resources/server/1", "/roles/1")


@pytest.fixture
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningYoto]:
    app = RunningYoto(tmp_path_factory.mktemp("bare"), YOTO_ROOMS="none")
    app.wait_for(lambda: app.accounts)
    yield app
    app.stop()


@pytest.fixture
def warmed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningYoto]:
    app = RunningYoto(tmp_path_factory.mktemp("warmed"), YOTO_ROOMS="warm_up")
    app.wait_for(lambda: app.accounts)
    yield app
    app.stop()


def test_each_page_is_quiet_and_those_of_rooms_are_not_there(
    browser: Browser, bare: RunningYoto
) -> None:
    there = [page.path for page in pages_of(())]
    with watched_page(browser, bare.url, viewport=WIDE, locale="en-GB") as (page, watch):
        sign_in(page, bare)
        for path in (*there, *THINGS):
            page.goto(f"{bare.url}/control{path}")
            page.wait_for_load_state("networkidle")
            expect(page.locator("main")).to_be_visible()
            watch.assert_quiet()
        page.goto(f"{bare.url}/control/guards/message.send")
        page.locator("[data-act=edit]").first.click()
        editor = page.locator(".editor")
        expect(editor.get_by_role("button", name="Save")).to_be_visible()
        expect(editor.get_by_text("Dry run")).to_have_count(0)
        watch.assert_quiet()
        # What-if compares two people here, where it is on.
        page.goto(f"{bare.url}/control/permissions?tab=search&find=compare&user=mara&other=dana")
        expect(page.locator("#tab h2")).to_have_text(["Where a user can"])
        watch.assert_quiet()
        gone = {page.path for page in pages_of(chosen(ALL))}.difference(there)
        assert gone
        for path in gone:
            expect(page.locator(f"nav a[href$='{path}']")).to_have_count(0)
            assert page.request.get(f"{bare.url}/control{path}").status == 404


def test_a_section_leaves_the_buttons_of_its_page_where_another_room_is_off(
    browser: Browser, warmed: RunningYoto
) -> None:
    with watched_page(browser, warmed.url, viewport=WIDE, locale="en-GB") as (page, watch):
        sign_in(page, warmed, path="/cache")
        buttons = page.locator("#settings-acts button")
        expect(buttons).to_have_text(["Forget a user", "Change settings"])
        watch.assert_quiet()
