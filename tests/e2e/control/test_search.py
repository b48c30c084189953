"""Search by keyboard: a name leads to its page and its acts, an address to the same view."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.support.browser import watched_page
from tests.support.control_pages import NARROW, WIDE, assert_accessible, fill_in, fits, sign_in
from tests.support.process import RunningYoto

COPIED = """
  Object.defineProperty(navigator, "clipboard", {
    value: {writeText: async (text) => { window.copied = text; }},
  });"""


def search(page: Page, text: str) -> None:
    expect(page.get_by_role("button", name="Search everything")).to_be_visible()
    page.keyboard.press("Control+k")
    box = page.get_by_role("combobox", name="Search everything")
    expect(box).to_be_focused()
    box.fill(text)


@pytest.mark.journey("palette")
def test_a_name_leads_to_an_act_by_keyboard_and_a_copied_link_to_the_same_view(
    browser: Browser, yoto: RunningYoto
) -> None:
    with watched_page(browser, yoto.url, viewport=WIDE, locale="en-GB") as (page, watch):
        page.add_init_script(COPIED)
        sign_in(page, yoto)
        search(page, "isolate message.send")
        chosen = page.get_by_role("option", selected=True)
        expect(chosen).to_contain_text("Isolate message.send")
        expect(page.get_by_role("status").filter(has_text="results")).to_be_visible()
        assert_accessible(page)
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        search(page, "mara")
        expect(page.get_by_role("option", selected=True)).to_contain_text("mara")
        page.keyboard.press("Control+a")
        page.keyboard.type("isolate message.send")
        page.keyboard.press("Enter")
        page.wait_for_url("**/guards?guard=circuit_breaker:message.send")
        # Not the search, which has this text in it, too.
        expect(page.get_by_role("combobox", name="Search everything")).to_have_count(0)
        expect(page.get_by_role("dialog")).to_contain_text("message.send")
        loading: list[Route] = []
        page.route("**/palette.js*", lambda route: loading.append(route))
        page.keyboard.press("Control+k")
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page.locator("[data-guard='circuit_breaker:message.send']")).to_be_visible()
        assert not loading, "the search would open once it is loaded, and nothing else is open"
        page.get_by_role("button", name="Copy link").click()
        expect(page.get_by_text("is copied")).to_be_visible()
        link = page.evaluate("window.copied")
        watch.assert_quiet()
    with watched_page(browser, yoto.url, viewport=NARROW, locale="zh-CN") as (page, _):
        page.goto(link)
        fill_in(page, yoto, "admin")
        expect(page).to_have_url(re.compile(r"/guards\?guard=circuit_breaker(:|%3A)message\.send$"))
        expect(page.locator("[data-guard='circuit_breaker:message.send']")).to_be_focused()
        page.get_by_role("button", name="搜索全部").click()
        page.get_by_role("combobox", name="搜索全部").fill("开始维护")
        act = page.get_by_role("option", name="开始维护")
        assert fits(page)
        assert_accessible(page)
        act.click()
        expect(page.get_by_role("dialog")).to_contain_text("maintenance")
        page.wait_for_url("**/settings?part=maintenance")


def test_the_address_of_a_question_of_a_range_and_of_a_matrix_opens_them_again(
    browser: Browser, yoto: RunningYoto
) -> None:
    question = "username=tomas&permission=message.send&scope=channel&scope_id=1"
    with watched_page(browser, yoto.url, viewport=WIDE, locale="en-GB") as (page, watch):
        sign_in(page, yoto, path=f"/permissions?tab=explain&{question}")
        verdict = page.locator(".derivation").get_by_role("heading", level=2)
        expect(verdict).to_contain_text("tomas")
        expect(verdict).not_to_contain_text("channel:1")
        page.get_by_role("button", name="Role matrix").click()
        expect(page).to_have_url(f"{yoto.url}/control/permissions?tab=matrix")
        page.get_by_role("button", name="Why", exact=True).click()
        expect(page).to_have_url(f"{yoto.url}/control/permissions?tab=explain&{question}")
        page.goto(f"{yoto.url}/control/permissions?tab=matrix&scope=server&scope_id=1")
        expect(page.get_by_role("region", name="Role matrix").locator("table")).to_be_visible()
        page.goto(f"{yoto.url}/control/?range=6h")
        expect(page.get_by_role("button", name="6 hours")).to_have_attribute("aria-pressed", "true")
        watch.assert_quiet()
