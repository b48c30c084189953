"""The page of one person: from their name to what they hold, what refuses them, and acts on it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import screenshot, watched_page
from tests.support.control_pages import NARROW, WIDE, assert_accessible, fits, sign_in
from tests.support.process import RunningYoto

SERVER = "Harbour Kitchen"


def confirm(page: Page, submit: str, reason: str = "a test of this page") -> None:
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill(reason)
    dialog.get_by_role("button", name=submit).click()
    expect(dialog).to_have_count(0)


@pytest.mark.journey("person")
def test_a_person_is_shown_with_all_that_concerns_them_and_acted_on(
    browser: Browser, yoto: RunningYoto, moderating_operator: str
) -> None:
    with watched_page(browser, yoto.url, viewport=WIDE, locale="en-GB") as (page, watch):
        sign_in(page, yoto, moderating_operator, path="/people/dana")
        expect(page.get_by_role("heading", level=1)).to_have_text("Dana Weiss")
        # The address keeps the number: names change.
        expect(page).to_have_url(re.compile(r"/control/people/\d+$"))
        home = page.get_by_role("table", name="Server").get_by_role("row", name=SERVER)
        expect(home).to_contain_text("member")
        held = page.get_by_role("table", name="Roles").get_by_role("row", name="Moderator")
        expect(held).to_contain_text(SERVER)
        expect(held.get_by_role("button", name="Remove role")).to_be_visible()
        expect(page.get_by_text("No device is registered.")).to_be_visible()
        assert_accessible(page)
        screenshot(page, "person-1280")
        home.get_by_role("button", name="Time out").click()
        confirm(page, "Time out")
        expect(home).to_contain_text("In time-out")
        records = page.get_by_role("table", name="Audit log")
        expect(records.get_by_role("row", name="member.timeout").first).to_contain_text("mara")
        home.get_by_role("button", name="End time-out").click()
        confirm(page, "End time-out")
        expect(home).not_to_contain_text("In time-out")
        page.get_by_role("button", name="By this person").click()
        expect(page).to_have_url(re.compile(r"\?records=by$"))
        page.set_viewport_size(NARROW)
        page.emulate_media(color_scheme="dark")
        assert fits(page)
        assert_accessible(page)
        screenshot(page, "person-390-dark")
        page.goto(f"{page.url}&lang=zh")
        expect(page.get_by_role("heading", name="角色", exact=True)).to_be_visible()
        expect(page.get_by_role("button", name="此人所做的")).to_have_attribute(
            "aria-pressed", "true"
        )
        watch.allow("404")
        page.goto(f"{yoto.url}/control/people/nobody-of-this-name?lang=en")
        expect(page.get_by_role("alert").filter(has_text="nobody-of-this-name")).to_be_visible()
        expect(page.get_by_role("heading", name="Roles")).to_be_hidden()


def test_an_operator_who_may_do_nothing_there_sees_no_act_that_would_be_refused(
    browser: Browser, yoto: RunningYoto
) -> None:
    with watched_page(browser, yoto.url, viewport=WIDE, locale="en-GB") as (page, _):
        sign_in(page, yoto, path="/people/dana")
        expect(page.get_by_role("row", name=SERVER).first).to_be_visible()
        expect(page.get_by_role("button", name="Time out")).to_have_count(0)
        page.get_by_role("button", name="Invalidate cached rights").click()
        confirm(page, "Invalidate cached rights")
        expect(page.get_by_text("The cached rights are invalidated.")).to_be_visible()
