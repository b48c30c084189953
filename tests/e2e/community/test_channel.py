"""A channel, written and read live by two people."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from tests.support.browser import watched_page
from tests.support.community_pages import assert_fit, confirm, enter
from tests.support.control_pages import NARROW, WIDE
from tests.support.process import RunningYoto

SAID = "Lentils today, <b>bring</b> bowls"


def test_what_one_says_the_other_reads_at_once_until_it_is_deleted(
    browser: Browser, yoto: RunningYoto
) -> None:
    wide = {"viewport": WIDE, "locale": "en-GB"}
    narrow = {"viewport": NARROW, "color_scheme": "dark", "locale": "zh-CN"}
    with (
        watched_page(browser, yoto.url, **narrow) as (reader, _),
        watched_page(browser, yoto.url, **wide) as (writer, _),
    ):
        enter(reader, yoto, "mara", "/servers/1")
        expect(reader.get_by_text("实时", exact=True)).to_be_visible()
        enter(writer, yoto, "tomas", "/servers/1")
        expect(writer.get_by_text("Live", exact=True)).to_be_visible()
        writer.get_by_label("Message to general").fill(SAID)
        writer.keyboard.press("Enter")
        expect(reader.locator(".messages")).to_contain_text(SAID)
        assert_fit(reader)
        assert_fit(writer)
        line = writer.locator(".messages li").filter(has_text=SAID)
        line.get_by_role("button", name="Delete").click()
        confirm(writer, "Delete")
        expect(reader.locator(".messages")).not_to_contain_text(SAID)
        writer.get_by_role("button", name="Sign out").click()
        expect(writer.locator("#username")).to_be_visible()
