"""A channel, written and read live by two people, and made and ended by one who may."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.browser import watched_page
from tests.support.community_pages import assert_fit, confirm, enter
from tests.support.control_pages import NARROW, WIDE
from tests.support.process import RunningYoto

SAID = "Lentils today, <b>bring</b> bowls"
WIDE_ENGLISH = {"viewport": WIDE, "locale": "en-GB"}


@pytest.mark.journey("channel")
def test_what_one_says_changes_and_deletes_the_other_reads_at_once_and_after_a_gap(
    browser: Browser, yoto: RunningYoto
) -> None:
    narrow = {"viewport": NARROW, "color_scheme": "dark", "locale": "zh-CN"}
    with (
        watched_page(browser, yoto.url, **narrow) as (reader, watch),
        watched_page(browser, yoto.url, **WIDE_ENGLISH) as (writer, _),
    ):
        enter(reader, yoto, "mara", "/servers/1")
        expect(reader.get_by_text("实时", exact=True)).to_be_visible()
        enter(writer, yoto, "tomas", "/servers/1")
        expect(writer.get_by_text("Live", exact=True)).to_be_visible()
        heard = reader.locator(".messages")
        say(writer, SAID)
        expect(heard).to_contain_text(SAID)
        change(writer, SAID, "Beans today")
        expect(heard).to_contain_text("Beans today")
        expect(heard).to_contain_text("已编辑")
        assert_fit(reader)
        assert_fit(writer)
        # A reader who was away sees on return what was said, changed and deleted meanwhile.
        watch.allow("ERR_INTERNET_DISCONNECTED", "WebSocket")
        say(writer, "Rice tomorrow")
        expect(heard).to_contain_text("Rice tomorrow")
        reader.context.set_offline(True)
        expect(reader.get_by_text("正在连接", exact=True)).to_be_visible()
        change(writer, "Rice tomorrow", "Bread tomorrow")
        line(writer, "Beans today").get_by_role("button", name="Delete").click()
        confirm(writer, "Delete")
        say(writer, "Soup on Sunday")
        reader.context.set_offline(False)
        expect(reader.get_by_text("实时", exact=True)).to_be_visible()
        expect(heard).to_contain_text("Soup on Sunday")
        expect(heard).to_contain_text("Bread tomorrow")
        expect(heard).not_to_contain_text("Beans today")
        expect(heard).not_to_contain_text("Rice tomorrow")
        for text in ("Bread tomorrow", "Soup on Sunday"):
            line(writer, text).get_by_role("button", name="Delete").click()
            confirm(writer, "Delete")
            expect(heard).not_to_contain_text(text)
        writer.get_by_role("button", name="Sign out").click()
        expect(writer.locator("#username")).to_be_visible()


def line(page: Page, text: str) -> Locator:
    return page.locator(".messages li").filter(has_text=text)


def say(page: Page, text: str) -> None:
    page.get_by_label("Message to general").fill(text)
    page.keyboard.press("Enter")
    expect(line(page, text)).to_be_visible()


def change(page: Page, text: str, other: str) -> None:
    line(page, text).get_by_role("button", name="Edit").click()
    page.get_by_label("Message", exact=True).fill(other)
    confirm(page, "Save")
    expect(line(page, other)).to_be_visible()


def test_who_may_manage_channels_makes_changes_moves_and_deletes_them(
    browser: Browser, yoto: RunningYoto
) -> None:
    with watched_page(browser, yoto.url, **WIDE_ENGLISH) as (page, _):
        enter(page, yoto, "mara", "/servers/1")
        page.get_by_role("button", name="New category").click()
        page.get_by_label("Name", exact=True).fill("Market")
        confirm(page, "Create")
        expect(page.get_by_role("heading", name="Market")).to_be_visible()
        page.get_by_role("button", name="New channel").click()
        page.get_by_label("Name", exact=True).fill("stalls")
        page.get_by_label("Category", exact=True).select_option("Back of house")
        confirm(page, "Create")
        expect(page.get_by_role("heading", name="# stalls")).to_be_visible()
        page.get_by_role("button", name="Change # stalls").click()
        page.get_by_label("Name", exact=True).fill("early stalls")
        page.get_by_label("Category", exact=True).select_option("Market")
        page.get_by_label("Follow the category's overwrites").uncheck()
        expect(page.locator(".preview")).to_contain_text("Nobody's permissions here change")
        assert_fit(page)
        confirm(page, "Save")
        expect(page.get_by_role("heading", name="# early stalls")).to_be_visible()
        page.get_by_role("button", name="Delete # early stalls").click()
        page.get_by_label("Type").fill("early stalls")
        confirm(page, "Delete")
        expect(page.get_by_role("button", name="# early stalls")).to_have_count(0)
        page.get_by_role("button", name="Delete category Market").click()
        confirm(page, "Delete")
        expect(page.get_by_role("heading", name="Market")).to_have_count(0)
