"""A right that is asked for where it is lacking, and lent, in four clicks."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.support.browser import watched_page
from tests.support.community_pages import assert_fit, confirm, enter, open_tab
from tests.support.control_pages import NARROW, WIDE
from tests.support.process import RunningYoto

WHY = "to tell of Sunday"
BOTH = "Send messages, Manage messages of others"


@pytest.mark.journey("requests")
def test_who_may_not_write_asks_for_it_and_the_owner_lends_it(
    browser: Browser, yoto: RunningYoto
) -> None:
    narrow = {"viewport": NARROW, "locale": "en-GB"}
    wide = {"viewport": WIDE, "color_scheme": "dark", "locale": "en-GB"}
    with (
        watched_page(browser, yoto.url, **narrow) as (member, _),
        watched_page(browser, yoto.url, **wide) as (owner, _),
    ):
        enter(member, yoto, "tomas", "/servers/1?channel=2")
        member.get_by_role("button", name="Request access").click()
        # An announcement takes two permissions: they are asked for at once.
        expect(member.get_by_role("dialog")).to_contain_text(BOTH)
        member.get_by_label("Reason").fill(WHY)
        assert_fit(member)
        confirm(member, "Send request")
        expect(member.get_by_text(f"You asked for this: {BOTH}.")).to_be_visible()
        expect(member.get_by_role("button", name="Request access")).to_have_count(0)
        assert_fit(member)
        enter(owner, yoto, "mara", "/servers/1")
        tab = owner.locator("#tabs").get_by_role("button", name="Requests (1 waiting for you)")
        tab.click()
        expect(owner.get_by_text(WHY)).to_be_visible()
        assert_fit(owner)
        owner.get_by_role("button", name="Grant", exact=True).click()
        confirm(owner, "Grant")
        expect(owner.get_by_text(WHY)).to_have_count(0)
        # The page of who asked follows, and what they say is said.
        member.get_by_label("Message to announcements").fill("Market walk on Sunday")
        member.keyboard.press("Enter")
        said = member.locator(".messages li").filter(has_text="Market walk on Sunday")
        expect(said).to_be_visible()
        assert_fit(member)
        said.get_by_role("button", name="Delete").click()
        confirm(member, "Delete")
        expect(said).to_have_count(0)
        open_tab(member, "Requests")
        expect(member.get_by_text("granted", exact=True)).to_be_visible()
        member.get_by_role("button", name="Withdraw").click()
        confirm(member, "Withdraw")
        expect(member.get_by_text("ended", exact=True)).to_be_visible()
